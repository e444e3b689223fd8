"""The list of templates: a line per name with all its languages, narrowed, sorted and in pages.

Meta allows an account at most 6,000 templates: what narrows and sorts is read for all of them without their contents,
the rest only for the lines of one page. A fixed number of queries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Agent
from inbox import text as words
from inbox.actions.template_care import favourites_of, teams_by_name
from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Message
from inbox.template_desk.alarms import TemplateAlarm, alarms_of, unseen
from inbox.template_desk.costs import HomePrices
from inbox.template_desk.words import BADGES, QUALITIES, Words, status_words, tab_of, tabs_of, trouble_of
from whatsapp import errors
from whatsapp.models import BusinessAccount, MessageTemplate, PhoneNumber
from whatsapp.template_parts import title_of_template
from whatsapp.template_titles import title_of

COUNTED = timedelta(days=30)
PAGE = 50
ALARMS_SHOWN = 5
SORTS = ("sent", "name", "last")
Key = tuple[int, str]  # account, name


@dataclass(frozen=True, slots=True)
class Wanted:
    """By what the list is narrowed and sorted, as it stands in the address."""

    tab: str = ""
    search: str = ""
    category: str = ""
    language: str = ""
    favourites: bool = False
    sort: str = "sent"
    page: int = 1

    @classmethod
    def of(cls, said: Mapping[str, str]) -> "Wanted":
        plain = {name: said.get(name, "")[:100] for name in ("tab", "search", "category", "language")}
        sort, page = said.get("sort", ""), said.get("page", "")
        return cls(
            **plain, favourites=said.get("favourites") == "1", sort=sort if sort in SORTS else "sent",
            page=int(page) if page.isdecimal() and len(page) < 6 and int(page) else 1,
        )  # fmt: skip

    @property
    def query(self) -> str:
        said = {"tab": self.tab, "search": self.search, "category": self.category, "language": self.language,
                "favourites": "1" if self.favourites else "", "sort": "" if self.sort == "sent" else self.sort,
                "page": str(self.page) if self.page > 1 else ""}  # fmt: skip
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.tab or self.search or self.category or self.language or self.favourites)


@dataclass(slots=True)
class State:
    """One state of a line, and the languages that are in it where they differ."""

    tab: str
    words: Words
    languages: list[str]

    @property
    def badge(self) -> tuple[str, str]:
        return BADGES[self.tab]


@dataclass(slots=True)
class TemplateRow:
    """One line: a template in all its languages."""

    languages: list[MessageTemplate]
    sent: int = 0
    read: int = 0
    last_used_at: datetime | None = None
    price: str = ""
    teams: list[str] = field(default_factory=list)
    is_favourite: bool = False

    @property
    def template(self) -> MessageTemplate:
        return self.languages[0]

    @property
    def title(self) -> str:
        return title_of_template(self.template)

    @property
    def states(self) -> list[State]:
        found: dict[str, State] = {}
        for each in self.languages:
            state = found.setdefault(each.status, State(tab_of(each.status), status_words(each.status), []))
            state.languages.append(each.language)
        if len(found) == 1:
            next(iter(found.values())).languages = []
        return list(found.values())

    @property
    def quality(self) -> tuple[str, Words] | None:
        """The worst of its languages."""
        rated = [each.quality for each in self.languages if each.quality in QUALITIES]
        return QUALITIES[max(rated, key=list(QUALITIES).index)] if rated else None

    @property
    def categories(self) -> list[str]:
        return sorted({each.category for each in self.languages})

    @property
    def reasons(self) -> list[tuple[str, str, Words, Words]]:
        """(language where they differ, tab, what is wrong, what helps), once for what holds for several."""
        found: dict[tuple[str, str], tuple[str, str, Words, Words]] = {}
        for each in self.languages:
            what, helps = trouble_of(each)
            if what:
                language = each.language if len(self.languages) > 1 else ""
                found.setdefault((each.status, str(what)), (language, tab_of(each.status), what, helps))
        return list(found.values())

    @property
    def read_percent(self) -> int | None:
        return round(self.read / self.sent * 100) if self.sent else None


class TemplateList:
    """What the page of templates shows to this person."""

    def __init__(self, agent: Agent, wanted: Wanted) -> None:
        self.agent, self.wanted = agent, wanted
        self.accounts = list(BusinessAccount.objects.filter(workspace=agent.workspace_id).order_by("pk"))

    @cached_property
    def everything(self) -> list[MessageTemplate]:
        found = MessageTemplate.objects.filter(business_account__in=self.accounts, removed_at=None)
        return list(found.defer("components", "status_detail").order_by("name", "language"))

    @cached_property
    def counts(self) -> dict[int, tuple[int, int]]:
        return counts_for(self.agent.workspace_id)

    @cached_property
    def favourites(self) -> set[Key]:
        return favourites_of(self.agent)

    @cached_property
    def categories(self) -> list[str]:
        return sorted({each.category for each in self.everything})

    @cached_property
    def languages(self) -> list[str]:
        return sorted({each.language for each in self.everything})

    @cached_property
    def matching(self) -> dict[Key, list[MessageTemplate]]:
        """What is asked for except by state, by account and name."""
        found: dict[Key, list[MessageTemplate]] = {}
        for each in self.everything:
            found.setdefault((each.business_account_id, each.name), []).append(each)
        return {key: group for key, group in found.items() if self._is_wanted(key, group)}

    @cached_property
    def tabs(self) -> list[tuple[str, Any, int]]:
        return tabs_of([each.status for each in group] for group in self.matching.values())

    @cached_property
    def _keys(self) -> list[Key]:
        tab = self.wanted.tab
        keys = [
            key for key, group in self.matching.items() if not tab or any(tab_of(each.status) == tab for each in group)
        ]
        return sorted(keys, key=self._order)

    def _order(self, key: Key) -> tuple[Any, ...]:
        group = self.matching[key]
        if self.wanted.sort == "name":
            return (key[1],)
        if self.wanted.sort == "last":
            last = max((each.last_used_at.timestamp() for each in group if each.last_used_at), default=0)
            return (-last, key[1])
        return (-sum(self.counts.get(each.pk, (0, 0))[0] for each in group), key[1])

    @property
    def total(self) -> int:
        return len(self._keys)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))

    @property
    def page(self) -> int:
        return min(self.wanted.page, self.pages)

    @cached_property
    def rows(self) -> list[TemplateRow]:
        keys = self._keys[(self.page - 1) * PAGE : self.page * PAGE]
        pks = [each.pk for key in keys for each in self.matching[key]]
        whole = MessageTemplate.objects.in_bulk(pks)
        teams = teams_by_name(self.accounts)
        return [self._row(key, [whole[each.pk] for each in self.matching[key] if each.pk in whole], teams)
                for key in keys]  # fmt: skip

    def _row(self, key: Key, languages: list[MessageTemplate], teams: dict[Key, list[str]]) -> TemplateRow:
        counted = [self.counts.get(each.pk, (0, 0)) for each in languages]
        used = [each.last_used_at for each in languages if each.last_used_at]
        return TemplateRow(
            languages, sent=sum(sent for sent, _read in counted), read=sum(read for _sent, read in counted),
            last_used_at=max(used, default=None), price=self._price(key[0], languages), teams=teams.get(key, []),
            is_favourite=key in self.favourites,
        )  # fmt: skip

    def _price(self, account: int, languages: list[MessageTemplate]) -> str:
        categories = sorted({each.category for each in languages})
        return " / ".join(filter(None, (self.prices[account].words(category) for category in categories)))

    @cached_property
    def prices(self) -> dict[int, HomePrices]:
        return {account.pk: HomePrices(account) for account in self.accounts}

    @property
    def market(self) -> str:
        """The country whose prices stand in the list."""
        return self.prices[self.accounts[0].pk].market if self.accounts else ""

    @cached_property
    def alarms(self) -> list[TemplateAlarm]:
        """What Meta did that nobody has seen yet, of all templates; the first few."""
        found = list(unseen(self.agent.workspace_id)[: ALARMS_SHOWN + 1])
        return alarms_of(found, self.prices, {pk: sent for pk, (sent, _read) in self.counts.items()})

    @property
    def troubles(self) -> list[tuple[BusinessAccount, Words]]:
        """Accounts whose last sync failed, and why."""
        failed = [account for account in self.accounts if account.templates_sync_error]
        return [(account, errors.sentence(account.templates_sync_code)) for account in failed]

    @property
    def synced_at(self) -> datetime | None:
        """When all of it was last as Meta has it."""
        known = [account.templates_synced_at for account in self.accounts]
        return min((at for at in known if at), default=None) if all(known) else None

    def _is_wanted(self, key: Key, group: Iterable[MessageTemplate]) -> bool:
        wanted = self.wanted
        if wanted.favourites and key not in self.favourites:
            return False
        if wanted.category and not any(each.category == wanted.category for each in group):
            return False
        if wanted.language and not any(each.language == wanted.language for each in group):
            return False
        haystack = words.fold(" ".join([key[1], *(title_of(each.name, each.language) for each in group)]))
        return all(word in haystack for word in words.fold(wanted.search).split())


def counts_for(workspace_id: int, templates: Iterable[int] | None = None) -> dict[int, tuple[int, int]]:
    """(sent, read) of the last 30 days by template."""
    numbers = list(PhoneNumber.objects.filter(workspace=workspace_id).values_list("pk", flat=True))
    rows = Message.objects.filter(
        phone_number__in=numbers, direction=Direction.OUT, kind=MessageKind.TEMPLATE,
        occurred_at__gte=timezone.now() - COUNTED, template__isnull=False,
    )  # fmt: skip
    if templates is not None:
        rows = rows.filter(template__in=list(templates))
    counted = rows.values("template_id").order_by().annotate(
        sent=Count("pk", filter=~Q(wamid="") & ~Q(status=MessageStatus.FAILED)),
        read=Count("pk", filter=Q(status__in=[MessageStatus.READ, MessageStatus.PLAYED])),
    )  # fmt: skip
    return {row["template_id"]: (row["sent"], row["read"]) for row in counted}
