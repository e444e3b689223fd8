"""Some of the words may be somebody's name: "hofmann bremse" is what Ms Hofmann said of brakes."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Q, QuerySet

from inbox import text
from inbox.models import Contact, Conversation
from inbox.search.asking import Term

SHORTEST = 3  # letters; shorter ones are within most names
MOST_CONVERSATIONS = 300

_NAMES = """
SELECT word FROM unnest(%(words)s::text[]) word WHERE EXISTS (
    SELECT 1 FROM inbox_contact WHERE workspace_id = %(ws)s AND name_key LIKE '%%' || word || '%%')
"""


def readings(
    workspace_id: int, visible: QuerySet[Conversation], terms: Sequence[Term]
) -> Iterator[tuple[list[int], list[Term]]]:
    """Each way to read words as a name and the others as what was said: (that person's conversations, the others).

    All words that occur in names first; then each of them alone, since a name may also be a word.
    """
    folded = {term: text.fold(term.word) for term in terms}
    names = _within_names(workspace_id, [word for word in folded.values() if len(word) >= SHORTEST])
    called = [term for term in terms if folded[term] in names]
    for chosen in dict.fromkeys([tuple(called), *((term,) for term in called)]):
        rest = [term for term in terms if term not in chosen]
        if not chosen or not rest:
            continue
        is_called = Q(*(Q(name_key__contains=folded[term]) for term in chosen))
        people = Contact.objects.filter(is_called, workspace=workspace_id)
        theirs = visible.filter(contact__in=people).order_by("-last_message_at")
        if found := list(theirs.values_list("pk", flat=True)[:MOST_CONVERSATIONS]):
            yield found, rest


def _within_names(workspace_id: int, words: list[str]) -> set[str]:
    """Which of these (letters and digits only) are a part of a contact's name."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, {"ws": workspace_id, "words": words})
        return {word for (word,) in cursor.fetchall()}
