"""A business's own fields of its contacts: as form fields, and as words.

Values live in `Contact.fields` under the field's id as text: words, numbers, ISO dates, true or false. What a field
cannot read any more (its kind was changed, a choice removed) is shown as it was stored and lost only when overwritten.
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext as _

from inbox.models import Contact, ContactField
from inbox.text import clean

Kind = ContactField.Kind
LONGEST_TEXT = 300


def fields_of(workspace_id: int) -> list[ContactField]:
    """In the order in which the business wants them."""
    return list(ContactField.objects.filter(workspace=workspace_id))


def form_name(field: ContactField) -> str:
    return f"field_{field.pk}"


class NumberAsWritten(forms.DecimalField):
    """As people of the active language write it: 1.234,50 € in German, 1,234.50 in English."""

    def to_python(self, value: Any) -> Any:
        text = re.sub(r"[\s\u202f']|€$", "", str(value or "").strip())
        mark, group = (re.escape(formats.get_format(name)) for name in ("DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR"))
        if re.fullmatch(rf"[+-]?[0-9]{{1,3}}({group}[0-9]{{3}})+({mark}[0-9]+)?", text):
            text = re.sub(group, "", text)
        return super().to_python(text)


def form_field(field: ContactField, stored: Any = None) -> forms.Field:
    """How this field is filled in; `stored` stays choosable although it is no choice any more."""
    if field.kind == Kind.NUMBER:
        return NumberAsWritten(
            label=field.name, required=False, localize=True, max_digits=15, decimal_places=4,
            widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal"}),
        )
    if field.kind == Kind.DATE:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"})
        return forms.DateField(label=field.name, required=False, widget=widget, input_formats=["%Y-%m-%d"])
    if field.kind == Kind.CHOICE:
        words = [str(each) for each in field.choices]
        words += [stored] if isinstance(stored, str) and stored and stored not in words else []
        options = [("", "–"), *((each, each) for each in words)]
        return forms.ChoiceField(
            label=field.name, required=False, choices=options, widget=forms.Select(attrs={"class": "input"})
        )
    if field.kind == Kind.SWITCH:
        options = [("", "–"), ("yes", _("yes")), ("no", _("no"))]
        return forms.ChoiceField(
            label=field.name, required=False, choices=options, widget=forms.Select(attrs={"class": "input"})
        )
    return forms.CharField(
        label=field.name, required=False, max_length=LONGEST_TEXT, widget=forms.TextInput(attrs={"class": "input"})
    )


def initial_of(field: ContactField, stored: Any) -> Any:
    """A stored value as its form field wants it."""
    if field.kind == Kind.SWITCH:
        return {True: "yes", False: "no"}.get(stored, "")
    if field.kind == Kind.NUMBER and isinstance(stored, str):
        try:
            return Decimal(stored)  # written as the language does
        except InvalidOperation:
            return stored
    return stored


def stored_of(field: ContactField, cleaned: Any) -> Any:
    """A cleaned value as it is stored; None forgets it."""
    if cleaned in (None, ""):
        return None
    if field.kind == Kind.SWITCH:
        return cleaned == "yes"
    if field.kind == Kind.NUMBER:
        return str(cleaned)  # exact: JSON has only floats
    return cleaned.isoformat() if isinstance(cleaned, date) else cleaned


def from_json(
    workspace_id: int, given: dict[str, Any], stored: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What another system says of fields, by their names: all values as they are stored then, and what is wrong."""
    known = {field.name: field for field in fields_of(workspace_id)}
    values, wrong = dict(stored), {}
    for name, value in given.items():
        field = known.get(name)
        if field is None:
            wrong[name] = _("There is no such field.")
        elif value in (None, ""):
            values.pop(str(field.pk), None)
        else:
            try:
                values[str(field.pk)] = _checked(field, value)
            except (ValueError, InvalidOperation):
                wrong[name] = _("Expected: %(kind)s.") % {"kind": field.get_kind_display()}
    return values, wrong


def _checked(field: ContactField, value: Any) -> Any:
    if field.kind == Kind.SWITCH:
        if isinstance(value, bool):
            return value
    elif isinstance(value, bool):
        pass
    elif field.kind == Kind.NUMBER:
        number = Decimal(str(value))
        if number.is_finite() and abs(number) < 10**11 and round(number, 4) == number:
            return f"{number:f}"
    elif field.kind == Kind.DATE:
        return date.fromisoformat(str(value)).isoformat()
    else:
        words = clean(str(value)).strip()
        if len(words) <= LONGEST_TEXT and (field.kind != Kind.CHOICE or words in field.choices):
            return words
    raise ValueError(field.kind)


def shown(contact: Contact, fields: list[ContactField]) -> list[tuple[str, str]]:
    """(name, words) of the fields that hold something."""
    found = [(field.name, words_of(field, contact.fields.get(str(field.pk)))) for field in fields]
    return [(name, words) for name, words in found if words]


def words_of(field: ContactField, stored: Any) -> str:
    if stored is None:
        return ""
    if isinstance(stored, bool):
        return _("yes") if stored else _("no")
    if field.kind == Kind.DATE:
        try:
            return formats.date_format(date.fromisoformat(str(stored)), "SHORT_DATE_FORMAT")
        except ValueError:
            return str(stored)
    if field.kind == Kind.NUMBER:
        try:
            return str(formats.number_format(Decimal(str(stored)), use_l10n=True))
        except InvalidOperation:
            return str(stored)
    return str(stored)
