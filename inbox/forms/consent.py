"""What an admin says about consent: the business before its customers, and the words of one language."""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from inbox import text
from inbox.consent_words import (
    EVERYDAY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    LONGEST_WORD,
    MOST_WORDS,
    PARTS,
    START_WORDS,
    STOP_WORDS,
    Keywords,
    normalised,
    texts_for,
)
from inbox.models import ConsentSettings

ONLY_HTTPS = URLValidator(schemes=["https"], message=_("An address that begins with https://"))
ROOM_FOR_LINK = 320  # the privacy policy is added below the question
HINTS = {
    "stop": _("Separated by commas. Ours always count as well: STOP, UNSUBSCRIBE and the like, in every language."),
    "start": _("Separated by commas. We answer with the question; only the reply to it counts."),
    "question": _("Name the business, the channel and what you will send, and how to stop. A change is a new version."),
}


class BusinessForm(Styled, forms.ModelForm):
    """Who asks. Privacy policy and imprint are needed for the public page."""

    class Meta:
        model = ConsentSettings
        fields = ("business_name", "privacy_url", "imprint_url", "expire_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("privacy_url", "imprint_url"):
            field = forms.CharField(
                label=self.fields[name].label, required=False, max_length=300, validators=[ONLY_HTTPS],
                widget=forms.URLInput(attrs={"class": "input", "placeholder": "https://"}),
            )
            self.fields[name] = field

    def clean_business_name(self) -> str:
        return " ".join(text.clean(self.cleaned_data["business_name"]).split())


class LanguageForm(Styled, forms.Form):
    """Keywords, the question and the answers of one language."""

    stop = forms.CharField(label=_("Keywords to unsubscribe"), required=False, help_text=HINTS["stop"])
    start = forms.CharField(label=_("Keywords to subscribe"), help_text=HINTS["start"])
    question = forms.CharField(
        label=_("The question"), max_length=LONGEST_TEXT - ROOM_FOR_LINK, help_text=HINTS["question"],
        widget=forms.Textarea(attrs={"rows": 4, "class": "input"}),
    )
    yes = forms.CharField(label=_("Button for yes"), max_length=LONGEST_TITLE)
    no = forms.CharField(label=_("Button for no"), max_length=LONGEST_TITLE)
    confirmed = forms.CharField(
        label=_("Answer after yes"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2, "class": "input"})
    )
    stopped = forms.CharField(
        label=_("Answer after stop"), max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
    )

    def __init__(self, *args: Any, language: str, chosen: ConsentSettings, question: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own, texts = chosen.words.get(language, {}), texts_for(language, chosen.texts, fallback=language)
        self.initial = {
            "stop": ", ".join((*STOP_WORDS[language], *own.get("stop", ()))), "question": question,
            "start": ", ".join(own.get("start", START_WORDS[language])),
            **{part: getattr(texts, part) for part in PARTS},
        }  # fmt: skip

    def clean_stop(self) -> list[str]:
        return _words(self.cleaned_data["stop"])

    def clean_start(self) -> list[str]:
        found = _words(self.cleaned_data["start"])
        if both := {normalised(word) for word in found} & Keywords.of({}).stop:
            raise forms.ValidationError(_("“%(word)s” unsubscribes.") % {"word": min(both)})
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = {
            name: text.clean(said).strip() if isinstance(said, str) else said
            for name, said in (super().clean() or {}).items()
        }
        start = {normalised(word) for word in cleaned.get("start", ())}
        if both := start & {normalised(word) for word in cleaned.get("stop", ())}:
            self.add_error("start", _("“%(word)s” unsubscribes.") % {"word": min(both)})
        if cleaned.get("yes") and cleaned.get("yes", "").casefold() == cleaned.get("no", "").casefold():
            self.add_error("no", _("Each button needs words of its own."))
        if "question" in cleaned and not Keywords.of({}).stop & set(normalised(cleaned["question"]).split()):
            self.add_error("question", _("Say how to stop: with the word STOP."))
        return cleaned


def _words(said: str) -> list[str]:
    found = list(dict.fromkeys(" ".join(text.clean(word).split()) for word in said.split(",") if word.strip()))
    if len(found) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in found):
        raise forms.ValidationError(_("At most 20 keywords of 30 characters."))
    for word in found:
        if len(normalised(word)) < 2 or normalised(word).isdigit():
            raise forms.ValidationError(_("“%(word)s” is too short for a keyword.") % {"word": word})
        if normalised(word) in EVERYDAY:
            raise forms.ValidationError(
                _("“%(word)s” is said every day and for other reasons.") % {"word": word}
            )
    return found
