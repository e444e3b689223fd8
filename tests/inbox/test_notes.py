"""Notes, whom they call, and that calling somebody gives no sight to those who have none."""

import uuid

import pytest
from django.http import Http404

from accounts.models import Visibility
from inbox.actions.notes import LONGEST_NOTE, add_note
from inbox.errors import EmptyMessage, TextTooLong
from inbox.mentions import find_mentions
from inbox.models import Conversation, Event, Mention, Note
from tests import factories
from tests.cast import make_cast


@pytest.fixture
def cast(db):
    return make_cast()


def write(conversation, by, text="Bitte prüfen.", uid=None):
    return add_note(conversation, by=by, text=text, uid=uid or uuid.uuid4())


def test_a_note_stands_in_the_thread_and_is_reported_once(cast):
    uid = uuid.uuid4()

    first = write(cast.claras, cast.ben, uid=uid)
    again = write(cast.claras, cast.ben, uid=uid)

    assert first == again and Note.objects.get().seq == cast.claras.seq == 2
    assert Event.objects.filter(kind="note").count() == 1


def test_a_note_does_not_answer_the_customer_nor_move_the_row(cast):
    before = Conversation.objects.values("needs_answer", "waiting_since", "last_message_at", "preview").get(
        pk=cast.claras.pk
    )

    write(cast.claras, cast.ben)

    after = Conversation.objects.values(*before).get(pk=cast.claras.pk)
    assert after == before


def test_mentioned_are_those_who_may_see_it_and_not_the_author(cast):
    factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
    factories.agent(cast.other_workspace, "Lea Fremd")

    write(cast.claras, cast.ben, "@Lea und @Otto und @Ben und @Ada: bitte")

    assert {mention.agent for mention in Mention.objects.all()} == {cast.lea, cast.ada}


def test_who_is_mentioned_keeps_sight_when_somebody_else_takes_it(cast):
    cast.ben.visibility = Visibility.OWN
    cast.ben.save()
    write(cast.claras, cast.ada, "@ben magst du?")

    cast.claras.assignee = cast.lea
    cast.claras.save()

    assert cast.claras in Conversation.objects.visible_to(cast.ben)
    assert cast.darios in Conversation.objects.visible_to(cast.ben)


def test_who_sees_nothing_writes_nothing(cast):
    with pytest.raises(Http404):
        write(cast.claras, cast.mallory)

    assert not Note.objects.exists()


@pytest.mark.parametrize(("text", "refusal"), [("  \n ", EmptyMessage), ("x" * (LONGEST_NOTE + 1), TextTooLong)])
def test_empty_and_endless_notes_are_refused(cast, text, refusal):
    with pytest.raises(refusal):
        write(cast.claras, cast.ben, text)


def test_characters_that_postgresql_refuses_are_made_storable(cast):
    assert "\x00" not in write(cast.claras, cast.ben, "a\x00b\ud800c").text


PEOPLE = [(1, "Mara Vogt"), (2, "Mara Lind"), (3, "Anna Lena Groß"), (4, "Anna Berg"), (5, "Jürgen Öz")]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("@Jürgen", [{5}]),
        ("@jürgen bitte", [{5}]),
        ("@JÜRGEN, @anna", [{5}, {3, 4}]),
        ("@Ju\u0308rgen", [{5}]),
        ("@Mara", [{1, 2}]),
        ("@Mara Vogt", [{1}]),
        ('@"Mara Lind"', [{2}]),
        ('@"mara lind", @"Anna Lena Groß"', [{2}, {3}]),
        ("@Anna Lena Groß und @Anna Berg", [{3}, {4}]),
        ("@Annabelle", []),
        ("mail@mara.de", []),
        ("(@Jürgen)", [{5}]),
        ("@@Jürgen", []),
        ("Jürgen", []),
        ("", []),
    ],
)
def test_a_mention_is_the_longest_name_after_an_at_sign(text, called):
    assert [set(found.agent_ids) for found in find_mentions(text, PEOPLE)] == called


def test_where_a_mention_stands_is_known():
    [found] = find_mentions("Frag @Jürgen bitte", PEOPLE)

    assert "Frag @Jürgen bitte"[found.start : found.end] == "@Jürgen"


def test_names_with_odd_characters_break_nothing():
    assert find_mentions("@a(b", [(1, "a(b c"), (2, "")])[0].agent_ids == {1}
