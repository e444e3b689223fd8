"""A time zone, chosen from those this machine knows."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled, zone_choices
from accounts.models import Workspace
from whatsapp.models import BusinessAccount


class ZoneForm(Styled, forms.Form):
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    @classmethod
    def of(cls, owner: Workspace | BusinessAccount) -> "ZoneForm":
        """As it is now. A page holds several: those of accounts have a prefix."""
        prefix = f"account-{owner.pk}" if isinstance(owner, BusinessAccount) else None
        return cls(initial={"timezone": owner.timezone}, prefix=prefix)
