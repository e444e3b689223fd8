"""Sending has stopped for a number or its account; an admin who has mended the reason lets it go on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_required
from inbox.actions.sending_stops import resume_sending
from whatsapp.models import PhoneNumber


@admin_required
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again what waited, oldest first. Should the reason still be there, Meta says so and it stops again."""
    agent: Agent = request.user  # type: ignore[assignment]
    numbers = PhoneNumber.objects.select_related("business_account__workspace", "workspace")
    number = get_object_or_404(numbers, pk=pk, workspace_id=agent.workspace_id)
    resumed = [resume_sending(where, by=agent) for where in (number, number.business_account)]
    if any(resumed):
        record_audit(agent.workspace, agent, "number.resumed", str(number))
        messages.success(request, _("Waiting messages are being sent now."))
    return redirect("settings-number")
