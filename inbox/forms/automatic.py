"""Words of automatic answers in any number of languages, as an admin types them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, Workspace
from inbox.automatic import words as automatic_words
from inbox.forms.rules import LONGEST_KEYWORD
from inbox.models import AutomaticText, KeywordAnswer
from inbox.rules.language import LANGUAGES
from inbox.rules.matching import words_of
from inbox.rules.words import language_name
from inbox.text import clean

OFFERED = ("de", "en")  # besides what is written already
MOST_WORDS = 30  # of one list in one language
MORE = "more"  # the field of a language that is added
FOLLOW, OWN, OFF = "follow", "own", "off"


def _textarea(label: Any, language: str, initial: str = "") -> forms.CharField:
    attrs = {"class": "input", "rows": 4, "maxlength": automatic_words.LONGEST, "dir": "auto", "lang": language}
    return forms.CharField(label=label, required=False, initial=initial, widget=forms.Textarea(attrs=attrs))


class Languages:
    """One block of fields for each language, and an empty one for another: mixed into the forms below."""

    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]
    has_words = False

    def _offer(self, workspace: Workspace, texts: Mapping[str, str], words: Mapping[str, Iterable[str]]) -> None:
        codes = dict.fromkeys([workspace.language, *OFFERED, *texts, *words])
        self.codes = [code for code in codes if code in LANGUAGES]
        for code in (*self.codes, MORE):
            if self.has_words:
                self.fields[f"words_{code}"] = forms.CharField(
                    label=_("Words"), required=False, max_length=2_000, initial=", ".join(words.get(code, ())),
                    widget=forms.TextInput(attrs={"class": "input", "autocapitalize": "none", "autocomplete": "off"}),
                    help_text=_("Part them by commas."),
                )  # fmt: skip
            language = code if code != MORE else ""
            self.fields[f"text_{code}"] = _textarea(_("Our answer"), language, texts.get(code, ""))
        rest = sorted(((code, language_name(code)) for code in LANGUAGES if code not in self.codes), key=lambda c: c[1])
        self.fields[f"language_{MORE}"] = forms.ChoiceField(
            label=_("Language"), required=False, choices=[("", _("Choose a language")), *rest],
            widget=forms.Select(attrs={"class": "input"}),
        )  # fmt: skip

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """For the template: each language with its fields."""
        return [
            {
                "code": code, "name": language_name(code) if code != MORE else "", "text": self[f"text_{code}"],  # type: ignore[index]
                "words": self[f"words_{code}"] if self.has_words else None,  # type: ignore[index]
                "language": self[f"language_{MORE}"] if code == MORE else None,  # type: ignore[index]
                "is_open": code == MORE and self._said_more,
            }
            for code in (*self.codes, MORE)
        ]  # fmt: skip

    @property
    def _said_more(self) -> bool:
        names = (f"text_{MORE}", f"words_{MORE}", f"language_{MORE}")
        return any(self.data.get(name) for name in names)  # type: ignore[attr-defined]

    def _clean_languages(self, said: dict[str, Any]) -> None:
        """`texts` and `words` by language; what is wrong stands at its field."""
        self.texts: dict[str, str] = {}
        self.words: dict[str, list[str]] = {}
        for code in (*self.codes, MORE):
            text = self._text(said, code)
            words = self._words(said, code) if self.has_words else []
            language = said.get(f"language_{MORE}", "") if code == MORE else code
            if (text or words) and not language:
                self.add_error(f"language_{MORE}", _("Which language is it?"))  # type: ignore[attr-defined]
            elif language:
                self.texts |= {language: text} if text else {}
                self.words |= {language: words} if words else {}

    def _text(self, said: dict[str, Any], code: str) -> str:
        text = clean(said.get(f"text_{code}", "")).replace("\r\n", "\n").strip()
        if len(text) > automatic_words.LONGEST:
            self.add_error(f"text_{code}", _("At most 1,000 characters: people read it on a phone."))  # type: ignore[attr-defined]
        if odd := automatic_words.unknown(text):
            sentence = _("There is no place called %(name)s.") % {"name": f"{{{{{odd[0]}}}}}"}
            self.add_error(f"text_{code}", sentence)  # type: ignore[attr-defined]
        return text

    def _words(self, said: dict[str, Any], code: str) -> list[str]:
        typed = [" ".join(clean(word).split()) for word in said.get(f"words_{code}", "").split(",")]
        words = list(dict.fromkeys(word for word in typed if word))
        problem = next((word for word in words if len(word) > LONGEST_KEYWORD or not words_of(word)), None)
        if problem is not None:
            sentence = _("“%(word)s” is no word.") % {"word": problem[:LONGEST_KEYWORD]}
            self.add_error(f"words_{code}", sentence)  # type: ignore[attr-defined]
        elif len(words) > MOST_WORDS:
            self.add_error(f"words_{code}", _("At most 30 words."))  # type: ignore[attr-defined]
        return words


class AutomaticForm(Languages, forms.Form):
    """Of one kind, for everybody or for one team."""

    def __init__(self, *args: Any, row: AutomaticText, usual: AutomaticText, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        texts = automatic_words.texts_of(row.kind, row.texts or usual.texts)
        self._offer(row.workspace, texts, {})
        mode = FOLLOW if row.pk is None else OWN if row.is_on else OFF
        choices = [(FOLLOW, _("Like everybody")), (OWN, _("Own words")), (OFF, _("Nothing"))]
        self.fields["mode"] = forms.ChoiceField(
            label=_("This team says"), choices=choices, required=False, initial=mode, widget=forms.RadioSelect()
        )
        self.fields["is_on"] = forms.BooleanField(label=_("Switched on"), required=False, initial=row.is_on)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self._clean_languages(said)
        if self.is_on and not self.texts:
            self.add_error(f"text_{self.codes[0]}", _("Write something first."))
        return said

    @property
    def follows(self) -> bool:
        return self.row.team is not None and self.cleaned_data.get("mode") in (FOLLOW, "")

    @property
    def is_on(self) -> bool:
        if self.row.team is None:
            return bool(self.cleaned_data.get("is_on"))
        return self.cleaned_data.get("mode") == OWN


class KeywordForm(Languages, forms.Form):
    """A list of words and what is answered, in each language."""

    has_words = True
    manner = forms.ChoiceField(
        label=_("It is answered"), initial="whole", widget=forms.RadioSelect(),
        choices=[
            ("whole", _("when the message says nothing else")), ("word", _("when the word occurs in the message")),
        ],
    )  # fmt: skip
    team = forms.ChoiceField(label=_("Team"), required=False, widget=forms.Select(attrs={"class": "input"}))
    is_on = forms.BooleanField(label=_("Switched on"), required=False)

    def __init__(self, *args: Any, row: KeywordAnswer, **kwargs: Any) -> None:
        initial = {
            "manner": "whole" if row.is_whole else "word", "team": row.team_id or "", "is_on": row.is_on
        }  # fmt: skip
        super().__init__(*args, initial=initial, **kwargs)
        self.row = row
        self._offer(row.workspace, row.texts, row.words)
        teams = Team.objects.filter(workspace=row.workspace_id).order_by("name")
        self.fields["team"].choices = [("", _("All teams")), *((str(team.pk), team.name) for team in teams)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self._clean_languages(said)
        if not self.words:
            self.add_error(f"words_{self.codes[0]}", _("Say at least one word."))
        if not self.texts:
            self.add_error(f"text_{self.codes[0]}", _("Write something first."))
        return said

    def filled(self) -> KeywordAnswer:
        """The row as the form has it, not stored."""
        said, row = self.cleaned_data, self.row
        row.words, row.texts = self.words, self.texts
        row.is_whole, row.is_on = said["manner"] == "whole", said["is_on"]
        row.team_id = int(said["team"]) if said["team"] else None
        return row
