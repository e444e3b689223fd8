"""What the rules are asked about: gathered for a batch of conversations in a handful of queries.

Only what some rule asks for is looked up. Each fact is as of now; the words are what the customer has written since
they wait, without what they deleted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from accounts.hours import OpeningHours
from accounts.models import Workspace
from accounts.schedules import hours_of_teams, workspace_hours
from inbox.enums import Direction
from inbox.models import Case, Conversation, Message
from inbox.rules.language import guess
from inbox.rules.matching import Facts, Rule, words_of

MOST_TEXTS = 20  # of one customer; what they wrote first
LONGEST_TEXT = 4_000


class Asked:
    """Which facts these rules ask for."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        conditions = [rule.conditions for rule in rules]
        self.labels = any(asked.labels for asked in conditions)
        self.languages = any(asked.languages for asked in conditions)
        self.customer = any(asked.customer for asked in conditions)
        self.hours = any(asked.hours for asked in conditions)
        self.keywords = any(asked.keywords for asked in conditions)


class Hours:
    """The hours of a workspace's teams, read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._usual = workspace_hours(workspace)
        self._of_teams = hours_of_teams(workspace)

    def of(self, team: int | None) -> OpeningHours:
        return self._of_teams.get(team, self._usual) if team is not None else self._usual

    def turns_at(self, team: int | None, moment: datetime) -> datetime | None:
        """When these hours open or close next; None if they never do."""
        hours = self.of(team)
        return hours.closes_after(moment) if hours.is_open(moment) else hours.next_opening(moment)


def base_team(conversation: Conversation) -> int | None:
    """Where it would be without rules."""
    return conversation.team_id if conversation.team_before_rule_id is None else conversation.team_before_rule_id


def facts_of(
    conversations: Collection[Conversation], asked: Asked, hours: Hours | None, now: datetime, default: int | None
) -> dict[int, Facts]:
    """Conversation → its facts. Guessed languages are noted on the instances; storing them is the caller's."""
    texts = texts_of(conversations) if asked.keywords or asked.languages else {}
    labels = labels_of(conversations) if asked.labels else {}
    known = known_among({each.contact_id for each in conversations}) if asked.customer else set()
    found = {}
    for each in conversations:
        said, team = texts.get(each.pk, ""), base_team(each) or default
        found[each.pk] = Facts(
            number=each.phone_number_id, team=team, labels=labels.get(each.pk, frozenset()),
            language=language_of(each, said) if asked.languages else "",
            is_known=each.contact_id in known or each.last_agent_id is not None, fields=each.contact.fields,
            is_open=hours.of(team).is_open(now) if hours else True, from_ad=each.referral is not None,
            words=words_of(said) if asked.keywords else (),
        )  # fmt: skip
    return found


def language_of(conversation: Conversation, text: str) -> str:
    """What the contact's card says, else what the text sounds like, else what earlier texts sounded like."""
    if conversation.contact.language:
        return conversation.contact.language
    conversation.guessed_language = guess(text) or conversation.guessed_language
    return conversation.guessed_language


def texts_of(conversations: Iterable[Conversation]) -> dict[int, str]:
    """What the customers wrote since they wait."""
    since = {each.pk: each.waiting_since or each.last_message_at for each in conversations}
    if not since:
        return {}
    messages = Message.objects.filter(
        conversation__in=since, direction=Direction.IN, deleted_at=None,
        occurred_at__gte=min(since.values()) - timedelta(seconds=1),
    ).order_by("conversation_id", "occurred_at", "seq")  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for pk, text, at in messages.values_list("conversation_id", "text", "occurred_at"):
        if at >= since[pk] and len(found[pk]) < MOST_TEXTS:
            found[pk].append(text[:LONGEST_TEXT])
    return {pk: "\n".join(texts) for pk, texts in found.items()}


def labels_of(conversations: Iterable[Conversation]) -> dict[int, frozenset[int]]:
    pairs = Conversation.labels.through.objects.filter(conversation__in=[each.pk for each in conversations])
    found: dict[int, set[int]] = defaultdict(set)
    for pk, label in pairs.values_list("conversation_id", "label_id"):
        found[pk].add(label)
    return {pk: frozenset(labels) for pk, labels in found.items()}


def known_among(contacts: Iterable[int]) -> set[int]:
    """The contacts with whom something was dealt with before: a case of theirs has ended, at whichever number."""
    ended = Case.objects.filter(conversation__contact__in=list(contacts), closed_at__isnull=False)
    return set(ended.values_list("conversation__contact_id", flat=True).distinct())

