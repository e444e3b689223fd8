"""What admins set about the house as a whole: time zones, and whether mail arrives."""

import smtplib
import ssl

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail, throttle
from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from inbox.actions.hours import Owner, take_effect
from inbox.errors import InboxRuleViolation
from whatsapp.models import BusinessAccount

TEST_MAILS_PER_HOUR = 10


class NoMailServer(InboxRuleViolation):
    code = "no_mail_server"
    status = 409
    sentence = gettext_lazy("No mail server is set.")


class TooManyTestMails(InboxRuleViolation):
    code = "too_many_test_mails"
    status = 429
    sentence = gettext_lazy("That is enough test mails for now. Please wait an hour.")


class MailRefused(InboxRuleViolation):
    """The mail server said no, or nothing."""

    code = "mail_refused"
    status = 502


@transaction.atomic
def change_zone(workspace: Workspace, zone: str, *, by: Agent) -> bool:
    """The zone in which the business lives: opening hours, reports and exports. False when it is the same already."""
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if locked.timezone == zone:
        return False
    record_audit(locked, by, "workspace.timezone", data={"from": locked.timezone, "to": zone})
    locked.timezone = workspace.timezone = zone
    locked.save(update_fields=["timezone"])
    take_effect(Owner(locked))
    return True


@transaction.atomic
def change_account_zone(account: BusinessAccount, zone: str, *, by: Agent) -> bool:
    """The zone of the business account at Meta: its months decide which replies are free. What is counted stays so."""
    locked = BusinessAccount.objects.select_for_update().get(pk=account.pk)
    if locked.timezone == zone:
        return False
    data = {"from": locked.timezone, "to": zone}
    record_audit(by.workspace, by, "account.timezone", str(locked), data=data)
    locked.timezone = account.timezone = zone
    locked.save(update_fields=["timezone"])
    return True


def send_test_mail(agent: Agent) -> None:
    """To the person who asks and to nobody else, at once, so that the answer of the mail server is known."""
    server = mail.outgoing(agent.workspace)
    if server is None:
        raise NoMailServer
    limit = throttle.Limit(throttle.hashed("test-mail", str(agent.workspace_id)), TEST_MAILS_PER_HOUR, 3600)
    if not throttle.count(limit).allowed:
        raise TooManyTestMails
    text = _("This is the test mail from %(address)s. Mail works.") % {"address": settings.BASE_URL}
    try:
        mail.send(agent.workspace, _("Test mail from Tresen"), text, agent.email)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise MailRefused(_why(error)) from error
    record_audit(agent.workspace, agent, "mail.tested", server.host)


def _why(error: Exception) -> str:
    """What went wrong, with the server's code at most: its words may quote what we sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _("The mail server refuses our sign-in. Check user name and password.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _("The mail server takes no mail to your address.")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _("The mail server does not take our sender. Check its address.")
    if isinstance(error, smtplib.SMTPResponseException):
        return _("The mail server refused with code %(code)s.") % {"code": error.smtp_code}
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("The certificate of the mail server does not hold for its name.")
    if isinstance(error, (smtplib.SMTPException, ssl.SSLError, UnicodeError)):
        return _("The mail server does not speak as expected. Check port and encryption.")
    return _("The mail server cannot be reached. Check server and port.")
