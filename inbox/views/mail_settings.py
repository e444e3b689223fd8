"""Settings: where mail goes out, and a test of it; for each admin, whether alarms come by mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import mail, mail_actions
from accounts.mail_forms import MailServerForm
from accounts.models import Agent, MailServer
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox.actions import installation
from inbox.errors import InboxRuleViolation
from inbox.views import house


def _installation() -> str:
    return reverse("settings-installation")


@sensitive_post_parameters("password")
@admin_desk_required
@require_POST
@fresh_required(back=_installation)
def server(request: HttpRequest) -> HttpResponse:
    """Keep it; with `test` a mail goes to whoever saves, so that a slip is noticed now.

    Everybody's password links go out there: who only sits at an open session must not turn them their way.
    """
    admin: Agent = request.user  # type: ignore[assignment]
    kept = MailServer.objects.filter(workspace_id=admin.workspace_id).first()
    form = MailServerForm(request.POST, instance=kept)
    if not form.is_valid():
        return house.page(request, mail_form=form, status=422)
    mail_actions.set_mail_server(admin.workspace, by=admin, **form.cleaned_data)
    done(request, _("Saved."))
    return test(request) if "test" in request.POST else redirect("settings-installation")


@admin_desk_required
@require_POST
def removal(request: HttpRequest) -> HttpResponse:
    admin: Agent = request.user  # type: ignore[assignment]
    mail_actions.remove_mail_server(admin.workspace, by=admin)
    if mail.is_set_up(admin.workspace):
        done(request, _("Removed. The server of the environment is in use."))
    else:
        done(request, _("Removed. Invitations and new passwords go by links that an admin passes on."))
    return redirect("settings-installation")


@admin_desk_required
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """A mail to whoever asks for it."""
    admin: Agent = request.user  # type: ignore[assignment]
    try:
        installation.send_test_mail(admin)
    except InboxRuleViolation as violation:
        messages.error(request, str(violation))
    else:
        done(request, _("The mail server has taken the test mail to %(email)s.") % {"email": admin.email})
    return redirect("settings-installation")


@admin_desk_required
@require_POST
def alarms(request: HttpRequest) -> HttpResponse:
    """Whether this admin wants alarms by mail."""
    admin: Agent = request.user  # type: ignore[assignment]
    mail_actions.want_alarm_mails(admin, "wanted" in request.POST)
    done(request, _("Saved."))
    return redirect("settings-notifications")
