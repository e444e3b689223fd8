"""Templates: the one thing that may be sent when the window is closed, and what must be true for it.

A template message opens no window; only the customer's answer does. All rules are asked under the conversation's lock
when the message is queued, and again by the delivery loop right before the call.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import text as words
from inbox.actions import consent, header_media, template_care
from inbox.actions.outgoing import existing, lock_for_writing, new_message, put_in_thread
from inbox.enums import MessageKind
from inbox.errors import NoConsent, TemplateNotSendable, TemplateValuesInvalid
from inbox.models import Conversation, Message
from inbox.visibility import Actor
from whatsapp.models import BusinessAccount, MessageTemplate, TemplateStatus
from whatsapp.template_filling import ValuesInvalid, check_values, moment_of, render
from whatsapp.template_parts import TemplateShape


@transaction.atomic
def send_template(
    conversation: Conversation, *, by: Actor, template: MessageTemplate, values: Mapping[str, Any],
    uid: uuid.UUID | str, files: Mapping[str, File] | None = None,
) -> Message:
    """Queue an approved template, filled with `values` (by TemplateShape's fields).

    Raises TemplateNotSendable, NoConsent or TemplateValuesInvalid. `files` ("header", "card0", …) replace the number's
    default files of a media header or of cards for this one message.
    """
    lock_for_writing(conversation, by)
    known = existing(conversation, uid, by)
    if known is not None:
        return known
    filled = prepared(conversation, template, values, by=by, files=files)
    return queue_prepared(filled, by=by, uid=uid)


def repeat(message: Message, conversation: Conversation, *, by: Agent, uid: uuid.UUID | str) -> Message:
    """The same template with the same values and file once more. The caller holds the conversation's lock."""
    if message.template is None:
        raise TemplateNotSendable
    values = message.data.get("values") or {}
    again = prepared(conversation, message.template, values, by=by, resend_of=message)
    return queue_prepared(again, by=by, uid=uid, resend_of=message)


def why_not_sendable(template: MessageTemplate | None, account: BusinessAccount) -> str:
    """The sentence that says why this account may not send this template now, or ""."""
    if template is None or template.business_account_id != account.pk or template.removed_at is not None:
        return str(_("This template no longer exists."))
    if not template.is_sendable:
        return f"{not_approved(template)[0]}."
    if account.restricted_until is not None and account.restricted_until > timezone.now():
        return str(_("Meta has restricted this account: templates cannot be sent at the moment."))
    return ""


def not_approved(template: MessageTemplate) -> tuple[str | Promise, str]:
    """Why WhatsApp does not let it be sent, with the icon that stands beside it; picker and refusal say the same."""
    return _STATUS_REASONS.get(template.status, (_("Not available at WhatsApp"), "alert"))


_STATUS_REASONS: dict[str, tuple[str | Promise, str]] = {
    TemplateStatus.PENDING: (_("Waiting for approval by WhatsApp"), "clock"),
    "IN_APPEAL": (_("Waiting for approval by WhatsApp"), "clock"),
    TemplateStatus.REJECTED: (_("Rejected by WhatsApp"), "ban"),
    TemplateStatus.PAUSED: (_("Paused: too many people blocked it"), "alert"),
    TemplateStatus.DISABLED: (_("Switched off by WhatsApp"), "ban"),
    "ARCHIVED": (_("Archived"), "archive"),
}


@dataclass(frozen=True)
class Prepared:
    """A template that may be sent in this conversation now, with values that fit."""

    conversation: Conversation
    template: MessageTemplate
    shape: TemplateShape
    values: dict[str, str]
    sources: dict[str, header_media.HeaderSource]


def prepared(
    conversation: Conversation, template: MessageTemplate, values: Mapping[str, Any], *, by: Actor,
    files: Mapping[str, File] | None = None, resend_of: Message | None = None, due_at: datetime | None = None,
) -> Prepared:
    """Ask every rule; raises TemplateNotSendable, NoConsent or TemplateValuesInvalid. `by` is who wants to send it,
    `due_at` when, if not now.
    """
    account = BusinessAccount.objects.get(phone_numbers=conversation.phone_number_id)
    template = MessageTemplate.objects.filter(pk=template.pk).first() or template
    if reason := why_not_sendable(template, account):
        raise TemplateNotSendable(reason)
    if reason := template_care.why_not_theirs(by, template):
        raise TemplateNotSendable(reason)
    if template.is_marketing and not consent.may_send_marketing(conversation.contact):
        raise NoConsent
    shape = TemplateShape.of(template)
    if shape.cannot_fill:
        raise TemplateNotSendable(shape.cannot_fill)
    sources = header_media.sources_for(conversation, template, shape, files or {}, resend_of)
    try:
        cleaned = check_values(shape, _cleaned(values), files=sources)
    except ValuesInvalid as problem:
        raise TemplateValuesInvalid(problem.fields)
    ends = moment_of(cleaned["offer.expires"]) if shape.offer_ends else None
    if ends is not None and ends <= (due_at or timezone.now()):
        sentence = _("By the time it is sent, the offer has ended") if due_at else _("This time has passed")
        raise TemplateValuesInvalid({"offer.expires": sentence})
    return Prepared(conversation, template, shape, cleaned, sources)


def queue_prepared(
    filled: Prepared, *, by: Actor, uid: uuid.UUID | str, resend_of: Message | None = None
) -> Message:
    """Store and queue it. It is not what somebody types in the composer: that stays a draft."""
    parts = render(filled.shape, filled.values)
    message = new_message(
        filled.conversation, by=by, uid=uid, kind=MessageKind.TEMPLATE, text=parts["body"], template=filled.template,
        data=_data(filled.template, parts, filled.values), resend_of=resend_of,
    )  # fmt: skip
    for place in filled.shape.file_places:
        header_media.attach(message, filled.sources[place])
    put_in_thread(message, keeps_draft=True)
    MessageTemplate.objects.filter(pk=filled.template.pk).update(
        used_count=F("used_count") + 1, last_used_at=timezone.now()
    )
    return message


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: words.clean(value) if isinstance(value, str) else value for field, value in values.items()}


def _data(template: MessageTemplate, parts: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """What the bubble shows and a repeat needs, whatever becomes of the template later."""
    return {
        "name": template.name, "language": template.language, "category": template.category, "values": values, **parts
    }  # fmt: skip
