"""Deleting a template, and testing it on oneself."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.actions import template_tests
from inbox.actions.later import Plan, schedule_reply
from inbox.actions.template_care import restrict_to
from inbox.actions.template_tests import NoConsentForTest, OwnNumber
from inbox.errors import TemplateNotSendable
from inbox.models import Consent, Contact, Message
from tests import factories
from tests.cast import Cast, make_cast
from tests.fake_graph import FakeGraph, graph_error, response
from tests.signing_in import browser
from whatsapp.models import MessageTemplate, TemplateChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def address(template: MessageTemplate, what: str = "deletion") -> str:
    return reverse(f"settings-template-{what}", args=[template.pk])


# --- deleting ---------------------------------------------------------------------------------------------------------


def test_one_language_is_deleted_at_meta_and_stays_as_a_tombstone(cast, graph: FakeGraph):
    german, english = factories.template(cast.number), factories.template(cast.number, language="en")
    graph.answers = [response(200, {"success": True})]

    browser(cast.ada).post(address(english))

    method, url, sent = graph.calls[0]
    assert (method, url.rsplit("/", 1)[1]) == ("DELETE", "message_templates")
    assert sent["params"] == {"name": "order_ready", "hsm_id": english.meta_id}
    german.refresh_from_db()
    english.refresh_from_db()
    assert (german.removed_at, english.removed_at is None, english.is_sendable) == (None, False, False)
    assert TemplateChange.objects.get(template=english).source == "person"
    entry = AuditEntry.objects.get(verb="template.deleted")
    assert (entry.subject, entry.data) == ("order_ready", {"languages": ["en"]})


def test_all_languages_go_by_their_name(cast, graph: FakeGraph):
    template = factories.template(cast.number)
    factories.template(cast.number, language="en")
    factories.template(cast.number, "anders")
    graph.answers = [response(200, {"success": True})]

    browser(cast.ada).post(address(template), {"all": "1"})

    assert graph.calls[0][2]["params"] == {"name": "order_ready"}
    assert list(MessageTemplate.objects.filter(removed_at=None).values_list("name", flat=True)) == ["anders"]


def test_what_meta_refuses_is_said_and_nothing_is_deleted(cast, graph: FakeGraph):
    template = factories.template(cast.number)
    graph.answers = [graph_error(190, 401)]

    page = browser(cast.ada).post(address(template), follow=True).content.decode()

    assert "Nothing was deleted. The connection to Meta has expired." in page
    assert MessageTemplate.objects.get().removed_at is None


def test_what_is_switched_off_cannot_be_deleted_and_meta_is_not_asked(cast, graph: FakeGraph):
    template = factories.template(cast.number, status="DISABLED")
    client = browser(cast.ada)

    assert "WhatsApp keeps templates that it has switched off." in client.get(address(template)).content.decode()
    client.post(address(template))

    assert (graph.calls, MessageTemplate.objects.get().removed_at) == ([], None)


def test_the_warning_names_planned_messages_and_those_under_way(cast):
    template = factories.template(cast.number, body="Hallo", examples=())
    plan = Plan(due_at=timezone.now() + timedelta(days=3), template=template)
    schedule_reply(cast.claras, by=cast.ben, text="", uid=uuid.uuid4(), plan=plan)
    factories.outbound_message(cast.darios, kind="template", template=template, status="queued")

    content = browser(cast.ada).get(address(template)).content.decode()

    assert "One is planned with it and will come back to its author." in content
    assert "Clara Sommer" in content and "Ben Brandt" in content
    assert "One message; WhatsApp will refuse it." in content
    other = factories.template(cast.number, "anders")
    assert "Nothing counts on it" in browser(cast.ada).get(address(other)).content.decode()


def test_a_deleted_template_has_no_deletion_and_no_test(cast, graph: FakeGraph):
    template = factories.template(cast.number, removed_at=timezone.now())
    client = browser(cast.ada)

    assert client.post(address(template)).status_code == 404
    answer = client.post(address(template, "test"), form_data(cast, **{"body.1": "x"}))
    assert (answer.status_code, graph.calls) == (422, [])


# --- testing ----------------------------------------------------------------------------------------------------------


def form_data(cast: Cast, **more: str) -> dict[str, str]:
    return {
        "uid": str(uuid.uuid4()), "phone": "+49 176 04069077", "number": str(cast.number.pk), "is_mine": "on", **more
    }  # fmt: skip




def test_a_test_is_an_ordinary_message_to_ones_own_phone(cast):
    template = factories.template(cast.number)
    client = browser(cast.ada)

    answer = client.post(address(template, "test"), form_data(cast, **{"body.1": "Ada"}))

    message = Message.objects.get(kind="template")
    assert (answer.status_code, message.status, message.author) == (302, "queued", cast.ada)
    assert (message.conversation.contact.phone, message.conversation.contact.name) == ("4917604069077", "Ada Admin")
    assert template_tests.own_phone_of(cast.ada) == "4917604069077"
    assert 'value="+49 176 04069077"' in client.get(address(template, "test")).content.decode()
    assert AuditEntry.objects.filter(verb="template.tested").count() == 1


def test_the_same_form_twice_is_one_message(cast):
    template, client = factories.template(cast.number), browser(cast.ada)
    data = form_data(cast, **{"body.1": "Ada"})

    for _time in range(2):
        client.post(address(template, "test"), data)

    assert Message.objects.filter(kind="template").count() == 1


def test_a_customers_number_is_not_written_to_by_a_slip(cast):
    template, client = factories.template(cast.number, body="Hallo", examples=()), browser(cast.ada)
    data = form_data(cast, phone=f"+{cast.clara.phone}")

    asked = client.post(address(template, "test"), data)

    assert "Clara Sommer has this number. If that is you, send it once more." in asked.content.decode()
    assert f'name="known" value="{cast.clara.pk}"' in asked.content.decode()
    assert not Message.objects.filter(kind="template").exists()
    assert client.post(address(template, "test"), data | {"known": str(cast.clara.pk)}).status_code == 302
    assert Message.objects.get(kind="template").conversation == cast.claras
    assert client.post(address(template, "test"), data | {"uid": str(uuid.uuid4())}).status_code == 302


def test_marketing_is_tested_only_with_consent_in_the_ledger(cast):
    template = factories.template(cast.number, body="Hallo", examples=(), category="MARKETING")
    test = {"number": cast.number, "phone": cast.clara.phone, "by": cast.ada, "values": {}, "uid": uuid.uuid4(),
            "known": cast.clara.pk}  # fmt: skip
    before = Contact.objects.count()

    with pytest.raises(NoConsentForTest):
        template_tests.send_test(template, **test)
    with pytest.raises(NoConsentForTest):
        template_tests.send_test(template, **test | {"phone": "4917604069077"})
    assert (Contact.objects.count(), Message.objects.filter(kind="template").count()) == (before, 0)

    Consent.objects.create(
        workspace=cast.workspace, contact=cast.clara, state="given", source="agent", wording="Ja",
        occurred_at=timezone.now(),
    )  # fmt: skip
    assert template_tests.send_test(template, **test).template == template


def test_what_does_not_fit_is_said_beside_its_field(cast):
    template, client = factories.template(cast.number), browser(cast.ada)

    empty = client.post(address(template, "test"), form_data(cast))
    wrong = client.post(address(template, "test"), form_data(cast, phone="12", is_mine="", **{"body.1": "Ada"}))

    assert "Needed before sending" in empty.content.decode()
    content = wrong.content.decode()
    assert "This is no complete phone number." in content and "A test goes to yourself only." in content
    assert 'value="Ada"' in content
    assert not Message.objects.filter(kind="template").exists()


def test_neither_the_business_itself_nor_an_unapproved_template_is_tested(cast):
    template = factories.template(cast.number, body="Hallo", examples=())
    test = {"number": cast.number, "by": cast.ada, "values": {}, "uid": uuid.uuid4()}

    with pytest.raises(OwnNumber):
        template_tests.send_test(template, phone=cast.number.display_number, **test)
    MessageTemplate.objects.update(status="PAUSED")
    with pytest.raises(TemplateNotSendable):
        template_tests.send_test(template, phone="4917604069077", **test)


def test_an_admin_tests_templates_of_any_team(cast):
    template = factories.template(cast.number, body="Hallo", examples=())
    restrict_to(template, [cast.other_team], by=cast.ada)

    message = template_tests.send_test(
        template, number=cast.number, phone="4917604069077", by=cast.ada, values={}, uid=uuid.uuid4()
    )

    assert message.template == template
