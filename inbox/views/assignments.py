"""Who is responsible: the menu, and giving a conversation to somebody, to a team, or back to the queue."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Team
from inbox import access, presence
from inbox.actions import assignment, undo
from inbox.actions.load import loads
from inbox.forms.conversations import AssignmentForm
from inbox.models import Conversation
from inbox.views.refusals import form_refusal, refusing, triggering


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the menu; whether `?agent=` is to get it although full; the note for `?team=`. POST: to `agent` or `team`
    (neither: to me). DELETE: back to the team's queue."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        return _menu_answer(request, conversation)
    if request.method == "DELETE":
        seen = seen_holder(request.GET)
        return undoable(
            request, conversation, lambda each: assignment.release(each, by=request.user, **seen), _("Unassigned")
        )
    return _assign(request, conversation)


def _menu_answer(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    context = _menu(request.user, conversation)
    wanted = request.GET.get("agent", "")
    person = next((each for each in context["people"] if str(each["agent"].pk) == wanted), None)
    team = next((each for each in context["teams"] if str(each.pk) == request.GET.get("team", "")), None)
    template = "inbox/conversations/_assign_full.html" if person else "inbox/conversations/_assign_menu.html"
    if team:
        template = "inbox/conversations/_assign_note.html"
    return render(request, template, {**context, "person": person, "team": team})


def _assign(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = AssignmentForm(request.POST, workspace=request.user.workspace)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said, seen = form.cleaned_data, seen_holder(request.POST)
    agent, team = said["agent"], said["team"]
    if agent is None and team is None:
        agent = request.user
    words = _("Assigned to %(name)s") % {"name": agent.first_name if agent else team.name}
    return undoable(
        request, conversation,
        lambda each: assignment.assign(
            each, to_agent=agent, to_team=team, by=request.user, note=said["note"], **seen
        ), words,
    )  # fmt: skip


def seen_holder(said: QueryDict) -> dict[str, Any]:
    """Who had it on the screen ("" is nobody), for the actions; nothing if the page does not say."""
    holder = said.get("seen_assignee")
    if holder is None:
        return {}
    return {"seen_assignee_id": int(holder) if holder.isascii() and holder.isdecimal() and len(holder) < 19 else None}


def undoable(
    request: HttpRequest, conversation: Conversation, act: Callable[[Conversation], Any], words: str
) -> HttpResponse:
    """Do it, say so, and offer for a moment to take it back. Nothing is said when nothing has changed."""
    kept = undo.keep([undo.remembering(conversation, act)], by=request.user)
    if kept is None:
        return changed_answer(request, conversation.pk)
    return changed_answer(request, conversation.pk, words=words, undo=reverse("undo", args=[kept.pk]))


def changed_answer(request: HttpRequest, pk: int, **toast: str) -> HttpResponse:
    """Nothing to swap in: the change reaches every page by its event, this one too.

    The page is told which version to wait for, or that the conversation is out of its sight now.
    """
    try:
        conversation = access.get_conversation(request.user, pk)
    except Http404:
        triggers: dict[str, dict[str, Any]] = {"conversation:gone": {"id": pk}}
    else:
        triggers = {"conversation:changed": {"id": pk, "version": conversation.version}}
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
        "wants_note": agent.workspace.handover_note_required and conversation.team_id is not None,
        "people": [
            {
                "agent": person,
                "load": load[person.pk],
                "is_full": load[person.pk] >= person.capacity_at(now),
                "presence": presence.state_of(person, online),
                "is_me": person.pk == agent.pk,
            }
            for person in people
        ],
        "teams": list(Team.objects.filter(workspace=agent.workspace_id).order_by("name")),
    }
