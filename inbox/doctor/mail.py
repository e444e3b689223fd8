"""Mail: is there a server, and does it take our sign-in? Nothing is sent; the page “Installation” sends a test."""

import smtplib
import ssl
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import MailSecurity, MailServer, Workspace
from inbox.doctor.findings import Finding, bad, good, note, warn

TIMEOUT_SECONDS = 5
AT_MOST = 10  # workspaces


def look(workspace: Workspace | None = None) -> Iterator[Finding]:
    """The server of the environment, else those that workspaces have entered (of one workspace, for its own page)."""
    if settings.EMAIL_HOST:
        yield from _server(mail.of_environment())
        return
    rows = MailServer.objects.order_by("pk")
    entered = list((rows.filter(workspace=workspace) if workspace else rows)[:AT_MOST])
    if not entered:
        yield note(
            _("No mail server is set: invitations and new passwords go by links that an admin passes on."),
            _("Enter one under Settings, Installation, or set EMAIL_HOST."),
        )
    for row in entered:
        yield from _server(mail.of_row(row))


def _server(outgoing: mail.Outgoing) -> Iterator[Finding]:
    words = {"host": f"{outgoing.host}:{outgoing.port}"}
    kind = smtplib.SMTP_SSL if outgoing.security == MailSecurity.TLS else smtplib.SMTP
    try:
        with kind(outgoing.host, outgoing.port, timeout=TIMEOUT_SECONDS) as server:
            if outgoing.security == MailSecurity.STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if outgoing.username:
                server.login(outgoing.username, outgoing.password)
    except smtplib.SMTPAuthenticationError:
        yield bad(_("The mail server %(host)s refuses our sign-in.") % words, _("Check user name and password."))
        return
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        yield bad(_("The mail server %(host)s does not answer as it should (%(error)s).")
                  % {**words, "error": type(error).__name__},
                  _("Check server, port and encryption."))  # fmt: skip
        return
    yield good(_("The mail server %(host)s takes our sign-in.") % words)
    if outgoing.security == MailSecurity.NONE:
        yield warn(_("Mail travels without encryption."), _("Encrypt it unless the server is this machine."))
