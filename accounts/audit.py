"""Privileged acts, kept for good: who did what to whom. The table refuses changes."""

from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.holidays import region_name
from accounts.hours_words import blocks_words, week_words
from accounts.models import (
    Agent,
    ApiToken,
    AuditEntry,
    FactorKind,
    Role,
    RoutingStrategy,
    SecondFactorRule,
    Visibility,
    Workspace,
)
from accounts.models.api_token import shown_name
from accounts.schedules import as_blocks

# The words of each verb on the audit page, with the thing it was done to at their end, or where a language says {what}.
# A verb that is not here is shown as it is.
WORDS: dict[str, str | Promise] = {
    "access.refused": _("tried something that is not allowed"),
    "access.unseen": _("asked for something that they may not see:"),
    "sign_in.failed": _("entered a wrong password for"),
    "sign_in.factor_failed": _("knew the password, but not the second factor of"),
    "sign_in.blocked": _("tried too often to sign in as"),
    "audit.exported": _("exported lines of the activity log:"),
    "skill.created": _("made the skill"),
    "skill.changed": _("changed the skill"),
    "skill.deleted": _("deleted the skill"),
    "rule.created": _("made the assignment rule"),
    "rule.changed": _("changed the assignment rule"),
    "rule.deleted": _("deleted the assignment rule"),
    "rule.moved": _("moved the assignment rule"),
    "rule.switched_on": _("switched on the assignment rule"),
    "rule.switched_off": _("switched off the assignment rule"),
    "workspace.teamwork": _("changed how people work together"),
    "person.invited": _("invited"),
    "invitation.accepted": _("accepted the invitation"),
    "invitation.withdrawn": _("withdrew the invitation of"),
    "person.changed": _("changed"),
    "person.role_changed": _("changed the role of"),
    "person.capacity_today": _("changed today's capacity of"),
    "person.deactivated": _("deactivated"),
    "person.reactivated": _("reactivated"),
    "person.signed_out": _("signed out everywhere"),
    "person.reset_link": _("made a password link for"),
    "password.changed": _("changed the own password"),
    "password.reset": _("set a new password by link"),
    "session.ended": _("signed out a device of"),
    "factor.added": _("added a second factor:"),
    "factor.removed": _("removed a second factor:"),
    "factor.recovered": _("signed in with a recovery code"),
    "factor.codes": _("made new recovery codes"),
    "factor.reset": _("reset the second factors of"),
    "workspace.second_factor": _("decided who must sign in with two factors:"),
    "sign_on.connected": _("connected single sign-on with"),
    "sign_on.removed": _("switched off single sign-on"),
    "team.created": _("created the team"),
    "team.changed": _("changed the team"),
    "team.limit": _("set how much somebody gets in the team"),
    "team.default": _("made this the default team:"),
    "hours.changed": _("changed the hours of"),
    "hours.exception_added": _("set days that are different for"),
    "hours.exception_removed": _("removed days that were different for"),
    "number.disconnected": _("disconnected the number"),
    "number.connected": _("connected the number"),
    "number.routing": _("changed the team of the number"),
    "number.profile": _("changed the business profile of the number"),
    "number.picture": _("changed the profile picture of the number"),
    "number.automation": _("changed ice breakers and commands of the number"),
    "number.token": _("replaced the access token of the number"),
    "number.secret": _("replaced the app secret of the number"),
    "number.pin": _("changed the PIN of the number"),
    "number.code": _("asked for a code for the number"),
    "number.verification": _("verified the number"),
    "number.registration": _("registered the number"),
    "number.name": _("asked for another display name of the number"),
    "number.webhook": _("tried the webhook of the number"),
    "number.resumed": _("let sending go on for the number"),
    "conversation.exported": _("exported the conversation with"),
    "conversation.archived": _("exported with its files the conversation with"),
    "label.created": _("created the label"),
    "label.changed": _("changed the label"),
    "label.merged": _("merged the label"),
    "label.deleted": _("deleted the label"),
    "template.alarms_seen": _("has seen what WhatsApp did to the template"),
    "template.teams": _("decided who may use the template"),
    "template.variables": _("decided what fills the variables of the template"),
    "template.tested": _("sent a test of the template"),
    "template.deleted": _("deleted at WhatsApp the template"),
    "template.header": _("chose the header file of the template"),
    "template.submitted": _("submitted for review the template"),
    "template.edited": _("submitted for review changes of the template"),
    "template.draft_deleted": _("threw away the draft of the template"),
    "reply.created": _("wrote the saved reply"),
    "reply.changed": _("changed the saved reply"),
    "reply.deleted": _("deleted the saved reply"),
    "workspace.read_receipts": _("switched read receipts"),
    "workspace.notification_text": _("decided about customers' words in notifications"),
    "workspace.created": _("created the workspace"),
    "workspace.described": _("said what the business is called:"),
    "workspace.first_steps": _("closed the list of first steps"),
    "workspace.set_up": _("finished the first set-up"),
    "contact.created": _("entered the contact"),
    "contact.changed": _("changed the contact"),
    "contacts.imported": _("imported contacts from"),
    "contacts.exported": _("exported contacts:"),
    "contacts.merged": _("merged the contact"),
    "contacts.merge_undone": _("undid the merge of the contact"),
    "contact.number": _("changed the number of"),
    "contact_field.created": _("made the contact field"),
    "contact_field.changed": _("changed the contact field"),
    "contact_field.removed": _("removed the contact field"),
    "satisfaction.team": _("switched the rating after closing for"),
    "satisfaction.changed": _("changed the rating after closing"),
    "consent.proof": _("looked at the proof of consent of"),
    "consent.changed": _("changed the consent settings:"),
    "consent.words": _("changed keywords and texts of consent in"),
    "consent.wording": _("wrote a new wording of the question for consent:"),
    "consent.page_published": _("published the opt-in page of"),
    "consent.page_withdrawn": _("withdrew the opt-in page of"),
    "automatic.on": _("switched on the automatic message"),
    "automatic.off": _("switched off the automatic message"),
    "automatic.changed": _("changed the automatic message"),
    "automatic.followed": _("lets the team say what everybody says:"),
    "keyword.created": _("wrote the answer to the keyword"),
    "keyword.changed": _("changed the answer to the keyword"),
    "keyword.on": _("switched on the answer to the keyword"),
    "keyword.off": _("switched off the answer to the keyword"),
    "keyword.deleted": _("deleted the answer to the keyword"),
    "reports.exported": _("exported the reports of"),
    "reports.people_on": _("switched figures of single people on"),
    "reports.people_off": _("switched figures of single people off"),
    "reports.people_viewed": _("looked at the figures of single people,"),
    "reports.people_exported": _("exported the figures of single people,"),
    "privacy.looked": _("looked at what is stored about"),
    "privacy.export": _("had an export made about"),
    "privacy.downloaded": _("downloaded the export about"),
    "privacy.retention": _("deleted what was too old"),
    "privacy.retention_changed": _("changed how long data are kept"),
    "privacy.erasure": _("had a person erased:"),
    "privacy.erased": _("erased all data of a person:"),
    "workspace.timezone": _("changed the time zone"),
    "account.timezone": _("changed the time zone of the business account"),
    "mail.server": _("set the mail server to"),
    "mail.server_removed": _("removed the mail server"),
    "mail.tested": _("sent a test mail by"),
    "job.retried": _("tried again the background job"),
    "job.discarded": _("discarded the background job"),
    "jobs.retried": _("tried all failed background jobs again"),
    "rates.imported": _("put the rate card into force:"),
    "rates.removed": _("removed the rate card"),
    "webhook.opened": _("looked at the whole content of the webhook delivery"),
    "webhook.all_replayed": _("processed again all failed webhook deliveries"),
    "webhook.replayed": _("processed again the webhook delivery"),
    "api_token.created": _("made the API token"),
    "api_token.revoked": _("revoked the API token"),
    "api_token.taken_over": _("took over the API token"),
    "outgoing_webhook.created": _("set up the outgoing webhook to"),
    "outgoing_webhook.changed": _("changed the outgoing webhook to"),
    "outgoing_webhook.secret": _("renewed the secret of the outgoing webhook to"),
    "outgoing_webhook.removed": _("removed the outgoing webhook to"),
    "outgoing_webhook.replayed": _("sent again to the outgoing webhook"),
    "consent.recorded": _("recorded consent of"),
}


def record_audit(
    workspace: Workspace, actor: "Agent | ApiToken | None", verb: str, subject: object = "",
    data: dict[str, Any] | None = None,
) -> AuditEntry:  # fmt: skip
    """Write one line. `actor` None means the server's console; `data` must hold no secret."""
    kept = dict(data or {})
    if isinstance(actor, ApiToken):
        kept, actor = {**kept, AuditEntry.API: actor.name}, None
    return AuditEntry.objects.create(workspace=workspace, actor=actor, verb=verb, subject=str(subject)[:120], data=kept)


def sentence(verb: str) -> tuple[str, str]:
    """What is said before and after the thing it was done to."""
    before, _what, after = str(WORDS.get(verb, verb)).partition("{what}")
    return before.strip(), after.strip()


def who(entry: AuditEntry) -> str:
    """Whoever did it. Who only tries to sign in is nobody yet."""
    if entry.actor:
        return entry.actor.name
    if system := entry.data.get(AuditEntry.API):
        return shown_name(system)
    return gettext("Somebody") if entry.verb.startswith("sign_in.") else gettext("Server console")


_FIELDS: dict[str, str | Promise] = {
    "role": _("Role"), "from": _("before"), "to": _("after"), "name": _("Name"), "visibility": _("May see"),
    "capacity": _("Capacity"), "teams": _("Teams"), "members": _("People"), "strategy": _("Assignment"),
    "fields": _("Fields"), "new": _("New"), "changed": _("Changed"), "count": _("Contacts"), "format": _("Format"),
    "weekly_before": _("hours before"), "weekly": _("hours"), "region": _("public holidays"), "is_used": _("own hours"),
    "follows_business": _("like the business"), "open_holidays": _("open on"), "blocks": _("hours"),
    "with": _("with"), "filter": _("Filter"), "files": _("Files"), "messages": _("Messages"), "reason": _("Reason"),
    "media": _("Files"), "conversations": _("Conversations"), "deliveries": _("Raw webhook deliveries"),
    "audit": _("Activity log"),
    "words": _("Words"), "kind": _("Kind"), "jobs": _("Jobs"), "scopes": _("Permissions"), "until": _("until"),
    "number": _("No."), "left": _("left"), "device": _("Device"), "source": _("Source"),
    "people": _("People"), "lines": _("Lines"), "network": _("Network"), "conditions": _("Conditions"),
    "handover_note_required": _("Note required when handing over"), "ask_texts": _("Texts for asking back"),
    "since": _("Holds from"), "events": _("Events"), "numbers": _("Numbers"), "all_numbers": _("All numbers"),
    "active": _("Active"),
    "sticky": _("Prefer the last agent"), "allowed": _("Allowed"), "handback_minutes": _("Hand back after (minutes)"),
}  # fmt: skip
_VALUES: dict[str, str | Promise] = {
    str(choice.value) or "nobody": choice.label
    for choice in (*SecondFactorRule, *FactorKind, *Role, *Visibility, *RoutingStrategy)
} | {
    "conversation": _("Conversation"), "message": _("Message"), "attachment": _("File"), "contact": _("Contact"),
    "contactimport": _("Import"), "routingdecision": _("Decision"),
}  # fmt: skip
_DAYS = ("since", "until")


def details(entry: AuditEntry) -> list[tuple[str | Promise, str | Promise]]:
    """What the entry's data says, as pairs of words."""
    order = {field: place for place, field in enumerate(_FIELDS)}  # the database keeps none
    shown = ((key, value) for key, value in entry.data.items() if key not in (AuditEntry.API, "contact"))
    items = sorted(shown, key=lambda item: order.get(item[0], len(order)))
    return [(_FIELDS.get(key, key), _value(key, value)) for key, value in items]


def _value(key: str, value: Any) -> str | Promise:
    if key in ("weekly", "weekly_before"):
        return week_words(value)
    if key == "blocks":
        return blocks_words(as_blocks(value))
    if key == "region":
        return region_name(value) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return "–"
    if key in _DAYS and (day := parse_date(str(value))):
        return date_format(day, "SHORT_DATE_FORMAT")
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(name, each)}" for name, each in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(str(_value("", each)) for each in value) or "–"
    return _VALUES.get(str(value), str(value))
