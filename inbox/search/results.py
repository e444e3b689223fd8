"""What a page of results shows: people first, then the places that were found, each with its hits in words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Agent
from inbox import formatting, queries
from inbox.enums import MessageStatus
from inbox.filters import Filter
from inbox.models import Conversation, SearchDocument, SearchKind
from inbox.rows import KIND_ICONS, Row
from inbox.search.finding import GROUPS, Cursor, Found, find
from inbox.search.indexing import said
from inbox.search.snippets import matching_words, snippet
from inbox.search.wanted import Wanted

PEOPLE = 5
COUNTED = 2_000  # beyond, a number says nothing


@dataclass
class Hit:
    """One message, note or file that was found."""

    document: SearchDocument
    text: str
    html: SafeString = field(default_factory=SafeString)

    @property
    def source(self) -> Any:
        return self.document.note or self.document.message

    @property
    def seq(self) -> int:
        return self.source.seq

    @property
    def at(self) -> datetime:
        return self.source.occurred_at

    @property
    def author(self) -> Agent | None:
        return self.source.author

    @property
    def is_inbound(self) -> bool:
        return self.document.is_inbound

    @property
    def is_note(self) -> bool:
        return self.document.kind == SearchKind.NOTE

    @property
    def icon(self) -> str:
        if self.is_note:
            return "lock"
        return "file" if self.document.kind == SearchKind.FILE else KIND_ICONS.get(self.source.kind, "")


@dataclass
class Group:
    """A conversation and its hits, the newest first."""

    conversation: Conversation
    hits: list[Hit]
    count: int | None

    @property
    def more(self) -> int:
        """How many more hits there are than are shown."""
        return max((self.count or 0) - len(self.hits), 0)


@dataclass
class Results:
    """One page."""

    found: Found
    groups: list[Group]
    people: list[Row]

    @property
    def total_words(self) -> str:
        """ "12", "2,000+"; "" while it is not known."""
        total = self.found.total
        if total is None:
            return ""
        return _written(total) if total <= COUNTED else f"{_written(COUNTED)}+"

    @property
    def is_empty(self) -> bool:
        return not self.groups and not self.people


def _written(number: int) -> str:
    return formats.number_format(number, force_grouping=True)


def search(agent: Agent, wanted: Wanted, after: Cursor | None = None, *, groups: int = GROUPS) -> Results:
    """A page of results; the people only on the first one, and only when nothing but words was asked for."""
    found = find(agent, wanted, after=after, groups=groups)
    rows: list[Row] = []
    if wanted.text and after is None and not wanted.is_narrowed:
        rows = queries.list_page(agent, Filter(view="all", search=wanted.text), size=PEOPLE).rows
    return Results(found, _groups(found), rows)


def _groups(found: Found) -> list[Group]:
    documents = _documents(found)
    conversations = _conversations([place.conversation_id for place in found.places])
    hits = {pk: Hit(document, _text(document)) for pk, document in documents.items()}
    matching = matching_words([hit.text for hit in hits.values()], found.terms) if hits else set()
    groups = []
    for place in found.places:
        shown = [hits[pk] for pk in place.documents if pk in hits]
        for hit in shown:
            hit.html = snippet(hit.text, matching)
        if shown:
            groups.append(Group(conversations[place.conversation_id], shown, place.count))
    return groups


def _documents(found: Found) -> dict[int, SearchDocument]:
    """By id, without those whose source has been deleted, moved or held back since they were made."""
    wanted = [pk for place in found.places for pk in place.documents]
    related = ("message__author", "note__author")
    documents = SearchDocument.objects.filter(pk__in=wanted).select_related(*related).defer("words")
    documents = documents.prefetch_related("message__attachments")
    return {document.pk: document for document in documents if _is_current(document)}


def _is_current(document: SearchDocument) -> bool:
    source = document.note or document.message
    if source is None or source.conversation_id != document.conversation_id:
        return False
    message = document.message
    return message is None or (message.deleted_at is None and message.status != MessageStatus.HELD)


def _conversations(ids: list[int]) -> dict[int, Conversation]:
    found = Conversation.objects.filter(pk__in=ids).select_related("contact", "workspace")
    conversations = {conversation.pk: conversation for conversation in found}
    nameless = [each.contact for each in conversations.values() if not (each.contact.name or each.contact.profile_name)]
    prefetch_related_objects(nameless, "identities")
    return conversations


def _text(document: SearchDocument) -> str:
    """What the words of a document were made of, on one line."""
    if document.note is not None:
        return formatting.to_line(document.note.text)
    message = document.message
    if message is None:
        return ""
    if document.kind == SearchKind.FILE:
        return ", ".join(attachment.file_name for attachment in message.attachments.all()) or _("File")
    return formatting.to_line(" · ".join(filter(None, said(message))))
