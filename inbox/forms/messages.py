"""What agents type: replies, notes and drafts. Rules about content are the actions'; here only shape is checked."""

import uuid
from typing import Any

from django import forms
from django.core.files import File
from django.utils.translation import gettext_lazy as _

from inbox.enums import DraftKind, MessageStatus
from inbox.models import Conversation, Message
from inbox.text import clean
from whatsapp.models import MessageTemplate


class Typed(forms.CharField):
    """What somebody typed or pasted. A NUL, which no message can hold and nobody can see, goes without a word."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value))


class UidForm(forms.Form):
    """Anything that the browser names: the same uid again is the same message."""

    uid = forms.UUIDField()


class ReplyForm(UidForm):
    """A reply as the composer posts it. `quoted` is the uid of a message of this thread."""

    text = Typed(required=False, strip=False)
    seen_seq = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    quoted = forms.UUIDField(required=False)
    files = forms.CharField(required=False)  # uids of this composer's files, in order, with commas
    confirm = forms.BooleanField(required=False)
    gaps_meant = forms.BooleanField(required=False)

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        self.conversation = conversation
        super().__init__(*args, **kwargs)

    def clean_files(self) -> list[uuid.UUID]:
        return self.uids("files")

    def uids(self, name: str) -> list[uuid.UUID]:
        try:
            return [uuid.UUID(each) for each in self.cleaned_data[name].split(",") if each]
        except ValueError as error:
            raise forms.ValidationError(_("This page is out of date. Please reload it.")) from error

    def clean_quoted(self) -> Message | None:
        """A message that has gone meanwhile is simply not quoted; nor is one that is held back, it is its author's."""
        uid = self.cleaned_data["quoted"]
        found = Message.objects.filter(conversation=self.conversation, uid=uid).exclude(status=MessageStatus.HELD)
        return found.first() if uid else None


class NoteForm(UidForm):
    text = Typed(required=False, strip=False)


class DraftForm(forms.Form):
    """`page` names the page on which it was typed, which needs no word of it."""

    kind = forms.ChoiceField(choices=DraftKind.choices)
    text = Typed(required=False, strip=False)
    page = forms.CharField(required=False, max_length=40)


class TemplateForm(UidForm):
    """A template of this conversation's account with its values: every other field of the post, by its name.

    Its files come under the names of their places: header, card0, …
    """

    template = forms.ModelChoiceField(
        MessageTemplate.objects.none(),
        error_messages={"invalid_choice": _("This template is no longer there. Choose another.")},
    )

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = conversation.phone_number.business_account_id
        self.fields["template"].queryset = MessageTemplate.objects.filter(business_account=account)  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, str]:
        """What was filled in, by the template's field names; the action refuses names it does not know."""
        own = {*self.fields, *self.files, "csrfmiddlewaretoken"}
        return {name: str(value) for name, value in self.data.items() if name not in own}

    @property
    def chosen_files(self) -> dict[str, File]:
        """By place; the action judges them, and lets be what has no place."""
        return {name: file for name, file in self.files.items() if isinstance(file, File)}
