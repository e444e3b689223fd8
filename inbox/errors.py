"""Refusals of the inbox: each carries the sentence the agent will read and the HTTP status a view answers with.

Actions raise them, one decorator in the views turns them into an answer. `code` is stable and for scripts; `sentence`
is translated when it is shown, so it fits the reader's language.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise  # translated when shown


class InboxRuleViolation(Exception):
    """Something a person wanted is against a rule. `sentence` says which, `status` is the HTTP answer."""

    code = "refused"
    status = 422
    sentence: Sentence = _("That is not possible here.")

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(self.code)
        if sentence is not None:
            self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class ServiceWindowClosed(InboxRuleViolation):
    """More than 24 hours since the customer's last message: only an approved template is accepted now."""

    code = "window_closed"
    status = 409
    sentence = _("The 24-hour window is closed. Choose a template.")


class TemplateNotSendable(InboxRuleViolation):
    """Not approved, removed, of another account, or the account may not send it at the moment."""

    code = "template_not_sendable"
    sentence = _("This template cannot be sent at the moment.")


class TemplateValuesInvalid(InboxRuleViolation):
    """What was filled into a template does not fit; `fields` has one sentence per field name."""

    code = "template_values"
    sentence = _("Please check the template's fields.")

    def __init__(self, fields: Mapping[str, Sentence], sentence: Sentence | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields)


class FieldsInvalid(InboxRuleViolation):
    """What was filled in does not fit WhatsApp; `fields` has one sentence per field name."""

    code = "fields"
    sentence = _("Please check the marked fields.")

    def __init__(self, fields: Mapping[str, Sentence], sentence: Sentence | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields)


class NoConsent(InboxRuleViolation):
    """A marketing template for someone who has not agreed to marketing."""

    code = "no_consent"
    sentence = _("This contact has not agreed to marketing messages.")


class AlreadyAssigned(InboxRuleViolation):
    """Somebody else was faster; `holder` is the agent who has the conversation now."""

    code = "already_assigned"
    status = 409

    def __init__(self, holder: Any, sentence: Sentence | None = None) -> None:
        self.holder = holder
        super().__init__(sentence or _("%(name)s was faster.") % {"name": getattr(holder, "name", holder)})


class ConversationClosedRule(InboxRuleViolation):
    """The conversation is closed, and what was wanted needs an open one."""

    code = "conversation_closed"
    status = 409
    sentence = _("This conversation is closed. Reopen it first.")


class NotAllowed(InboxRuleViolation):
    """Visible to this agent, but not theirs to do."""

    code = "not_allowed"
    status = 403
    sentence = _("You may not do that.")


class TextTooLong(InboxRuleViolation):
    """More characters than WhatsApp takes in one message."""

    code = "text_too_long"

    def __init__(self, limit: int = 4096, sentence: Sentence | None = None) -> None:
        self.limit = limit
        super().__init__(sentence or _("At most %(limit)s characters fit into one message.") % {"limit": limit})


class EmptyMessage(InboxRuleViolation):
    code = "empty"
    sentence = _("Write something first.")


class UnfilledGap(InboxRuleViolation):
    """A place of a saved reply is still empty; whoever means it so says so."""

    code = "gap"

    def __init__(self, gap: str) -> None:
        self.gap = gap
        super().__init__(_("%(gap)s is not filled in yet.") % {"gap": gap})


class ColleagueAnswered(InboxRuleViolation):
    """A colleague has replied since the author last looked; `message` is the reply that is held back meanwhile."""

    code = "colleague_answered"
    status = 409
    sentence = _("A colleague has answered in the meantime. Your message is waiting for you.")

    def __init__(self, message: Any = None, sentence: Sentence | None = None) -> None:
        super().__init__(sentence)
        self.message = message


class ReadOnlyConversation(InboxRuleViolation):
    """A group, for example: we show it, we do not write into it."""

    code = "read_only"
    sentence = _("WhatsApp groups can only be read here.")


class NumberDisconnected(InboxRuleViolation):
    """The conversation's number of ours was let go of: it can be read, and connected again by an admin."""

    code = "number_disconnected"
    status = 409
    sentence = _("This number is disconnected. An admin can connect it again.")


class ContactBlocked(InboxRuleViolation):
    """WhatsApp delivers nothing either way while a contact is blocked."""

    code = "blocked"
    status = 409
    sentence = _("This contact is blocked. Unblock them to write.")


class HandoverNoteRequired(InboxRuleViolation):
    """The workspace wants a word for the colleagues when a conversation changes its team."""

    code = "handover_note"
    sentence = _("Write a note for the colleagues of the other team.")


class AlreadyAsked(InboxRuleViolation):
    """Customers are asked once in a window."""

    code = "already_asked"
    status = 409
    sentence = _("This customer has already been asked in this window.")


class StaleVersion(InboxRuleViolation):
    """What was changed had already been changed by somebody else."""

    code = "stale"
    status = 409
    sentence = _("Somebody else changed this a moment ago. Please look again.")


class FileRefused(InboxRuleViolation):
    """A file that WhatsApp would not take, or that we have no room for; the sentence says what is allowed."""

    code = "file_refused"


class FileOnlyAsDocument(FileRefused):
    """WhatsApp would not play it, but takes it as a document: the agent decides."""

    code = "as_document"


class FilesGone(InboxRuleViolation):
    """A file of this message is not in the composer any more, here or on another device."""

    code = "files_gone"
    status = 409
    sentence = _("A file is no longer there. Please look at the files again.")
