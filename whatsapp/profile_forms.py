"""What admins type about the business, cleaned. What is refused comes back as it was typed."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from whatsapp.business_profile import (
    LABELS,
    LIMITS,
    MOST_COMMANDS,
    MOST_PROMPTS,
    VERTICALS,
    Automation,
    Profile,
    automation_problems,
    problems,
    site_problem,
)

FREE_ROWS = 2  # for commands that are not there yet


class _Text(forms.CharField):
    """A text of any length: how long is too long is said in our words, and a pasted text is not cut by the browser."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(label=LABELS[name], required=False, **kwargs)  # type: ignore[arg-type]
        self.limit = LIMITS[name]

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").strip()


class ProfileForm(Styled, forms.Form):
    """The texts. `seen` (as a value: `baseline`) is what Meta had when the page was opened; the form carries it."""

    about = _Text("about")
    description = _Text("description", widget=forms.Textarea(attrs={"class": "input", "rows": 3}))
    vertical = forms.ChoiceField(label=LABELS["vertical"])  # type: ignore[arg-type]
    email = _Text("email", widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}))
    address = _Text("address")
    website_1 = forms.CharField(label=_("Website"), required=False, widget=forms.TextInput(attrs={"inputmode": "url"}))
    website_2 = forms.CharField(
        label=_("Second website"), required=False, widget=forms.TextInput(attrs={"inputmode": "url"})
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: Profile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.baseline = profile_in(self.data["seen"]) if "seen" in self.data else known
        self.fields["vertical"].choices = _vertical_choices(self.baseline, known)  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs.pop("maxlength", None)

    @classmethod
    def filled_with(cls, profile: Profile, *, seen: Profile) -> "ProfileForm":
        """As if `profile` had been typed over `seen`."""
        sites = {f"website_{index}": site for index, site in enumerate(profile.websites[:2], 1)}
        data = {**{name: getattr(profile, name) for name in (*LIMITS, "vertical")}, **sites, "seen": as_text(seen)}
        return cls(initial=data, known=seen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("website_1", "website_2"):
            if cleaned.get(name) and (problem := site_problem(cleaned[name])) is not None:
                self.add_error(name, problem)  # type: ignore[arg-type]
        for name, problem in problems(self.typed, self.baseline).items():
            self.add_error(name, problem)  # type: ignore[arg-type]
        return cleaned

    @property
    def typed(self) -> Profile:
        cleaned = self.cleaned_data
        texts = {name: cleaned.get(name, "") for name in LIMITS}
        sites = [cleaned.get(name, "") for name in ("website_1", "website_2")]
        return Profile(**texts, vertical=cleaned.get("vertical", ""), websites=tuple(site for site in sites if site))


def _vertical_choices(*known: Profile) -> list[tuple[str, Any]]:
    """Meta's list. "Not stated" can't be chosen again once something was, and what we do not know stays as it is."""
    words = dict(VERTICALS)
    if all(profile.vertical != "UNDEFINED" for profile in known):
        del words["UNDEFINED"]
    words |= {profile.vertical: words.get(profile.vertical, profile.vertical) for profile in known}
    return list(words.items())


def profile_in(text: str) -> Profile:
    """What a form says that Meta had; nothing usable counts as an empty profile."""
    return Profile.of(_object_in(text))


def automation_in(text: str) -> Automation:
    return Automation.of(_object_in(text))


def as_text(known: Profile | Automation) -> str:
    return json.dumps(known.as_data(), ensure_ascii=False)


def _object_in(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class AutomationForm(Styled, forms.Form):
    """Ice breakers, and commands with their hints, a row each; empty rows are left out."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: Automation, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="automation_%s", **kwargs)
        self.baseline = automation_in(self.data["seen"]) if "seen" in self.data else known
        self.initial.setdefault("seen", as_text(self.baseline))
        for index in range(1, MOST_PROMPTS + 1):
            self._add(f"prompt_{index}", dict(enumerate(known.prompts, 1)).get(index, ""))
        self.rows = min(max(len(known.commands) + FREE_ROWS, self._posted_rows()), MOST_COMMANDS)
        for index in range(1, self.rows + 1):
            name, hint = dict(enumerate(known.commands, 1)).get(index, ("", ""))
            self._add(f"command_{index}", name)
            self._add(f"hint_{index}", hint)

    def _add(self, name: str, initial: str) -> None:
        field = forms.CharField(required=False, initial=initial)
        field.widget.attrs["class"] = "input"
        self.fields[name] = field

    def _posted_rows(self) -> int:
        return max((index for index in range(1, MOST_COMMANDS + 1) if f"command_{index}" in self.data), default=0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        places = self._places()
        for key, problem in automation_problems(self.wanted).items():
            kind, _sep, index = key.partition("_")
            self.add_error(f"{kind}_{places[kind][int(index) - 1]}", problem)  # type: ignore[arg-type]
        return cleaned

    def _places(self) -> dict[str, list[int]]:
        """Where in the form the rows that count stand."""
        prompts = [index for index in range(1, MOST_PROMPTS + 1) if self._said(f"prompt_{index}")]
        lines = range(1, self.rows + 1)
        rows = [index for index in lines if self._said(f"command_{index}") or self._said(f"hint_{index}")]
        return {"prompt": prompts, "command": rows, "hint": rows}

    def _said(self, name: str) -> str:
        return str(self.cleaned_data.get(name, ""))

    @property
    def wanted(self) -> Automation:
        places = self._places()
        return Automation(
            tuple(self._said(f"prompt_{index}") for index in places["prompt"]),
            tuple((self._said(f"command_{i}").lstrip("/"), self._said(f"hint_{i}")) for i in places["command"]),
            self.baseline.welcome,
        )

    @property
    def prompt_fields(self) -> list[forms.BoundField]:
        return [self[f"prompt_{index}"] for index in range(1, MOST_PROMPTS + 1)]

    @property
    def command_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"command_{index}"], self[f"hint_{index}"]) for index in range(1, self.rows + 1)]


class PictureForm(forms.Form):
    """A file, and the square of it; without one the middle is taken."""

    picture = forms.FileField()
    left = forms.IntegerField(required=False, min_value=0, max_value=100_000)
    top = forms.IntegerField(required=False, min_value=0, max_value=100_000)
    side = forms.IntegerField(required=False, min_value=0, max_value=100_000)

    @property
    def square(self) -> tuple[int, int, int]:
        found = [self.cleaned_data.get(name) for name in ("left", "top", "side")]
        return (0, 0, 0) if None in found else tuple(int(each) for each in found)  # type: ignore[arg-type, return-value]
