"""What an agent changes about the own day: available or away, light or dark, language, signing out."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_noop

from accounts.models import Agent, Availability
from inbox.commands.command import Command, send

THEMES = [
    ("light", gettext_noop("Light"), "sun"),
    ("dark", gettext_noop("Dark"), "moon"),
    ("", gettext_noop("Like the device"), "mobile"),
]


def commands(agent: Agent) -> Iterator[Command]:
    if agent.availability == Availability.AVAILABLE and not agent.is_off_duty_now:
        also = (gettext_noop("Take a break"),)
        do = send("availability", values={"minutes": "30"})
        yield Command("break", gettext_noop("Break for 30 min"), "clock", do)
        yield Command("away", gettext_noop("Be away"), "moon", send("availability"), also=also)
        yield Command("away-keep", gettext_noop("Away, keep mine"), "moon", send("availability", values={"keeps": 1}))
        do = send("availability", values={"hand_over": 1})
        yield Command("away-over", gettext_noop("Away and hand over"), "moon", do)
    else:
        do = send("availability", values={"available": 1})
        yield Command("available", gettext_noop("Be available"), "check-circle", do)
    for theme, words, icon in THEMES:
        if theme != agent.theme:
            do = send("profile-preference", values={"theme": theme}, after="reload")
            also = (gettext_noop("Theme %(who)s"),)
            yield Command(f"theme-{theme}", gettext_noop("Appearance: %(who)s"), icon, do, words, also=also)
    for code, called in settings.LANGUAGES:
        if code != agent.language:
            do = send("profile-preference", values={"language": code}, after="reload")
            yield Command(f"language-{code}", gettext_noop("Language: %(who)s"), "globe", do, str(called))
    yield Command("keys", gettext_noop("Keyboard shortcuts"), "keyboard", {"key": "?"}, kbd="?")
    also = (gettext_noop("Log out"),)
    yield Command("sign-out", gettext_noop("Sign out"), "logout", send("logout", after="/"), also=also)
