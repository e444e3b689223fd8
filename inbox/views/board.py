"""The team board for leads and admins: the page, one person's conversations, and what a lead does with a person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Agent
from accounts.permissions import desk_required, people_led_by
from inbox.actions import undo
from inbox.actions.availability import set_capacity_today, switch_of
from inbox.actions.redistribution import redistribute
from inbox.actions.undo_people import remembering_person
from inbox.board import board_of, held_by, work_of
from inbox.rules.lines import lines_of
from inbox.views.availability import handed_over, switch
from inbox.views.refusals import refusing, triggering

BREAKS = (15, 30, 60)  # minutes


@desk_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The whole page, or for its script only what changes on it."""
    team = request.GET.get("team", "")
    wanted = int(team) if team.isascii() and team.isdecimal() and len(team) < 19 else None
    board = board_of(request.user, team_id=wanted, sort=request.GET.get("sort", ""))  # type: ignore[arg-type]
    template = "inbox/board/_board.html" if getattr(request, "htmx", False) else "inbox/board/index.html"
    rules = lines_of(request.user)  # type: ignore[arg-type]
    return render(request, template, {"nav": "board", "board": board, "rules": rules})


@desk_required
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody holds, to be opened below their name; with `menu`, what can be done."""
    found = _person(request, pk)
    if request.GET.get("menu"):
        context = {"person": found, "breaks": BREAKS, "seen": switch_of(found), **work_of(found)}
        return render(request, "inbox/board/_menu.html", context)
    tickets = held_by(found, seen_by=request.user)  # type: ignore[arg-type]
    return render(request, "inbox/board/_held.html", {"person": found, "tickets": tickets})


@desk_required
@require_POST
@refusing
def availability(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause somebody (for so many `minutes`, or until it is ended), or end the pause with `available`.

    A pause leaves them their work for the team's grace, beyond it with `keeps`, or with `hand_over` not at all.
    """
    found = _person(request, pk)
    switched = switch(request, found)
    if switched.outcome is not None:
        return triggering({"toast": handed_over(switched.outcome), "board:changed": {}})
    if not switched.is_available:
        words = _("%(name)s gets no new work.")
    elif found.is_off_duty_now:
        words = _("The pause of %(name)s is over. Work comes with the next working hours.")
    else:
        words = _("%(name)s gets work again.")
    return _done(request, switched.step, words % {"name": found.first_name})


@desk_required
@require_POST
@refusing
def capacity(request: HttpRequest, pk: int) -> HttpResponse:
    """More or less for somebody until the end of their day."""
    found, said = _person(request, pk), request.POST.get("capacity", "")
    wanted, seen = _number(said), request.POST.get("seen")
    step = remembering_person(
        found,
        lambda each: set_capacity_today(
            each, wanted, by=request.user, seen=None if seen is None else _number(seen)  # type: ignore[arg-type]
        ),
    )
    words = _("%(name)s: %(capacity)s at once today.") % {"name": found.first_name, "capacity": wanted}
    return _done(request, step, words)


@desk_required
@require_POST
@refusing
def redistributed(request: HttpRequest, pk: int) -> HttpResponse:
    """Their unanswered conversations back to the queue."""
    outcome = redistribute(_person(request, pk), by=request.user)  # type: ignore[arg-type]
    return triggering({"toast": handed_over(outcome), "board:changed": {}})


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else -1


def _done(request: HttpRequest, step: dict[str, Any] | None, words: str) -> HttpResponse:
    """What was done with a person, with the way to take it back."""
    toast = {"words": words}
    if kept := undo.keep([step], by=request.user):  # type: ignore[arg-type]
        toast["undo"] = reverse("undo", args=[kept.pk])
    return triggering({"toast": toast, "board:changed": {}})


def _person(request: HttpRequest, pk: int) -> Agent:
    return get_object_or_404(people_led_by(request.user), pk=pk)  # type: ignore[arg-type]
