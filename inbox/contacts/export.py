"""The contacts as a table to take away: what the list shows and what is kept of each person, filtered as the list is.

Our own import reads it again without a change. Nothing in it is calculated (accounts.spreadsheets); phone numbers are
written with spaces, because Excel would take +491721234567 for a sum.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import spreadsheets
from accounts.models import Agent
from accounts.spreadsheets import Line
from inbox.contacts import fields as contact_fields
from inbox.contacts.listing import ContactFilter, ContactRow, contact_page
from inbox.enums import ConsentState
from inbox.importing import columns
from inbox.models import ContactField

PAGE = 500
MOST = {"csv": 100_000, "xlsx": 20_000}  # a workbook is made as a whole before it is sent


def pages(agent: Agent, wanted: ContactFilter, *, most: int) -> Iterator[list[Line]]:
    """The headings, then some hundred people at a time, in the agent's language; never more than `most`."""
    fields = contact_fields.fields_of(agent.workspace_id)
    with _words_of(agent):
        yield [_headings(fields)]
    after, left = None, most
    while left > 0:
        page = contact_page(agent, wanted, after=after, size=min(PAGE, left))
        with _words_of(agent):
            lines = [_line(row, fields) for row in page.rows]
        yield lines
        after, left = page.next, left - len(lines)
        if after is None:
            return


def csv_parts(agent: Agent, wanted: ContactFilter) -> Iterator[bytes]:
    """In parts, as Excel expects it in the agent's language."""
    return spreadsheets.csv_parts(pages(agent, wanted, most=MOST["csv"]), language=agent.language)


def workbook(agent: Agent, wanted: ContactFilter) -> bytes:
    return spreadsheets.workbook(pages(agent, wanted, most=MOST["xlsx"]), title=_("Contacts"))


def _headings(fields: list[ContactField]) -> Line:
    words = columns.TARGETS
    first = [words[name] for name in (columns.NAME, columns.PHONE, columns.EMAIL, columns.LANGUAGE)]
    consent = [words[name] for name in (columns.CONSENT, columns.CONSENT_AT, columns.CONSENT_SOURCE)]
    last = [_("In WhatsApp"), _("Username"), _("Labels"), _("Last contact"), _("Customer since")]
    return [str(each) for each in (*first, words[columns.NOTE], *(field.name for field in fields), *consent, *last)]


def _line(row: ContactRow, fields: list[ContactField]) -> Line:
    contact, consent = row.contact, row.consent
    own = [_own(field, contact.fields.get(str(field.pk))) for field in fields]
    said = {ConsentState.GIVEN: _("yes"), ConsentState.WITHDRAWN: _("Unsubscribed")}
    reached = row.conversation.last_message_at if row.conversation and row.conversation.preview else None
    return [
        contact.name or contact.profile_name, row.phone, contact.email, contact.get_language_display(), contact.note,
        *own, said.get(ConsentState(row.consent_state), ""), _when(consent.occurred_at if consent else None),
        (consent.note or consent.get_source_display()) if consent else "", contact.profile_name, contact.username,
        ", ".join(label.name for label in row.labels), _when(reached), _when(contact.created_at),
    ]  # fmt: skip


def _own(field: ContactField, stored: Any) -> str:
    """As the agent reads it, but days as every spreadsheet and our import understand them."""
    return str(stored or "") if field.kind == ContactField.Kind.DATE else contact_fields.words_of(field, stored)


def _when(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


@contextmanager
def _words_of(agent: Agent) -> Iterator[None]:
    """The agent's language and zone, also in a thread that nobody has told of them."""
    with translation.override(agent.language), timezone.override(agent.zone):
        yield
