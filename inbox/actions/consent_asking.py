"""Asking for consent by WhatsApp, and what customers say about it: STOP, START, and the answer to our question.

START (typed, or brought along from the public page) is a wish, not a consent: we ask with the exact words of the newest
version, and only the reply counts, tapped or written. Until then, and when it never comes, nothing is permitted. STOP
counts at once. Both are answered here, by one message inside the window, and nothing else answers them; what needs no
person opens nothing and nobody waits. In the transaction that stores the message, its contact and conversation locked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events
from inbox.actions import bookkeeping, outgoing
from inbox.actions.activity import add_activity
from inbox.actions.consent import contact_changed, latest_consent, marketing_state, payload_state, record_consent
from inbox.actions.consent_settings import chosen_for, keywords_of, wording_to_ask
from inbox.actions.satisfaction import say
from inbox.consent_words import CODE, PRIVACY, TEXTS, Texts, answer_in, normalised, texts_for
from inbox.enums import BlockState, ConsentState, ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.errors import InboxRuleViolation
from inbox.models import Case, Consent, ConsentRequest, Contact, Conversation, Message, OptInPage

Answer, Source = ConsentRequest.Answer, Consent.Source
ASK_AGAIN_AFTER = timedelta(minutes=10)
MOST_ANSWERS, ANSWERS_WITHIN = 4, timedelta(hours=1)  # two machines talking to each other come to an end
NOT_SEEN = (MessageStatus.HELD, MessageStatus.QUEUED, MessageStatus.FAILED)
_BUTTON = re.compile(r"consent:([0-9]{1,18}):(yes|no)")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message says about advertising. With `request` it answers our question."""

    state: ConsentState
    source: str
    request: ConsentRequest | None = None
    page: OptInPage | None = None
    language: str = ""

    @property
    def is_wish(self) -> bool:
        """To be asked, that is: START."""
        return self.source == Source.KEYWORD and self.state == ConsentState.GIVEN

    def is_quiet_in(self, conversation: Conversation) -> bool:
        """Nobody has to look at it. A STOP in an open case may mean something else as well."""
        if conversation.contact.kind == Contact.Kind.GROUP:
            return False
        is_stop = self.state == ConsentState.WITHDRAWN and self.request is None
        return not is_stop or conversation.status == ConversationStatus.CLOSED or _is_new(conversation)


def heard_in(conversation: Conversation, message: Message) -> Heard | None:
    """What this new message of a customer says about advertising, or None when it is about something else."""
    if message.kind == MessageKind.BUTTON_REPLY:
        return _tapped(conversation, message)
    if message.kind != MessageKind.TEXT:
        return None
    is_group = conversation.contact.kind == Contact.Kind.GROUP
    words = keywords_of(conversation.workspace_id)
    if state := words.meaning(message.text):
        is_other = is_group and state == ConsentState.GIVEN  # we cannot ask in a group
        return None if is_other else Heard(state, Source.KEYWORD)
    if is_group:
        return None
    if (says_yes := answer_in(message.text)) is not None:
        request = _asked_last(conversation, message)
        return _answer(request, says_yes) if request else None
    return _from_page(conversation, message)


def register_quietly(conversation: Conversation, message: Message, now: datetime) -> None:
    """Row, counts and window, and nothing waits. A thread that begins like this is closed."""
    if _is_new(conversation):
        conversation.status, conversation.closed_at = ConversationStatus.CLOSED, message.occurred_at
        conversation.team = conversation.team or bookkeeping.team_for(conversation.phone_number)
    bookkeeping.register_beside(conversation, message, _last_case(conversation), now)


def act_on(conversation: Conversation, sender: Contact, message: Message, heard: Heard, now: datetime) -> None:
    """Record it, or ask; and say so. The message is stored."""
    with events.gathered():
        if heard.is_wish:
            _take_wish(conversation, message, heard, now)
        elif heard.request is not None and message.occurred_at > heard.request.expires_at:
            ask(conversation, now, source=heard.request.source, wish=message, language=heard.request.wording.language)
        elif heard.request is not None:
            _take_answer(conversation, sender, message, heard, now)
        elif heard.state == ConsentState.WITHDRAWN:
            _take_stop(conversation, sender, message, heard, now)
        else:
            _take_button(conversation, sender, message, now)
        events.conversation_changed(conversation)  # the panel shows it


def ask(
    conversation: Conversation, now: datetime, *, source: str, wish: Message | None = None, by: Agent | None = None,
    language: str = "",
) -> ConsentRequest | None:
    """Ask, if we may write now; None when not. An earlier question that waits is over, its buttons still answer it."""
    if not _may_say(conversation, now):
        return None
    chosen = chosen_for(conversation.workspace)
    wording = wording_to_ask(conversation.workspace, language or conversation.contact.language)
    _end_waiting(conversation, Answer.REPLACED, now)
    request = ConsentRequest.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, wording=wording, source=source, wish=wish,
        asked_by=by, asked_at=now, expires_at=now + timedelta(days=chosen.expire_days),
    )  # fmt: skip
    texts = texts_for(wording.language, chosen.texts)
    text = wording.text
    if chosen.privacy_url and chosen.privacy_url not in text:
        text += "\n\n" + PRIVACY[wording.language] % chosen.privacy_url
    buttons = [
        {"type": "reply", "id": f"consent:{request.pk}:{key}", "title": title}
        for key, title in (("yes", texts.yes), ("no", texts.no))
    ]
    request.question = say(
        conversation, _last_case(conversation), now, kind=MessageKind.INTERACTIVE, text=text,
        data={"interactive": "button", "buttons": buttons, "consent": "question"},
    )  # fmt: skip
    request.save(update_fields=["question"])
    add_activity(conversation, "consent_asked", actor=by, data={"source": source}, occurred_at=now)
    return request


def ask_by_hand(conversation: Conversation, *, by: Agent) -> ConsentRequest:
    """A colleague asks, inside the window. Whoever has agreed is not asked, and a no is respected."""
    with transaction.atomic(), events.gathered():
        Contact.objects.select_for_update(no_key=True).get(pk=conversation.contact_id)
        outgoing.lock_for_writing(conversation, by)
        outgoing.require_open_window(conversation)
        state = marketing_state(conversation.contact)
        if state == ConsentState.GIVEN:
            raise InboxRuleViolation(_("This person has agreed already."))
        if state == ConsentState.WITHDRAWN:
            raise InboxRuleViolation(_("This person has said no to marketing. They can write START themselves."))
        now = timezone.now()
        if waiting_in(conversation, now) is not None:
            raise InboxRuleViolation(_("They have been asked already; the answer is still to come."))
        request = ask(conversation, now, source=ConsentRequest.Source.AGENT, by=by)
        if request is None:
            raise InboxRuleViolation(_("Too many questions in one hour. Try again later."))
        events.conversation_changed(conversation)
    return request


def waiting_in(conversation: Conversation, now: datetime) -> ConsentRequest | None:
    """The question whose answer is still to come."""
    return _waiting(conversation).filter(expires_at__gt=now).select_related("wording").order_by("-asked_at").first()


def _tapped(conversation: Conversation, message: Message) -> Heard | None:
    if found := _BUTTON.fullmatch(str(message.data.get("id", ""))):
        requests = ConsentRequest.objects.select_related("wording", "question")
        request = requests.filter(pk=int(found[1]), conversation=conversation).first()
        return _answer(request, found[2] == "yes") if request else None
    # What the customer read decides; the payload helps where the label is something like "No thanks".
    state = keywords_of(conversation.workspace_id).meaning(message.text)
    state = state or payload_state(str(message.data.get("id", "")))
    return Heard(state, Source.BUTTON) if state else None


def _answer(request: ConsentRequest, says_yes: bool) -> Heard:
    return Heard(ConsentState.GIVEN if says_yes else ConsentState.WITHDRAWN, Source.REPLY, request)


def _asked_last(conversation: Conversation, message: Message) -> ConsentRequest | None:
    """Our question, when a yes or no can be about nothing else: it is quoted, or the last thing we have said."""
    requests = _waiting(conversation).select_related("wording", "question")
    request = requests.filter(question__isnull=False).order_by("-asked_at").first()
    if request is None or request.question is None or request.question.status in NOT_SEEN:
        return None
    if message.quoted_id is not None:
        return request if message.quoted_id == request.question_id else None
    later = conversation.messages.filter(direction=Direction.OUT, seq__gt=request.question.seq)
    is_last = not later.exclude(status=MessageStatus.FAILED).exclude(kind=MessageKind.REACTION).exists()
    return request if is_last else None


def _from_page(conversation: Conversation, message: Message) -> Heard | None:
    """ "START k7q2d en": the words with which the public page opens the chat."""
    said = normalised(message.text).split() if len(message.text) <= 60 else []
    language = said.pop() if said and said[-1] in TEXTS else ""
    if len(said) < 2 or not CODE.fullmatch(said[-1]):
        return None
    if keywords_of(conversation.workspace_id).meaning(" ".join(said[:-1])) != ConsentState.GIVEN:
        return None
    page = OptInPage.objects.filter(workspace_id=conversation.workspace_id, code=said[-1], is_published=True).first()
    return Heard(ConsentState.GIVEN, Source.KEYWORD, page=page, language=language) if page else None


def _take_wish(conversation: Conversation, message: Message, heard: Heard, now: datetime) -> None:
    latest = latest_consent(conversation.contact)
    if latest is not None and latest.occurred_at > message.occurred_at:
        return  # overtaken by what they said later
    if latest is not None and latest.state == ConsentState.GIVEN:
        _say(conversation, "confirmed", now)
        return
    waiting = waiting_in(conversation, now)
    if waiting is not None and waiting.asked_at > now - ASK_AGAIN_AFTER:
        return
    source = ConsentRequest.Source.PAGE if heard.page else ConsentRequest.Source.KEYWORD
    ask(conversation, now, source=source, wish=message, language=heard.language)


def _take_answer(
    conversation: Conversation, sender: Contact, message: Message, heard: Heard, now: datetime
) -> None:
    """The reply that makes it valid, or the no; with the exact words that were asked."""
    request = heard.request
    assert request is not None
    before = marketing_state(sender)
    if before != heard.state:
        question = request.question
        record_consent(
            sender, heard.state, source=Source.REPLY, occurred_at=message.occurred_at, message=message,
            wording=question.text if question else request.wording.text, version=request.wording,
            said=message.text[:200], question_wamid=question.wamid if question else "",
        )  # fmt: skip
    request.answer = Answer.GIVEN if heard.state == ConsentState.GIVEN else Answer.DECLINED
    request.answered_at = message.occurred_at
    request.save(update_fields=["answer", "answered_at"])
    _end_waiting(conversation, Answer.REPLACED, now)
    after = marketing_state(sender)
    if after == before:
        return
    _tell(conversation, sender, message, after)
    if after == ConsentState.GIVEN:
        _say(conversation, "confirmed", now, language=request.wording.language)
    elif before == ConsentState.GIVEN:
        _say(conversation, "stopped", now, language=request.wording.language)


def _take_stop(conversation: Conversation, sender: Contact, message: Message, heard: Heard, now: datetime) -> None:
    record_consent(
        sender, ConsentState.WITHDRAWN, source=heard.source, wording=message.text, message=message,
        occurred_at=message.occurred_at,
    )
    _end_waiting(conversation, Answer.STOPPED, now)
    _tell(conversation, sender, message, ConsentState.WITHDRAWN)
    if marketing_state(sender) == ConsentState.WITHDRAWN:
        _say(conversation, "stopped", now)


def _take_button(conversation: Conversation, sender: Contact, message: Message, now: datetime) -> None:
    """A template of ours asked, and its button says yes: the template's words are what was agreed to."""
    asked = message.quoted
    record_consent(
        sender, ConsentState.GIVEN, source=Source.BUTTON, message=message, occurred_at=message.occurred_at,
        wording=asked.text if asked else message.text, said=message.text[:200], question_wamid=message.quoted_wamid,
    )
    if marketing_state(sender) == ConsentState.GIVEN:
        _tell(conversation, sender, message, ConsentState.GIVEN)
        _say(conversation, "confirmed", now)


def _tell(conversation: Conversation, sender: Contact, message: Message, state: ConsentState) -> None:
    """The line in this thread; other threads of the same person show it in their panel."""
    data = {"state": state, "words": message.text[:60]}
    add_activity(conversation, "consent", data=data, occurred_at=message.occurred_at)
    contact_changed(sender)


def _say(conversation: Conversation, part: str, now: datetime, language: str = "") -> None:
    if not _may_say(conversation, now):
        return
    spoken = language or conversation.contact.language or conversation.workspace.language
    texts: Texts = texts_for(spoken, chosen_for(conversation.workspace).texts, fallback=conversation.workspace.language)
    data: Mapping[str, str] = {"consent": part}
    say(conversation, _last_case(conversation), now, kind=MessageKind.TEXT, text=getattr(texts, part), data=data)


def _may_say(conversation: Conversation, now: datetime) -> bool:
    """Inside the window, to somebody who is not blocked, and not without end."""
    if conversation.contact.kind == Contact.Kind.GROUP or conversation.block_state != BlockState.NONE:
        return False
    if not conversation.service_window.is_open(now):
        return False
    said = conversation.messages.filter(
        occurred_at__gt=now - ANSWERS_WITHIN, direction=Direction.OUT, via=Via.AUTOMATION, data__has_key="consent"
    )
    return said.count() < MOST_ANSWERS


def _waiting(conversation: Conversation) -> QuerySet[ConsentRequest]:
    return ConsentRequest.objects.filter(conversation=conversation, answered_at__isnull=True)


def _end_waiting(conversation: Conversation, answer: str, now: datetime) -> None:
    _waiting(conversation).update(answer=answer, answered_at=now)


def _last_case(conversation: Conversation) -> Case | None:
    return Case.objects.filter(conversation=conversation).order_by("-opened_at", "-id").first()


def _is_new(conversation: Conversation) -> bool:
    """Made for this very message."""
    return conversation.seq <= 1 and conversation.assignee_id is None
