"""The body of an upload: read in pieces, exactly as long as it says, and no name can break out of its header."""

import io

import pytest

from whatsapp.multipart import Multipart


def body_of(form: Multipart, size: int) -> bytes:
    return b"".join(iter(lambda: form.read(size), b""))


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_in_pieces_of_any_size_it_is_the_same_body_of_the_announced_length(size: int) -> None:
    form = Multipart({"type": "application/pdf"}, io.BytesIO(b"x" * 5000), name="a.pdf", mime="application/pdf")

    body = body_of(form, size)

    boundary = form.content_type.partition("boundary=")[2].encode()
    assert len(body) == len(form)
    field = b'Content-Disposition: form-data; name="type"\r\n\r\napplication/pdf\r\n'
    assert body.startswith(b"--" + boundary + b"\r\n" + field)
    assert body.endswith(b"x" * 5000 + b"\r\n--" + boundary + b"--\r\n")


def test_a_name_cannot_add_a_header() -> None:
    form = Multipart({}, io.BytesIO(b"x"), name='a"\r\nX-Evil: 1\r\n\r\n\x00.pdf', mime="text/plain")

    head = body_of(form, 64).partition(b"\r\n\r\n")[0]

    assert head.count(b"\r\n") == 2
    assert b'filename="a%22X-Evil: 1.pdf"' in head


def test_whoever_watches_can_stop_it() -> None:
    def stop() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Multipart({}, io.BytesIO(b"x"), name="a", mime="text/plain", progress=stop).read(10)
