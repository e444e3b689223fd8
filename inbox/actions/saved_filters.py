"""Lists kept by name. Everybody keeps their own; for a team its leads and the admins do."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team
from accounts.permissions import leads_team
from inbox import filter_counts
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
    parameters = wanted.with_(search="", saved_id=None).parameters
    with transaction.atomic():
        # One writer at a time and person, so that neither the limit nor the name can be passed twice.
        Agent.objects.select_for_update(no_key=True).get(pk=by.pk)
        siblings = SavedFilter.objects.filter(workspace=by.workspace_id, team=team)
        siblings = siblings.filter(owner=by) if team is None else siblings
        found = siblings.filter(name=name).first()
        if found is not None:
            found.parameters = parameters
            found.save(update_fields=["parameters"])
        else:
            places = list(siblings.values_list("position", flat=True))
            if len(places) >= MOST:
                raise InboxRuleViolation(_("There are %(limit)s already. Delete one first.") % {"limit": MOST})
            found = SavedFilter.objects.create(
                workspace_id=by.workspace_id, owner=by, team=team, name=name, parameters=parameters,
                position=max(places, default=0) + 1,
            )  # fmt: skip
    filter_counts.forget(by.workspace_id)
    return found


def rename_filter(saved: SavedFilter, *, name: str, by: Agent) -> SavedFilter:
    """Another name, in everybody's menu that it stands in."""
    require_keeper(saved, by)
    name = _fit_name(name)
    with transaction.atomic():
        taken = SavedFilter.objects.filter(workspace=saved.workspace_id, team=saved.team, name=name)
        taken = taken.filter(owner=saved.owner_id) if saved.team_id is None else taken
        if taken.exclude(pk=saved.pk).exists():
            raise InboxRuleViolation(_("There is a filter of this name already."))
        saved.name = name
        saved.save(update_fields=["name"])
    return saved


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


def delete_filter(saved: SavedFilter, *, by: Agent) -> None:
    require_keeper(saved, by)
    saved.delete()
    filter_counts.forget(by.workspace_id)


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
