"""Our WhatsApp numbers: how they are connected, how they do, and which team gets what comes in. For admins."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from accounts.models import Agent, Team
from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox.actions.numbers import route_number
from inbox.actions.sending_stops import reasons
from inbox.models import Conversation
from whatsapp.models import MessageTemplate, PhoneNumber, TemplateStatus
from whatsapp.phone_format import pretty
from whatsapp.webhook import WEBHOOK_PATH


@dataclass(frozen=True)
class NumberCard:
    """One number as its page shows it; every secret only as a hint."""

    number: PhoneNumber
    team_id: int | None
    last_received_at: datetime | None
    templates: dict[str, int]

    @property
    def display(self) -> str:
        return pretty(self.number.display_number)

    @property
    def quality_state(self) -> str:
        return {"GREEN": "good", "YELLOW": "warn", "RED": "bad"}.get(self.number.quality, "")

    @property
    def quality_words(self) -> str:
        words = {"GREEN": _("High"), "YELLOW": _("Medium"), "RED": _("Low")}
        return words.get(self.number.quality, _("not yet rated"))

    @property
    def stopped_because(self) -> str:
        """Meta's reasons in words when sending has stopped, else ""."""
        return " ".join(map(str, reasons(self.number)))

    @property
    def is_connected(self) -> bool:
        return self.number.status == "CONNECTED" and not self.stopped_because


@admin_required
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    context = {
        "nav": "settings", "settings_page": "number", "cards": _cards(viewer),
        "teams": Team.objects.filter(workspace_id=viewer.workspace_id).order_by("name"),
        "callback_url": f"{settings.BASE_URL}{WEBHOOK_PATH}",
    }  # fmt: skip
    return render(request, "inbox/settings/numbers.html", context)


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


def _cards(viewer: Agent) -> list[NumberCard]:
    found = PhoneNumber.objects.filter(workspace_id=viewer.workspace_id).order_by("pk")
    found = found.select_related("business_account__meta_app", "routing")
    received = dict(
        Conversation.objects.filter(phone_number__in=found)
        .values_list("phone_number").annotate(at=Max("last_customer_message_at")).order_by()
    )
    counted = (
        MessageTemplate.objects.filter(business_account__workspace_id=viewer.workspace_id, removed_at=None)
        .values_list("business_account", "status").annotate(n=Count("pk")).order_by()
    )
    by_account: dict[int, dict[str, int]] = {}
    for account, status, n in counted:
        by_account.setdefault(account, {})[status] = n
    return [
        NumberCard(
            number, number.routing.team_id if hasattr(number, "routing") else None, received.get(number.pk),
            _template_counts(by_account.get(number.business_account_id, {})),
        )
        for number in found
    ]  # fmt: skip


def _template_counts(by_status: dict[str, int]) -> dict[str, int]:
    approved = by_status.get(TemplateStatus.APPROVED, 0)
    pending = by_status.get(TemplateStatus.PENDING, 0)
    return {"approved": approved, "pending": pending, "others": sum(by_status.values()) - approved - pending}


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
    return redirect("settings-number")
