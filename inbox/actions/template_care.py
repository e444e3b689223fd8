"""What the house decides about its templates: who may use and who likes them, what fills their gaps, which alarms have
been seen."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Agent, ApiToken, Team
from accounts.permissions import may_manage_settings
from inbox import events
from inbox.models import TemplateFavourite, TemplateMapping, TemplateTeam
from inbox.visibility import Actor
from whatsapp.models import BusinessAccount, MessageTemplate
from whatsapp.template_parts import TemplateShape

Key = tuple[int, str]  # account, name


@contextmanager
def telling_alarms(account: BusinessAccount) -> Iterator[None]:
    """When the block changes what admins have to be told about the account's templates, their open pages show it."""
    before = _alarms(account)
    yield
    if _alarms(account) != before:
        with transaction.atomic():
            events.workspace_alert(account.workspace, "templates")


def _alarms(account: BusinessAccount) -> dict[int, list[str]]:
    return dict(account.templates.exclude(alarms=[]).values_list("pk", "alarms"))


@transaction.atomic
def see_alarms(template: MessageTemplate, *, by: Agent) -> None:
    """Somebody knows now what Meta did to this template, in all its languages."""
    same = MessageTemplate.objects.filter(business_account=template.business_account_id, name=template.name)
    if same.exclude(alarms=[]).update(alarms=[]):
        record_audit(by.workspace, by, "template.alarms_seen", template.name)
        events.workspace_alert(by.workspace, "templates")


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


def mapping_of(template: MessageTemplate) -> dict[str, dict[str, str]]:
    """What fills its gaps by itself: see inbox.template_desk.mapping."""
    found = TemplateMapping.objects.filter(template=template).values_list("sources", flat=True).first()
    return found or {}


@transaction.atomic
def map_variables(
    template: MessageTemplate, sources: Mapping[str, Mapping[str, str]], *, by: Agent, all_languages: bool = False
) -> None:
    """From now on this fills the gaps. With `all_languages` the sources hold for the same gaps of the other languages
    as well; their fallbacks, which are words of a language, stay theirs."""
    wanted = {field: dict(said) for field, said in sources.items()}
    if wanted != mapping_of(template):
        _keep(template, wanted)
        record_audit(by.workspace, by, "template.variables", str(template))
    others = MessageTemplate.objects.filter(business_account=template.business_account_id, name=template.name)
    for other in others.exclude(pk=template.pk) if all_languages else ():
        known = mapping_of(other)
        gaps = {variable.field for variable in TemplateShape.of(other).variables} & wanted.keys()
        taken = {
            field: {"source": wanted[field].get("source", ""), "fallback": known.get(field, {}).get("fallback", "")}
            for field in gaps
        }
        if known | taken != known:
            _keep(other, known | taken)
            record_audit(by.workspace, by, "template.variables", str(other))


def _keep(template: MessageTemplate, sources: dict[str, dict[str, str]]) -> None:
    TemplateMapping.objects.update_or_create(
        template=template, defaults={"sources": sources, "changed_at": timezone.now()}
    )
