"""Our WhatsApp numbers: how they are connected, how they do, and which team gets what comes in. For admins."""

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import interrupted
from accounts.audit import record_audit
from accounts.models import Agent, Team
from accounts.permissions import admin_desk_required, admin_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox.actions.disconnecting import consequences, disconnect_number
from inbox.actions.number_checks import check_number
from inbox.actions.numbers import route_number
from inbox.number_page import NumberPage
from inbox.views.number_changes import GUARDED
from whatsapp import errors
from whatsapp.models import PhoneNumber
from whatsapp.round_trip import callback_url


@admin_required
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """The first number; its page leads to the others."""
    agent: Agent = request.user  # type: ignore[assignment]
    first = _numbers(agent).first()
    return _page(request, first) if first is not None else _none(request)


@admin_required
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """How a number does, and what can be changed about it."""
    return _page(request, _found(request, pk))


@admin_required
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask Meta now."""
    number = _found(request, pk)
    problem = check_number(number)
    if problem is None:
        done(request, _("Meta was asked: this is how things stand."))
    else:
        messages.error(request, _("Meta could not be asked. %(reason)s") % {"reason": errors.sentence(problem.code)})
    return redirect("settings-number-one", pk=number.pk)


def _numbers(agent: Agent) -> QuerySet[PhoneNumber]:
    """The connected ones first: they are what one comes for."""
    found = PhoneNumber.objects.filter(workspace_id=agent.workspace_id)
    found = found.order_by(F("disconnected_at").asc(nulls_first=True), "pk")
    return found.select_related("workspace", "business_account__meta_app", "routing", "health", "profile")


def _found(request: HttpRequest, pk: int) -> PhoneNumber:
    agent: Agent = request.user  # type: ignore[assignment]
    return get_object_or_404(_numbers(agent), pk=pk)


def _none(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/settings/no_number.html", {"nav": "settings", "settings_page": "number"})


def _page(request: HttpRequest, number: PhoneNumber) -> HttpResponse:
    agent: Agent = request.user  # type: ignore[assignment]
    waiting = [deed for deed in GUARDED
               if interrupted.words(request, reverse("settings-number-change", args=[number.pk, deed]))]  # fmt: skip
    context = {
        "nav": "settings", "settings_page": "number", "number": number, "page": NumberPage(number),
        "numbers": PhoneNumber.objects.filter(workspace_id=agent.workspace_id).order_by("pk"),
        "teams": Team.objects.filter(workspace_id=agent.workspace_id).order_by("name"),
        "callback_url": callback_url(), "resumes": waiting,
    }  # fmt: skip
    return render(request, "inbox/settings/numbers.html", context)


def _page_of(pk: int) -> str:
    return reverse("settings-number-disconnection", args=[pk])


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_required(back=_page_of)
def disconnection(request: HttpRequest, pk: int) -> HttpResponse:
    """What would happen; and, with the last digits of the number typed, it happens."""
    agent: Agent = request.user  # type: ignore[assignment]
    number = get_object_or_404(_numbers(agent).filter(disconnected_at=None), pk=pk)
    sent = request.POST or interrupted.words(request, request.path) or QueryDict()
    typed = sent.get("digits", "").strip()
    refused = request.method == "POST" and typed != number.display_number[-4:]
    if request.method != "POST" or refused:
        context = {"nav": "settings", "settings_page": "number", "number": number, "page": NumberPage(number),
                   "consequences": consequences(number), "refused": refused, "typed": typed[:4]}  # fmt: skip
        return render(request, "inbox/settings/disconnect.html", context, status=422 if refused else 200)
    problem = disconnect_number(number, by=agent)
    done(request, _("%(number)s is disconnected.") % {"number": number})
    if problem is not None:
        words = _("Meta goes on sending what happens there (%(reason)s). It is refused here; remove the app at Meta.")
        messages.warning(request, words % {"reason": errors.sentence(problem.code)})
    return redirect("settings-number-one", pk=number.pk)


@admin_required
@require_POST
def receipts(request: HttpRequest) -> HttpResponse:
    """Whether customers see that we have read and that we are writing."""
    viewer: Agent = request.user  # type: ignore[assignment]
    workspace, wanted = viewer.workspace, request.POST.get("read_receipts") == "on"
    if workspace.read_receipts != wanted:
        workspace.read_receipts = wanted
        workspace.save(update_fields=["read_receipts"])
        record_audit(workspace, viewer, "workspace.read_receipts", data={"to": wanted})
    done(request, _("Saved."))
    return redirect("settings-number")


@admin_required
@require_POST
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the team of a number."""
    viewer: Agent = request.user  # type: ignore[assignment]
    number = get_object_or_404(PhoneNumber.objects.select_related("workspace"), pk=pk, workspace_id=viewer.workspace_id)
    chosen = request.POST.get("team", "")
    teams = Team.objects.filter(workspace_id=viewer.workspace_id)
    route_number(number, team=get_object_or_404(teams, pk=int(chosen) if chosen.isdecimal() else 0), by=viewer)
    done(request, _("Saved. New conversations go to this team."))
    return redirect("settings-number-one", pk=number.pk)
