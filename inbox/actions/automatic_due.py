"""Who of those that wait could get an automatic answer. Most cannot, and are let go of together.

Judged from a handful of statements, however many they are, and in their favour: nobody types, no machine wrote, little
was answered lately. Whoever gets nothing even so needs no closer look (inbox.actions.automatic_answers); that one costs
a transaction each, while messages wait.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Workspace
from inbox import statements
from inbox.actions.locks import lock_all
from inbox.automatic import words as automatic_words
from inbox.automatic.rules import ANSWERABLE, ONE_BREATH, Facts, Keyword, could_answer, matches, may_say_busy
from inbox.models import AutomaticText, Conversation, KeywordAnswer, PendingAnswer
from inbox.rules.facts import Hours

AT_ONCE = 50  # in one look
Why = PendingAnswer.Why
KINDS = [str(kind) for kind in ANSWERABLE]
Due = tuple[int, int, int]  # of a pending answer: its id, the conversation, the contact

# What they wrote, in a case that is open and that no person has answered; and what they got in it. In one statement.
LOOK = """
SELECT p.id, p.conversation_id, p.why, k.id,
       ARRAY(SELECT m.text FROM inbox_message m
              WHERE m.conversation_id = p.conversation_id AND m.seq >= s.seq AND m.case_id = k.id
                AND m.direction = 'in' AND m.deleted_at IS NULL AND m.kind = ANY(%(kinds)s)),
       EXISTS (SELECT 1 FROM inbox_message m
                WHERE m.conversation_id = p.conversation_id AND m.seq < s.seq AND m.case_id = k.id
                  AND m.direction = 'in' AND m.kind = ANY(%(kinds)s)),
       ARRAY(SELECT a.kind FROM inbox_automaticanswer a WHERE a.case_id = k.id),
       ARRAY(SELECT a.keyword_id FROM inbox_automaticanswer a WHERE a.case_id = k.id AND a.kind = 'keyword')
  FROM inbox_pendinganswer p JOIN inbox_message s ON s.id = p.since_id
  LEFT JOIN inbox_case k ON k.id = s.case_id AND k.closed_at IS NULL AND k.first_replied_at IS NULL
 WHERE p.why <> 'back' AND p.due_at <= %(now)s AND p.conversation_id = ANY(%(conversations)s)
"""

# Where their team says so, and not in the same breath as another answer. They are asked about once in a wait.
PLAN_BUSY = """
INSERT INTO inbox_pendinganswer (conversation_id, why, since_id, due_at)
SELECT c.id, 'busy', s.id, greatest(%(due)s, (
           SELECT max(a.sent_at) + interval '1 minute' FROM inbox_automaticanswer a WHERE a.case_id = k.id))
  FROM inbox_conversation c
  JOIN inbox_case k ON k.conversation_id = c.id AND k.closed_at IS NULL AND k.first_replied_at IS NULL
  JOIN LATERAL (
       SELECT m.id FROM inbox_message m WHERE m.conversation_id = c.id AND m.case_id = k.id AND m.direction = 'in'
          AND m.deleted_at IS NULL AND m.kind = ANY(%(kinds)s) ORDER BY m.seq DESC LIMIT 1) s ON true
 WHERE c.id = ANY(%(conversations)s) AND (
       SELECT t.is_on FROM inbox_automatictext t
        WHERE t.workspace_id = c.workspace_id AND t.kind = 'busy' AND (t.team_id IS NULL OR t.team_id = c.team_id)
        ORDER BY t.team_id NULLS LAST LIMIT 1)
   AND NOT EXISTS (SELECT 1 FROM inbox_automaticanswer a WHERE a.case_id = k.id AND a.kind = 'busy')
ON CONFLICT (conversation_id, why) DO NOTHING
"""


def nobody_is_free(conversation_ids: list[int], now: datetime) -> None:
    """Routing has found nobody with room for these, for the first time in their wait. The caller holds their locks."""
    known = {"conversations": conversation_ids, "kinds": KINDS, "due": now + ONE_BREATH}
    statements.run(PLAN_BUSY, known)


class InUse:
    """What is switched on in a workspace, read once."""

    def __init__(self, workspace_id: int) -> None:
        self._texts = list(AutomaticText.objects.filter(workspace=workspace_id))
        self._keywords = list(KeywordAnswer.objects.filter(workspace=workspace_id, is_on=True))

    def texts(self, team_id: int | None) -> dict[str, dict[str, str]]:
        """Kind → language → text for this team: its own choice, else the workspace's."""
        chosen: dict[str, AutomaticText] = {}
        for row in self._texts:
            if row.team_id is None:
                chosen.setdefault(row.kind, row)
            elif row.team_id == team_id:
                chosen[row.kind] = row
        return {kind: dict(automatic_words.texts_of(kind, row.texts)) for kind, row in chosen.items() if row.is_on}

    def keywords(self, team_id: int | None) -> dict[int, KeywordAnswer]:
        """The team's own before those of the workspace."""
        usable = [row for row in self._keywords if row.team_id in (None, team_id)]
        return {row.pk: row for row in sorted(usable, key=lambda row: (row.team_id is None, row.pk))}


def as_rules(keywords: Iterable[KeywordAnswer]) -> list[Keyword]:
    return [Keyword(each.pk, each.words, each.is_whole) for each in keywords]


def worth_a_look(now: datetime) -> tuple[list[Due], bool]:
    """Who is due and could get something, the longest wait first; and may there be more than one look holds?

    Plans of those who can get nothing are deleted, under the lock of their conversation: what they write next is
    planned anew.
    """
    due = PendingAnswer.objects.filter(due_at__lte=now).order_by("due_at")
    rows = list(due.values_list("pk", "conversation_id", "conversation__contact_id", "why")[:AT_ONCE])
    judged = [conversation for _pk, conversation, _contact, why in rows if why != Why.BACK]
    vain = _let_go(judged, now) if judged else set()
    return [(pk, conversation, contact) for pk, conversation, contact, _why in rows if pk not in vain], (
        len(rows) == AT_ONCE
    )


@transaction.atomic
def _let_go(conversation_ids: list[int], now: datetime) -> set[int]:
    """Whose conversation somebody holds at this moment is not judged here, and gets the closer look."""
    locked = {row.pk: row for row in lock_all(Conversation.objects.filter(pk__in=conversation_ids), skip_locked=True)}
    looked = statements.fetch(LOOK, {"conversations": list(locked), "kinds": KINDS, "now": now})
    houses: dict[int, _House] = {}
    vain = set()
    for pk, conversation_id, why, case, *said in looked:
        conversation = locked[conversation_id]
        house = houses.setdefault(conversation.workspace_id, _House(conversation.workspace))
        if case is None or not house.could_answer(conversation, why, now, *said):
            vain.add(pk)
    PendingAnswer.objects.filter(pk__in=vain).delete()
    return vain


class _House:
    """What decides in one workspace, read when it is needed first."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._in_use: InUse | None = None
        self._hours: Hours | None = None

    def could_answer(
        self, conversation: Conversation, why: str, now: datetime, texts: list[str], has_earlier: bool,
        given: list[str], keywords_given: list[Any],
    ) -> bool:  # fmt: skip
        if not texts:
            return False
        team_id = conversation.team_id
        self._in_use = self._in_use or InUse(self._workspace.pk)
        kinds = self._in_use.texts(team_id)
        facts = Facts(
            is_open=not kinds or self._is_open(team_id, now), is_busy=conversation.assignee_id is None,
            is_first=not has_earlier, given=frozenset(given), keywords_given=tuple(keywords_given),
        )  # fmt: skip
        if why == Why.BUSY:
            return may_say_busy(facts, kinds)
        rules = as_rules(self._in_use.keywords(team_id).values())
        return could_answer(facts, kinds, matches(rules, [text for text in texts if text]))

    def _is_open(self, team_id: int | None, now: datetime) -> bool:
        self._hours = self._hours or Hours(self._workspace)
        return self._hours.of(team_id).is_open(now)
