"""Where one can go: views, saved filters, labels, teams, people, contacts, settings."""

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop

from accounts.models import Agent
from accounts.permissions import may_manage_contacts, may_manage_people
from inbox import context, filter_words, queries
from inbox.commands.command import MOST_PEOPLE, Command, address
from inbox.filters import SORTS, VIEW_WORDS, Filter

VIEW_KEYS = {"mine": "1", "unassigned": "2", "all": "3", "mentions": "4", "closed": "5"}


def commands(agent: Agent, *, in_inbox: bool) -> Iterator[Command]:
    yield from _views(agent)
    if in_inbox:
        yield Command("filter", gettext_noop("Filter the list"), "filter", {"key": "f"}, kbd="F")
        for sort, words in SORTS.items():
            do = {"click": f"#list [role=menuitemradio][href*='sort={sort}']"}
            also = (gettext_noop("Sequence: %(who)s"),)
            yield Command(f"sort-{sort}", gettext_noop("Order: %(who)s"), "sort", do, str(words), also=also)
        yield Command(
            "select-all", gettext_noop("Select all that are loaded"), "check-circle",
            {"click": "bulk-bar [data-all]:not(:checked)"},
        )  # fmt: skip
    if agent.role in context.LEADS and (board := address("board")):
        yield Command("board", gettext_noop("Team board"), "board", {"go": board})
        yield Command("reports", gettext_noop("Reports"), "chart", {"go": reverse("reports")})
    yield Command("contacts", gettext_noop("Contacts"), "contacts", {"go": reverse("contacts")})
    yield Command(
        "contact-new", gettext_noop("New contact"), "user-plus", {"go": reverse("contact-new")},
        also=(gettext_noop("Start a conversation"),),
    )  # fmt: skip
    if may_manage_contacts(agent):
        also = (gettext_noop("CSV, Excel"),)
        yield Command(
            "contact-import", gettext_noop("Import contacts"), "upload", {"go": reverse("contact-imports")}, also=also
        )
    yield from _narrowed(agent)
    yield from _settings(agent)
    if may_manage_people(agent):
        for person in Agent.objects.filter(workspace=agent.workspace_id).order_by("name", "pk")[:MOST_PEOPLE]:
            go = {"go": reverse("settings-person", args=[person.pk])}
            yield Command(f"person-{person.pk}", gettext_noop("Settings of %(who)s"), "user", go, person.name)


def _views(agent: Agent) -> Iterator[Command]:
    also = (gettext_noop("Inbox %(who)s"),)
    for view, words in VIEW_WORDS.items():
        do, kbd = _list(Filter(view=view)), VIEW_KEYS.get(view, "")
        yield Command(f"view-{view}", gettext_noop("View: %(who)s"), "inbox", do, words, kbd, also)
    for saved in filter_words.kept_filters(agent):
        wanted = Filter.of(saved.parameters).with_(saved_id=saved.pk)
        icon = "users" if saved.team else "star"
        name, also = gettext_noop("Filter: %(who)s"), (gettext_noop("View: %(who)s"),)
        yield Command(f"filter-{saved.pk}", name, icon, _list(wanted), saved.name, also=also)


def _narrowed(agent: Agent) -> Iterator[Command]:
    for label in filter_words.labels_of(agent):
        do = _list(Filter(view="all", label_id=label.pk))
        yield Command(f"labelled-{label.pk}", gettext_noop("All with the label %(who)s"), "tag", do, label.name)
    teams = queries.teams_to_filter(agent)
    for team in teams if len(teams) > 1 else ():
        do = _list(Filter(view="all", team_id=team.pk))
        yield Command(f"team-{team.pk}", gettext_noop("All of team %(who)s"), "users", do, team.name)
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).exclude(pk=agent.pk)
    for person in people.order_by("name", "pk")[:MOST_PEOPLE]:
        do = _list(Filter(view="all", assignee=str(person.pk)))
        yield Command(f"held-{person.pk}", gettext_noop("All that %(who)s has"), "user", do, person.name)


def _settings(agent: Agent) -> Iterator[Command]:
    for heading, items in context.SETTINGS:
        for key, url, icon, words, roles in items:
            if agent.role in roles and (place := address(url)) and (settings.DEMO or key != "practice"):
                name = gettext_noop("Settings: %(who)s")
                yield Command(f"settings-{heading}-{key}", name, icon, {"go": place}, words)


def _list(wanted: Filter) -> dict[str, str]:
    return {"list": f"{reverse('inbox')}?{wanted.query}"}
