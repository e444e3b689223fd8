"""What admins change about a number at Meta: token, app secret, PIN, registration, display name, webhook.

Each is one form that is answered in its place: what was typed stays in the browser, and no secret is ever sent back.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import entering
from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_required
from accounts.views.answers import done
from accounts.views.second_factor import ask_again, resuming
from inbox import jobs
from inbox.actions.number_checks import check_number
from inbox.actions.sending_stops import resume_sending
from whatsapp import errors, meta_pages, rotation
from whatsapp.connect_forms import AppSecretForm, CodeForm, NameForm, PinForm, TokenForm
from whatsapp.errors import DeliveryProblem
from whatsapp.models import PhoneNumber
from whatsapp.number_client import AppAPI, RegistrationAPI
from whatsapp.round_trip import BAD, Check, round_trip

WORDS: dict[int, str | Promise] = {
    133005: _("This is not the number's PIN. Whoever set it knows it."),
    133006: _("The number has to be verified first: ask for a code above."),
    133008: _("Too many tries. Meta wants a pause before the next one."),
    133009: _("Too quick. Meta wants a pause before the next try."),
    133016: _("Registered too often: ten times in 72 hours. Meta wants a pause."),
    136025: _("This code is wrong, or has expired."),
}  # fmt: skip


def token(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    """Another token; what waited for it is sent."""
    checks = rotation.replace_token(number, form.cleaned_data["access_token"])
    if all(check.state != BAD for check in checks):
        account = number.business_account
        for where in (account, *account.phone_numbers.all()):
            if where.sending_stopped_code in rotation.ACCESS_CODES:
                resume_sending(where, by=by)
        check_number(number)
        jobs.enqueue(jobs.sync_account_templates, account.pk)  # then the other numbers, if they had no answer either
    return checks


def secret(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    return rotation.replace_secret(number, form.cleaned_data["app_secret"])


def webhook(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    app = number.business_account.meta_app
    api = AppAPI(app.app_id, rotation.newest_secret(app))
    return [round_trip(number.workspace, api, app.verify_token.reveal(), meta_pages.app_webhooks(app.app_id))]


def code(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    language = "de_DE" if get_language() == "de" else "en_US"
    RegistrationAPI(number).request_code(form.cleaned_data["method"], language)
    return []


def verification(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    RegistrationAPI(number).verify_code(form.cleaned_data["code"])
    check_number(number)
    return []


def registration(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    """Meta takes the number in; sending goes on if it had stopped for that."""
    RegistrationAPI(number).register(form.cleaned_data["pin"])
    check_number(number)
    if number.sending_stopped_code in (133010, 131045):
        resume_sending(number, by=by)
    return []


def pin(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    RegistrationAPI(number).set_pin(form.cleaned_data["pin"])
    return []


def name(number: PhoneNumber, form: forms.Form, by: Agent) -> list[Check]:
    RegistrationAPI(number).ask_for_name(form.cleaned_data["name"])
    check_number(number)
    return []


class MethodForm(forms.Form):
    """How the code shall come."""

    method = forms.ChoiceField(choices=[("SMS", _("SMS")), ("VOICE", _("Call"))])


Deed = Callable[[PhoneNumber, forms.Form, Agent], list[Check]]
DEEDS: dict[str, tuple[type[forms.Form], Deed, str | Promise]] = {
    "token": (TokenForm, token, _("The new token is in use. What waited is being sent.")),
    "secret": (AppSecretForm, secret, _("The new app secret is in use; the old one is accepted for seven days more.")),
    "webhook": (forms.Form, webhook, _("Meta's test call has arrived here.")),
    "code": (MethodForm, code, _("The code is on its way. Enter it below.")),
    "verification": (CodeForm, verification, _("The number is verified.")),
    "registration": (PinForm, registration, _("The number is registered.")),
    "pin": (PinForm, pin, _("The PIN is changed. Keep it where others find it, too.")),
    "name": (NameForm, name, _("Asked for. Meta decides about the new display name.")),
}  # fmt: skip
# Who holds one of these holds the number: not for who only sits at an open session.
GUARDED = ("token", "secret", "pin", "registration")


@sensitive_post_parameters("access_token", "app_secret", "pin")
@admin_required
@require_POST
@resuming
def change(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do one of DEEDS. Refusals are sentences in the form's place; afterwards the page is shown anew."""
    agent: Agent = request.user  # type: ignore[assignment]
    numbers = PhoneNumber.objects.select_related("workspace", "business_account__meta_app")
    number = get_object_or_404(numbers, pk=pk, workspace_id=agent.workspace_id)
    if deed not in DEEDS:
        raise Http404
    if deed in GUARDED and not entering.is_fresh(request):
        return ask_again(request, reverse("settings-number-one", args=[number.pk]))
    form_class, do, words = DEEDS[deed]
    form = form_class(request.POST)
    if not form.is_valid():
        problems = [Check("form", BAD, str(error)) for errors_ in form.errors.values() for error in errors_]
        return _said(request, number, problems)
    try:
        checks = do(number, form, agent)
    except DeliveryProblem as problem:
        checks = [Check("meta", BAD, _in_words(problem))]
    if any(check.state == BAD for check in checks):
        return _said(request, number, checks)
    record_audit(agent.workspace, agent, f"number.{deed}", subject=str(number))
    done(request, str(words))
    where = reverse("settings-number-one", args=[number.pk])
    return HttpResponse(headers={"HX-Redirect": where}) if _is_part(request) else redirect(where)


def _in_words(problem: DeliveryProblem) -> str | Promise:
    if problem.code in WORDS:
        return WORDS[problem.code]
    if problem.code in (errors.NOT_REACHED, errors.STRANGE_ANSWER):
        return _("Meta did not answer. Try again in a moment.")
    if errors.action(problem.code) in (errors.STOP, errors.RETRY):
        return errors.sentence(problem.code)
    return _("Meta refused: %(words)s") % {"words": problem.detail.partition(") ")[2] or problem.detail}


def _said(request: HttpRequest, number: PhoneNumber, checks: list[Check]) -> HttpResponse:
    if _is_part(request):
        return render(request, "inbox/settings/_said.html", {"checks": checks}, status=422)
    context: dict[str, Any] = {"nav": "settings", "settings_page": "number", "number": number, "checks": checks}
    return render(request, "inbox/settings/number_refused.html", context, status=422)


def _is_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
