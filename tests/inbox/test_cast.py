"""The cast itself: everybody is made, and the rows they stand on agree with each other."""

import pytest

from tests import factories
from tests.cast import make_cast


@pytest.mark.django_db
def test_the_cast_stands_on_consistent_rows():
    cast = make_cast()

    assert cast.claras.needs_answer and cast.claras.inbound_count == 1 and cast.claras.preview["text"]
    assert cast.claras.current_case() is not None
    assert cast.mallory.workspace != cast.ada.workspace

    factories.outbound_message(cast.claras, by=cast.ben)
    factories.note(cast.claras, by=cast.ben)
    factories.template(cast.number)
    cast.claras.refresh_from_db()

    assert not cast.claras.needs_answer and cast.claras.last_agent == cast.ben and cast.claras.seq == 3
