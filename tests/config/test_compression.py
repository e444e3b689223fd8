"""Pages go out compressed to whoever can read that; files do not."""

import gzip

import pytest

from tests import factories
from tests.cast import make_cast
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db


def test_the_inbox_goes_out_compressed():
    cast = make_cast()
    factories.inbound_message(cast.claras, "Grüße aus Köln")
    answer = signed_in(cast.ben).get("/?view=all", headers={"accept-encoding": "gzip, deflate"})

    assert answer["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer["Vary"]
    assert int(answer["Content-Length"]) == len(answer.content) < len(gzip.decompress(answer.content)) / 3
    assert "Grüße aus Köln" in gzip.decompress(answer.content).decode()


def test_who_cannot_read_it_gets_it_as_it_is():
    answer = signed_in(make_cast().ben).get("/", headers={"accept-encoding": "identity"})

    assert "Content-Encoding" not in answer and b"<!doctype html>" in answer.content.lower()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_files_go_as_they_are(form):
    client = signed_in(make_cast().ada)
    answer = client.post("/contacts/export/", {"format": form}, headers={"accept-encoding": "gzip"})

    assert "attachment" in answer["Content-Disposition"] and "Content-Encoding" not in answer
