"""What people type about customers: who they are, how they are reached, what the business itself wants to know."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import Agent
from inbox.contacts import fields as contact_fields
from inbox.models import Contact, ContactField
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import country_of, digits_of

LONGEST_NOTE = 4000
MOST_CHOICES, LONGEST_CHOICE = 50, 60


class ContactForm(Styled, forms.Form):
    """A person as we know them. `said` is what the actions take."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    email = forms.EmailField(
        label=_("Email"), required=False, max_length=254, widget=forms.EmailInput(attrs={"class": "input"})
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", "–"), *settings.LANGUAGES],
        help_text=_("For templates and the spelling check."),
    )
    note = forms.CharField(
        label=_("Note about this person"), required=False, max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}),
        help_text=_("Only your team can see it. The person has a right to read it on request."),
    )

    def __init__(self, *args: Any, workspace_id: int, contact: Contact | None = None, **kwargs: Any) -> None:
        self.own_fields = contact_fields.fields_of(workspace_id)
        self.contact = contact
        stored = contact.fields if contact else {}
        if contact is not None:
            known = {name: getattr(contact, name) for name in ("name", "email", "language", "note")}
            own = {
                contact_fields.form_name(field): contact_fields.initial_of(field, stored.get(str(field.pk)))
                for field in self.own_fields
            }
            kwargs["initial"] = {**known, **own, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for field in self.own_fields:
            name = contact_fields.form_name(field)
            self.fields[name] = contact_fields.form_field(field, stored.get(str(field.pk)))

    @property
    def own(self) -> list[forms.BoundField]:
        """The business's own fields, for the template."""
        return [self[contact_fields.form_name(field)] for field in self.own_fields]

    @property
    def said(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        fields = dict(self.contact.fields) if self.contact else {}
        for field in self.own_fields:
            value = contact_fields.stored_of(field, cleaned[contact_fields.form_name(field)])
            fields.pop(str(field.pk), None)
            if value is not None:
                fields[str(field.pk)] = value
        return {**{name: cleaned[name] for name in ("name", "email", "language", "note")}, "fields": fields}


class NumberForm(Styled, forms.Form):
    """A phone number as people type it, and which of our numbers they get to know. `digits` is what comes of it."""

    phone = forms.CharField(
        label=_("Phone number"), max_length=40, error_messages={"required": _("Enter the phone number.")},
        widget=forms.TelInput(attrs={"class": "input", "autocomplete": "off", "autofocus": True}),
    )
    number = forms.ModelChoiceField(PhoneNumber.objects.none(), label=_("Our number"), empty_label=None)

    def __init__(self, *args: Any, by: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = PhoneNumber.objects.connected().filter(workspace=by.workspace_id).select_related("business_account")
        field = self.fields["number"]
        field.queryset = numbers.order_by("id")  # type: ignore[attr-defined]
        field.initial = field.queryset.first()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Without a country code the number belongs to the country of ours."""
        cleaned = super().clean() or {}
        typed, number = cleaned.get("phone"), cleaned.get("number")
        if typed and number:
            cleaned["digits"] = digits_of(typed, country_of(number.display_number))
            if not cleaned["digits"]:
                self.add_error("phone", _("This is no complete phone number. Write it with country code: +49 172 …"))
        return cleaned


class NewContactForm(NumberForm, ContactForm):
    """Somebody who is not known yet."""

    field_order = ("phone", "number", "name")

    def __init__(self, *args: Any, by: Agent, **kwargs: Any) -> None:
        super().__init__(*args, by=by, workspace_id=by.workspace_id, **kwargs)


class StartForm(forms.Form):
    """With which of our numbers a conversation begins."""

    number = forms.ModelChoiceField(PhoneNumber.objects.none())

    def __init__(self, *args: Any, by: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].queryset = PhoneNumber.objects.connected().filter(workspace=by.workspace_id)  # type: ignore[attr-defined]


class ContactFieldForm(Styled, forms.ModelForm):
    """A field of the business's own."""

    words = forms.CharField(
        label=_("Choices, one per line"), required=False, widget=forms.Textarea(attrs={"rows": 4, "class": "input"})
    )

    class Meta:
        model = ContactField
        fields = ("name", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].initial = "\n".join(map(str, self.instance.choices))

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        others = ContactField.objects.filter(workspace=self.instance.workspace_id, name__iexact=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a field of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        lines = [line.strip()[:LONGEST_CHOICE] for line in cleaned.get("words", "").splitlines() if line.strip()]
        self.instance.choices = list(dict.fromkeys(lines))[:MOST_CHOICES]
        if cleaned.get("kind") == ContactField.Kind.CHOICE and not self.instance.choices:
            self.add_error("words", _("Write at least one choice."))
        return cleaned
