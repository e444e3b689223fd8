"""The options of the command bar for what has been typed: commands, people, hits."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Agent
from inbox import access, commands, queries
from inbox.models import Conversation
from inbox.rows import Row
from inbox.search.results import search
from inbox.search.wanted import Wanted
from inbox.views.conversations import knowing_rights

RECENT = 8
SUGGESTED = 7
AT_FIRST = 14  # while nothing has been typed: on a phone nobody likes to type


@require_GET
def options(request: HttpRequest) -> HttpResponse:
    """`?q=` what was typed, `conversation` what is open, `selected` how many are chosen in the list (absent without a
    list), `recent` what was done last, the latest first."""
    knowing_rights(request)
    wanted = Wanted(text=" ".join(request.GET.get("q", "").replace("\x00", "").split())[:200])
    selected = request.GET.get("selected", "")
    able = commands.commands_for(
        request.user, _open_conversation(request),
        selected=int(selected) if selected.isdecimal() and len(selected) < 5 else 0, in_inbox=bool(selected),
    )  # fmt: skip
    if wanted.text:
        chosen = commands.matching(able, wanted.text, SUGGESTED)
        results = search(request.user, wanted, groups=4)
        if chosen and results.found.is_corrected:  # who writes "zuweis" means the command, not "zwei"
            results.groups = []
        context: dict[str, Any] = {"commands": chosen, "results": results}
    else:
        recent = [key for key in request.GET.get("recent", "").split(",") if key][:RECENT]
        by_key = {command.key: command for command in able}
        chosen = [by_key.pop(key) for key in recent if key in by_key]
        context = {"chosen": chosen, "rows": _rows(request.user, recent), "commands": list(by_key.values())[:AT_FIRST]}
    return render(request, "inbox/command_bar/_options.html", {"wanted": wanted, **context})


def _open_conversation(request: HttpRequest) -> Conversation | None:
    pk = request.GET.get("conversation", "")
    if not (pk.isdecimal() and len(pk) < 19):
        return None
    try:
        return access.get_conversation(request.user, int(pk))
    except Http404:  # out of sight meanwhile
        return None


def _rows(agent: Agent, recent: list[str]) -> list[Row]:
    """The conversations among what was chosen last, as far as they are still to be seen."""
    ids = [int(key[1:]) for key in recent if key[:1] == "c" and key[1:].isdecimal() and len(key) < 20]
    rows = {row.conversation.pk: row for row in queries.rows_of(agent, ids)}
    return [rows[pk] for pk in ids if pk in rows]
