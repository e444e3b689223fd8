"""STOP, START and the answer to our question, from the webhook to the ledger: only a reply makes consent valid."""

import json
from datetime import timedelta
from typing import Any

import pytest

from inbox.actions import consent_asking, consent_settings
from inbox.actions.consent import marketing_state, may_send_marketing
from inbox.actions.intake import Intake
from inbox.actions.receiving import receive_message
from inbox.enums import ConsentState, ConversationStatus, Direction, MessageKind, MessageStatus
from inbox.errors import InboxRuleViolation, ServiceWindowClosed
from inbox.models import Activity, Case, Consent, ConsentRequest, Contact, Conversation, Message, OptInPage
from tests import factories, webhooks
from tests.cast import make_cast
from whatsapp import payloads
from whatsapp.models import PhoneNumber

GIVEN, WITHDRAWN, UNKNOWN = ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.UNKNOWN
NOW = int(webhooks.RECEIVED_AT.timestamp())

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> PhoneNumber:
    return webhooks.radhaus()


def receive(body: dict[str, Any]) -> None:
    """As ingest does with what came through the door."""
    for item in payloads.parse(json.dumps(body).encode()):
        if isinstance(item, payloads.InboundMessage):
            number = PhoneNumber.objects.get(phone_number_id=item.phone_number_id)
            receive_message(number, item, Intake(webhooks.RECEIVED_AT))


def write(words: str, *, ago: int = 60, wamid: str = "", **extra: Any) -> None:
    name = wamid or f"wamid.{words}.{ago}"
    receive(webhooks.text(name, words, at=NOW - ago, **extra))


def tap(button: str, title: str = "Ja, gern", *, ago: int = 30, wamid: str = "wamid.tap") -> None:
    body = webhooks.text(wamid, "", at=NOW - ago)
    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    del message["text"]
    reply = {"type": "button_reply", "button_reply": {"id": button, "title": title}}
    message |= {"type": "interactive", "interactive": reply}
    receive(body)


def asked(*, is_sent: bool = True) -> ConsentRequest:
    """The question, as it stands when Meta has taken it."""
    request = ConsentRequest.objects.select_related("question", "wording").latest("pk")
    if is_sent and request.question is not None:
        question = Message.objects.filter(pk=request.question_id)
        question.update(status=MessageStatus.DELIVERED, wamid=f"wamid.q{request.pk}")
    return request


def state() -> ConsentState:
    return marketing_state(Contact.objects.get())


def ours() -> list[str]:
    return list(Message.objects.filter(direction=Direction.OUT).order_by("seq").values_list("text", flat=True))


def test_start_is_a_wish_and_only_the_tap_makes_it_valid(number: PhoneNumber) -> None:
    write("Start!")

    request = asked()
    assert (state(), Consent.objects.count()) == (UNKNOWN, 0)
    assert request.question is not None
    assert request.question.text.startswith("Darf Blumenhaus Sonnenschein dir per WhatsApp")
    assert [each["title"] for each in request.question.data["buttons"]] == ["Ja, gern", "Nein, danke"]

    tap(f"consent:{request.pk}:yes")

    row = Consent.objects.get()
    assert (row.state, row.source, row.said) == (GIVEN, "reply", "Ja, gern")
    assert (row.wording, row.version) == (request.question.text, request.wording)
    assert (row.wamid, row.question_wamid, row.number) == ("wamid.tap", f"wamid.q{request.pk}", "4915550100100")
    assert may_send_marketing(Contact.objects.get())
    assert ours()[-1].startswith("Danke, du bist angemeldet.")
    assert ConsentRequest.objects.get().answer == "given"


def test_who_begins_with_start_makes_nobody_wait(number: PhoneNumber) -> None:
    write("START")

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.needs_answer, conversation.inbound_count) == ("closed", False, 1)
    assert conversation.team is not None
    assert not Case.objects.exists()

    write("Habt ihr offen?", ago=10)

    conversation.refresh_from_db()
    assert (conversation.status, conversation.needs_answer) == ("open", True)


@pytest.mark.parametrize("words", ["Ja", "ja!", "JA, GERN 👍", "Ja, ich stimme zu.", "yes"])
def test_the_answer_may_be_written(number: PhoneNumber, words: str) -> None:
    write("Anmelden")
    asked()

    write(words, ago=10)

    assert state() == GIVEN
    assert Consent.objects.get().said == words


def test_a_yes_to_something_else_is_no_consent(number: PhoneNumber) -> None:
    write("Anmelden")
    asked()
    conversation = Conversation.objects.get()
    later = factories.outbound_message(conversation, "Sollen wir dein Rad morgen bringen?")
    Message.objects.filter(pk=later.pk).update(seq=50)

    write("Ja", ago=10)

    assert state() == UNKNOWN
    conversation.refresh_from_db()
    assert conversation.needs_answer


def test_a_yes_before_the_question_was_seen_is_no_consent(number: PhoneNumber) -> None:
    write("Anmelden")
    asked(is_sent=False)

    write("Ja", ago=10)

    assert state() == UNKNOWN


def test_a_no_is_kept_and_answered_with_silence(number: PhoneNumber) -> None:
    write("Anmelden")
    request = asked()

    tap(f"consent:{request.pk}:no", "Nein, danke")

    assert (state(), len(ours())) == (WITHDRAWN, 1)
    assert ConsentRequest.objects.get().answer == "declined"


def test_the_same_tap_twice_is_one_line(number: PhoneNumber) -> None:
    write("Anmelden")
    request = asked()

    tap(f"consent:{request.pk}:yes", wamid="wamid.1")
    tap(f"consent:{request.pk}:yes", wamid="wamid.2")

    assert (Consent.objects.count(), len(ours())) == (1, 2)


def test_after_its_time_a_question_is_asked_anew(number: PhoneNumber) -> None:
    write("Anmelden")
    request = asked()
    ConsentRequest.objects.update(expires_at=webhooks.RECEIVED_AT - timedelta(minutes=5))

    tap(f"consent:{request.pk}:yes")

    assert state() == UNKNOWN
    assert ConsentRequest.objects.count() == 2


def test_a_button_of_somebody_elses_question_says_nothing(number: PhoneNumber) -> None:
    write("Anmelden")
    request = asked()
    other = factories.conversation(number)
    ConsentRequest.objects.filter(pk=request.pk).update(conversation=other)

    tap(f"consent:{request.pk}:yes")

    assert not Consent.objects.exists()


def test_a_stop_counts_at_once_and_is_confirmed(number: PhoneNumber) -> None:
    write("Anmelden")
    request = asked()
    tap(f"consent:{request.pk}:yes", ago=40)

    write("Stopp, bitte!", ago=10, wamid="wamid.stop")

    row = Consent.objects.order_by("pk").last()
    assert row is not None
    assert (row.state, row.source, row.wording, row.wamid) == (WITHDRAWN, "keyword", "Stopp, bitte!", "wamid.stop")
    assert ours()[-1].startswith("Erledigt, du bekommst keine Werbung mehr.")
    assert list(Activity.objects.filter(kind="consent").values_list("data__state", flat=True)) == [GIVEN, WITHDRAWN]


def test_a_stop_ends_a_question_that_waits(number: PhoneNumber) -> None:
    write("Anmelden")
    asked()
    write("STOP", ago=20)
    write("Ja", ago=10)

    assert state() == WITHDRAWN
    assert ConsentRequest.objects.get().answer == "stopped"


def test_a_stop_in_an_open_case_stays_with_the_colleagues_too(number: PhoneNumber) -> None:
    write("Mein Rad klemmt")
    write("STOP", ago=10)

    conversation = Conversation.objects.get()
    assert (state(), conversation.needs_answer, conversation.inbound_count) == (WITHDRAWN, True, 2)


def test_a_stop_after_the_case_opens_nothing(number: PhoneNumber) -> None:
    write("Mein Rad klemmt")
    Conversation.objects.update(status=ConversationStatus.CLOSED, closed_at=webhooks.RECEIVED_AT, needs_answer=False)
    Case.objects.update(closed_at=webhooks.RECEIVED_AT)

    write("STOP", ago=10)

    assert (state(), Conversation.objects.get().status) == (WITHDRAWN, "closed")


def test_an_old_start_does_not_undo_a_newer_stop(number: PhoneNumber) -> None:
    write("STOP", ago=10)
    write("START", ago=500)

    assert (state(), ConsentRequest.objects.count()) == (WITHDRAWN, 0)


def test_outside_the_window_nothing_is_said(number: PhoneNumber) -> None:
    write("STOP", ago=26 * 3600)
    write("START", ago=25 * 3600)

    assert (state(), ours(), ConsentRequest.objects.count()) == (WITHDRAWN, [], 0)


def test_two_machines_come_to_an_end(number: PhoneNumber) -> None:
    for minute in range(8, 0, -1):
        write("STOP", ago=minute * 60)

    assert Consent.objects.count() == 8
    assert len(ours()) == consent_asking.MOST_ANSWERS


def test_a_blocked_contact_gets_no_answer(number: PhoneNumber) -> None:
    write("Hallo", ago=90)
    Conversation.objects.update(block_state="blocked")
    write("STOP")

    assert (state(), ours()) == (WITHDRAWN, [])


def test_own_words_count_and_ours_for_start_may_be_taken_away(number: PhoneNumber) -> None:
    admin = factories.agent(number.workspace, "Ada", role="admin")
    texts = {"yes": "Klar", "no": "Nö", "confirmed": "Drin!", "stopped": "Raus!"}
    consent_settings.save_language(
        number.workspace, "de", by=admin, question="Dürfen wir?", stop=["Finito"], start=["Blumenpost"], texts=texts
    )

    write("anmelden", ago=90)
    assert not ConsentRequest.objects.exists()
    write("BLUMENPOST 🌷", ago=80)
    assert asked().question.text == "Dürfen wir?"  # type: ignore[union-attr]
    write("finito!", ago=70)
    assert (state(), ours()[-1]) == (WITHDRAWN, "Raus!")


def test_a_wording_never_changes_and_a_change_is_a_new_version(number: PhoneNumber) -> None:
    admin = factories.agent(number.workspace, "Ada", role="admin")
    write("START")
    first = asked().wording
    words = {"stop": [], "start": ["START"], "texts": {"yes": "Ja", "no": "Nein", "confirmed": "Ok", "stopped": "Ok"}}

    consent_settings.save_language(number.workspace, "de", by=admin, question="Neu gefragt?", **words)
    consent_settings.save_language(number.workspace, "de", by=admin, question="Neu gefragt?", **words)

    latest = consent_settings.latest_wording(number.workspace, "de")
    assert latest is not None
    assert (first.version, latest.version, latest.text) == (1, 2, "Neu gefragt?")
    assert asked().wording == first


def test_from_the_public_page_in_its_language(number: PhoneNumber) -> None:
    page = OptInPage.objects.create(workspace=number.workspace, phone_number=number, is_published=True)

    write(f"START {page.code.upper()} EN")

    request = asked()
    assert (request.source, request.wording.language) == ("page", "en")
    assert (state(), Conversation.objects.get().status) == (UNKNOWN, "closed")


@pytest.mark.parametrize("words", ["START abcd2", "Start jetzt", "start jetzt en", "abcd2"])
def test_codes_that_no_page_has_are_just_words(number: PhoneNumber, words: str) -> None:
    write(words)

    assert not ConsentRequest.objects.exists()
    assert Conversation.objects.get().needs_answer


def test_a_buttons_payload_helps_where_its_label_says_nothing(number: PhoneNumber) -> None:
    tap("STOP_NEWS", "Lieber keine mehr")

    assert (state(), Consent.objects.get().source) == (WITHDRAWN, "button")


def test_a_picture_of_a_stop_sign_is_no_stop(number: PhoneNumber) -> None:
    body = webhooks.text("wamid.pic", "", at=NOW - 60)
    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    del message["text"]
    message |= {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x", "caption": "STOP"}}
    receive(body)

    assert state() == UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_a_setting_of_whatsapp_itself_counts_like_a_stop(number: PhoneNumber) -> None:
    webhooks.receive(webhooks.text("wamid.1", "START", at=NOW - 60), webhooks.sample("55"))

    assert ConsentRequest.objects.get().question is not None
    assert Consent.objects.get().source == "meta"


def test_a_colleague_asks_once_inside_the_window(number: PhoneNumber) -> None:
    cast = make_cast()

    request = consent_asking.ask_by_hand(cast.claras, by=cast.ben)

    assert (request.source, request.asked_by, request.question.kind) == ("agent", cast.ben, MessageKind.INTERACTIVE)  # type: ignore[union-attr]
    with pytest.raises(InboxRuleViolation):
        consent_asking.ask_by_hand(cast.claras, by=cast.ben)
    cast.darios.last_customer_message_at = None
    cast.darios.save()
    with pytest.raises(ServiceWindowClosed):
        consent_asking.ask_by_hand(cast.darios, by=cast.ben)
