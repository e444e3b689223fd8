"""What admins say about API tokens and outgoing webhooks."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import Scope, Team
from inbox.models import OutgoingEvent, OutgoingWebhook
from whatsapp.models import PhoneNumber

DAYS = [(30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("One year"))]


class TokenForm(Styled, forms.Form):
    """A new token: for what, how long, and for which teams."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Of the system that uses it: it stands in the thread.")
    )
    days = forms.TypedChoiceField(label=_("Valid for"), choices=DAYS, coerce=int, initial=90)
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing it may do.")},
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("Only these teams"), queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, workspace_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teams"].queryset = Team.objects.filter(workspace=workspace_id).order_by("name")  # type: ignore[attr-defined]

    @property
    def expires_at(self) -> datetime:
        return timezone.now() + timedelta(days=self.cleaned_data["days"])


class WebhookForm(Styled, forms.Form):
    """Where to, about what, and whether at all."""

    url = forms.CharField(
        label=_("Address"), max_length=500,
        widget=forms.URLInput(attrs={"class": "input", "placeholder": "https://crm.example.com/tresen"}),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=OutgoingEvent.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
    numbers = forms.ModelMultipleChoiceField(
        label=_("Only these numbers"), queryset=PhoneNumber.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def __init__(
        self, *args: Any, workspace_id: int, webhook: OutgoingWebhook | None = None, **kwargs: Any
    ) -> None:
        chosen = list(webhook.numbers.all()) if webhook else []
        if webhook:
            said = {"url": webhook.url, "events": webhook.events, "is_active": webhook.is_active, "numbers": chosen}
            kwargs.setdefault("initial", said)
        super().__init__(*args, **kwargs)
        ours = PhoneNumber.objects.filter(workspace=workspace_id).order_by("name", "pk")
        offered = ours.filter(Q(disconnected_at=None) | Q(pk__in=[number.pk for number in chosen]))
        self.fields["numbers"].queryset = offered  # type: ignore[attr-defined]
        self.offers_numbers = bool(chosen) or offered.count() > 1  # of one there is nothing to choose
