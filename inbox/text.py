"""Words as they come from outside: made storable, made comparable. A leaf."""

import unicodedata

from whatsapp.payloads.reading import clean

__all__ = ["clean", "fold"]

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def fold(text: str) -> str:
    """The key under which people expect to find it: lower case, ä as ae, ß as ss, no accents, single spaces."""
    lowered = unicodedata.normalize("NFC", clean(text)).lower().translate(_GERMAN)
    plain = "".join(char for char in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())
