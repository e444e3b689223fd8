"""Who is asked how it went, and with which words: teams switch it on, admins choose the rest."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Agent, Team, Workspace
from inbox.models import SatisfactionSettings
from inbox.satisfaction_rules import DEFAULTS, PARTS


def chosen_for(workspace: Workspace) -> SatisfactionSettings:
    """The workspace's choices, or the defaults: nobody asks."""
    found = SatisfactionSettings.objects.filter(workspace=workspace).first()
    return found or SatisfactionSettings(workspace=workspace)


@transaction.atomic
def switch_team(team: Team, *, on: bool, by: Agent) -> None:
    """From now on this team's customers are asked after closing, or not any more."""
    chosen, _created = SatisfactionSettings.objects.get_or_create(workspace_id=team.workspace_id)
    if chosen.teams.filter(pk=team.pk).exists() == on:
        return
    if on:
        chosen.teams.add(team)
    else:
        chosen.teams.remove(team)
    record_audit(by.workspace, by, "satisfaction.team", subject=team.name, data={"to": on})


@transaction.atomic
def save_words(workspace: Workspace, *, by: Agent, wording: Mapping[str, Mapping[str, str]], **choices: Any) -> None:
    """Words per language, how often, which outcomes. Words that are as ours are not kept: ours may get better."""
    chosen, _created = SatisfactionSettings.objects.select_for_update().get_or_create(workspace=workspace)
    before = {name: getattr(chosen, name) for name in ("wording", *choices)}
    chosen.wording = {
        language: own for language, words in wording.items()
        if (own := {part: words[part] for part in PARTS if words[part] != getattr(DEFAULTS[language], part)})
    }  # fmt: skip
    for name, value in choices.items():
        setattr(chosen, name, value)
    chosen.save()
    changed = sorted(name for name, value in before.items() if value != getattr(chosen, name))
    if changed:
        record_audit(workspace, by, "satisfaction.changed", data={"fields": changed})
