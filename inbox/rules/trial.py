"""Trying rules out: where last week's customers would have gone with them. Nothing is written.

Each automatic decision of the last seven days is judged again by the rules given: with the words that had been written
by then and the hours of that moment, but with labels, fields and skills as they are today, because nobody keeps what
they were. Within its team it is chosen again by the figures of that moment (`RoutingDecision.facts`), as routing does;
who was there of other teams, nobody knows. Where a person had put it, no rule would have moved it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agent, Membership, RoutingStrategy, Team
from inbox import statements
from inbox.models import Case, Conversation, RoutingDecision
from inbox.models.routing_rule import Manner, Target
from inbox.routing_rules import LISTED_CANDIDATES, LONG_AGO, Candidate, Waiting, by_rule, choose
from inbox.rules.facts import Asked, Hours, labels_of
from inbox.rules.language import guess
from inbox.rules.matching import Facts, Rule, first_match, words_of
from inbox.rules.stored import able
from inbox.rules.words import Words

SPAN = timedelta(days=7)
MOST_CASES = 500
SHOWN = 100
_UNKNOWN = -1
AUTOMATIC = ("person", "sticky", "skill", "least_busy", "round_robin", "nobody_free", "queue")
WAITED = ("nobody_free", "queue")  # what was decided next for this conversation is the same case
# The customer's words before each decision: since they wait, the first few (`facts.texts_of`). Older decisions do not
# say since when: of them those of half a day.
TEXTS = """
SELECT d.id, (SELECT string_agg(said.text, E'\\n' ORDER BY said.occurred_at) FROM (
    SELECT m.text, m.occurred_at FROM inbox_message m
     WHERE m.conversation_id = d.conversation_id AND m.direction = 'in' AND m.deleted_at IS NULL
       AND m.occurred_at <= d.created_at
       AND m.occurred_at >= coalesce((d.facts->>'since')::timestamptz, d.created_at - interval '12 hours')
     ORDER BY m.occurred_at LIMIT 20) AS said)
FROM inbox_routingdecision d WHERE d.id = ANY(%s)
"""


@dataclass(frozen=True)
class Difference:
    """One customer who would have gone elsewhere."""

    decision: RoutingDecision
    was: str
    would: str
    why: str

    @property
    def conversation(self) -> Conversation:
        return self.decision.conversation


@dataclass(frozen=True)
class Trial:
    looked_at: int
    is_all: bool  # else only the newest ones were looked at
    differences: list[Difference]  # the newest of them
    difference_count: int


def try_out(rules: Sequence[Rule], *, seen_by: Agent, now: datetime | None = None) -> Trial:
    """What these rules would have changed, for the conversations that this person may see."""
    now = now or timezone.now()
    decisions = RoutingDecision.objects.filter(
        workspace=seen_by.workspace_id, created_at__gte=now - SPAN, created_at__lte=now, reason__in=AUTOMATIC,
        conversation__in=Conversation.objects.visible_to(seen_by),
    ).select_related("agent", "team", "conversation__contact").order_by("-created_at", "-pk")  # fmt: skip
    found = list(decisions[:MOST_CASES])
    cases = _cases(found)
    differences = _Trial(rules, seen_by, cases).differences()
    shown = differences[:SHOWN]
    prefetch_related_objects([each.conversation.contact for each in shown], "identities")
    return Trial(len(cases), len(found) < MOST_CASES, shown, len(differences))


def _cases(newest_first: Sequence[RoutingDecision]) -> list[RoutingDecision]:
    """One decision per customer and wait: where somebody waited first, what became of it."""
    later: set[int] = set()  # conversations of which a later decision has been seen
    cases = []
    for decision in newest_first:
        if decision.reason not in WAITED or decision.conversation_id not in later:
            cases.append(decision)
        later.add(decision.conversation_id)
    return cases


class _Trial:
    def __init__(self, rules: Sequence[Rule], viewer: Agent, cases: Sequence[RoutingDecision]) -> None:
        self.rules, self.cases, self.words = rules, cases, Words(viewer.workspace_id)
        self.teams = {team.pk: team for team in Team.objects.filter(workspace=viewer.workspace_id)}
        self.able = able({rule.skill for rule in rules if rule.skill})
        self.members: dict[int, set[int]] = defaultdict(set)
        for team, agent in Membership.objects.filter(team__in=self.teams).values_list("team_id", "agent_id"):
            self.members[team].add(agent)
        self.asked = Asked(rules)
        self.hours = Hours(viewer.workspace) if self.asked.hours else None

    def differences(self) -> list[Difference]:
        return [each for case, facts in self._facts() if (each := self._compared(case, facts))]

    def _facts(self) -> list[tuple[RoutingDecision, Facts]]:
        conversations = {case.conversation_id: case.conversation for case in self.cases}
        texts = dict(statements.fetch(TEXTS, [[case.pk for case in self.cases]])) if self._reads else {}
        labels = labels_of(conversations.values()) if self.asked.labels else {}
        known = self._known_since() if self.asked.customer else {}
        return [
            (case, self._facts_of(case, texts.get(case.pk) or "", labels, known.get(case.conversation.contact_id)))
            for case in self.cases
        ]

    @property
    def _reads(self) -> bool:
        return self.asked.keywords or self.asked.languages

    def _facts_of(
        self, case: RoutingDecision, said: str, labels: dict[int, frozenset[int]], known_since: datetime | None
    ) -> Facts:
        conversation, team = case.conversation, _base_team(case)
        contact = conversation.contact
        language = ""
        if self.asked.languages:
            language = contact.language or guess(said) or conversation.guessed_language
        return Facts(
            number=conversation.phone_number_id, team=team, labels=labels.get(conversation.pk, frozenset()),
            language=language,
            is_known=(known_since is not None and known_since < case.created_at) or bool(case.facts.get("last")),
            fields=contact.fields, is_open=self.hours.of(team).is_open(case.created_at) if self.hours else True,
            from_ad=conversation.referral is not None, words=words_of(said) if self.asked.keywords else (),
        )  # fmt: skip

    def _known_since(self) -> dict[int, datetime]:
        contacts = {case.conversation.contact_id for case in self.cases}
        ended = Case.objects.filter(conversation__contact__in=contacts, closed_at__isnull=False)
        first = ended.order_by().values("conversation__contact").annotate(first=Min("closed_at"))
        return dict(first.values_list("conversation__contact", "first"))

    def _compared(self, case: RoutingDecision, facts: Facts) -> Difference | None:
        if case.facts.get("by_hand"):
            return None
        rule = first_match(self.rules, facts)
        team = self.teams.get((rule.team_for(facts.team) if rule else facts.team) or 0)
        would = self._would(case, rule, team)
        if would is None:
            return None
        why = _("Rule %(number)s: %(name)s") % {"number": rule.number, "name": self.words.title(rule)} if rule else ""
        return Difference(case, _was(case), would, why or _("No rule holds."))

    def _would(self, case: RoutingDecision, rule: Rule | None, team: Team | None) -> str | None:
        """Where it would have gone, if that is somewhere else."""
        name, is_same_team = team.name if team else "–", case.team_id == (team.pk if team else None)
        if rule is not None and rule.target == Target.AGENT:
            if rule.agent == case.agent_id:
                return None
            if not (is_same_team and self._was_passed_over(case, rule.agent)):
                return self.words.where(rule)
        if _by_hand(rule, team):
            waits = _("queue of %(team)s, by hand") % {"team": name}
            return waits if case.agent_id is not None or not is_same_team else None
        ways = str(team.get_strategy_display()) if team else ""
        how = ways if rule is None or _by_team(rule) else self.words.manner(rule)
        if not is_same_team or case.reason == "queue":
            return f"{name}, {how}"
        person = self._person(case, rule, team) if team else None
        if person is None or person == case.agent_id:
            return None
        return f"{self.words.people.get(person, '–')} · {name}, {how}"

    def _was_passed_over(self, case: RoutingDecision, agent: int | None) -> bool:
        """Whether it is certain that somebody of the team could not have got it then: not there, or full."""
        if "candidates" not in case.facts:
            return False
        there = _candidates(case)
        for person in there:
            if person.agent_id == agent:
                return not person.has_room_for(case.team_id or 0)
        return len(there) < LISTED_CANDIDATES and agent in self.members[case.team_id or 0]

    def _person(self, case: RoutingDecision, rule: Rule | None, team: Team) -> int | None:
        """Who of those who were there, chosen as routing chooses; None where that cannot be told."""
        there = _candidates(case)
        if case.agent_id is None or len(there) == LISTED_CANDIDATES:
            return None
        last = case.agent_id if case.reason == "sticky" else case.facts.get("last", _UNKNOWN)
        waiting = Waiting(case.conversation_id, team.pk, team.strategy, case.created_at, last_agent_id=last,
                          sticky=team.sticky)  # fmt: skip
        if rule is not None:
            waiting = by_rule(waiting, rule, self.able)
        if waiting.sticky and last == _UNKNOWN:
            return None
        [choice] = choose([waiting], there, case.created_at)
        if choice.reason == "round_robin" and any("turn" not in each for each in case.facts["candidates"]):
            return None
        return choice.agent_id


def _by_team(rule: Rule | None) -> bool:
    """In the ways of the team: no rule holds, or the person it names has no room."""
    return rule is None or rule.target == Target.AGENT


def _by_hand(rule: Rule | None, team: Team | None) -> bool:
    if rule is not None and not _by_team(rule):
        return rule.manner == Manner.QUEUE
    return team is not None and team.strategy == RoutingStrategy.MANUAL


def _candidates(case: RoutingDecision) -> list[Candidate]:
    """Who of its team was there, as far as the decision knows: of equals by the minute, who got it came first."""
    moment, team = case.created_at, case.team_id or 0
    found = []
    for each in case.facts.get("candidates", []):
        idle = each.get("idle_minutes")
        idle_since = LONG_AGO if idle is None else moment - timedelta(minutes=idle)
        if each["agent"] == case.agent_id:
            idle_since -= timedelta(seconds=1)
        found.append(
            Candidate(
                each["agent"], frozenset({team}), each["capacity"], each["load"], idle_since,
                last_turn=LONG_AGO + timedelta(minutes=each.get("turn", 0)),
                team_room={team: 0} if each.get("team_full") else {},
            )
        )  # fmt: skip
    return found


def _base_team(case: RoutingDecision) -> int | None:
    """Where it was before a rule moved it."""
    return (case.facts.get("rule") or {}).get("from") or case.team_id


def _was(case: RoutingDecision) -> str:
    team = case.team.name if case.team else "–"
    if case.agent is None:
        return _("queue of %(team)s") % {"team": team}
    return f"{case.agent.name} · {team}"
