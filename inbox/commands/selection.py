"""What can be done with all the selected conversations at once. The page adds which they are."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import Agent, Team
from inbox.commands.command import MOST_PEOPLE, Command, send
from inbox.filter_words import labels_of
from inbox.forms.conversations import snooze_choices

WEIGHT = 15  # whoever has selected something means that


def commands(agent: Agent, selected: int) -> Iterator[Command]:
    def command(key: str, name: str, icon: str, do: dict[str, Any], who: str = "", kbd: str = "") -> Command:
        return Command(f"all-{key}", name, icon, do, who or str(selected), kbd, weight=WEIGHT)

    yield command("close", gettext_noop("Selection: close (%(who)s)"), "check", _act("close"), kbd="E")
    yield command("unread", gettext_noop("Selection: mark as unread (%(who)s)"), "mail", _act("unread"), kbd="U")
    for key, words, icon, _moment in snooze_choices():
        yield command(
            f"snooze-{key}", gettext_noop("Selection: snooze: %(who)s"), icon, _act("snooze", until=key), str(words)
        )
    yield command("clear", gettext_noop("Clear selection (%(who)s)"), "x", {"click": "bulk-bar [data-clear]"})
    yield command("unassign", gettext_noop("Selection: unassign (%(who)s)"), "undo", _act("assign"))
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).order_by("name", "pk")
    for person in sorted(people[:MOST_PEOPLE], key=lambda person: person.pk != agent.pk):
        do = _act("assign", agent=person.pk)
        yield command(f"assign-{person.pk}", gettext_noop("Selection: assign to %(who)s"), "user", do, person.name)
    for team in Team.objects.filter(workspace=agent.workspace_id).order_by("name"):
        do = _act("assign", team=team.pk)
        yield command(f"assign-t{team.pk}", gettext_noop("Selection: assign to team %(who)s"), "users", do, team.name)
    for label in labels_of(agent):
        do = _act("label", add=label.pk)
        yield command(f"label-{label.pk}", gettext_noop("Selection: label %(who)s"), "tag", do, label.name)
        do = _act("label", remove=label.pk)
        yield command(f"unlabel-{label.pk}", gettext_noop("Selection: remove label %(who)s"), "tag", do, label.name)


def _act(what: str, **values: Any) -> dict[str, Any]:
    return send("bulk", values={"do": what, **values}, rows=True)
