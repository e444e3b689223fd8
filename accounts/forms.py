"""What people type on the sign-in, profile and people pages, cleaned. Only listed fields can be changed."""

import zoneinfo
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.interrupted import Words
from accounts.models import Agent, Invitation, Membership, Role, Team, Workspace

MOST_AT_ONCE = 200  # conversations
PASSWORD_LENGTH = 200  # long sentences fit; more would only cost hashing time


def zone_choices() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


INPUTS = (forms.TextInput, forms.EmailInput, forms.URLInput, forms.NumberInput, forms.Select)


class Styled:
    """Gives every field the look of the design; Django itself ties errors and hints to it for screen readers."""

    fields: dict[str, forms.Field]
    data: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, INPUTS):
                field.widget.attrs.setdefault("class", "input")
            elif isinstance(field, forms.BooleanField):
                field.widget.attrs.setdefault("role", "switch")
        if isinstance(self.data, Words):
            self._say_what_is_kept()

    def _say_what_is_kept(self) -> None:
        """Typed before a proof: secrets are there, though nothing shows them, and need not be typed again."""
        self.use_required_attribute = False
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.PasswordInput) and self.data.get(name):
                field.help_text = _("Kept as you typed it. Leave empty to use it.")


class SignInForm(Styled, forms.Form):
    email = forms.CharField(
        label=_("Email"), max_length=254,
        widget=forms.EmailInput(attrs={"class": "input input--l", "autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"), max_length=PASSWORD_LENGTH, strip=False,
        widget=forms.PasswordInput(attrs={"class": "input input--l", "autocomplete": "current-password"}),
    )
    stay = forms.BooleanField(label=_("Stay signed in on this device"), required=False, initial=True,
                              widget=forms.CheckboxInput(attrs={"role": "checkbox"}))


class EmailForm(Styled, forms.Form):
    email = forms.EmailField(
        label=_("Email"), max_length=254,
        widget=forms.EmailInput(attrs={"class": "input input--l", "autocomplete": "username", "autofocus": True}),
    )


class NewPasswordForm(Styled, forms.Form):
    """A new password, checked against our rules for this person."""

    password = forms.CharField(
        label=_("New password"), max_length=PASSWORD_LENGTH, strip=False, help_text=_("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, agent: Agent | None = None, **kwargs: Any) -> None:
        self.agent = agent
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, self.agent)
        return password


class ChangePasswordForm(NewPasswordForm):
    current = forms.CharField(
        label=_("Current password"), max_length=PASSWORD_LENGTH, strip=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "current-password"}),
    )
    field_order = ("current", "password")

    def clean_current(self) -> str:
        assert self.agent is not None
        if not self.agent.check_password(self.cleaned_data["current"]):
            raise ValidationError(_("This is not your current password."))
        return self.cleaned_data["current"]


class AcceptInvitationForm(NewPasswordForm):
    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"})
    )
    field_order = ("name", "password")

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        self.invitation = invitation
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.agent = Agent(email=invitation.email, name=self.data.get("name", "")[:80])


class ProfileForm(Styled, forms.ModelForm):
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)

    class Meta:
        model = Agent
        fields = ("name", "language", "timezone", "theme", "enter_sends", "single_keys")


class PreferenceForm(forms.Form):
    """Appearance or language, whichever is said."""

    theme = forms.ChoiceField(choices=Agent._meta.get_field("theme").choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)

    @property
    def said(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name in self.data}

    def clean(self) -> dict[str, Any]:
        if not {"theme", "language"} & set(self.data) or self.data.get("language") == "":
            raise forms.ValidationError("nothing")
        return super().clean() or {}


class InviteForm(Styled, forms.Form):
    """Whom to invite and as what; `teams` are those of the admin's own workspace."""

    email = forms.EmailField(label=_("Email"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENT)
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"), queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        self.workspace = workspace
        super().__init__(*args, **kwargs)
        self.fields["teams"].queryset = Team.objects.filter(workspace=workspace).order_by("name")  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip().lower()
        if Agent.objects.filter(workspace=self.workspace, email=email).exists():
            raise ValidationError(_("This person is already here."))
        return email


class MembershipFields:
    """Per row a checkbox ("member"), one more for those who lead ("lead"), and a limit ("limit-7", empty for none)."""

    data: Any
    add_error: Any
    limits: dict[int, int | None]

    def rows(self, items: Iterable[Any], had: dict[int, tuple[bool, int | None]]) -> list[tuple[Any, bool, bool, str]]:
        """Each with: is a member, leads, and the limit as it was typed or is."""
        found = []
        for item in items:
            leads, limit = had.get(item.pk, (False, None))
            typed = self.data.get(f"limit-{item.pk}", "" if limit is None else str(limit))
            found.append((item, item.pk in had, leads, typed[:5]))
        return found

    def read_limits(self, rows: Iterable[tuple[Any, bool, bool, str]]) -> None:
        """Of those that were sent; what is no number is an error of the form."""
        self.limits = {}
        for item, _member, _lead, typed in rows:
            if f"limit-{item.pk}" not in self.data:
                continue
            said = typed.strip()
            if said and not (said.isascii() and said.isdecimal() and int(said) <= MOST_AT_ONCE):
                words = _("%(name)s: choose a limit between 0 and %(most)s, or leave it empty.")
                self.add_error(None, words % {"name": item, "most": MOST_AT_ONCE})
                continue
            self.limits[item.pk] = int(said) if said else None

    def chosen(self, candidates: list[Any]) -> dict[Any, bool]:
        members, leads = set(self.data.getlist("member")), set(self.data.getlist("lead"))
        return {item: str(item.pk) in leads for item in candidates if str(item.pk) in members | leads}


class PersonForm(MembershipFields, Styled, forms.ModelForm):
    class Meta:
        model = Agent
        fields = ("name", "role", "visibility", "capacity")

    def clean(self) -> dict[str, Any]:
        self.read_limits(self.teams())
        return super().clean() or {}

    def teams(self) -> list[tuple[Team, bool, bool, str]]:
        """Every team of the workspace with: is a member, leads it, the limit."""
        memberships = Membership.objects.filter(agent=self.instance).values_list("team_id", "is_lead", "capacity")
        teams = Team.objects.filter(workspace_id=self.instance.workspace_id).order_by("name")
        return self.rows(teams, {pk: (leads, limit) for pk, leads, limit in memberships})

    def chosen_teams(self) -> dict[Team, bool]:
        return self.chosen([team for team, *_rest in self.teams()])


def languages() -> list[tuple[str, str]]:
    """Codes with the language's own name, for the links before sign-in."""
    own = {"de": "Deutsch", "en": "English"}
    return [(code, own.get(code, code)) for code, _name in settings.LANGUAGES]
