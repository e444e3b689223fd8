"""The certificate of our public address: Meta posts no webhook to one that is wrong or over."""

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.doctor.findings import Finding, bad, good, note, warn

TIMEOUT_SECONDS = 5
SOON_DAYS, VERY_SOON_DAYS = 14, 3
_DAY = 24 * 3600

# OpenSSL's numbers of what is wrong with a certificate.
_EXPIRED, _SELF_SIGNED, _WRONG_NAME = {10}, {18, 19}, {62, 64}


def look() -> Iterator[Finding]:
    parts = urlsplit(settings.BASE_URL)
    if parts.scheme != "https":
        if settings.DEMO:
            yield note(_("Not needed on this machine: the practice phone comes by plain HTTP."))
        return
    host, port = parts.hostname or "", parts.port or 443
    try:
        expires_at = _expiry(host, port)
    except ssl.SSLCertVerificationError as error:
        yield bad(*_refused(error, host))
        return
    except OSError as error:
        yield warn(
            _("%(host)s cannot be reached from here (%(error)s), so its certificate was not seen.")
            % {"host": host, "error": type(error).__name__},
            _("Check DNS, proxy and ports 80 and 443. Some routers do not let a machine reach its own public name."),
        )
        return
    yield _judged(host, int((expires_at - time.time()) // _DAY))


def _expiry(host: str, port: int) -> float:
    context = ssl.create_default_context()
    with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=host) as secured:
            certificate = secured.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _refused(error: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    words, code = {"host": host}, error.verify_code
    if code in _EXPIRED:
        return (_("The certificate of %(host)s has expired: Meta posts nothing any more.") % words,
                _("Look at the log of the proxy: it renews by itself when it is reachable on port 80."))  # fmt: skip
    if code in _SELF_SIGNED:
        return (_("The certificate of %(host)s is self-signed or lacks its chain: Meta posts nothing.") % words,
                _("Use one of a public authority, with its intermediate certificates."))  # fmt: skip
    if code in _WRONG_NAME:
        return (_("The certificate that answers is not for %(host)s: Meta posts nothing.") % words,
                _("Check BASE_URL (DOMAIN) and where the name points to."))  # fmt: skip
    return (_("The certificate of %(host)s is not valid: %(error)s.") % {**words, "error": error.verify_message},
            _("Look at the log of the proxy."))  # fmt: skip


def _judged(host: str, days: int) -> Finding:
    words = ngettext(
        "The certificate of %(host)s is valid for another %(days)s day.",
        "The certificate of %(host)s is valid for another %(days)s days.", days,
    ) % {"host": host, "days": days}  # fmt: skip
    advice = _("It should have been renewed by now: look at the log of the proxy.")
    if days <= VERY_SOON_DAYS:
        return bad(words, advice)
    return warn(words, advice) if days <= SOON_DAYS else good(words)
