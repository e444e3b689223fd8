"""Ports on 127.0.0.1: which are free."""

import random
import socket

from config.data_folder import StartRefused


def free_port(preferred: str = "") -> int:
    """A port nobody listens on, the preferred one if it is free; outside the range the system hands out by itself."""
    candidates = [int(preferred)] if preferred.isdigit() else []
    candidates += random.sample(range(20000, 32000), 50)
    for port in candidates:
        if port_is_free(port):
            return port
    raise StartRefused("No free port was found between 20000 and 32000.")


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
