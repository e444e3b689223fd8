"""Many conversations at once, and taking back what was just done."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Team
from accounts.permissions import may_manage_labels
from inbox.actions import assignment, bulk, conversations, undo
from inbox.actions.labels import create_label
from inbox.errors import InboxRuleViolation
from inbox.filter_words import labels_of
from inbox.forms.conversations import AssignmentForm, LabelsForm, SnoozeForm, snooze_choices
from inbox.models import Conversation, Undo
from inbox.views.refusals import refusing, triggering

NAMED = 3  # of those that were refused; more would not fit into a short message
ROW = re.compile(r"([0-9]{1,18}):([0-9]{1,9})(?::([0-9]{1,18}))?")
Act = Callable[[Conversation], Any]


@dataclass(frozen=True)
class Seen:
    """What the page knows of a conversation: a change is refused when somebody else was quicker."""

    inbound: int
    holder: Any  # who has it: an agent's id, None for nobody, UNSAID when the page does not say


@require_http_methods(["GET", "POST"])
@refusing
def collection(request: HttpRequest) -> HttpResponse:
    """GET: one of the bar's menus. POST: `do` it to the `rows`, each an id and what of it the page has seen."""
    if request.method == "GET":
        return _menu(request)
    rows = _rows(request.POST.get("rows", ""))
    outcome = bulk.for_each(list(rows), _act(request, rows), by=request.user)
    triggers: dict[str, dict[str, Any]] = {"bulk:done": {"left": [pk for pk, _name, _why in outcome.refused]}}
    toast: dict[str, Any] = {"words": _words(outcome, request), "bad": not outcome.done}
    if outcome.undo is not None:
        toast["undo"] = reverse("undo", args=[outcome.undo.pk])
    return triggering(triggers | {"toast": toast})


@require_http_methods(["DELETE"])
@refusing
def deed(request: HttpRequest, token: str) -> HttpResponse:
    """Take it back, once."""
    result = undo.take_back(_find(request, token), by=request.user)
    if result.refused:
        raise InboxRuleViolation(_("Not taken back: %(names)s") % {"names": _names(result.refused)})
    return JsonResponse({})


def _find(request: HttpRequest, token: str) -> Undo:
    try:
        return get_object_or_404(Undo, pk=UUID(token), agent=request.user)
    except ValueError:
        raise Http404 from None


def _act(request: HttpRequest, rows: dict[int, Seen]) -> Act:
    by: Agent = request.user  # type: ignore[assignment]
    what = request.POST.get("do", "")
    if what == "close":
        # Tidying up asks nobody how it was.
        return lambda each: conversations.close_conversation(
            each, by=by, seen_inbound=rows[each.pk].inbound, asks=False
        )
    if what == "unread":
        return lambda each: conversations.mark_unread(by, each)
    if what == "snooze":
        until = _cleaned(SnoozeForm(request.POST))["moment"]
        return lambda each: conversations.snooze_conversation(each, until=until, by=by)
    if what == "label":
        said = _cleaned(LabelsForm(request.POST, workspace=by.workspace))
        add = [*said["add"], *([create_label(by.workspace, name=said["new"], by=by)] if said["new"] else [])]
        return lambda each: conversations.change_labels(each, add=add, remove=said["remove"], by=by)
    if what == "assign":
        said = _cleaned(AssignmentForm(request.POST, workspace=by.workspace))
        if said["agent"] is None and said["team"] is None:
            return lambda each: assignment.release(each, by=by, seen_assignee_id=rows[each.pk].holder)
        return lambda each: assignment.assign(
            each, to_agent=said["agent"], to_team=said["team"], by=by, seen_assignee_id=rows[each.pk].holder,
            note=said["note"],
        )  # fmt: skip
    raise Http404


def _cleaned(form: Any) -> dict[str, Any]:
    if not form.is_valid():
        raise InboxRuleViolation(next(iter(form.errors.values()))[0])
    return form.cleaned_data


def _rows(said: str) -> dict[int, Seen]:
    """ "7:2,9:0:3": conversation → how many of its customer's messages the page knows of, and who has it there."""
    rows = {}
    for each in said.split(",")[: bulk.AT_ONCE + 1]:
        if (found := ROW.fullmatch(each)) is None:
            raise InboxRuleViolation(_("Select conversations first."))
        pk, inbound, holder = found.groups()
        rows[int(pk)] = Seen(int(inbound), assignment.UNSAID if holder is None else int(holder) or None)
    return rows


def _done_words(request: HttpRequest, count: int) -> str:
    what = request.POST.get("do", "")
    if what == "assign" and not (request.POST.get("agent") or request.POST.get("team")):
        what = "release"
    words = {
        "close": ngettext("%(count)s conversation closed.", "%(count)s conversations closed.", count),
        "unread": ngettext(
            "%(count)s conversation marked as unread.", "%(count)s conversations marked as unread.", count
        ),
        "snooze": ngettext("%(count)s conversation snoozed.", "%(count)s conversations snoozed.", count),
        "label": ngettext("%(count)s conversation labelled.", "%(count)s conversations labelled.", count),
        "release": ngettext("%(count)s conversation unassigned.", "%(count)s conversations unassigned.", count),
        "assign": ngettext("%(count)s conversation assigned.", "%(count)s conversations assigned.", count),
    }  # fmt: skip
    return words[what] % {"count": count}


def _words(outcome: bulk.Outcome, request: HttpRequest) -> str:
    words = []
    if outcome.done or not (outcome.refused or outcome.gone):
        words.append(_done_words(request, outcome.done))
    if outcome.refused:
        words.append(_("Not done: %(names)s") % {"names": names_of_refused(outcome)})
    if outcome.gone:
        gone = ngettext("%(count)s is out of your sight.", "%(count)s are out of your sight.", outcome.gone)
        words.append(gone % {"count": outcome.gone})
    return " ".join(words)


def names_of_refused(outcome: bulk.Outcome) -> str:
    """The first few with the reason, and how many more."""
    return _names([(name, why) for _pk, name, why in outcome.refused])


def _names(refused: list[tuple[str, str]]) -> str:
    named = [f"{name} ({why.rstrip('.')})" for name, why in refused[:NAMED]]
    if more := len(refused) - NAMED:
        named += [ngettext("%(count)s more", "%(count)s more", more) % {"count": more}] if more > 0 else []
    return ", ".join(named)


def _menu(request: HttpRequest) -> HttpResponse:
    which = request.GET.get("menu")
    if which == "assign":
        people = Agent.objects.filter(workspace=request.user.workspace_id, is_active=True).order_by("name", "pk")
        teams = Team.objects.filter(workspace=request.user.workspace_id).order_by("name")
        ordered = sorted(people, key=lambda person: person.pk != request.user.pk)
        team = next((each for each in teams if str(each.pk) == request.GET.get("team", "")), None)
        template = "inbox/bulk/_assign_note.html" if team else "inbox/bulk/_assign_menu.html"
        return render(request, template, {"people": ordered, "teams": teams, "team": team})
    if which == "snooze":
        return render(request, "inbox/bulk/_snooze_menu.html", {"choices": snooze_choices()})
    if which == "label":
        context = {
            "url": reverse("bulk"), "labels": labels_of(request.user), "chosen": set(), "bulk": True,
            "may_create": may_manage_labels(request.user),
        }  # fmt: skip
        return render(request, "inbox/labels/_menu.html", context)
    raise Http404
