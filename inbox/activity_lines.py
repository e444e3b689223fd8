"""The words of the lines between messages: one function per kind of Activity, in the active language.

Names and numbers come from `data`, as they were when it happened; nothing is looked up but the actor. An unknown kind
has a line too, so that an older process shows what a newer one wrote. No word is about the reader ("you"): a line is
rendered once for everybody.

Data by kind: assigned {to, to_id, reason, load, capacity, idle_minutes, rule, decision} (by a person: no reason),
claimed and taken_over {to, to_id, from}, moved {team}, released, handed_back {from, why, guarded, decision},
nobody_free and queued {team, rule, decision}, where a rule is {id, number, name, skill},
closed {outcome}, reopened {why}, snoozed {until}, woke {why}, labelled {added, removed}, undone, blocked {spam},
unblocked, block_refused {code, tried}, merged {with}, number_changed {from, to}, window_closed, asked_back,
rated {score}, consent {state, words}, consent_asked {source},
later_held, later_returned and later_cancelled {of, due, why; text of what nobody cancelled by hand}.
What another system did has {api} instead of an actor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models.api_token import shown_name
from inbox import formatting, times
from inbox.enums import ConsentState
from inbox.models import Activity
from inbox.satisfaction_rules import FACES, score_words
from whatsapp.errors import BLOCK_FAILED

LONG_IDLE = 12 * 60  # minutes; beyond it the number says nothing about today


@dataclass(frozen=True, slots=True)
class Line:
    """What the thread shows: an icon of icons.svg, safe HTML, and whether somebody should do something."""

    icon: str
    html: SafeString
    warns: bool = False
    decision: int | None = None  # what routing kept of it, to be looked at (RoutingDecision)


def line_of(activity: Activity) -> Line:
    """The line of one activity."""
    icon, words = _KINDS.get(activity.kind, ("info", _unknown))
    data = activity.data or {}
    return Line(icon, words(activity, data), warns=activity.kind in _WARNING, decision=data.get("decision"))


def reason_words(data: dict[str, Any]) -> str:
    """Why routing chose this person: "least busy: 3 of 8, idle 12 min · rule 2: Repairs". Empty for what people did."""
    return " · ".join(filter(None, (_reason_words(data), rule_words(data))))


def rule_words(data: dict[str, Any]) -> str:
    """ "rule 2: Repairs", as it was called then; empty where none was followed."""
    rule = data.get("rule")
    return _("rule %(number)s: %(name)s") % {"number": rule["number"], "name": rule["name"]} if rule else ""


def _reason_words(data: dict[str, Any]) -> str:
    reason = data.get("reason")
    if reason == "sticky":
        return _("knows this customer")
    if reason == "round_robin":
        return _("in turn")
    if reason == "skill":
        return _("has the skill %(skill)s") % {"skill": (data.get("rule") or {}).get("skill", "")}
    if reason != "least_busy":
        return ""
    numbers = {"load": data.get("load", 0), "capacity": data.get("capacity", 0)}
    words = _("least busy: %(load)s of %(capacity)s") % numbers
    idle = data.get("idle_minutes")
    if idle is None or idle >= LONG_IDLE:
        return words
    if idle < 60:
        return words + ", " + _("idle %(minutes)s min") % {"minutes": idle}
    return words + ", " + _("idle %(hours)s h") % {"hours": idle // 60}


def _assigned(activity: Activity, data: dict) -> SafeString:
    if data.get("escalated"):
        return _say(_("%(actor)s handed this over to %(to)s as lead"), actor=_actor(activity), to=_name(data, "to"))
    if reason := reason_words(data):
        return _say(_("Assigned to %(to)s · %(reason)s"), to=_name(data, "to"), reason=reason)
    if not _is_signed(activity):
        return _say(_("Assigned to %(to)s"), to=_name(data, "to"))
    return _say(_("Assigned to %(to)s by %(actor)s"), to=_name(data, "to"), actor=_actor(activity))


def _claimed(activity: Activity, data: dict) -> SafeString:
    if data.get("from"):
        return _say(_("%(to)s took over from %(from)s"), to=_name(data, "to"), **{"from": _name(data, "from")})
    return _say(_("%(to)s took this from the queue"), to=_name(data, "to"))


def _moved(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s moved this to %(team)s"), actor=_actor(activity), team=_bold(data.get("team", "")))


def _released(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s put this back into the queue"), actor=_actor(activity))


def _handed_back(activity: Activity, data: dict) -> SafeString:
    why = data.get("why")
    if data.get("guarded") and why != "deactivated":
        sentence = _("Back to the queue · the window closes soon and %(from)s is not there")
    elif why == "target":
        sentence = _("Back to the queue · %(from)s did not answer within the target")
    elif why == "deactivated":
        sentence = _("Back to the queue · %(from)s does not work here any more")
    elif why == "offline":
        sentence = _("Back to the queue · %(from)s is offline")
    elif why == "off_duty":
        sentence = _("Back to the queue · %(from)s is off work")
    else:
        sentence = _("Back to the queue · %(from)s is away")
    return _say(sentence, **{"from": _name(data, "from")})


def _nobody_free(activity: Activity, data: dict) -> SafeString:
    if rule := rule_words(data):
        sentence = _("Waiting in the queue · nobody in %(team)s is free · %(rule)s")
        return _say(sentence, team=_bold(data.get("team", "")), rule=rule)
    return _say(_("Waiting in the queue · nobody in %(team)s is free"), team=_bold(data.get("team", "")))


def _queued(activity: Activity, data: dict) -> SafeString:
    sentence = _("In the queue of %(team)s, to be taken by hand · %(rule)s")
    return _say(sentence, team=_bold(data.get("team", "")), rule=rule_words(data))


def _closed(activity: Activity, data: dict) -> SafeString:
    if not _is_signed(activity):
        return _say(_("Conversation closed"))
    if outcome := data.get("outcome"):
        return _say(_("Closed by %(actor)s · %(outcome)s"), actor=_actor(activity), outcome=outcome)
    return _say(_("Closed by %(actor)s"), actor=_actor(activity))


def _reopened(activity: Activity, data: dict) -> SafeString:
    if not _is_signed(activity):
        return _say(_("Reopened by a new message"))
    return _say(_("Reopened by %(actor)s"), actor=_actor(activity))


def _snoozed(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s snoozed this until %(until)s"), actor=_actor(activity), until=_moment(data.get("until")))


def _woke(activity: Activity, data: dict) -> SafeString:
    if data.get("why") == "message":
        return _say(_("No longer snoozed · new message"))
    if _is_signed(activity):
        return _say(_("%(actor)s ended the snooze"), actor=_actor(activity))
    return _say(_("No longer snoozed · the time has come"))


def _labelled(activity: Activity, data: dict) -> SafeString:
    added, removed = ", ".join(data.get("added", [])), ", ".join(data.get("removed", []))
    if added and removed:
        sentence = _("%(actor)s added %(added)s and removed %(removed)s")
    elif added:
        sentence = _("%(actor)s added %(added)s")
    else:
        sentence = _("%(actor)s removed %(removed)s")
    return _say(sentence, actor=_actor(activity), added=_bold(added), removed=_bold(removed))


def _blocked(activity: Activity, data: dict) -> SafeString:
    if data.get("spam"):
        return _say(_("%(actor)s blocked this contact for spam"), actor=_actor(activity))
    return _say(_("%(actor)s blocked this contact"), actor=_actor(activity))


def _unblocked(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s unblocked this contact"), actor=_actor(activity))


def _block_refused(activity: Activity, data: dict) -> SafeString:
    code = str(data.get("code"))
    if data.get("tried") == "unblocked":
        return _say(_("WhatsApp did not unblock this contact. Try again. (Code %(code)s)"), code=code)
    if code == str(BLOCK_FAILED):
        return _say(_("WhatsApp did not block this contact: their last message is too old, or they are a business."))
    return _say(_("WhatsApp did not block this contact. Try again. (Code %(code)s)"), code=code)


def _asked_back(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s asked the customer to answer before the window closes"), actor=_actor(activity))


def _undone(activity: Activity, data: dict) -> SafeString:
    return _say(_("%(actor)s took that back"), actor=_actor(activity))


def _merged(activity: Activity, data: dict) -> SafeString:
    name = _bold(data.get("with", ""))
    return _say(_("%(actor)s merged this contact with %(name)s"), actor=_actor(activity), name=name)


def _number_changed(activity: Activity, data: dict) -> SafeString:
    words = {"actor": _actor(activity), "old": _bold(data.get("from", "")), "new": _bold(data.get("to", ""))}
    if data.get("from"):
        return _say(_("%(actor)s changed the number from %(old)s to %(new)s"), **words)
    return _say(_("%(actor)s entered the number %(new)s"), actor=words["actor"], new=words["new"])


def _window_closed(activity: Activity, data: dict) -> SafeString:
    return _say(_("The 24-hour window closed"))


def _rated(activity: Activity, data: dict) -> SafeString:
    score = int(data.get("score", 0))
    return _say(_("Rated: %(face)s %(words)s"), face=FACES.get(score, ""), words=_bold(score_words(score)))


def _consent(activity: Activity, data: dict) -> SafeString:
    words = data.get("words", "")
    if data.get("state") == ConsentState.GIVEN:
        sentence = _("Marketing consent given with %(words)s") if words else _("Marketing consent given")
    else:
        sentence = _("Marketing consent withdrawn with %(words)s") if words else _("Marketing consent withdrawn")
    return _say(sentence, words=_bold(words))


def _consent_asked(activity: Activity, data: dict) -> SafeString:
    if activity.actor is not None:
        return _say(_("%(actor)s asked for marketing consent"), actor=_actor(activity))
    return _say(_("Asked for marketing consent · only the answer counts"))


def _later_held(activity: Activity, data: dict) -> SafeString:
    sentences = {
        "customer": _("%(of)s's scheduled message is held · the customer has written"),
        "colleague": _("%(of)s's scheduled message is held · a colleague has answered"),
        "author": _("%(of)s's scheduled message is held · %(of)s is no longer here"),
        "blocked": _("%(of)s's scheduled message is held · the contact is blocked"),
        "number": _("%(of)s's scheduled message is held · our number is disconnected"),
        "template": _("%(of)s's scheduled template is held · it cannot be sent"),
    }
    late = _("%(of)s's scheduled message is held · its time has passed")
    return _say(sentences.get(data.get("why", ""), late), of=_name(data, "of"))


def _later_returned(activity: Activity, data: dict) -> SafeString:
    if data.get("why") == "template":
        return _say(_("The template could not be sent · %(of)s's message is a draft again"), of=_name(data, "of"))
    if data.get("why") == "instead":
        sentence = _("The window was closed: the template went out · %(of)s's message is a draft")
        return _say(sentence, of=_name(data, "of"))
    return _say(_("The window was closed · %(of)s's scheduled message is a draft again"), of=_name(data, "of"))


def _later_cancelled(activity: Activity, data: dict) -> SafeString:
    if activity.actor is not None:
        sentence = _("%(actor)s cancelled %(of)s's scheduled message")
        return _say(sentence, actor=_actor(activity), of=_name(data, "of"))
    if data.get("why") == "closed":
        line = _say(_("%(of)s's scheduled message is cancelled · conversation closed"), of=_name(data, "of"))
    else:
        line = _say(_("%(of)s's scheduled message is cancelled · the customer has written"), of=_name(data, "of"))
    text = formatting.to_line(str(data.get("text") or ""))
    return _say(_("%(line)s: “%(text)s”"), line=line, text=text) if text else line


def _unknown(activity: Activity, data: dict) -> SafeString:
    return _say(_("Something changed here"))


Words = Callable[[Activity, dict[str, Any]], SafeString]
_KINDS: dict[str, tuple[str, Words]] = {
    "assigned": ("route", _assigned),
    "claimed": ("user-plus", _claimed),
    "taken_over": ("user-plus", _claimed),
    "moved": ("users", _moved),
    "released": ("undo", _released),
    "handed_back": ("undo", _handed_back),
    "nobody_free": ("clock", _nobody_free),
    "queued": ("inbox", _queued),
    "closed": ("check-circle", _closed),
    "reopened": ("refresh", _reopened),
    "snoozed": ("snooze", _snoozed),
    "woke": ("bell", _woke),
    "labelled": ("tag", _labelled),
    "blocked": ("ban", _blocked),
    "unblocked": ("ban", _unblocked),
    "block_refused": ("alert", _block_refused),
    "undone": ("undo", _undone),
    "asked_back": ("clock", _asked_back),
    "merged": ("users", _merged),
    "number_changed": ("phone", _number_changed),
    "window_closed": ("lock", _window_closed),
    "rated": ("star", _rated),
    "consent": ("shield", _consent),
    "consent_asked": ("shield", _consent_asked),
    "later_held": ("pause", _later_held),
    "later_returned": ("pencil", _later_returned),
    "later_cancelled": ("clock", _later_cancelled),
}
_WARNING = {"block_refused", "nobody_free", "handed_back", "window_closed", "later_held", "later_returned"}


def _say(sentence: str, **parts: str) -> SafeString:
    """A translated sentence with its parts filled in, everything escaped that is not markup of ours."""
    filled = {name: conditional_escape(part) for name, part in parts.items()}
    return mark_safe(escape(sentence) % filled if filled else escape(sentence))  # noqa: S308


def _bold(text: object) -> SafeString:
    return format_html("<b>{}</b>", text)


def _name(data: dict, key: str) -> SafeString:
    """Colleagues are called by their first names, as everywhere on the screen."""
    return _bold(str(data.get(key) or "–").split(" ")[0])


def _is_signed(activity: Activity) -> bool:
    """Somebody did it, a person or another system: it did not happen by itself."""
    return activity.actor is not None or "api" in (activity.data or {})


def _actor(activity: Activity) -> SafeString:
    if activity.actor is not None:
        return _bold(activity.actor.first_name)
    return _bold(shown_name(activity.data["api"]) if _is_signed(activity) else "–")


def _moment(stored: str | None) -> SafeString | str:
    """A time that the script writes in the reader's zone."""
    if not stored:
        return "–"
    at = datetime.fromisoformat(stored)
    return format_html(
        '<relative-time data-style="full"><time datetime="{}">{}</time></relative-time>',
        at.astimezone(UTC).isoformat(timespec="seconds"), times.in_words(at, "full"),
    )  # fmt: skip
