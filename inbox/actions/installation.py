"""What admins set about the house as a whole: time zones, and whether mail arrives."""

import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import throttle
from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from inbox.actions.hours import Owner, take_effect
from inbox.errors import InboxRuleViolation
from whatsapp.models import BusinessAccount

TEST_MAILS_PER_HOUR = 10


class NoMailServer(InboxRuleViolation):
    code = "no_mail_server"
    status = 409
    sentence = gettext_lazy("No mail server is set. EMAIL_HOST and its settings stand in the environment of Tresen.")


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
    if not settings.EMAIL_HOST:
        raise NoMailServer
    limit = throttle.Limit(throttle.hashed("test-mail", str(agent.workspace_id)), TEST_MAILS_PER_HOUR, 3600)
    if not throttle.count(limit).allowed:
        raise TooManyTestMails
    text = _("This is the test mail from %(address)s. Mail works.") % {"address": settings.BASE_URL}
    try:
        send_mail(_("Test mail from Tresen"), text, settings.DEFAULT_FROM_EMAIL, [agent.email])
    except (smtplib.SMTPException, OSError) as error:
        raise MailRefused(_why(error)) from error
    record_audit(agent.workspace, agent, "mail.tested", settings.EMAIL_HOST)


def _why(error: Exception) -> str:
    """What went wrong, with the server's code at most: its words may quote what we sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _("The mail server refuses our sign-in. Check EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _("The mail server takes no mail to your address.")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _("The mail server does not take our sender. Check DEFAULT_FROM_EMAIL.")
    if isinstance(error, smtplib.SMTPResponseException):
        return _("The mail server refused with code %(code)s.") % {"code": error.smtp_code}
    if isinstance(error, smtplib.SMTPException):
        return _("The mail server does not speak as expected. Check EMAIL_PORT and EMAIL_USE_TLS.")
    return _("The mail server cannot be reached. Check EMAIL_HOST and EMAIL_PORT.")
