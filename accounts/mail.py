"""Mail goes out by the server of the environment, else by the one that the workspace has entered, else not at all."""

from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from accounts.models import MailSecurity, MailServer, Workspace

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True)
class Outgoing:
    """A mail server as it is used; its password does not print."""

    host: str
    port: int
    security: str
    username: str
    sender: str
    password: str = field(repr=False, default="")
    is_environments: bool = False


def outgoing(workspace: Workspace) -> Outgoing | None:
    """The server for this workspace's mail."""
    if settings.EMAIL_HOST:
        return of_environment()
    kept = MailServer.objects.filter(workspace=workspace).first()
    return of_row(kept) if kept else None


def of_environment() -> Outgoing:
    security = MailSecurity.STARTTLS if settings.EMAIL_USE_TLS else MailSecurity.NONE
    return Outgoing(
        settings.EMAIL_HOST, settings.EMAIL_PORT, security, settings.EMAIL_HOST_USER, settings.DEFAULT_FROM_EMAIL,
        settings.EMAIL_HOST_PASSWORD, is_environments=True,
    )  # fmt: skip


def of_row(kept: MailServer) -> Outgoing:
    return Outgoing(kept.host, kept.port, kept.security, kept.username, kept.sender, kept.password.reveal())


def is_set_up(workspace: Workspace) -> bool:
    return outgoing(workspace) is not None


def is_set_up_somewhere() -> bool:
    """For pages before the sign-in, which know no workspace."""
    return bool(settings.EMAIL_HOST) or MailServer.objects.exists()


def send(workspace: Workspace, subject: str, text: str, to: str) -> bool:
    """Send now; False without a server. What the server refuses is raised (SMTPException, OSError)."""
    server = outgoing(workspace)
    if server is None:
        return False
    connection = None  # the one of the settings
    if not server.is_environments:
        connection = get_connection(
            SMTP, host=server.host, port=server.port, username=server.username, password=server.password,
            use_tls=server.security == MailSecurity.STARTTLS, use_ssl=server.security == MailSecurity.TLS,
            timeout=settings.EMAIL_TIMEOUT,
        )  # fmt: skip
    return bool(EmailMessage(subject, text, server.sender, [to], connection=connection).send())
