"""Lists kept by name. Everybody keeps their own; for a team its leads and the admins do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team
from accounts.permissions import leads_team
from inbox import events, filter_counts
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.filters import Filter
from inbox.models import SavedFilter
from inbox.text import clean

LONGEST_NAME = 60
MOST = 40  # of one person, of one team: a menu that nobody reads helps nobody


def save_filter(wanted: Filter, *, name: str, team: Team | None = None, by: Agent) -> SavedFilter:
    """Keep this list under a name, for oneself or for a team. The same name again keeps the new conditions."""
    name = _fit_name(name)
    if team is not None and not leads_team(by, team):
        raise NotAllowed
    with _one_at_a_time(by):
        siblings = _siblings(by, team)
        found = siblings.filter(name=name).first()
        if found is not None:
            found.parameters = _kept(wanted)
            found.save(update_fields=["parameters"])
        else:
            found = SavedFilter.objects.create(
                workspace_id=by.workspace_id, owner=by, team=team, name=name, parameters=_kept(wanted),
                position=_next_place(siblings),
            )  # fmt: skip
        events.filters_changed(found)
    filter_counts.forget(by.workspace_id)
    return found


def change_filter(saved: SavedFilter, wanted: Filter, *, name: str, team: Team | None, by: Agent) -> SavedFilter:
    """Other conditions, another name, for others: a team, or (no longer shared) for who changes it."""
    require_keeper(saved, by)
    name = _fit_name(name)
    former, is_moved = saved.team_id, team != saved.team
    if is_moved and team is not None and not leads_team(by, team):
        raise NotAllowed
    with _one_at_a_time(by):
        siblings = _siblings(by, team).exclude(pk=saved.pk)
        if siblings.filter(name=name).exists():
            raise InboxRuleViolation(_("There is a filter of this name already."))
        if is_moved:
            saved.position = _next_place(siblings)
            saved.team = team
            saved.owner = by if team is None else saved.owner
        saved.name, saved.parameters = name, _kept(wanted)
        saved.save(update_fields=["name", "parameters", "team", "owner", "position"])
        events.filters_changed(saved, also=[former])
    filter_counts.forget(by.workspace_id)
    return saved


@contextmanager
def _one_at_a_time(by: Agent) -> Iterator[None]:
    """One writer at a time and person, so that neither the limit nor the name can be passed twice."""
    with transaction.atomic():
        Agent.objects.select_for_update(no_key=True).get(pk=by.pk)
        yield


def _siblings(agent: Agent, team: Team | None) -> QuerySet[SavedFilter]:
    """Those beside which one of this team, or of this person, stands."""
    found = SavedFilter.objects.filter(workspace=agent.workspace_id, team=team)
    return found.filter(owner=agent) if team is None else found


def _next_place(siblings: QuerySet[SavedFilter]) -> int:
    places = list(siblings.values_list("position", flat=True))
    if len(places) >= MOST:
        raise InboxRuleViolation(_("There are %(limit)s already. Delete one first.") % {"limit": MOST})
    return max(places, default=0) + 1


def _kept(wanted: Filter) -> dict[str, str]:
    return wanted.with_(search="", saved_id=None).parameters


def move_filter(saved: SavedFilter, *, up: bool, by: Agent) -> None:
    """One place up or down among its like: one's own, or the team's."""
    require_keeper(saved, by)
    with transaction.atomic():
        siblings = SavedFilter.objects.select_for_update().filter(workspace=saved.workspace_id, team=saved.team_id)
        siblings = siblings.filter(owner=saved.owner_id) if saved.team_id is None else siblings
        order = [pk for (pk,) in siblings.order_by("position", "pk").values_list("pk")]
        at = order.index(saved.pk)
        order.insert(max(0, at - 1) if up else at + 1, order.pop(at))
        places = [SavedFilter(pk=pk, position=place) for place, pk in enumerate(order, start=1)]
        SavedFilter.objects.bulk_update(places, ["position"])
        events.filters_changed(saved)


def delete_filter(saved: SavedFilter, *, by: Agent) -> None:
    require_keeper(saved, by)
    with transaction.atomic():
        events.filters_changed(saved)
        saved.delete()
    filter_counts.forget(by.workspace_id)


def replace_label(workspace_id: int, gone: int, into: int) -> None:
    """A label was merged into another: the filters ask for that one."""
    for saved in SavedFilter.objects.select_for_update().filter(workspace=workspace_id, parameters__label=str(gone)):
        saved.parameters = saved.parameters | {"label": str(into)}
        saved.save(update_fields=["parameters"])
        events.filters_changed(saved)
    filter_counts.forget(workspace_id)


def may_keep(saved: SavedFilter, agent: Agent) -> bool:
    """One's own; a team's for who leads it."""
    if saved.team_id is None or saved.team is None:
        return saved.owner_id == agent.pk
    return leads_team(agent, saved.team)


def require_keeper(saved: SavedFilter, agent: Agent) -> None:
    if not may_keep(saved, agent):
        raise NotAllowed


def _fit_name(name: str) -> str:
    name = " ".join(clean(name).split())
    if not name:
        raise InboxRuleViolation(_("Give the filter a name."))
    return name[:LONGEST_NAME]
