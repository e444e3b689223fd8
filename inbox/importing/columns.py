"""What each column of a table holds: guessed from its heading, corrected by the person.

A target is the name of something we keep, or `field_7` for the business's own field 7, or "" for a column left out.
"""

import re

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.contacts.fields import form_name
from inbox.models import ContactField
from inbox.text import fold

Words = str | Promise

PHONE, NAME, FIRST, LAST = "phone", "name", "first_name", "last_name"
EMAIL, LANGUAGE, NOTE = "email", "language", "note"
CONSENT, CONSENT_AT, CONSENT_SOURCE, CONSENT_WORDING = "consent", "consent_at", "consent_source", "consent_wording"

TARGETS: dict[str, Words] = {
    PHONE: _("Phone number"), NAME: _("Name"), FIRST: _("First name"), LAST: _("Last name"), EMAIL: _("Email"),
    LANGUAGE: _("Language"), NOTE: _("Note about this person"), CONSENT: _("Advertising: yes or no"),
    CONSENT_AT: _("Advertising: since when"), CONSENT_SOURCE: _("Advertising: where and how"),
    CONSENT_WORDING: _("Advertising: exact words"),
}  # fmt: skip

# Folded, without marks.
_HEADINGS: dict[str, tuple[str, ...]] = {
    PHONE: (
        "telefon", "telefonnummer", "telefon mobil", "tel mobil", "tel", "handy", "handynummer", "mobil", "mobilnummer",
        "mobiltelefon", "mobilfunk", "mobilfunknummer", "rufnummer", "nummer", "whatsapp", "whatsapp nummer",
        "whatsapp number", "phone", "phone number", "phone 1 value", "telephone", "mobile", "mobile number",
        "mobile phone", "cell", "cell phone", "number", "phone1", "primary phone", "handy nr", "mobil nr", "tel nr",
        "telefon nr", "telefon privat", "telefon geschaeftlich", "telefonnummer mobil", "phone mobile",
    ),
    FIRST: ("vorname", "first name", "firstname", "given name", "forename", "rufname"),
    LAST: ("nachname", "familienname", "zuname", "last name", "lastname", "family name", "surname"),
    NAME: ("name", "kunde", "kundenname", "kontakt", "vollstaendiger name", "full name", "contact", "customer",
           "display name", "anzeigename", "contact name", "vor und nachname"),
    EMAIL: ("e mail", "email", "mail", "e mail adresse", "email adresse", "mailadresse", "email address",
            "e mail address", "e mail 1 value"),
    LANGUAGE: ("sprache", "language", "lang"),
    NOTE: ("notiz", "notizen", "bemerkung", "bemerkungen", "anmerkung", "kommentar", "note", "notes", "comment",
           "comments", "remarks", "notiz zu dieser person", "note about this person"),
    CONSENT: ("werbung", "einwilligung", "newsletter", "opt in", "optin", "consent", "marketing", "advertising",
              "werbeeinwilligung", "marketing consent"),
    CONSENT_AT: ("werbung seit", "einwilligung am", "einwilligung seit", "einwilligungsdatum", "opt in datum",
                 "datum der einwilligung", "consent date", "opt in date", "consent at", "advertising since"),
    CONSENT_SOURCE: ("einwilligung quelle", "quelle der einwilligung", "einwilligungsquelle", "opt in quelle",
                     "consent source", "opt in source", "werbung quelle", "advertising source"),
    CONSENT_WORDING: ("einwilligungstext", "wortlaut", "consent text", "consent wording", "wording"),
}  # fmt: skip
MOBILE = ("whatsapp", "handy", "mobil", "cell", "telefon mobil", "tel mobil", "telefonnummer mobil", "phone mobile")
_BY_HEADING = {words: target for target, headings in _HEADINGS.items() for words in headings}


def targets_for(fields: list[ContactField]) -> dict[str, Words]:
    """Everything a column may hold here, with its words."""
    return TARGETS | {form_name(field): field.name for field in fields}


def guess(headings: list[str], rows: list[list[str]], fields: list[ContactField]) -> list[str]:
    """A target per column, each at most once; a table without words for it still has its phone numbers found."""
    known = _BY_HEADING | _own_words()
    own = {_key(field.name): form_name(field) for field in fields}
    found: list[str] = []
    keys = [_key(heading) for heading in headings]
    mobile = next((key for key in keys if key.startswith(MOBILE) and known.get(key) == PHONE), None)
    for key in keys:
        target = own.get(key) or known.get(key, "")
        if target == PHONE and mobile not in (None, key):
            target = ""  # a landline beside it
        found.append(target if target and target not in found else "")
    if PHONE not in found:
        _find_phones(found, rows)
    return found


def _own_words() -> dict[str, str]:
    """As our exports name the columns, in every language."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {_key(str(words)): target for target, words in TARGETS.items()}
    return found


def _key(heading: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(heading)).split())


def _find_phones(found: list[str], rows: list[list[str]]) -> None:
    """The column of which most cells look like a number of that length."""
    best, most = None, 0
    for index, target in enumerate(found):
        cells = [row[index] for row in rows if row[index]]
        likely = sum(re.fullmatch(r"\+?[0-9][0-9 ()/.-]{7,20}", cell) is not None for cell in cells)
        if not target and likely > most and likely * 2 > len(cells):
            best, most = index, likely
    if best is not None:
        found[best] = PHONE
