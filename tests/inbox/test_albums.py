"""Photos and films sent one after the other share rows."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from inbox import threads
from inbox.enums import AttachmentState, MessageKind
from inbox.models import Attachment, Rendition
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.claras.messages.all().delete()
    return cast


NOON = timezone.now().replace(hour=11, minute=0, second=0)


def photo(cast: Cast, seconds: int, text: str = "", kind: str = MessageKind.IMAGE, **fields: object) -> Attachment:
    at: datetime = NOON + timedelta(seconds=seconds)
    message = factories.inbound_message(cast.claras, text, kind=kind, at=at)
    fields = {"state": AttachmentState.READY, "is_inline": True, **fields}
    return Attachment.objects.create(message=message, kind=kind, **fields)


def tiles(cast: Cast) -> list[str]:
    return [item.tile for item in threads.thread_page(cast.claras, cast.ben).items]


@pytest.mark.parametrize(("count", "places"), [(1, [""]), (2, ["a", "b"]), (3, ["a", "b", "w"]), (4, list("abab"))])
def test_neighbours_stand_two_to_a_row(cast: Cast, count: int, places: list[str]) -> None:
    for number in range(count):
        photo(cast, number)

    assert tiles(cast) == places


def test_words_time_and_other_messages_part_them(cast: Cast) -> None:
    photo(cast, 0)
    photo(cast, 1)
    photo(cast, 2, "Das hier")
    photo(cast, 3)
    photo(cast, 400)
    factories.outbound_message(cast.claras, "Danke", by=cast.ben, at=NOON + timedelta(seconds=401))
    photo(cast, 402)

    assert tiles(cast) == ["a", "b", "", "", "", "", ""]


def test_what_is_not_here_is_no_tile(cast: Cast) -> None:
    photo(cast, 0)
    photo(cast, 1, state=AttachmentState.PENDING)
    photo(cast, 2, is_inline=False)

    assert tiles(cast) == ["", "", ""]


def test_a_film_of_which_there_is_a_picture_stands_among_photos(cast: Cast) -> None:
    photo(cast, 0)
    film = photo(cast, 1, kind=MessageKind.VIDEO)
    assert tiles(cast) == ["", ""]

    Rendition.objects.create(attachment=film, kind=Rendition.Kind.PREVIEW, mime_type="image/jpeg", size=1, file="x")
    assert tiles(cast) == ["a", "b"]
