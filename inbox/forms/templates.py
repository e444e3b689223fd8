"""What admins say about a template: what fills its gaps, and where a test goes."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox import text as words
from inbox.contacts.fields import fields_of
from inbox.forms.contacts import NumberForm
from inbox.models import Contact
from inbox.template_desk import mapping as template_mapping
from whatsapp.models import MessageTemplate, PhoneNumber
from whatsapp.template_filling import problem_of
from whatsapp.template_parts import TemplateShape, Variable

BY_HAND = ("", _("Typed before sending"))


class MappingForm(forms.Form):
    """For every gap where its value comes from, and what stands there when that is unknown."""

    all_languages = forms.BooleanField(required=False)

    def __init__(
        self, data: Any, *, shape: TemplateShape, mapped: template_mapping.Mapped, workspace_id: int
    ) -> None:
        super().__init__(data)
        self.variables = [each for each in template_mapping.asked(shape) if not each.is_moment]
        own = [(f"{template_mapping.OWN}{field.pk}", field.name) for field in fields_of(workspace_id)]
        choices = [BY_HAND, *template_mapping.SOURCES.items(), *own]
        for variable in self.variables:
            source, fallback = template_mapping.source_of(variable, mapped)
            self.fields[f"source.{variable.field}"] = forms.ChoiceField(
                choices=choices, required=False, initial=source if source in dict(choices) else "",
                widget=forms.Select(attrs={"class": "input", "autocomplete": "off"}),
            )
            self.fields[f"fallback.{variable.field}"] = forms.CharField(
                required=False, max_length=variable.limit, initial=fallback,
                widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            )

    @property
    def rows(self) -> list[tuple[Variable, forms.BoundField, forms.BoundField]]:
        return [(each, self[f"source.{each.field}"], self[f"fallback.{each.field}"]) for each in self.variables]

    def clean(self) -> dict[str, Any]:
        for variable in self.variables:
            name = f"fallback.{variable.field}"
            value = words.clean(self.cleaned_data.get(name) or "").strip()
            self.cleaned_data[name] = value
            if value and (problem := problem_of(variable, value)):
                self.add_error(name, str(problem))
        return self.cleaned_data

    @property
    def sources(self) -> dict[str, dict[str, str]]:
        return {
            each.field: {
                "source": self.cleaned_data[f"source.{each.field}"],
                "fallback": self.cleaned_data[f"fallback.{each.field}"],
            }
            for each in self.variables
        }  # fmt: skip


class TestSendForm(NumberForm):
    """To which phone of one's own, and with which values."""

    uid = forms.UUIDField(widget=forms.HiddenInput)
    known = forms.IntegerField(required=False, widget=forms.HiddenInput)  # the contact that one is
    is_mine = forms.BooleanField(
        label=_("This is my own phone"), error_messages={"required": _("A test goes to yourself only.")}
    )

    def __init__(
        self, *args: Any, by: Any, template: MessageTemplate, shape: TemplateShape, values: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, by=by, **kwargs)
        numbers = PhoneNumber.objects.filter(business_account=template.business_account_id, workspace=by.workspace_id)
        self.fields["number"].queryset = numbers.order_by("pk")  # type: ignore[attr-defined]
        self.fields["number"].initial = numbers.order_by("pk").first()
        self.fields["phone"].widget.attrs.pop("autofocus", None)
        self.fields["uid"].initial = uuid.uuid4()
        self.variables = template_mapping.asked(shape)
        for variable in self.variables:
            kind = {"type": "datetime-local"} if variable.is_moment else {}
            self.fields[variable.field] = forms.CharField(
                label=variable.full_label, required=False, strip=False, initial=values.get(variable.field, ""),
                widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"} | kind),
            )

    @property
    def rows(self) -> list[forms.BoundField]:
        return [self[variable.field] for variable in self.variables]

    @property
    def values(self) -> dict[str, str]:
        return {variable.field: self.cleaned_data[variable.field] for variable in self.variables}

    def ask_whether(self, contact: Contact) -> None:
        """The next post says that this contact is oneself."""
        self.data = self.data.copy()
        self.data["known"] = str(contact.pk)

    def refuse(self, fields: Mapping[str, Any]) -> None:
        """What the template says to the values."""
        for field, sentence in fields.items():
            self.add_error(field if field in self.fields else None, str(sentence))
