"""Words as they come from outside: made storable, made comparable. A leaf."""

import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def clean(text: str) -> str:
    """What PostgreSQL can store: NUL removed, lone surrogates shown as U+FFFD. Everything else stays as it is."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def fold(text: str) -> str:
    """The key under which people expect to find it: lower case, ä as ae, ß as ss, no accents, single spaces."""
    lowered = unicodedata.normalize("NFC", clean(text)).lower().translate(_GERMAN)
    plain = "".join(char for char in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())
