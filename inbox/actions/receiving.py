"""A customer wrote (or the owner did, on the phone): from a fact of the webhook to a message in its conversation.

Each function runs inside the item's savepoint, finds everything by unique constraints and does nothing the second time.
Locks: contact, conversation, message, in this order.
"""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from inbox import events, jobs, statements
from inbox.actions import automatic_answers, consent_asking, contacts, later_turns
from inbox.actions.bookkeeping import preview_of, register_customer_message, register_reply, subject_of
from inbox.actions.intake import Ignored, Intake, NotYet
from inbox.actions.locks import lock
from inbox.actions.satisfaction_answers import answer_in, take_answer
from inbox.enums import Direction, MessageKind, MessageStatus, Via
from inbox.models import Attachment, Case, Contact, ContactIdentity, Conversation, Message, Reaction
from whatsapp.models import PhoneNumber
from whatsapp.payloads import Echo, Edit, InboundMessage, Media, ReactionChange, Revoke, SystemChange

MEDIA_LIFETIME = timedelta(days=7)  # of a media id that came by webhook

KNOWN = """
SELECT wamid, id, conversation_id FROM inbox_message WHERE phone_number_id = %s AND wamid = ANY(%s) AND wamid <> ''
"""
CONVERSATION = statements.Columns(Conversation, "c")
LOCK_CONVERSATION = statements.sql(
    "SELECT {c} FROM inbox_conversation c WHERE c.phone_number_id = %s AND c.contact_id = %s FOR NO KEY UPDATE",
    c=CONVERSATION,
)


def receive_message(number: PhoneNumber, item: InboundMessage, intake: Intake) -> Message | None:
    """Store a customer's message with everything that follows from it; None when it is already here.

    The window opens, the conversation (re)opens and waits, a file is queued for download, an ad's referral is kept, a
    shared number is attached. Assignment is the caller's, after the commit. What a message means to ourselves is asked
    in this order, and the first one answers alone: consent, the rating of a closed case, keywords and the rest.
    """
    found = _known(number, item.wamid, item.quoted_wamid)
    if item.wamid in found:
        return None
    contact, sender = _people(number, item)
    conversation = conversation_of(number, contact)
    message = _built(
        conversation, item, found, occurred_at=intake.clamp(item.sent_at), direction=Direction.IN,
        status=MessageStatus.RECEIVED, sender_contact=sender,
    )
    heard = consent_asking.heard_in(conversation, message)
    if heard is None and (answer := answer_in(conversation, message)):
        take_answer(conversation, message, answer, intake.received_at)
        return message
    # Before the insert, so that the row is written once, with its case.
    is_quiet = heard is not None and heard.is_quiet_in(conversation)
    register = consent_asking.register_quietly if is_quiet else register_customer_message
    register(conversation, message, intake.received_at)
    statements.insert(message)
    if item.media is not None:
        _expect_file(message, item.media)
    if conversation.referral is None and item.data.get("referral"):
        conversation.referral = item.data["referral"]
        conversation.save(update_fields=["referral"])
    events.message_created(message)
    if heard is not None:
        consent_asking.act_on(conversation, sender, message, heard, intake.received_at)
    automatic_answers.customer_wrote(conversation, message, intake.received_at, is_answered=heard is not None)
    if is_quiet:
        return message
    if conversation.assignee_id is None:
        intake.routed.add(number.workspace_id)
    later_turns.customer_wrote(conversation, intake.received_at)
    return message


def receive_echo(number: PhoneNumber, item: Echo, intake: Intake) -> Message | None:
    """Store what the owner wrote in the phone app: sent already, never sent by us, no window."""
    found = _known(number, item.wamid, item.quoted_wamid)
    if item.wamid in found:
        return None
    conversation = conversation_of(number, contacts.identify(number, item.person))
    at = intake.clamp(item.sent_at)
    message = _built(
        conversation, item, found, occurred_at=at, direction=Direction.OUT, via=Via.PHONE_APP,
        status=MessageStatus.SENT, accepted_at=at, sent_at=at,
    )
    register_reply(conversation, message)
    message.save(force_insert=True)
    if item.media is not None:
        _expect_file(message, item.media)
    events.message_created(message)
    return message


def receive_reaction(number: PhoneNumber, item: ReactionChange, intake: Intake) -> None:
    """Put an emoji on a message, replace it, or take it away: newest by Meta's time. No bubble, nothing unread."""
    target = _target(number, item.target_wamid, intake)
    sender = None if item.from_us else contacts.identify(number, item.person)
    message = _locked(target)
    at = intake.clamp(item.at)
    current = Reaction.objects.filter(message=message, contact=sender).first()
    if current is not None and (current.occurred_at > at or (current.occurred_at, current.emoji) == (at, item.emoji)):
        return
    if current is None and not item.emoji:
        return
    # A removal stays as an empty emoji: an older reaction that comes late must not bring it back.
    Reaction.objects.update_or_create(
        message=message, contact=sender, defaults={"emoji": item.emoji, "occurred_at": at, "sending": None}
    )
    events.message_changed(message)


def receive_edit(number: PhoneNumber, item: Edit, intake: Intake) -> None:
    """Replace the text, keep the earlier one. An edit of something we never got is shown as a message of its own."""
    try:
        target = _target(number, item.target_wamid, intake)
    except Ignored:
        _receive_orphaned_edit(number, item, intake)
        return
    if item.kind == MessageKind.UNSUPPORTED:
        raise Ignored("an edit to something that WhatsApp does not hand over")
    message = _locked(target)
    at = intake.clamp(item.at)
    if message.deleted_at is not None or (message.edited_at is not None and message.edited_at >= at):
        return
    earlier = message.edited_at or message.occurred_at
    edits = [*message.data.get("edits", []), {"text": message.text, "at": earlier.isoformat()}]
    _rename_case(message, message.text, item.text)
    message.text, message.edited_at, message.data = item.text, at, {**message.data, "edits": edits}
    message.save(update_fields=["text", "edited_at", "data"])
    _refresh_preview(message)
    events.message_changed(message)


def receive_revoke(number: PhoneNumber, item: Revoke, intake: Intake) -> None:
    """Mark a message as deleted by its author. What it said stays stored; the screens hide it."""
    message = _locked(_target(number, item.target_wamid, intake))
    if message.deleted_at is not None:
        return
    message.deleted_at = intake.clamp(item.at)
    message.save(update_fields=["deleted_at"])
    _refresh_preview(message)
    _rename_case(message, message.text, "")
    events.message_changed(message)


def receive_system(number: PhoneNumber, item: SystemChange, intake: Intake) -> Message | None:
    """WhatsApp's own line: ids move to the same contact. Not a customer message, the window stays as it is."""
    if item.wamid and item.wamid in _known(number, item.wamid):
        return None
    contact = contacts.move_ids(number, item.before, item.after)
    if contact is None:
        raise Ignored(f"{item.event} of somebody we do not know")
    if not item.wamid or not Conversation.objects.filter(phone_number=number, contact=contact).exists():
        return None
    data = {"event": item.event, "old": item.before.phone, "new": item.after.phone}
    conversation = conversation_of(number, contact)
    message = _message(
        conversation, wamid=item.wamid, kind=MessageKind.SYSTEM, text=item.text, direction=Direction.IN,
        status=MessageStatus.RECEIVED, occurred_at=intake.clamp(item.at), sender_contact=contact,
        data={key: value for key, value in data.items() if value},
    )
    message.save(force_insert=True)
    conversation.save(update_fields=["seq"])
    events.message_created(message)
    return message


def conversation_of(number: PhoneNumber, contact: Contact) -> Conversation:
    """The one thread of this number and contact, made when missing, its row locked."""
    for _ in range(2):
        locked = statements.fetch(LOCK_CONVERSATION, [number.pk, contact.pk])
        if locked:
            conversation = CONVERSATION.instance(locked[0])
        else:
            try:
                with transaction.atomic():
                    conversation = Conversation.objects.create(
                        workspace_id=number.workspace_id, phone_number=number, contact=contact
                    )
            except IntegrityError:
                continue
        conversation.phone_number, conversation.contact, conversation.workspace = number, contact, number.workspace
        return conversation
    raise RuntimeError("conversation could not be created")


def _people(number: PhoneNumber, item: InboundMessage) -> tuple[Contact, Contact]:
    """Whose thread it is, and who wrote: two people only in a group."""
    if not item.group_id:
        contact = contacts.identify(number, item.person)
        if item.shared_phone:
            contacts.attach_ids(number, contact, {ContactIdentity.Kind.PHONE: item.shared_phone})
        return contact, contact
    group = contacts.identify_group(number, item.group_id)
    return group, contacts.identify(number, item.person) if item.person.is_known else group


def _known(number: PhoneNumber, *wamids: str) -> dict[str, tuple[int, int]]:
    """Which of these are stored already: wamid → (message, conversation)."""
    wanted = [wamid for wamid in wamids if wamid]
    found = statements.fetch(KNOWN, [number.pk, wanted])
    return {wamid: (pk, conversation_id) for wamid, pk, conversation_id in found}


def _built(
    conversation: Conversation, item: InboundMessage | Echo, found: dict[str, tuple[int, int]], **fields: Any
) -> Message:
    """The message, not stored yet. A quote is linked only within its own thread."""
    quoted_id, place = found.get(item.quoted_wamid, (None, None))
    return _message(
        conversation, wamid=item.wamid, kind=item.kind, text=item.text, data=item.data,
        quoted_id=quoted_id if place == conversation.pk else None, quoted_wamid=item.quoted_wamid,
        forwarded=item.forwarded, **fields,
    )


def _message(conversation: Conversation, **fields: Any) -> Message:
    return Message(
        workspace_id=conversation.workspace_id, conversation=conversation, phone_number=conversation.phone_number,
        seq=conversation.next_seq(), **fields,
    )


def _expect_file(message: Message, media: Media) -> None:
    attachment = Attachment.objects.create(
        message=message, kind=media.kind, file_name=media.file_name, mime_type=media.mime_type,
        is_voice=media.is_voice, is_animated=media.is_animated, sha256=media.sha256, media_id=media.media_id,
        media_expires_at=message.occurred_at + MEDIA_LIFETIME,
    )
    jobs.enqueue(jobs.fetch_attachment, attachment.pk, queue="attachments")


def _target(number: PhoneNumber, wamid: str, intake: Intake) -> Message:
    """The message that a reaction, edit or revoke is about."""
    found = Message.objects.filter(phone_number=number, wamid=wamid).select_related("conversation").first()
    if found is not None:
        return found
    if intake.is_last_try:
        raise Ignored("the message it is about is not known here")
    raise NotYet("the message it is about has not arrived")


def _locked(message: Message) -> Message:
    """The same message with its conversation and itself locked, and read anew."""
    conversation = lock(message.conversation)
    fresh = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
    fresh.conversation = conversation
    return fresh


def _refresh_preview(message: Message) -> None:
    """The list row shows this message: show what it says now."""
    conversation = message.conversation
    if conversation.preview.get("uid") == str(message.uid):
        shown = preview_of(message, message.occurred_at)
        conversation.preview = {**conversation.preview, "text": shown["text"]}
        if message.deleted_at:
            conversation.preview |= {"text": "", "deleted": True}
        conversation.save(update_fields=["preview"])


def _rename_case(message: Message, before: str, after: str) -> None:
    """A case that is called by this message's words follows them."""
    if before and message.direction == Direction.IN and message.case_id is not None:
        Case.objects.filter(pk=message.case_id, subject=subject_of(before)).update(subject=subject_of(after))


def _receive_orphaned_edit(number: PhoneNumber, item: Edit, intake: Intake) -> None:
    """Its original is older than our data: the words are the customer's all the same."""
    place: dict[str, Any] = {"path": item.path, "waba_id": item.waba_id, "phone_number_id": item.phone_number_id}
    wamid = item.target_wamid
    if item.from_us:
        message = receive_echo(number, Echo(
            wamid=wamid, sent_at=item.at, person=item.person, kind=item.kind, text=item.text, data=item.data, **place
        ), intake)
    else:
        message = receive_message(number, InboundMessage(
            wamid=wamid, sent_at=item.at, person=item.person, group_id=item.group_id, kind=item.kind, text=item.text,
            data=item.data, **place,
        ), intake)
    if message is not None:
        message.edited_at = message.occurred_at
        message.save(update_fields=["edited_at"])
