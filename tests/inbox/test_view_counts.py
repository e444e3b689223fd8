"""The numbers the hub sends are the numbers the page would have counted itself."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Role, Visibility
from inbox import events, filter_counts, hub_counts, queries
from inbox.models import Conversation, Mention, ReadCursor, SavedFilter
from inbox.view_counts import counts_for
from inbox.visibility import rights_of
from tests import factories
from tests.cast import make_cast
from tests.pages import cookie_of, eventually, in_db, open_pages


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_counted_for_many_is_the_same_as_counted_for_each(seed, django_assert_num_queries):
    chance = random.Random(seed)
    cast = make_cast()
    people = [cast.ada, cast.ben, cast.lea] + [
        factories.agent(
            cast.workspace, f"Person {number}", role=chance.choice([Role.AGENT, Role.LEAD]),
            visibility=chance.choice(Visibility.values), teams=chance.sample([cast.team, cast.other_team], number % 3),
        )
        for number in range(6)
    ]  # fmt: skip
    for number in range(60):
        conversation = factories.conversation(
            cast.number, team=chance.choice([cast.team, cast.other_team, None]),
            assignee=chance.choice([None, None, *people]), status=chance.choice(["open", "open", "closed", "snoozed"]),
            inbound_count=chance.randrange(4),
        )  # fmt: skip
        for person in chance.sample(people, 3):
            ReadCursor.objects.create(agent=person, conversation=conversation, read_count=chance.randrange(4))
        if number % 4 == 0:
            note = factories.note(conversation, by=cast.ada)
            for person in chance.sample(people, 2):
                Mention.objects.create(note=note, conversation=conversation, agent=person)
    expected = {person.pk: queries.view_counts(person) for person in people}
    rights = [rights_of(person) for person in people]
    with django_assert_num_queries(3):
        counted = counts_for(cast.workspace.pk, rights)

    assert counted == expected
    assert len({str(numbers) for numbers in expected.values()}) > 3


@pytest.mark.django_db(transaction=True)
async def test_pages_hear_their_own_numbers_after_a_change():
    cast = await in_db(make_cast)

    def take() -> None:
        cast.claras.assignee = cast.ben
        cast.claras.save()
        events.conversation_changed(cast.claras)

    async with open_pages(cookie_of(cast.ben), cookie_of(cast.lea)) as (bens, leas):
        await in_db(take)
        await eventually(lambda: _counts(bens) and _counts(leas))

        assert _counts(bens)[-1] == await in_db(queries.view_counts, cast.ben)
        assert _counts(leas)[-1] == await in_db(queries.view_counts, cast.lea)
        assert _counts(bens)[-1]["mine"] == 1


@pytest.mark.django_db(transaction=True)
async def test_pages_hear_their_own_numbers_when_a_conversation_is_gone():
    cast = await in_db(make_cast)

    def go() -> None:
        with transaction.atomic():
            events.conversation_removed(cast.claras)
            cast.claras.delete()

    before = await in_db(queries.view_counts, cast.ada)
    async with open_pages(cookie_of(cast.ada)) as (adas,):
        await in_db(go)
        await eventually(lambda: _counts(adas))

        assert _counts(adas)[-1] == await in_db(queries.view_counts, cast.ada) != before


@pytest.mark.django_db(transaction=True)
async def test_pages_hear_the_number_of_a_saved_filter_that_was_counted_a_moment_before(monkeypatch):
    monkeypatch.setattr(filter_counts, "SHORTEST", 4.0)  # longer than until the hub looks next
    cast = await in_db(make_cast)
    saved = await in_db(_save_filter, cast, view="mine")

    def take() -> None:
        filter_counts.counts_for(cast.workspace.pk, [rights_of(cast.ben)])  # as a page does that is being rendered
        cast.claras.assignee = cast.ben
        cast.claras.save()
        events.conversation_changed(cast.claras)

    async with open_pages(cookie_of(cast.ben)) as (bens,):
        await in_db(take)
        await eventually(lambda: _counts(bens) and _counts(bens)[-1][saved] == 1, seconds=30)


@pytest.mark.django_db(transaction=True)
async def test_pages_hear_numbers_that_change_with_time_alone(monkeypatch):
    monkeypatch.setattr(hub_counts, "TIMED_SECONDS", 1.0)
    monkeypatch.setattr(filter_counts, "SHORTEST", 0.0)
    cast = await in_db(make_cast)
    saved = await in_db(_save_filter, cast, view="all", window="urgent")
    nearly = timezone.now() - timedelta(hours=23, minutes=30)

    async with open_pages(cookie_of(cast.ben)) as (bens,):
        await eventually(lambda: _counts(bens) and _counts(bens)[-1][saved] == 0)
        # Nothing is told of it: as if half an hour had passed.
        talks = Conversation.objects.filter(pk=cast.claras.pk)
        await in_db(talks.update, last_customer_message_at=nearly, window_refused_at=None)
        await eventually(lambda: _counts(bens)[-1][saved] == 1)


def _save_filter(cast, **conditions) -> str:
    found = SavedFilter.objects.create(
        workspace=cast.workspace, owner=cast.ben, name="Kept", parameters=conditions
    )
    return f"saved-{found.pk}"


def _counts(page):
    counts = [frame for frame in page.frames if frame["kind"] == "counts"]
    return [{name: value for name, value in frame.items() if name != "kind"} for frame in counts]
