"""The filter menu and the chips above the list: conditions in words, and what there is to choose from."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Agent, Role, Team
from inbox import filter_counts, queries
from inbox.filters import LANGUAGES, SINCE, SORTS, VIEW_WORDS, WINDOWS, Filter
from inbox.models import SavedFilter
from inbox.models.label import in_order
from inbox.visibility import rights_of
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import pretty


@dataclass(frozen=True)
class Chip:
    """One condition, and the list without it."""

    words: str
    without: str
    hue: int = 0


def chips(agent: Agent, wanted: Filter, labels: list[Any]) -> list[Chip]:
    """What narrows the list at the moment, team aside: the head says that."""
    found: list[Chip] = []

    def add(words: Any, hue: int = 0, **without: Any) -> None:
        found.append(Chip(str(words), wanted.with_(saved_id=None, **without).query, hue))

    label = next((each for each in labels if each.pk == wanted.label_id), None)
    if wanted.label_id is not None:
        add(label.name if label else _("Deleted label"), label.hue if label else 8, label_id=None)
    if wanted.number_id is not None:
        number = PhoneNumber.objects.filter(workspace=agent.workspace_id, pk=wanted.number_id).first()
        add(number_words(number) if number else _("Unknown number"), number_id=None)
    if wanted.window:
        add(WINDOWS[wanted.window], window="")
    if wanted.waiting:
        add(_("Needs an answer"), waiting=False)
    if wanted.assignee:
        add(_holder_words(agent, wanted.assignee), assignee="")
    if wanted.language:
        add(LANGUAGES[wanted.language], language="")
    if wanted.since:
        add(SINCE[wanted.since][1], since="")
    return found


def choices(agent: Agent, labels: list[Any]) -> dict[str, list[tuple[str, Any]]]:
    """Field → (value, words) of everything there is to choose."""
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).exclude(pk=agent.pk).order_by("name")
    numbers = PhoneNumber.objects.filter(workspace=agent.workspace_id).order_by("pk")
    return {
        "view": [(view, _(words)) for view, words in VIEW_WORDS.items()],
        "sort": list(SORTS.items()),
        "team": [(str(team.pk), team.name) for team in queries.teams_to_filter(agent)],
        "label": [(str(label.pk), label.name) for label in labels],
        "number": [(str(number.pk), number_words(number)) for number in numbers],
        "window": list(WINDOWS.items()),
        "assignee": [
            ("me", _("Me")), ("none", _("Nobody")), *((str(person.pk), person.name) for person in people)
        ],
        "language": list(LANGUAGES.items()),
        "since": [(key, words) for key, (_days, words) in SINCE.items()],
    }  # fmt: skip


def number_words(number: PhoneNumber) -> str:
    return number.name or pretty(number.display_number)


def kept_filters(agent: Agent) -> list[SavedFilter]:
    """In the agent's menu: their own first, then those of their teams."""
    rights = rights_of(agent)
    shared = Q(team__isnull=False) if agent.role == Role.ADMIN else Q(team__in=sorted(rights.team_ids))
    found = list(
        SavedFilter.objects.filter(Q(owner=agent) | shared, workspace=agent.workspace_id).select_related("team")
    )
    found.sort(key=lambda saved: (saved.team_id is not None, saved.team.name if saved.team else "", saved.position))
    return found


def saved_filters(agent: Agent) -> list[SavedFilter]:
    """The same, each with its `count` (None: not counted) and `query`."""
    found = kept_filters(agent)
    counts = filter_counts.counts_for(agent.workspace_id, [rights_of(agent)])[agent.pk] if found else {}
    for saved in found:
        saved.count = counts.get(f"saved-{saved.pk}")  # type: ignore[attr-defined]
        saved.query = Filter.of(saved.parameters).with_(saved_id=saved.pk).query  # type: ignore[attr-defined]
    return found


def led_teams(agent: Agent) -> list[Team]:
    """For which of them the agent may keep a filter."""
    teams = Team.objects.filter(workspace=agent.workspace_id).order_by("name")
    if agent.role == Role.ADMIN:
        return list(teams)
    return list(teams.filter(memberships__agent=agent, memberships__is_lead=True)) if agent.role == Role.LEAD else []


def labels_of(agent: Agent) -> list[Any]:
    return in_order(agent.workspace.labels)


def _holder_words(agent: Agent, said: str) -> str:
    if said == "me":
        return _("Assigned to me")
    if said == "none":
        return _("Unassigned")
    holder = Agent.objects.filter(workspace=agent.workspace_id, pk=said).first()
    return _("Assigned to %(name)s") % {"name": holder.name} if holder else _("Unknown colleague")
