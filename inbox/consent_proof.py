"""What can be shown about consent: how many have agreed, and the proof of one person (Art. 7 (1) GDPR)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import Workspace
from inbox import statements
from inbox.models import Consent, ConsentRequest, Contact

MOST_ROWS = 500  # of one person

COUNTS = """
SELECT l.state, count(*) FROM (
    SELECT DISTINCT ON (c.contact_id) c.contact_id, c.state FROM inbox_consent c
     WHERE c.workspace_id = %(workspace)s AND c.category = 'marketing'
     ORDER BY c.contact_id, c.occurred_at DESC, c.id DESC) l
  JOIN inbox_contact k ON k.id = l.contact_id AND k.merged_into_id IS NULL
 GROUP BY l.state
"""
WAITING = """
SELECT count(DISTINCT v.contact_id) FROM inbox_consentrequest r JOIN inbox_conversation v ON v.id = r.conversation_id
 WHERE r.workspace_id = %(workspace)s AND r.answered_at IS NULL AND r.expires_at > %(now)s
"""
BROKEN = """
SELECT c.id FROM (
    SELECT *, lag(chain, 1, '') OVER (ORDER BY place) AS link, row_number() OVER (ORDER BY place) AS nth
      FROM inbox_consent WHERE contact_id = %(contact)s) l
  JOIN inbox_consent c ON c.id = l.id
 WHERE l.place <> l.nth OR c.chain <> inbox_consent_link(l.link, c) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Counts:
    given: int
    waiting: int
    withdrawn: int


@dataclass(frozen=True)
class Proof:
    """Everything about one person's consent, oldest first. `chain` is the hash of the last row."""

    contact: Contact
    state: str
    entries: list[Consent]
    questions: list[ConsentRequest]
    is_whole: bool
    chain: str
    at: datetime


def counts_of(workspace: Workspace) -> Counts:
    """How many people have agreed, are asked, have said no."""
    known = {"workspace": workspace.pk, "now": timezone.now()}
    states = dict(statements.fetch(COUNTS, known))
    [(waiting,)] = statements.fetch(WAITING, known)
    return Counts(states.get("given", 0), waiting, states.get("withdrawn", 0))


def proof_of(contact: Contact) -> Proof:
    """The ledger of one person, and whether every row still follows from the one before."""
    rows = Consent.objects.filter(contact=contact, category="marketing").select_related("version", "recorded_by")
    entries = list(rows.order_by("place")[:MOST_ROWS])
    latest = max(entries, key=lambda row: (row.occurred_at, row.pk), default=None)
    questions = ConsentRequest.objects.filter(conversation__contact=contact).select_related("wording", "asked_by")
    return Proof(
        contact, latest.state if latest else "unknown", entries, list(questions.order_by("asked_at")[:MOST_ROWS]),
        is_whole=not statements.fetch(BROKEN, {"contact": contact.pk}), chain=entries[-1].chain if entries else "",
        at=timezone.now(),
    )  # fmt: skip
