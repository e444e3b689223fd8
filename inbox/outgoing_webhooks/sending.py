"""One try to tell a webhook something. No redirects, no proxies, ten seconds, and no more than 64 KiB of an answer."""

import logging
import time
from dataclasses import dataclass

import certifi
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from inbox.outgoing_webhooks import addresses

logger = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 5.0, 10.0
LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Try:
    """What came of it. `error` is "" when it worked, else one of inbox.outgoing_webhooks.words."""

    error: str = ""
    status: int | None = None
    milliseconds: int = 0


def send(url: str, body: bytes, headers: dict[str, str]) -> Try:
    """POST it; never raises for what the other side does."""
    started = time.monotonic()
    status: int | None = None
    try:
        target = addresses.target_of(url)
        status = _post(target, body, headers, started)
        error = "" if 200 <= status < 300 else "redirect" if 300 <= status < 400 else "refused"
    except addresses.AddressRefused as refusal:
        error = refusal.code
    except TooMuch:
        error = "too_much"
    except SSLError:
        error = "certificate"
    except NewConnectionError:  # a kind of timeout to urllib3, although nobody was there at all
        error = "unreachable"
    except urllib3.exceptions.TimeoutError:
        error = "slow"
    except (HTTPError, OSError, ValueError) as problem:
        logger.info("A webhook could not be reached: %s", type(problem).__name__)
        error = "unreachable"
    return Try(error, status, round((time.monotonic() - started) * 1000))


class TooMuch(Exception):
    """The answer is larger or takes longer than anybody needs to say that it has arrived."""


def _post(target: addresses.Target, body: bytes, headers: dict[str, str], started: float) -> int:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    with _pool(target, timeout) as pool:
        answer = pool.request(
            "POST", target.path, body=body, headers={**headers, "Host": target.host_header}, retries=False,
            redirect=False, preload_content=False, decode_content=False,
        )  # fmt: skip
        try:
            size = 0
            while part := answer.read1(8192):
                size += len(part)
                if size > LARGEST_ANSWER or time.monotonic() - started > WHOLE_SECONDS:
                    raise TooMuch
        finally:
            answer.close()
        return int(answer.status)


def _pool(target: addresses.Target, timeout: urllib3.Timeout) -> urllib3.HTTPConnectionPool:
    """To the address that was judged; the certificate must be the host's."""
    if not target.is_https:
        return urllib3.HTTPConnectionPool(target.ip, target.port, timeout=timeout, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        target.ip, target.port, timeout=timeout, maxsize=1, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where(),
        server_hostname=target.host, assert_hostname=target.host,
    )  # fmt: skip
