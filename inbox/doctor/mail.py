"""Mail: is there a server, and does it take our sign-in? Nothing is sent; the page “Installation” sends a test."""

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from inbox.doctor.findings import Finding, bad, good, note, warn

TIMEOUT_SECONDS = 5


def look() -> Iterator[Finding]:
    host = settings.EMAIL_HOST
    if not host:
        yield note(
            _("No mail server is set: invitations and new passwords go by links that an admin passes on."),
            _("Set EMAIL_HOST to send them by mail."),
        )
        return
    words = {"host": f"{host}:{settings.EMAIL_PORT}"}
    try:
        with smtplib.SMTP(host, settings.EMAIL_PORT, timeout=TIMEOUT_SECONDS) as server:
            if settings.EMAIL_USE_TLS:
                server.starttls()
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except smtplib.SMTPAuthenticationError:
        yield bad(_("The mail server %(host)s refuses our sign-in.") % words,
                  _("Check EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."))  # fmt: skip
        return
    except (smtplib.SMTPException, OSError) as error:
        yield bad(_("The mail server %(host)s does not answer as it should (%(error)s).")
                  % {**words, "error": type(error).__name__},
                  _("Check EMAIL_HOST, EMAIL_PORT and EMAIL_USE_TLS."))  # fmt: skip
        return
    yield good(_("The mail server %(host)s takes our sign-in.") % words)
    if not settings.EMAIL_USE_TLS:
        yield warn(_("Mail travels without encryption."), _("Set EMAIL_USE_TLS=1 unless the server is this machine."))
