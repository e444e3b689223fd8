"""What is typed on the page of a saved reply."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import Agent, Role, Team
from inbox import saved_reply_places
from inbox.actions.saved_replies import teams_of_keeper
from inbox.models import SavedReply
from inbox.text import clean

LONGEST_TEXT = 4096
_SHORTCUT = re.compile(r"[\w-]{1,32}")


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, each judged as one."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(each, initial) for each in data or []]


class SavedReplyForm(Styled, forms.Form):
    """One field says for whom: "personal", "all" or a team's number."""

    shortcut = forms.CharField(
        label=_("Shortcut"), max_length=33, help_text=_("You type / and this word. Letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    title = forms.CharField(label=_("Title"), max_length=80)
    text = forms.CharField(
        label=_("Text"), strip=False, widget=forms.Textarea(attrs={"class": "input", "rows": 8}),
    )
    audience = forms.ChoiceField(label=_("For whom"))
    files = FilesField(label=_("Files"), required=False, widget=ManyFiles(attrs={"class": "input"}))

    def __init__(self, *args: Any, agent: Agent, reply: SavedReply | None = None, **kwargs: Any) -> None:
        if reply is not None:
            kwargs["initial"] = {
                "shortcut": reply.shortcut, "title": reply.title, "text": reply.text,
                "audience": str(reply.team_id or reply.scope),
            }  # fmt: skip
        super().__init__(*args, **kwargs)
        owner = reply.owner if reply is not None and reply.owner_id not in (None, agent.pk) else None
        self.teams = {str(team.pk): team for team in teams_of_keeper(agent)}
        personal = _("Only %(name)s") % {"name": owner.name} if owner else _("Only me")
        choices: list[tuple[str, Any]] = [(SavedReply.Scope.PERSONAL, personal)]
        choices += [(key, _("Team %(name)s") % {"name": team.name}) for key, team in self.teams.items()]
        if agent.role in (Role.ADMIN, Role.LEAD):
            choices.append((SavedReply.Scope.ALL, _("Everybody")))
        self.fields["audience"].choices = choices  # type: ignore[attr-defined]

    def clean_shortcut(self) -> str:
        shortcut = clean(self.cleaned_data["shortcut"]).strip().lstrip("/").lower()
        if not _SHORTCUT.fullmatch(shortcut):
            raise ValidationError(_("Letters, digits and hyphens only, at most 32."))
        return shortcut

    def clean_title(self) -> str:
        return clean(self.cleaned_data["title"]).strip()

    def clean_text(self) -> str:
        text = clean(self.cleaned_data["text"]).replace("\r\n", "\n").strip()
        if not text:
            raise ValidationError(_("Write something first."))
        if len(text) > LONGEST_TEXT:
            raise ValidationError(_("At most %(limit)s characters fit into one message.") % {"limit": LONGEST_TEXT})
        if odd := saved_reply_places.unknown(text):
            raise ValidationError(_("There is no place called %(name)s.") % {"name": f"{{{{{odd[0]}}}}}"})
        return text

    @property
    def scope(self) -> tuple[str, Team | None]:
        audience = self.cleaned_data["audience"]
        team = self.teams.get(audience)
        return (SavedReply.Scope.TEAM, team) if team else (audience, None)
