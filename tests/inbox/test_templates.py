"""Sending templates: what is refused, what is filled in, what Meta gets, and what the picker offers."""

import io
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from PIL import Image

from inbox.actions import outgoing_media, replying
from inbox.actions.consent import record_consent
from inbox.actions.templates_for import suggested_values, templates_for
from inbox.costs import reply_price_hint
from inbox.enums import ConsentState, MessageStatus
from inbox.errors import NoConsent, TemplateNotSendable, TemplateValuesInvalid
from inbox.models import Consent, Message, ServiceMessageCount
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.fake_graph import FakeGraph, graph_error
from whatsapp import errors, rates
from whatsapp.header_media import set_default
from whatsapp.models import MessageTemplate, TemplateHeaderMedia

pytestmark = pytest.mark.django_db

IMAGE_TEMPLATE = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}},
    {"type": "BODY", "text": "Hallo {{1}}, dein Rad steht bereit.", "example": {"body_text": [["Lena"]]}},
]


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    for conversation in (cast.claras, cast.darios):
        conversation.last_customer_message_at = timezone.now() - timedelta(days=3)
        conversation.save()
    return cast


def picture(color: str = "red", name: str = "werkstatt.png") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (60, 30), color).save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


def send(cast: Cast, template: MessageTemplate, values: dict | None = None, **options) -> Message:
    options.setdefault("uid", uuid.uuid4())
    return replying.send_template(cast.claras, by=cast.ben, template=template, values=values or {}, **options)


def agree(cast: Cast) -> None:
    record_consent(
        cast.clara, ConsentState.GIVEN, source=Consent.Source.AGENT, occurred_at=timezone.now(), by=cast.ben
    )


# --- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [
    {"status": "PENDING"}, {"status": "REJECTED"}, {"status": "PAUSED"}, {"status": "DISABLED"},
    {"status": "IN_APPEAL"}, {"removed_at": timezone.now()}, {"category": "AUTHENTICATION"},
    {"components": [{"type": "BODY", "text": "x"}, {"type": "CAROUSEL", "cards": []}]},
])  # fmt: skip
def test_only_approved_templates_an_inbox_can_fill_are_sent(cast, fields):
    template = factories.template(cast.number, **{"body": "Hallo", "examples": (), **fields})

    with pytest.raises(TemplateNotSendable):
        send(cast, template)

    assert not Message.objects.filter(direction="out").exists()


def test_a_template_of_another_account_is_refused(cast):
    template = factories.template(cast.other_number, body="Hallo", examples=())

    with pytest.raises(TemplateNotSendable):
        send(cast, template)


def test_a_restricted_account_sends_no_templates(cast):
    account = cast.number.business_account
    account.restricted_until = timezone.now() + timedelta(days=1)
    account.save()

    with pytest.raises(TemplateNotSendable):
        send(cast, factories.template(cast.number, body="Hallo", examples=()))


def test_marketing_needs_an_opt_in_that_nothing_takes_back(cast):
    template = factories.template(cast.number, body="Rabatt", examples=(), category="MARKETING")
    with pytest.raises(NoConsent):
        send(cast, template)

    agree(cast)
    assert send(cast, template).status == MessageStatus.QUEUED

    record_consent(cast.clara, ConsentState.WITHDRAWN, source=Consent.Source.KEYWORD, occurred_at=timezone.now())
    with pytest.raises(NoConsent):
        send(cast, template)


def test_a_stop_that_comes_between_queue_and_call_keeps_marketing_back(cast, graph: FakeGraph):
    agree(cast)
    message = send(cast, factories.template(cast.number, body="Rabatt", examples=(), category="MARKETING"))
    record_consent(cast.clara, ConsentState.WITHDRAWN, source=Consent.Source.META, occurred_at=timezone.now())

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.NO_CONSENT)
    assert graph.calls == []


def test_a_template_paused_in_the_queue_is_not_sent(cast, graph: FakeGraph):
    template = factories.template(cast.number, body="Hallo", examples=())
    message = send(cast, template)
    MessageTemplate.objects.update(status="PAUSED")

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.TEMPLATE_NOT_SENDABLE)
    assert graph.calls == []


@pytest.mark.parametrize("values", [
    {}, {"body.1": ""}, {"body.1": "   "}, {"body.1": "zwei\nZeilen"}, {"body.1": "Tab\there"},
    {"body.1": "vier    Leerzeichen"}, {"body.1": "x" * 1025}, {"body.1": "x" * 1010}, {"body.1": 5},
    {"body.1": "Clara", "body.2": "zu viel"}, {"body.1": "Clara", "button.0": "x"}, {"1": "Clara"},
    {"body.1": "Clara", "header.file": "x"},
])  # fmt: skip
def test_values_that_do_not_fit_are_refused_with_a_sentence_per_field(cast, values):
    template = factories.template(cast.number)

    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, template, values)

    assert refusal.value.fields
    assert all(str(sentence) for sentence in refusal.value.fields.values())


@pytest.mark.parametrize("value", [
    "{{2}}", "{{settings.SECRET_KEY}}", "%(x)s", "{0.__class__}", "${7*7}", "<b>fett</b>", "{% now %}",
])  # fmt: skip
def test_values_are_text_and_nothing_else(cast, graph: FakeGraph, value):
    template = factories.template(cast.number, body="A {{1}} B {{2}} C", examples=("x", "y"))

    message = send(cast, template, {"body.1": value, "body.2": "zwei"})
    deliver_now()

    assert message.text == f"A {value} B zwei C"
    parameters = graph.sent[0]["template"]["components"][0]["parameters"]
    assert [parameter["text"] for parameter in parameters] == [value, "zwei"]


# --- Sent -------------------------------------------------------------------------------------------------------------


def test_a_template_goes_out_through_a_closed_window_and_leaves_it_closed(cast, graph: FakeGraph):
    template = factories.template(cast.number)

    message = send(cast, template, {"body.1": "Clara"})
    deliver_now()

    message.refresh_from_db()
    cast.claras.refresh_from_db()
    template.refresh_from_db()
    assert message.status == MessageStatus.ACCEPTED
    assert message.text == "Hallo Clara, dein Rad ist fertig."
    assert not cast.claras.service_window.is_open(timezone.now())
    assert (cast.claras.assignee, template.used_count) == (cast.ben, 1)
    assert graph.sent[0]["template"] == {
        "name": "order_ready", "language": {"code": "de"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Clara"}]}],
    }  # fmt: skip


def test_named_variables_links_coupons_and_locations_take_metas_shape(cast, graph: FakeGraph):
    template = factories.template(cast.number, parameter_format="NAMED", components=[
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BODY", "text": "Hallo {{vorname}}, Auftrag {{nummer}}."},
        {"type": "FOOTER", "text": "Radhaus"},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Danke"},
            {"type": "URL", "text": "Verfolgen", "url": "https://radhaus.example/a/{{1}}"},
            {"type": "COPY_CODE", "text": "Code"},
        ]},
    ])  # fmt: skip

    message = send(cast, template, {
        "header.latitude": "52.46", "header.longitude": "13.38", "header.name": "Laden", "body.vorname": "Clara",
        "body.nummer": "B-7", "button.1": "B-7", "button.2": "FRUEHLING",
    })  # fmt: skip
    deliver_now()

    assert graph.sent[0]["template"]["components"] == [
        {"type": "header", "parameters": [
            {"type": "location", "location": {"latitude": "52.46", "longitude": "13.38", "name": "Laden"}}
        ]},
        {"type": "body", "parameters": [
            {"type": "text", "parameter_name": "vorname", "text": "Clara"},
            {"type": "text", "parameter_name": "nummer", "text": "B-7"},
        ]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "B-7"}]},
        {"type": "button", "sub_type": "copy_code", "index": "2",
         "parameters": [{"type": "coupon_code", "coupon_code": "FRUEHLING"}]},
    ]  # fmt: skip
    assert message.data["buttons"][1]["url"] == "https://radhaus.example/a/B-7"
    assert (message.data["footer"], message.data["header"]["name"]) == ("Radhaus", "Laden")


def test_a_template_without_variables_has_no_components(cast, graph: FakeGraph):
    send(cast, factories.template(cast.number, body="Hallo", examples=()))

    deliver_now()

    assert graph.sent[0]["template"] == {"name": "order_ready", "language": {"code": "de"}}


def test_the_same_uid_again_sends_one_template(cast):
    template, uid = factories.template(cast.number, body="Hallo", examples=()), uuid.uuid4()

    assert send(cast, template, uid=uid) == send(cast, template, uid=uid)


def test_send_again_repeats_values_and_asks_the_rules_anew(cast, graph: FakeGraph):
    template = factories.template(cast.number)
    failed = send(cast, template, {"body.1": "Clara"})
    graph.answers = [graph_error(131026)]
    deliver_now()

    again = replying.send_again(failed, by=cast.ben, uid=uuid.uuid4())
    deliver_now()

    assert (again.text, again.resend_of_id) == ("Hallo Clara, dein Rad ist fertig.", failed.pk)
    Message.objects.filter(pk=again.pk).update(status="failed")
    MessageTemplate.objects.update(status="PAUSED")
    with pytest.raises(TemplateNotSendable):
        replying.send_again(again, by=cast.ben, uid=uuid.uuid4())


# --- Header files -----------------------------------------------------------------------------------------------------


def test_a_media_header_needs_a_file(cast):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)

    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, template, {"body.1": "Clara"})

    assert set(refusal.value.fields) == {"header.file"}


def test_a_stop_that_comes_while_the_header_file_is_uploaded_still_counts(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE, category="MARKETING")
    agree(cast)
    message = send(cast, template, {"body.1": "Clara"}, files={"header": picture()})

    def stop(payload: dict) -> None:
        record_consent(cast.clara, ConsentState.WITHDRAWN, source=Consent.Source.KEYWORD, occurred_at=timezone.now())

    graph.before = stop
    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.NO_CONSENT)
    assert [url.rsplit("/", 1)[1] for _method, url, _more in graph.calls] == ["media"]


def test_the_default_file_is_uploaded_once_and_renewed_before_30_days(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)
    set_default(template, cast.number, picture())

    for _ in range(2):
        send(cast, template, {"body.1": "Clara"})
        deliver_now()
    uploads = [url for _method, url, _more in graph.calls if url.endswith("/media")]
    ids = [payload["template"]["components"][0]["parameters"][0]["image"]["id"] for payload in graph.sent]
    assert (len(uploads), len(set(ids))) == (1, 1)

    TemplateHeaderMedia.objects.update(media_id_expires_at=timezone.now() + timedelta(days=1))
    send(cast, template, {"body.1": "Clara"})
    deliver_now()
    assert len([url for _method, url, _more in graph.calls if url.endswith("/media")]) == 2


def test_the_claim_is_kept_while_a_default_file_leaves_and_who_lost_it_sends_nothing(
    cast, graph: FakeGraph, monkeypatch
):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)
    set_default(template, cast.number, picture())
    message = send(cast, template, {"body.1": "Clara"})
    monkeypatch.setattr(outgoing_media, "RENEW_EVERY", -1.0)
    leases = []

    def read(payload: dict) -> None:
        Message.objects.filter(pk=message.pk).update(lease_until=timezone.now())
        for _chunk in iter(lambda: graph.calls[-1][2]["data"].read(1024), b""):
            pass
        leases.append(Message.objects.get(pk=message.pk).lease_until - timezone.now())
        Message.objects.filter(pk=message.pk).update(attempt=99)  # another sender has it now

    graph.before = read
    deliver_now()

    assert leases[0] > timedelta(minutes=1)
    assert [url.rsplit("/", 1)[1] for _method, url, _more in graph.calls] == ["media"]


def test_a_default_file_gone_from_our_disk_fails_in_words(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)
    default = set_default(template, cast.number, picture())
    message = send(cast, template, {"body.1": "Clara"})
    default.file.storage.delete(default.file.name)

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.NO_HEADER_FILE)
    assert graph.calls == []


def test_a_file_chosen_for_one_send_replaces_the_default_there_only(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)
    set_default(template, cast.number, picture("red"))

    own = send(cast, template, {"body.1": "Clara"}, files={"header": picture("blue", "blau.png")})
    usual = send(cast, template, {"body.1": "Clara"})

    assert own.attachments.get().file_name == "blau.png"
    assert usual.attachments.get().file_name == "werkstatt.png"
    assert own.attachments.get().file.name != usual.attachments.get().file.name


@pytest.mark.parametrize("file", [
    SimpleUploadedFile("a.png", b"not an image", content_type="image/png"),
    SimpleUploadedFile("a.png", b"", content_type="image/png"),
    SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png"),
])  # fmt: skip
def test_a_header_file_is_judged_by_its_content(cast, file):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)

    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, template, {"body.1": "Clara"}, files={"header": file})

    assert set(refusal.value.fields) == {"header.file"}


def test_a_failed_upload_is_tried_again_and_sends_nothing_meanwhile(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_TEMPLATE)
    set_default(template, cast.number, picture())
    message = send(cast, template, {"body.1": "Clara"})
    graph.answers = [graph_error(131016, 500)]

    deliver_now()
    message.refresh_from_db()
    assert (message.status, graph.sent) == (MessageStatus.QUEUED, [])

    Message.objects.update(not_before=None)
    deliver_now()
    assert len(graph.sent) == 1


# --- The picker -------------------------------------------------------------------------------------------------------


def test_the_picker_lists_usable_templates_first_and_the_rest_with_reasons(cast):
    factories.template(cast.number, "rad_fertig", used_count=3)
    factories.template(cast.number, "termin", used_count=9)
    factories.template(cast.number, "angebot", category="MARKETING")
    factories.template(cast.number, "neu", status="PENDING")
    factories.template(cast.number, "weg", removed_at=timezone.now())
    factories.template(cast.other_number, "fremd")

    with translation.override("en"):
        choices = templates_for(cast.claras)

        assert [choice.template.name for choice in choices.usable] == ["termin", "rad_fertig"]
        assert {choice.template.name: str(choice.reason) for choice in choices.unavailable} == {
            "angebot": "Clara has not agreed to marketing", "neu": "Waiting for approval by WhatsApp",
        }  # fmt: skip
    agree(cast)
    assert "angebot" in {choice.template.name for choice in templates_for(cast.claras).usable}


def test_the_picker_searches_and_filters(cast):
    factories.template(cast.number, "rad_fertig")
    factories.template(cast.number, "rad_fertig", language="en", body="Hi {{1}}")
    factories.template(cast.number, "frühling", category="MARKETING", body="Jetzt zum Frühlingscheck", examples=())
    agree(cast)

    def names(**options) -> list[tuple[str, str]]:
        usable = templates_for(cast.claras, **options).usable
        return [(choice.template.name, choice.template.language) for choice in usable]

    assert names(language="en") == [("rad_fertig", "en")]
    assert names(category="marketing") == [("frühling", "de")]
    assert names(search="fruehlings CHECK") == [("frühling", "de")]
    assert names(search="gibt es nicht") == []


@pytest.mark.parametrize("count", [1, 12])
def test_the_picker_asks_as_many_questions_for_one_template_as_for_many(cast, django_assert_num_queries, count):
    for index in range(count):
        factories.template(cast.number, f"t{index}")
    rates.load_preset()
    conversation = type(cast.claras).objects.select_related(
        "contact", "phone_number__business_account", "workspace"
    ).prefetch_related("contact__identities").get(pk=cast.claras.pk)  # fmt: skip

    with django_assert_num_queries(3):
        templates_for(conversation)


def test_values_are_suggested_from_contact_agent_and_this_customers_last_message(cast):
    template = factories.template(
        cast.number, body="Hallo {{1}}, fertig seit {{2}}. Gruß {{agent_name}}", examples=("Lena", "Montag")
    )
    send(cast, template, {"body.1": "Clara", "body.2": "Dienstag", "body.agent_name": "Ben"})

    claras = suggested_values(cast.claras, template, cast.lea)
    mine = {each.variable.field: (each.value, each.source) for each in claras}
    others = {each.variable.field: each.value for each in suggested_values(cast.darios, template, cast.lea)}

    assert mine == {
        "body.1": ("Clara", "contact"), "body.2": ("Dienstag", "last"), "body.agent_name": ("Lea", "agent")
    }  # fmt: skip
    assert (others["body.1"], others["body.2"]) == ("Dario", "")


def test_prices_come_from_the_rate_table_or_not_at_all(cast):
    factories.template(cast.number, "rad_fertig")
    assert templates_for(cast.claras).usable[0].price.amount is None

    rates.load_preset()

    choice = templates_for(cast.claras).usable[0]
    assert choice.price.amount == Decimal("0.045600")
    with translation.override("de"):
        assert choice.price_words == "0,0456\u00a0€"


def test_replies_are_called_free_only_while_the_table_says_so(cast):
    assert reply_price_hint(cast.claras) == ""
    rates.load_preset()
    month = rates.billing_month(cast.number, timezone.now())
    count = ServiceMessageCount.objects.create(phone_number=cast.number, month=month, delivered=812)

    with translation.override("en"):
        assert reply_price_hint(cast.claras) == "188 free replies left this month"
        count.delivered = 1000
        count.save()
        assert reply_price_hint(cast.claras) == "This reply costs about €0.0456"
