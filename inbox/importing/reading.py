"""Cells as values: dates, numbers, yes and no as people write them in German and English. ValueError: it is none.

A value of a field of one's own comes out as `Contact.fields` keeps it.
"""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from inbox.contacts.fields import LONGEST_TEXT
from inbox.enums import ConsentState
from inbox.models import ContactField
from inbox.text import fold
from whatsapp.phone_format import digits_in_table

Kind = ContactField.Kind
YES = {"ja", "yes", "y", "j", "true", "wahr", "1", "x", "ok", "on"}
NO = {"nein", "no", "n", "false", "falsch", "0", "off"}
GIVEN = YES | {
    "opt in", "optin", "given", "erteilt", "eingewilligt", "zugestimmt", "angemeldet", "subscribed", "granted",
}  # fmt: skip
WITHDRAWN = {
    "widerrufen", "zurueckgezogen", "abgemeldet", "abbestellt", "unsubscribed", "withdrawn", "opt out", "optout",
    "gesperrt", "revoked",
}  # fmt: skip
NEVER_ASKED = {"nicht gefragt", "not asked", "unbekannt", "unknown", "-", "–", "?"}
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y/%m/%d")
TIMES = ("", " %H:%M", " %H:%M:%S")
LANGUAGES = {
    "de": "de", "deutsch": "de", "german": "de", "ger": "de", "deu": "de",
    "en": "en", "englisch": "en", "english": "en", "eng": "en",
}  # fmt: skip


def phone(cell: str, country: str) -> str:
    """Digits with country code; "" when it is no number. `0172 1234567 (mobil)` is one."""
    typed = re.sub(r"\([^()0-9]*\)|^[^0-9+(]*:", "", cell).strip().lstrip("'")
    return digits_in_table(typed, country)


def is_shortened(cell: str) -> bool:
    """4,91721E+11: Excel has thrown the end of the number away."""
    return re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,2}", cell) is not None


def email(cell: str) -> str:
    if len(cell) > 254:
        raise ValueError
    try:
        validate_email(cell)
    except ValidationError as error:
        raise ValueError from error
    return cell


def language(cell: str) -> str:
    key = fold(cell).replace("_", "-").split("-")[0].split(" ")[0]
    found = LANGUAGES.get(key, key)
    if found not in dict(settings.LANGUAGES):
        raise ValueError
    return found


def consent(cell: str) -> tuple[str, bool]:
    """(state, whether it is said that somebody took their word back rather than never gave it)."""
    words = fold(cell)
    if words in NEVER_ASKED or not words:
        return ConsentState.UNKNOWN, False
    if words in GIVEN:
        return ConsentState.GIVEN, False
    if words in WITHDRAWN:
        return ConsentState.WITHDRAWN, True
    if words in NO:
        return ConsentState.WITHDRAWN, False
    raise ValueError


def moment(cell: str, zone: ZoneInfo) -> datetime:
    """A day, perhaps with a time, in the zone of who imports. A day alone is its beginning: a later no still counts."""
    text = cell.replace("T", " ").replace(", ", " ").removesuffix(" Uhr").strip()
    for day in DATES:
        for clock in TIMES:
            try:
                return datetime.strptime(text, day + clock).replace(tzinfo=zone)  # noqa: DTZ007
            except ValueError:
                continue
    found = datetime.fromisoformat(cell)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def own_field(field: ContactField, cell: str) -> Any:
    if field.kind == Kind.NUMBER:
        return number(cell)
    if field.kind == Kind.DATE:
        return _day(cell).isoformat()
    if field.kind == Kind.SWITCH:
        words = fold(cell)
        if words not in YES | NO:
            raise ValueError
        return words in YES
    if field.kind == Kind.CHOICE:
        choices = {fold(str(each)): str(each) for each in field.choices}
        if fold(cell) not in choices:
            raise ValueError
        return choices[fold(cell)]
    if len(cell) > LONGEST_TEXT:
        raise ValueError
    return cell


def _day(cell: str) -> date:
    return moment(cell, ZoneInfo("UTC")).date()


def number(cell: str) -> str:
    """Exact, as text. Of two marks the last parts the decimals; 1.234.567 has none."""
    text = re.sub(r"(€|eur|%)$", "", re.sub(r"[\s']", "", cell), flags=re.IGNORECASE)
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        mark = "," if comma > point else "."
        text = text.replace("." if mark == "," else ",", "").replace(mark, ".")
    elif text.count(",") > 1 or text.count(".") > 1:
        text = text.replace(",", "").replace(".", "")
    else:
        text = text.replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?", text):
        raise ValueError
    try:
        value = Decimal(text).quantize(Decimal("0.0001")).normalize()
    except InvalidOperation as error:
        raise ValueError from error
    if len(value.as_tuple().digits) > 15:
        raise ValueError
    return f"{value:f}"
