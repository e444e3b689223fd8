"""Closing and snoozing: each is a thing that is there or not."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import conversations, satisfaction
from inbox.forms.conversations import ClosureForm, SnoozeForm, snooze_choices
from inbox.models import Case
from inbox.views.assignments import changed_answer, undoable
from inbox.views.refusals import form_refusal, refusing

OUTCOMES_OFFERED = 6


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def closure(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the menu of outcomes. POST: close. DELETE: reopen."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        context = {
            "conversation": conversation, "outcomes": _outcomes(conversation.workspace_id),
            "asks": satisfaction.asks_for(conversation),
        }  # fmt: skip
        return render(request, "inbox/conversations/_close_menu.html", context)
    if request.method == "DELETE":
        conversations.reopen_conversation(conversation, by=request.user)
        return changed_answer(request, pk)
    form = ClosureForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    said = form.cleaned_data
    return undoable(
        request, conversation, lambda each: conversations.close_conversation(each, by=request.user, **said),
        _("Conversation closed"),
    )  # fmt: skip


@require_http_methods(["GET", "POST", "DELETE"])
@refusing
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the menu of moments. POST: out of the way until then. DELETE: back at once."""
    conversation = access.get_conversation(request.user, pk)
    if request.method == "GET":
        context = {"conversation": conversation, "choices": snooze_choices()}
        return render(request, "inbox/conversations/_snooze_menu.html", context)
    if request.method == "DELETE":
        conversations.wake_conversation(conversation, by=request.user)
        return changed_answer(request, pk)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    until = form.cleaned_data["moment"]
    return undoable(
        request, conversation, lambda each: conversations.snooze_conversation(each, until=until, by=request.user),
        _("Snoozed"),
    )  # fmt: skip


def _outcomes(workspace_id: int) -> list[Any]:
    """The words used last for an outcome, to choose again."""
    used = Case.objects.filter(workspace=workspace_id).exclude(outcome="").order_by("-closed_at")[:200]
    return list(dict.fromkeys(used.values_list("outcome", flat=True)))[:OUTCOMES_OFFERED]
