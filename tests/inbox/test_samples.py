"""Every webhook sample does what its description says, through the real door and the ingest loop, once and twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from inbox.actions.consent import marketing_state, record_consent
from inbox.enums import AttachmentState, ConsentState, MessageKind, MessageStatus, Via
from inbox.models import (
    Attachment,
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    Event,
    Message,
    Reaction,
    ServiceMessageCount,
)
from tests import factories, webhooks
from tests.recording_queue import forget_jobs, recorded_jobs
from whatsapp.models import MessageTemplate, PhoneNumber, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)

LENA, MEHMET, JUERGEN, ANNIKA = (
    "wamid.HBgNNDkxNTEwMDAwMTIzNBUCABEYEjdDMTFDMDVERkY3QjlDOEY5QQA=",
    "wamid.HBgNNDkxNTEwMDAwNTY3OBUCABEYEjRDQkQ3ODdGNkM4MTNFQkU1NQA=",
    "wamid.HBgNNDkxNTU1MDIwMDMwMBUCABEYEjlDODU0RDZFMkFBRDRFQkJEMAA=",
    "wamid.HBgNNDkxNTEwMDAwOTk5ORUCABEYEkM2RDU0OEQzOTNDNUY5NkU3NQA=",
)


@dataclass
class World:
    number: PhoneNumber
    lena: Message  # what we last sent to each of them, accepted by Meta
    mehmet: Message
    juergen: Message
    annika: Message


@pytest.fixture
def number() -> PhoneNumber:
    forget_jobs()
    return webhooks.radhaus()


@pytest.fixture
def world(number: PhoneNumber) -> World:
    sent = []
    for name, phone, bsuid, wamid in (
        ("Lena Vogt", "4915100001234", "", LENA),
        ("Mehmet Yıldız 🌻", "4915100005678", "DE.30918827465510927364", MEHMET),
        ("Jürgen Weiß", "4915550200300", "DE.66120934875512098347", JUERGEN),
        ("Annika", "", "DE.19283746556473829101", ANNIKA),
    ):
        conversation = factories.conversation(number, factories.contact(number, name, phone=phone, bsuid=bsuid))
        at = at_unix(1795341000)
        sent.append(factories.outbound_message(
            conversation, "Gern.", at=at, wamid=wamid, status=MessageStatus.ACCEPTED, accepted_at=at
        ))
    for index, name in ((1, "bestellung_versandt"), (2, "fruehlingsaktion"), (3, "termin_erinnerung")):
        factories.template(number, name, meta_id=f"168955690000000{index}", status_changed_at=at_unix(1795000000))
    return World(number, *sent)


def at_unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=webhooks.RECEIVED_AT.tzinfo)


def receive(*names: str) -> WebhookDelivery:
    webhooks.receive(*(webhooks.sample(name) for name in names))
    return WebhookDelivery.objects.latest("pk")


def only_message() -> Message:
    return Message.objects.select_related("conversation", "quoted").get(direction="in")


@pytest.mark.parametrize("name", webhooks.sample_names())
def test_posted_again_a_sample_changes_nothing(world: World, name: str) -> None:
    if name[:2] in {"27", "28"}:
        receive("01")
    receive(name)
    before = webhooks.snapshot()

    receive(name)

    assert webhooks.snapshot() == before
    first, second = WebhookDelivery.objects.order_by("-pk")[:2]
    assert (second.state, second.reason) == (first.state, first.reason)


def test_01_text_makes_contact_conversation_and_message(number: PhoneNumber) -> None:
    delivery = receive("01")

    message = only_message()
    contact = message.conversation.contact
    assert delivery.state == "processed"
    assert (contact.profile_name, contact.phone, contact.bsuid) == (
        "Lena Vogt", "4915100001234", "DE.84726150398214765093"
    )
    assert message.text == "Guten Tag, haben Sie heute noch rote Rosen?"
    assert message.occurred_at == at_unix(1795341600)
    window = message.conversation.service_window
    assert window.closes_at == at_unix(1795341600) + timedelta(hours=24, seconds=-60)
    assert (message.conversation.inbound_count, message.conversation.needs_answer) == (1, True)
    assert Event.objects.filter(kind="message", conversation_id=message.conversation_id).count() == 1


def test_02_quote_links_to_the_stored_message(world: World) -> None:
    receive("02")

    assert only_message().quoted == world.lena


def test_02_quote_of_an_unknown_message_keeps_its_id(number: PhoneNumber) -> None:
    receive("02")

    assert only_message().quoted is None
    assert only_message().quoted_wamid == LENA


def test_03_two_forwarded_messages_have_their_badges(number: PhoneNumber) -> None:
    receive("03")

    found = Message.objects.order_by("seq").values_list("text", "forwarded", "quoted_wamid")
    assert list(found) == [("Rabattcode FRÜHLING10 gilt nur heute", 1, ""), ("Bitte an alle weiterleiten!!!", 2, "")]


def test_04_ad_referral_is_kept_on_message_and_conversation(number: PhoneNumber) -> None:
    receive("04")

    referral = Conversation.objects.get().referral
    assert referral is not None
    assert (referral["source_id"], referral["headline"]) == ("120299000000001234", "Jetzt chatten")
    assert referral["ctwa_clid"] == "ARFictitiousClickId0123456789abcdefghij"
    assert only_message().data["referral"] == referral


def test_05_product_enquiry_is_no_quote(number: PhoneNumber) -> None:
    receive("05")

    message = only_message()
    assert message.data["referred_product"]["product_retailer_id"] == "STRAUSS-ROT-L"
    assert (message.quoted, message.quoted_wamid) == (None, "")


@pytest.mark.parametrize(("name", "kind", "text", "file_name"), [
    ("06", "image", "So in etwa soll er aussehen 💐", ""),
    ("07", "video", "", ""),
    ("08", "voice", "", ""),
    ("09", "audio", "", ""),
    ("10", "document", "Hier unsere Liste", "Bestellung Hochzeit (final) #2 – Änderung.pdf"),
    ("11", "sticker", "", ""),
])
def test_06_to_11_a_file_is_shown_as_loading_and_fetched_by_a_job(
    number: PhoneNumber, name: str, kind: str, text: str, file_name: str
) -> None:
    receive(name)

    message, attachment = only_message(), Attachment.objects.get()
    assert (message.kind, message.text) == (kind, text)
    assert (attachment.state, attachment.file_name) == (AttachmentState.PENDING, file_name)
    assert attachment.is_voice == (kind == "voice")
    assert attachment.is_animated == (kind == "sticker")
    assert attachment.media_expires_at == message.occurred_at + timedelta(days=7)
    assert len(attachment.sha256) == 64
    assert [job.args for job in recorded_jobs("fetch_attachment")] == [(attachment.pk,)]


def test_12_location(number: PhoneNumber) -> None:
    receive("12")

    assert only_message().data == {
        "latitude": 52.5200066, "longitude": 13.404954, "name": "Beispielplatz",
        "address": "Beispielplatz 1, 10115 Berlin", "url": "https://beispielplatz.example/",
    }  # fmt: skip


def test_13_a_shared_card_leaves_the_sender_as_they_are(number: PhoneNumber) -> None:
    receive("13")

    message = only_message()
    [card] = message.data["contacts"]
    assert (card["name"], card["organization"]) == ("Dr. Petra Muster", "Muster Floristik")
    assert message.conversation.contact.phone == "4915550200300"
    assert "number_shared" not in message.data


def test_14_a_number_on_request_becomes_the_customers(world: World) -> None:
    receive("14")

    message = only_message()
    assert message.data["number_shared"] is True
    assert message.conversation == world.annika.conversation
    assert message.conversation.contact.phone == "4915100007777"


def test_14_a_shared_number_that_is_known_already_merges_the_two(world: World) -> None:
    by_phone = factories.contact(world.number, "Stammkundin", phone="4915100007777")
    thread = factories.conversation(world.number, by_phone)
    factories.inbound_message(thread, "Früher geschrieben", at=at_unix(1795000000))

    receive("14")

    conversation = Conversation.objects.get(pk=world.annika.conversation_id)
    assert not Conversation.objects.filter(pk=thread.pk).exists()
    assert conversation.contact.profile_name == "Annika"
    assert conversation.contact.phone == "4915100007777"
    assert conversation.inbound_count == 2
    assert conversation.messages.filter(text="Früher geschrieben").exists()


def test_15_and_16_chosen_answers_are_customer_messages(number: PhoneNumber) -> None:
    receive("15", "16")

    button, entry = Message.objects.order_by("occurred_at")
    assert (button.kind, button.text, button.data["id"]) == ("button_reply", "Morgen liefern", "liefern_morgen")
    assert (entry.kind, entry.text, entry.data["id"]) == ("list_reply", "10 – 12 Uhr", "slot_10_12")
    assert entry.conversation.service_window.is_open(at_unix(1795341800))


def test_17_form_answers_are_a_list(number: PhoneNumber) -> None:
    receive("17")

    assert only_message().data["fields"] == [["anlass", "Hochzeit"], ["datum", "2026-12-05"], ["budget_eur", "450"]]


def test_18_a_templates_button_withdraws_consent(world: World) -> None:
    receive("18")

    consent = Consent.objects.get()
    assert (consent.state, consent.source, consent.wording) == ("withdrawn", "button", "Keine Werbung")
    assert consent.message == only_message()
    assert only_message().conversation.service_window.is_open(at_unix(1795341800))


def test_19_and_20_a_reaction_comes_and_goes_without_a_bubble(world: World) -> None:
    receive("19")
    assert [(r.emoji, r.message) for r in Reaction.objects.all()] == [("👍🏽", world.mehmet)]

    receive("20")

    assert not Reaction.objects.exclude(emoji="").exists()
    conversation = Conversation.objects.get(pk=world.mehmet.conversation_id)
    assert (conversation.inbound_count, conversation.last_customer_message_at) == (0, None)
    assert not Message.objects.filter(direction="in").exists()


def test_20_before_19_ends_the_same(world: World) -> None:
    receive("20", "19")

    assert not Reaction.objects.exclude(emoji="").exists() or Reaction.objects.get().occurred_at < at_unix(1795341750)


def test_21_an_order_is_counted_in_decimals(number: PhoneNumber) -> None:
    receive("21")

    message = only_message()
    assert message.text == "Bitte mit Karte"
    assert Decimal(message.data["total"]) == Decimal("91.80")
    assert [line["price"] for line in message.data["items"]] == ["39.90", "12.00"]


def test_22_a_new_number_stays_the_same_contact(world: World) -> None:
    receive("01")
    conversation = only_message().conversation
    window = conversation.last_customer_message_at

    receive("22")

    conversation = Conversation.objects.get(pk=conversation.pk)
    assert Contact.objects.filter(profile_name="Lena Vogt").count() == 1
    assert (conversation.contact.phone, conversation.contact.bsuid) == ("4915100004321", "DE.55501928374651029384")
    assert ContactIdentity.objects.filter(contact=conversation.contact, is_active=False).count() == 2
    line = conversation.messages.get(kind=MessageKind.SYSTEM)
    assert line.data == {"event": "number_changed", "old": "4915100001234", "new": "4915100004321"}
    assert (conversation.last_customer_message_at, conversation.inbound_count) == (window, 1)


def test_23_a_new_user_id_moves(world: World) -> None:
    receive("23")

    assert Conversation.objects.get(pk=world.annika.conversation_id).contact.bsuid == "DE.77000192837465564738"


def test_23_of_a_stranger_makes_nothing(number: PhoneNumber) -> None:
    delivery = receive("23")

    assert (delivery.state, Contact.objects.count()) == ("ignored", 0)
    assert "do not know" in delivery.reason


def test_24_25_31_what_we_cannot_show_is_a_placeholder_that_opens_the_window(number: PhoneNumber) -> None:
    receive("24", "25", "31")

    found = {m.data.get("type"): m for m in Message.objects.select_related("conversation")}
    assert {message.kind for message in found.values()} == {MessageKind.UNSUPPORTED}
    assert set(found) == {"poll_creation", "", "hologram"}
    assert found[""].data["details"].startswith("Media file size too big")
    assert all(m.conversation.service_window.is_open(at_unix(1795341900)) for m in found.values())


def test_26_an_opened_chat_opens_the_window(number: PhoneNumber) -> None:
    receive("26")

    message = only_message()
    assert (message.kind, message.text) == (MessageKind.WELCOME, "")
    assert message.conversation.contact.username == "annika.blueht"
    assert message.conversation.service_window.is_open(at_unix(1795341700))


def test_27_an_edit_replaces_the_text_and_keeps_the_old_one(number: PhoneNumber) -> None:
    receive("01", "27")

    message = only_message()
    assert message.text == "Guten Tag, haben Sie heute noch weiße Rosen?"
    assert [edit["text"] for edit in message.data["edits"]] == ["Guten Tag, haben Sie heute noch rote Rosen?"]
    assert message.edited_at == at_unix(1795341800)
    assert message.conversation.inbound_count == 1
    assert message.conversation.preview["text"] == message.text


def test_28_a_revoke_marks_the_message_and_later_edits_are_ignored(number: PhoneNumber) -> None:
    receive("01", "28", "27")

    message = only_message()
    assert message.deleted_at == at_unix(1795341860)
    assert message.text == "Guten Tag, haben Sie heute noch rote Rosen?"


def test_29_a_customer_without_phone(number: PhoneNumber) -> None:
    receive("29")

    contact = only_message().conversation.contact
    assert (contact.phone, contact.bsuid) == ("", "DE.19283746556473829101")


def test_30_a_group_is_a_thread_of_its_own(world: World) -> None:
    receive("30")

    message = only_message()
    assert message.conversation.contact.kind == Contact.Kind.GROUP
    assert message.sender_contact == world.mehmet.conversation.contact
    assert not world.mehmet.conversation.messages.filter(direction="in").exists()


def test_32_an_unknown_field_is_ignored_and_says_so(number: PhoneNumber) -> None:
    delivery = receive("32")

    assert (delivery.state, delivery.reason) == ("ignored", "field loyalty_program_update")


def test_33_sent_teaches_the_user_id(world: World) -> None:
    receive("33")

    message = Message.objects.get(pk=world.lena.pk)
    assert (message.status, message.sent_at) == (MessageStatus.SENT, at_unix(1795342000))
    assert message.conversation.contact.bsuid == "DE.84726150398214765093"
    assert message.pricing is not None and message.pricing["category"] == "utility"


def test_34_delivered_is_found_by_wamid_and_counted(world: World) -> None:
    receive("34")

    assert Message.objects.get(pk=world.annika.pk).status == MessageStatus.DELIVERED
    assert ServiceMessageCount.objects.get().delivered == 1


def test_35_read_implies_delivered(world: World) -> None:
    receive("35")

    message = Message.objects.get(pk=world.mehmet.pk)
    assert (message.status, message.delivered_at) == (MessageStatus.READ, at_unix(1795342100))


def test_36_played_is_above_read(world: World) -> None:
    receive("46a", "36")

    assert Message.objects.get(pk=world.lena.pk).status == MessageStatus.PLAYED


def test_37_the_older_shape_is_accepted(world: World) -> None:
    receive("37")

    message = Message.objects.get(pk=world.juergen.pk)
    assert message.status == MessageStatus.SENT
    assert message.pricing is not None
    assert message.pricing["type"] == "free_entry_point"
    assert message.pricing["origin"]["id"] == "8f842dbba350821654c9dfed31f50001"


def test_38_metas_refusal_closes_the_window(world: World) -> None:
    factories.inbound_message(world.juergen.conversation, "Hallo", at=at_unix(1795342000))

    receive("38")

    message = Message.objects.select_related("conversation").get(pk=world.juergen.pk)
    assert (message.status, message.error_code) == (MessageStatus.FAILED, 131047)
    assert not message.conversation.service_window.is_open(at_unix(1795342201))
    assert message.conversation.has_failed_send


def test_39_undeliverable_is_final(world: World) -> None:
    receive("39")

    message = Message.objects.get(pk=world.juergen.pk)
    assert (message.status, message.error_code) == (MessageStatus.FAILED, 131026)


def test_40_a_stop_told_by_an_error_withdraws_consent(world: World) -> None:
    receive("40")

    codes = Message.objects.filter(status=MessageStatus.FAILED).order_by("pk").values_list("error_code", flat=True)
    assert list(codes) == [131049, 131050]
    assert marketing_state(world.mehmet.conversation.contact) == ConsentState.WITHDRAWN
    assert marketing_state(world.lena.conversation.contact) == ConsentState.UNKNOWN


def test_41_no_payment_method_stops_the_account(world: World) -> None:
    receive("41")

    account = PhoneNumber.objects.get(pk=world.number.pk).business_account
    assert (account.sending_stopped_code, account.sending_stopped_at is not None) == (131042, True)


def test_42_a_refused_file_fails_with_metas_words(world: World) -> None:
    receive("42")

    message = Message.objects.get(pk=world.mehmet.pk)
    assert message.error_detail.startswith("Unsupported audio mime type")


def test_43_too_fast_slows_the_number_down(world: World) -> None:
    before = webhooks.snapshot()["inbox_message"]

    receive("43")

    slowed = PhoneNumber.objects.get(pk=world.number.pk).slowed_until
    assert slowed == webhooks.RECEIVED_AT + timedelta(seconds=30)
    assert webhooks.snapshot()["inbox_message"] == before


def test_44_a_mixed_batch_is_routed_item_by_item(world: World) -> None:
    delivery = receive("44")

    assert delivery.state == "processed"
    texts = {m.text: m for m in Message.objects.filter(direction="in").select_related("conversation__contact")}
    assert set(texts) == {"Danke!", "Passt, bis morgen 🌷", "Frage zu Ihrer zweiten Filiale"}
    assert texts["Danke!"].conversation == world.mehmet.conversation
    other = texts["Frage zu Ihrer zweiten Filiale"]
    assert other.phone_number.phone_number_id == "109876543210002"
    assert other.conversation.contact != world.lena.conversation.contact
    assert Message.objects.get(pk=world.juergen.pk).status == MessageStatus.DELIVERED
    assert Message.objects.get(pk=world.mehmet.pk).status == MessageStatus.READ


def test_45_the_duplicate_of_01_changes_nothing(number: PhoneNumber) -> None:
    receive("01")
    before = webhooks.snapshot()

    receive("45")

    assert webhooks.snapshot() == before


def test_46_a_late_sent_does_not_undo_read(world: World) -> None:
    receive("46a", "46b")

    message = Message.objects.get(pk=world.lena.pk)
    assert (message.status, message.sent_at) == (MessageStatus.READ, at_unix(1795342401))
    assert message.pricing is not None and message.pricing["type"] == "regular"


def test_47_escaped_text_arrives_without_loss(number: PhoneNumber) -> None:
    receive("47")

    said, name = only_message().text, only_message().conversation.contact.profile_name
    assert said.startswith("Größe 38/40? \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 ")
    assert "\u202eabc\u202c" in said
    assert name == "Zoë \U0001f469\u200d\U0001f680 Ünal"


def test_48_to_51_template_news(world: World) -> None:
    receive("48")
    template = MessageTemplate.objects.get(name="fruehlingsaktion")
    assert (template.status, template.rejected_reason) == ("REJECTED", "INVALID_FORMAT")
    assert "Put descriptive words between the variables." in template.status_detail

    receive("49", "50", "51")

    template.refresh_from_db()
    announced = MessageTemplate.objects.get(name="bestellung_versandt")
    assert (template.status, template.quality) == ("PAUSED", "YELLOW")
    assert (announced.category, announced.announced_category) == ("UTILITY", "MARKETING")
    assert announced.announced_category_at == at_unix(1795429000)
    assert MessageTemplate.objects.get(name="termin_erinnerung").category == "MARKETING"


def test_52_throughput_upgrade(world: World) -> None:
    receive("52")

    number = PhoneNumber.objects.select_related("business_account").get(pk=world.number.pk)
    assert (number.throughput, number.business_account.daily_limit) == (1000, "TIER_UNLIMITED")


def test_53_and_54_restriction_and_limit(world: World) -> None:
    receive("53", "54")

    account = PhoneNumber.objects.get(pk=world.number.pk).business_account
    assert account.restricted_until == at_unix(1795946400)
    assert account.daily_limit == "2000"


def test_55_whatsapps_own_stop_counts_for_unknown_people_too(number: PhoneNumber) -> None:
    receive("55")

    contact = Contact.objects.get()
    assert marketing_state(contact) == ConsentState.WITHDRAWN
    assert Consent.objects.get().source == "meta"


def test_56_resume_counts_only_when_newer(world: World) -> None:
    contact = world.annika.conversation.contact
    record_consent(contact, "given", source="agent", occurred_at=at_unix(1795000000))
    record_consent(contact, "withdrawn", source="keyword", occurred_at=at_unix(1795342700))

    receive("56")

    assert Consent.objects.filter(contact=contact).count() == 3
    assert marketing_state(contact) == ConsentState.WITHDRAWN


@pytest.mark.parametrize(("before", "after"), [
    (["given", "meta"], "given"), (["meta"], "withdrawn"), (["given", "withdrawn", "meta"], "withdrawn"),
    ([], "unknown"),
])  # fmt: skip
def test_56_resume_takes_back_whatsapps_own_stop_and_nothing_else(
    world: World, before: list[str], after: str
) -> None:
    contact = world.annika.conversation.contact
    for minute, word in enumerate(before):
        source, state = ("meta", "withdrawn") if word == "meta" else ("agent", word)
        record_consent(contact, state, source=source, occurred_at=at_unix(1795000000 + minute * 60))

    receive("56")

    assert marketing_state(contact) == after


def test_57_an_echo_of_the_phone_app(world: World) -> None:
    receive("57")

    message = Message.objects.get(via=Via.PHONE_APP)
    assert (message.direction, message.status) == ("out", MessageStatus.SENT)
    assert message.conversation == world.lena.conversation
    assert Conversation.objects.get(pk=message.conversation_id).last_customer_message_at is None
