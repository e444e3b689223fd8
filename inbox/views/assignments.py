"""Who is responsible: the menu, and giving a conversation to somebody, to a team, or back to the queue."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Availability, Team
from inbox import access, presence
from inbox.actions import assignment
from inbox.actions.load import loads
from inbox.forms.conversations import AssignmentForm
from inbox.models import Conversation
from inbox.views.refusals import form_refusal, refusing, triggering


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the menu. POST: to `agent` or `team` (neither: to me). DELETE: back to the team's queue."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        return render(request, "inbox/conversations/_assign_menu.html", _menu(request.user, conversation))
    if request.method == "DELETE":
        assignment.release(conversation, by=request.user)
        return changed_answer(request, pk)
    return _assign(request, conversation)


def _assign(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = AssignmentForm(request.POST, workspace=request.user.workspace)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    seen: dict[str, Any] = {"seen_assignee_id": said["seen_assignee"]} if "seen_assignee" in request.POST else {}
    if said["agent"] is None and said["team"] is None:
        assignment.take_over(conversation, by=request.user, **seen)
    else:
        assignment.assign(conversation, to_agent=said["agent"], to_team=said["team"], by=request.user, **seen)
    return changed_answer(request, conversation.pk)


def changed_answer(request: HttpRequest, pk: int, **toast: str) -> HttpResponse:
    """Nothing to swap in: the change reaches every page by its event, this one too.

    The page is told which version to wait for, or that the conversation is out of its sight now.
    """
    try:
        conversation = access.get_conversation(request.user, pk)
    except Http404:
        return triggering({"conversation:gone": {"id": pk}})
    triggers: dict[str, dict[str, Any]] = {"conversation:changed": {"id": pk, "version": conversation.version}}
    if toast:
        triggers["toast"] = dict(toast)
    return triggering(triggers)


def _menu(agent: Agent, conversation: Conversation) -> dict[str, Any]:
    """Colleagues with how full they are and whether they are here, and the teams. Oneself comes first."""
    now = timezone.now()
    people = list(Agent.objects.filter(workspace=agent.workspace_id, is_active=True).order_by("name", "pk"))
    people.sort(key=lambda person: person.pk != agent.pk)
    load = loads([person.pk for person in people], now)
    online = presence.online_agent_ids(agent.workspace_id)
    return {
        "conversation": conversation,
        "people": [
            {
                "agent": person,
                "load": load[person.pk],
                "is_full": load[person.pk] >= person.capacity,
                "presence": _presence(person, online),
                "is_me": person.pk == agent.pk,
            }
            for person in people
        ],
        "teams": list(Team.objects.filter(workspace=agent.workspace_id).order_by("name")),
    }


def _presence(person: Agent, online: set[int]) -> str:
    if person.pk not in online:
        return "offline"
    return "available" if person.availability == Availability.AVAILABLE else "away"
