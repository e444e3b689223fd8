"""The small parts of the design as safe HTML: icons, avatars, rings, ticks and times.

Templates have them as tags (`templatetags/inbox.py`); what stands on a page dozens of times is put together from them
in Python, because a template looks up every name anew.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Agent
from inbox import times
from inbox.enums import MessageStatus
from inbox.models import Contact
from inbox.rows import milliseconds
from whatsapp.service_window import ServiceWindow

_TICKS = {
    MessageStatus.ACCEPTED: ("clock", "icon--xs"),
    MessageStatus.SENT: ("tick", ""),
    MessageStatus.DELIVERED: ("ticks", ""),
    MessageStatus.READ: ("ticks", "ticks--read"),
    MessageStatus.PLAYED: ("ticks", "ticks--read"),
    MessageStatus.FAILED: ("alert", "ticks--failed"),
}


@lru_cache(maxsize=512)
def icon(name: str, classes: str = "") -> SafeString:
    """One of img/icons.svg, for the eye only."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="#i-{}"/></svg>', f" {classes}" if classes else "", name
    )


@lru_cache(maxsize=256)
def ring(percent: int, radius: float = 20.5) -> SafeString:
    """The drawing of the window's ring, `percent` of 24 hours long; radius 16 for the small dot beside words."""
    return format_html(
        '<svg viewBox="0 0 44 44" aria-hidden="true"><circle class="ring__track" cx="22" cy="22" r="{0}" '
        'pathLength="100"/><circle class="ring__value" cx="22" cy="22" r="{0}" pathLength="100" '
        'stroke-dasharray="{1} 100"/></svg>',
        radius,
        percent,
    )


@lru_cache(maxsize=1024)
def _avatar(classes: str, hue: int, initials: str, title: str = "") -> SafeString:
    # Escaped in any case: to the cache, safe and unsafe texts of the same letters are the same.
    named = f' title="{escape(title)}"' if title else ""
    return SafeString(f'<span class="{classes}" data-hue="{hue}"{named} aria-hidden="true">{escape(initials)}</span>')


@lru_cache(maxsize=16)
def _figure(classes: str, name: str) -> SafeString:
    return format_html('<span class="{}" data-hue="8" aria-hidden="true">{}</span>', classes, icon(name, "icon--s"))


def face(contact: Contact, size: str = "") -> SafeString:
    """A customer's round avatar; without a name a neutral figure."""
    classes = f"avatar avatar--{size}" if size else "avatar"
    if initials := contact.initials:
        return _avatar(classes, contact.hue, initials)
    return _figure(classes, "users" if contact.kind == Contact.Kind.GROUP else "user")


def agent_face(agent: Agent | None, size: str = "s", title: bool = True) -> SafeString:
    """A colleague's square; nobody is a dashed one."""
    if agent is None:
        return _avatar(f"avatar avatar--agent avatar--none avatar--{size}", 8, "", _("Unassigned") if title else "")
    return _avatar(f"avatar avatar--agent avatar--{size}", agent.hue, agent.initials, agent.name if title else "")


def contact_ring(contact: Contact, window: ServiceWindow, now: datetime, size: str = "") -> SafeString:
    """The avatar inside the ring that says how much of the 24 hours is left; it counts down by itself."""
    return SafeString(
        f'<window-clock class="ring{f" ring--{escape(size)}" if size else ""}" data-window="{window.state(now)}" '
        f'data-until="{milliseconds(window.closes_at)}" data-form="ring">{ring(window.percent_left(now))}'
        f'{face(contact)}<span class="ring__lock">{icon("lock")}</span></window-clock>'
    )


_SLOTS = {"": "", "on": " slot--on", "soon": " slot--soon", "urgent": " slot--urgent", "over": " slot--over"}


def slots(words: Iterable[str]) -> SafeString:
    """A person's capacity, one box each (inbox.board.Seat.slots). In one piece: there are many on a page."""
    boxes = "".join(f'<li class="slot{_SLOTS[word]}"></li>' for word in words)
    return SafeString(f'<ul class="slots" aria-hidden="true">{boxes}</ul>')


def answer_target(due_at: datetime | None, now: datetime | None = None) -> SafeString:
    """By when the team wants to have answered; it counts by itself, and without a moment it is hidden."""
    if due_at is None:
        return SafeString('<target-clock class="target" data-due="" hidden></target-clock>')
    now = now or timezone.now()
    state, words = times.target_state(due_at, now), escape(times.answer_target(due_at, now))
    return SafeString(
        f'<target-clock class="target" data-due="{milliseconds(due_at)}" data-state="{state}">{words}</target-clock>'
    )


def ticks(status: str) -> SafeString:
    """How far an outgoing message has come."""
    return _ticks(MessageStatus(status), translation.get_language())


@lru_cache(maxsize=64)
def _ticks(status: MessageStatus, _language: str) -> SafeString:
    name, classes = _TICKS.get(status, ("clock", "icon--xs"))
    words = _("Sending") if name == "clock" else str(status.label)
    return SafeString(
        f'<svg class="icon{f" {classes}" if classes else ""}" role="img" aria-label="{escape(words)}">'
        f'<use href="#i-{name}"/></svg>'
    )


def when(at: datetime | None, style: str = "clock", classes: str = "", now: datetime | None = None) -> SafeString:
    """A moment: in UTC for machines, in words for people; the script writes it in the reader's zone."""
    if at is None:
        return SafeString("")
    named = f' class="{escape(classes)}"' if classes else ""
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    return SafeString(
        f'<relative-time{named} data-style="{escape(style)}"><time datetime="{moment}">'
        f"{escape(times.in_words(at, style, now))}</time></relative-time>"
    )


def address(name: str, pk: int) -> str:
    """`reverse(name, args=[pk])`, looked up once a name: fifty times on a page it costs as much as a query."""
    before, after = _around(name)
    return f"{before}/{pk}/{after}"


@lru_cache(maxsize=64)
def _around(name: str) -> tuple[str, str]:
    before, _zero, after = reverse(name, args=[0]).partition("/0/")
    return before, after
