import hashlib
import hmac

import pytest

from whatsapp.signature import is_valid, sign

BODY = '{"name":"Zoë 🌻"}'.encode()
SECRET = "geheim"


def test_what_meta_computes_is_accepted() -> None:
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()

    assert is_valid(BODY, f"sha256={digest}".encode(), [SECRET])


def test_any_of_the_secrets_may_have_signed() -> None:
    assert is_valid(BODY, sign(BODY, SECRET), ["older", SECRET, "newer"])


@pytest.mark.parametrize("header", [
    None,
    b"",
    b"sha256=",
    sign(BODY, SECRET)[:-1],
    sign(BODY, SECRET) + b"0",
    sign(BODY, SECRET)[:15],
    sign(BODY, SECRET).upper(),
    sign(BODY, SECRET).removeprefix(b"sha256="),
    sign(BODY, SECRET).replace(b"sha256", b"sha1"),
    sign(BODY, SECRET)[:-1] + b"\xff",
    "sha256=ä".encode() + b"0" * 62,
    sign(BODY, "another app's secret"),
    sign(b'{"name": "Zo\\u00eb"}', SECRET),
])
def test_everything_else_is_refused_and_never_raises(header: bytes | None) -> None:
    assert is_valid(BODY, header, [SECRET]) is False


def test_no_secret_accepts_nothing() -> None:
    assert not is_valid(BODY, sign(BODY, ""), [])
