"""What the command bar can do: each command with its names, found in German and in English, and how the page does it.

`do` says it in one word for the script: {"go": address}, {"list": address} in place, {"open": address of a thread},
{"key": the single key that does the same}, {"act": a data-action}, {"send": address, "method", "values", "after"}.
Commands that somebody may not or cannot use now are not there. Every address checks its own permission all the same.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Agent, Availability, Team
from inbox import context
from inbox.forms.conversations import snooze_choices
from inbox.models import Conversation, Label
from inbox.search.words import forms, words_of

LANGUAGES = ("de", "en")
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Command:
    """One thing to do. `name` is a msgid with %(who)s for a name out of the data."""

    key: str
    name: str
    icon: str
    do: dict[str, Any]
    who: str = ""
    kbd: str = ""
    also: tuple[str, ...] = field(default=())  # further msgids by which people look for it

    @property
    def words(self) -> str:
        return _filled(_(self.name), self.who)

    def score(self, query: list[str]) -> int:
        """How well the words of a query fit a name of it in any language; 0 when they do not."""
        return max(_fit(query, name) for name in self._names())

    def _names(self) -> Iterator[str]:
        for code in LANGUAGES:
            with translation.override(code):
                for name in (self.name, *self.also):
                    yield _filled(_(name), self.who)


def commands_for(agent: Agent, conversation: Conversation | None) -> list[Command]:
    """All of them, those about the open conversation first."""
    found = [*(_about(agent, conversation) if conversation else ()), *_places(agent), *_myself(agent)]
    return list(found)


def matching(commands: list[Command], text: str, most: int) -> list[Command]:
    """The commands that a few letters mean, the best first."""
    query = [forms(word)[0] for word in words_of(text)]
    scored = [(command.score(query), -place, command) for place, command in enumerate(commands)] if query else []
    best = sorted(scored, key=lambda each: each[:2], reverse=True)
    return [command for score, _place, command in best if score][:most]


def _about(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    pk = conversation.pk
    yield Command("reply", gettext_noop("Reply"), "reply", {"key": "r"}, kbd="R", also=(gettext_noop("Answer"),))
    yield Command("note", gettext_noop("Internal note"), "note", {"key": "n"}, kbd="N")
    yield Command("template", gettext_noop("Choose a template"), "template", {"key": "t"}, kbd="T")
    if conversation.status == "closed":
        yield Command("reopen", gettext_noop("Reopen conversation"), "undo", {"key": "e"}, kbd="E")
    else:
        yield Command(
            "close", gettext_noop("Close conversation"), "check", {"key": "e"}, kbd="E", also=(gettext_noop("Done"),)
        )
    yield from _assigning(agent, conversation)
    if conversation.status == "snoozed":
        yield Command("wake", gettext_noop("Wake up now"), "bell", _send("conversation-snooze", pk, "DELETE"))
    elif conversation.status == "open":
        for key, words, icon, _moment in snooze_choices():
            do = _send("conversation-snooze", pk, values={"until": key})
            yield Command(f"snooze-{key}", gettext_noop("Snooze: %(who)s"), icon, do, str(words))
    mine = {label.pk for label in conversation.labels.all()}
    for label in Label.objects.filter(workspace=agent.workspace_id).order_by("name"):
        name, change = (
            (gettext_noop("Remove label %(who)s"), "remove")
            if label.pk in mine
            else (gettext_noop("Label %(who)s"), "add")
        )
        do = _send("conversation-labels", pk, values={change: label.pk}, swap="#labels")
        yield Command(f"label-{change}-{label.pk}", name, "tag", do, label.name)
    yield Command("unread", gettext_noop("Mark as unread"), "mail", {"key": "u"}, kbd="U")
    yield Command("contact", gettext_noop("Contact panel"), "panel", {"key": "p"}, kbd="P")
    yield Command("date", gettext_noop("Jump to a date"), "calendar", {"act": "date"})
    here = {"list": f"{reverse('search')}?in={pk}"}
    yield Command("search-here", gettext_noop("Search in this conversation"), "search", here)


def _assigning(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    seen = {"seen_assignee": conversation.assignee_id or ""}
    if conversation.assignee_id != agent.pk:
        yield Command(
            "assign-me", gettext_noop("Assign to me"), "user", {"key": "m"}, kbd="M", also=(gettext_noop("Take over"),)
        )
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).exclude(pk=agent.pk)
    for person in people.exclude(pk=conversation.assignee_id or 0).order_by("name", "pk")[:MOST_PEOPLE]:
        do = _send("conversation-assignment", conversation.pk, values={"agent": person.pk, **seen})
        yield Command(f"assign-{person.pk}", gettext_noop("Assign to %(who)s"), "user", do, person.name)
    for team in Team.objects.filter(workspace=agent.workspace_id).order_by("name"):
        do = _send("conversation-assignment", conversation.pk, values={"team": team.pk, **seen})
        yield Command(f"assign-t{team.pk}", gettext_noop("Assign to team %(who)s"), "users", do, team.name)
    if conversation.assignee_id:
        yield Command(
            "unassign", gettext_noop("Unassign"), "undo", _send("conversation-assignment", conversation.pk, "DELETE")
        )


def _places(agent: Agent) -> Iterator[Command]:
    views = [
        ("mine", gettext_noop("Mine"), "1"),
        ("unassigned", gettext_noop("Unassigned"), "2"),
        ("all", gettext_noop("All"), "3"),
        ("mentions", gettext_noop("Mentions"), "4"),
        ("closed", gettext_noop("Closed"), "5"),
        ("snoozed", gettext_noop("Snoozed"), ""),
        ("following", gettext_noop("Following"), ""),
    ]
    for view, words, kbd in views:
        do = {"list": f"{reverse('inbox')}?view={view}"}
        yield Command(
            f"view-{view}",
            gettext_noop("View: %(who)s"),
            "inbox",
            do,
            words,
            kbd,
            also=(gettext_noop("Inbox %(who)s"),),
        )
    for heading, items in context.SETTINGS:
        for key, url, icon, words, roles in items:
            if agent.role in roles and (address := _address(url)) and (settings.DEMO or key != "practice"):
                do = {"go": address}
                yield Command(f"settings-{heading}-{key}", gettext_noop("Settings: %(who)s"), icon, do, words)


def _myself(agent: Agent) -> Iterator[Command]:
    if agent.availability == Availability.AVAILABLE:
        yield Command(
            "away", gettext_noop("Be away"), "moon", _send("availability"), also=(gettext_noop("Take a break"),)
        )
    else:
        yield Command(
            "available", gettext_noop("Be available"), "check-circle", _send("availability", values={"available": 1})
        )
    themes = [
        ("light", gettext_noop("Light"), "sun"),
        ("dark", gettext_noop("Dark"), "moon"),
        ("", gettext_noop("Like the device"), "mobile"),
    ]
    for theme, words, icon in themes:
        if theme != agent.theme:
            do = _send("profile-preference", values={"theme": theme}, after="reload")
            yield Command(
                f"theme-{theme}",
                gettext_noop("Appearance: %(who)s"),
                icon,
                do,
                words,
                also=(gettext_noop("Theme %(who)s"),),
            )
    for code, called in settings.LANGUAGES:
        if code != agent.language:
            do = _send("profile-preference", values={"language": code}, after="reload")
            yield Command(f"language-{code}", gettext_noop("Language: %(who)s"), "globe", do, str(called))
    yield Command("keys", gettext_noop("Keyboard shortcuts"), "keyboard", {"key": "?"}, kbd="?")
    yield Command(
        "sign-out", gettext_noop("Sign out"), "logout", _send("logout", after="/"), also=(gettext_noop("Log out"),)
    )


def _send(name: str, pk: int | None = None, method: str = "POST", **more: Any) -> dict[str, Any]:
    return {"send": reverse(name, args=[pk] if pk else []), "method": method, **more}


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _filled(words: str, who: str) -> str:
    return words % {"who": _(who)} if who else words


def _fit(query: list[str], name: str) -> int:
    """Every word of the query must begin a word of the name, or at least stand in it in this order of letters."""
    words = [form for word in words_of(name) for form in forms(word)]
    letters = "".join(char for char in unicodedata.normalize("NFKD", name.lower()) if char.isalnum())
    total = 0
    for wanted in query:
        if any(word == wanted for word in words):
            total += 12
        elif any(word.startswith(wanted) for word in words):
            total += 10
        elif len(wanted) > 2 and wanted in letters:
            total += 5
        elif len(wanted) > 2 and _in_order(wanted, words):
            total += 1
        else:
            return 0
    return total * 10 - min(len(words), 9)


def _in_order(wanted: str, words: list[str]) -> bool:
    """ "asgn" is in "assign": the letters in their order within one word, from its first."""
    for word in words:
        rest = iter(word)
        if word.startswith(wanted[0]) and all(char in rest for char in wanted):
            return True
    return False
