"""What customers are answered by itself, as admins choose it: for everybody, or a team's own. Changes are audited."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Agent, Team, Workspace
from inbox.enums import AutomaticKind
from inbox.errors import InboxRuleViolation
from inbox.models import AutomaticText, KeywordAnswer

MOST_KEYWORDS = 100  # lists of a workspace: each is looked at with each message
NAME = {True: "automatic.on", False: "automatic.off"}


def text_of(workspace: Workspace, kind: str, team: Team | None = None) -> AutomaticText:
    """What is stored, else what is shown to begin with: off, in the product's own words."""
    found = AutomaticText.objects.filter(workspace=workspace, kind=kind, team=team).first()
    return found or AutomaticText(workspace=workspace, kind=kind, team=team)


@transaction.atomic
def switch(workspace: Workspace, kind: str, *, on: bool, by: Agent) -> AutomaticText:
    """On or off for everybody who has no choice of their own."""
    row, _created = AutomaticText.objects.select_for_update().get_or_create(workspace=workspace, kind=kind, team=None)
    if row.is_on != on:
        row.is_on = on
        row.save(update_fields=["is_on"])
        record_audit(workspace, by, NAME[on], subject=_title(kind, None))
    return row


@transaction.atomic
def save_text(
    workspace: Workspace, kind: str, *, team: Team | None, on: bool, texts: Mapping[str, str], by: Agent
) -> AutomaticText:
    """The words of each language, and whether they are used."""
    row, _created = AutomaticText.objects.select_for_update().get_or_create(workspace=workspace, kind=kind, team=team)
    before = (row.is_on, row.texts)
    row.is_on, row.texts = on, {language: text for language, text in texts.items() if text}
    if before != (row.is_on, row.texts):
        row.save(update_fields=["is_on", "texts"])
        changed = sorted(code for code in {*before[1], *row.texts} if before[1].get(code) != row.texts.get(code))
        record_audit(
            workspace, by, "automatic.changed", subject=_title(kind, team), data={"fields": changed, "to": on}
        )
    return row


@transaction.atomic
def follow_workspace(kind: str, team: Team, *, by: Agent) -> None:
    """The team says what everybody says."""
    deleted, _rows = AutomaticText.objects.filter(kind=kind, team=team).delete()
    if deleted:
        record_audit(by.workspace, by, "automatic.followed", subject=_title(kind, team))


@transaction.atomic
def save_keyword(row: KeywordAnswer, *, by: Agent) -> KeywordAnswer:
    """A new one, or one that was changed."""
    is_new = row.pk is None
    if is_new:
        Workspace.objects.select_for_update(no_key=True).filter(pk=row.workspace_id).values_list("pk").first()
        if KeywordAnswer.objects.filter(workspace=row.workspace_id).count() >= MOST_KEYWORDS:
            raise InboxRuleViolation(_("At most 100 keyword answers."))
    row.save()
    verb = "keyword.created" if is_new else "keyword.changed"
    record_audit(by.workspace, by, verb, subject=row.title, data={"words": row.all_words})
    return row


@transaction.atomic
def switch_keyword(row: KeywordAnswer, *, on: bool, by: Agent) -> KeywordAnswer:
    if KeywordAnswer.objects.filter(pk=row.pk).exclude(is_on=on).update(is_on=on):
        record_audit(by.workspace, by, "keyword.on" if on else "keyword.off", subject=row.title)
    row.is_on = on
    return row


@transaction.atomic
def delete_keyword(row: KeywordAnswer, *, by: Agent) -> None:
    """Answers that were given stay as they are."""
    record_audit(by.workspace, by, "keyword.deleted", subject=row.title)
    row.delete()


def _title(kind: str, team: Team | None) -> str:
    return " · ".join(filter(None, (str(AutomaticKind(kind).label), team.name if team else "")))
