"""What happens to a template: its history, and the alarms that an admin has not seen yet.

Fetches and webhooks both come here with what they knew before (`facts_of`), so that a thing is noted once, whichever of
them brings it first. `MessageTemplate.alarms` holds the kinds below until somebody has seen them or they are over.
"""

from datetime import datetime, timedelta

from whatsapp.models import MessageTemplate, TemplateChange, TemplateStatus

REMOVED = "DELETED"  # what the history calls a tombstone
WATCHED = ("status", "quality", "category", "announced_category")
PAUSED, DISABLED, REJECTED, LOW, ANNOUNCED, RECATEGORISED = (
    "paused", "disabled", "rejected", "low", "announced", "recategorised"
)  # fmt: skip
ALARMING_STATES: dict[str, str] = {
    TemplateStatus.PAUSED: PAUSED, TemplateStatus.DISABLED: DISABLED, TemplateStatus.REJECTED: REJECTED,
    "FLAGGED": "flagged", "LOCKED": "locked", "LIMIT_EXCEEDED": "limit",
}  # fmt: skip
# How long a pause lasts by Meta's rules; the third one switches the template off.
PAUSES = {"FIRST_PAUSE": timedelta(hours=3), "SECOND_PAUSE": timedelta(hours=6)}

Facts = dict[str, str]


def facts_of(template: MessageTemplate) -> Facts:
    """What the history watches; taken before a change and given to `changes_of` after it."""
    facts = {name: str(getattr(template, name)) for name in WATCHED}
    return facts | ({"status": REMOVED} if template.removed_at is not None else {})


def changes_of(
    template: MessageTemplate, before: Facts, at: datetime, source: str, *, reason: str = "", detail: str = ""
) -> list[TemplateChange]:
    """The lines of the history for what is different now, for the caller to store with the template.

    Sets the template's alarms, when its pause ends, and what it was before Meta put it into another category.
    """
    after = facts_of(template)
    changed = [name for name in WATCHED if before[name] != after[name]]
    for name in changed:
        _mark(template, name, before[name], at, reason, by_person=source == TemplateChange.Source.PERSON)
    return [
        TemplateChange(
            template=template, at=at, what=name, before=before[name][:32], after=after[name][:32], source=source,
            reason=reason[:80] if name == "status" else "", detail=detail if name == "status" else "",
        )
        for name in changed if name != "announced_category" or after[name]
    ]  # fmt: skip


def _mark(
    template: MessageTemplate, name: str, before: str, at: datetime, reason: str, *, by_person: bool
) -> None:
    if name == "status":
        _set(template, set(ALARMING_STATES.values()), ALARMING_STATES.get(template.status, ""))
        lasts = PAUSES.get(reason) if template.status == TemplateStatus.PAUSED else None
        template.paused_until = at + lasts if lasts else None
    elif name == "quality":
        _set(template, {LOW}, LOW if template.quality == "RED" else "")
    elif name == "announced_category":
        _set(template, {ANNOUNCED}, ANNOUNCED if template.announced_category else "")
    elif by_person:  # an admin's own choice is no news to admins
        _set(template, {ANNOUNCED, RECATEGORISED}, "")
    elif before:
        template.previous_category, template.recategorised_at = before, at
        _set(template, {ANNOUNCED, RECATEGORISED}, RECATEGORISED)
    if template.removed_at is not None:
        template.alarms = []


def _set(template: MessageTemplate, over: set[str], begins: str) -> None:
    template.alarms = [kind for kind in template.alarms if kind not in over] + ([begins] if begins else [])
