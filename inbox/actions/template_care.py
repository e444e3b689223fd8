"""What the house decides about its templates: who may use them and who likes them, which alarms have been seen."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Agent, ApiToken, Team
from accounts.permissions import may_manage_settings
from inbox.models import TemplateFavourite, TemplateTeam
from inbox.visibility import Actor
from whatsapp.models import BusinessAccount, MessageTemplate

Key = tuple[int, str]  # account, name


def see_alarms(template: MessageTemplate, *, by: Agent) -> None:
    """Somebody knows now what Meta did to this template, in all its languages."""
    same = MessageTemplate.objects.filter(business_account=template.business_account_id, name=template.name)
    if same.exclude(alarms=[]).update(alarms=[]):
        record_audit(by.workspace, by, "template.alarms_seen", template.name)


@transaction.atomic
def restrict_to(template: MessageTemplate, teams: Iterable[Team], *, by: Agent) -> None:
    """From now on only people of these teams (and admins) use the template; with none, everybody does."""
    BusinessAccount.objects.select_for_update(no_key=True).get(pk=template.business_account_id)
    wanted = {team.pk: team for team in teams}
    rows = TemplateTeam.objects.filter(business_account=template.business_account_id, name=template.name)
    before = {row.team_id: row.team.name for row in rows.select_related("team")}
    if before.keys() == wanted.keys():
        return
    rows.exclude(team__in=wanted).delete()
    TemplateTeam.objects.bulk_create(
        TemplateTeam(business_account_id=template.business_account_id, name=template.name, team=team)
        for pk, team in wanted.items() if pk not in before
    )  # fmt: skip
    data = {"from": sorted(before.values()), "to": sorted(team.name for team in wanted.values())}
    record_audit(by.workspace, by, "template.teams", template.name, data)


def teams_of(template: MessageTemplate) -> list[TemplateTeam]:
    rows = TemplateTeam.objects.filter(business_account=template.business_account_id, name=template.name)
    return list(rows.select_related("team").order_by("team__name", "pk"))


def teams_by_name(accounts: Iterable[BusinessAccount]) -> dict[Key, list[str]]:
    """The names of the teams that share a template, where it is not everybody's."""
    found: dict[Key, list[str]] = {}
    rows = TemplateTeam.objects.filter(business_account__in=accounts).order_by("team__name", "pk")
    for account, name, team in rows.values_list("business_account_id", "name", "team__name"):
        found.setdefault((account, name), []).append(team)
    return found


def not_theirs(by: Actor, account: BusinessAccount) -> set[str]:
    """The names of this account's templates that are other teams' alone."""
    mine = _teams_to_use(by)
    if mine is None:
        return set()
    shared: dict[str, bool] = {}
    for name, team in TemplateTeam.objects.filter(business_account=account).values_list("name", "team_id"):
        shared[name] = shared.get(name, False) or team in mine
    return {name for name, is_mine in shared.items() if not is_mine}


def why_not_theirs(by: Actor, template: MessageTemplate) -> str:
    """Why this person or system may not send this template, or ""."""
    rows = teams_of(template)
    mine = _teams_to_use(by) if rows else None
    if mine is None or any(row.team_id in mine for row in rows):
        return ""
    names = ", ".join(row.team.name for row in rows)
    return _("Only %(teams)s may use this template.") % {"teams": names}


def _teams_to_use(by: Actor) -> set[int] | None:
    """Whose templates they may use; None: everybody's."""
    if isinstance(by, ApiToken):
        return None if by.all_teams else set(by.teams.values_list("pk", flat=True))
    return None if may_manage_settings(by) else set(by.memberships.values_list("team_id", flat=True))


def set_favourite(template: MessageTemplate, *, by: Agent, on: bool) -> None:
    """Put it first in this person's picker, or no longer."""
    account = template.business_account_id
    if on:
        TemplateFavourite.objects.get_or_create(agent=by, business_account_id=account, name=template.name)
    else:
        TemplateFavourite.objects.filter(agent=by, business_account=account, name=template.name).delete()


def favourites_of(agent: Agent) -> set[Key]:
    return set(TemplateFavourite.objects.filter(agent=agent).values_list("business_account_id", "name"))
