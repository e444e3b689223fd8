"""Is the server on this port alive? `python -m config.alive PORT`, for a container's health check."""

import http.client
import os
import sys


def main(port: str) -> int:
    """Ask /healthz under the public name, as the proxy would; 0 if it answers 200."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return int(connection.getresponse().status != 200)
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
