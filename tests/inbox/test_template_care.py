"""What becomes of templates: the history, alarms, whose they are, favourites."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry
from inbox.actions import replying
from inbox.actions.account_events import receive_template_event
from inbox.actions.intake import Intake
from inbox.actions.later import Plan, schedule_reply
from inbox.actions.template_care import restrict_to, see_alarms, set_favourite
from inbox.actions.templates_for import templates_for
from inbox.alerts import alerts_for
from inbox.errors import TemplateNotSendable
from inbox.models import Event
from inbox.template_desk.pages import TemplatePage
from inbox.template_desk.words import REASONS, rejection
from tests import factories
from tests.cast import Cast, make_cast
from tests.fake_graph import FakeGraph, response
from tests.signing_in import browser
from whatsapp import template_sync
from whatsapp.models import MessageTemplate, TemplateChange
from whatsapp.payloads import TemplateEvent, parse
from whatsapp.rates import load_preset

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).parent.parent / "payloads"


@pytest.fixture
def cast() -> Iterator[Cast]:
    cast = make_cast()
    cast.number.display_number = "4915550100100"
    cast.number.save()
    load_preset()
    with translation.override("en"):
        yield cast


def tell(template: MessageTemplate, field: str, at: int = 1795342600, **value) -> None:
    """Meta posts this about the template."""
    named = {
        "message_template_id": int(template.meta_id), "message_template_name": template.name,
        "message_template_language": template.language,
    }  # fmt: skip
    entry = {"id": template.business_account.waba_id, "time": at, "changes": [{"field": field, "value": named | value}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    assert [template_sync.apply_event(item) for item in parse(json.dumps(body).encode())] == [True]
    template.refresh_from_db()


def status(template: MessageTemplate, event: str, **more) -> None:
    tell(template, "message_template_status_update", event=event, at=int(timezone.now().timestamp()), **more)


def receive(template: MessageTemplate, event: str) -> list[str]:
    """Meta posts this state, and the intake takes it in; the alerts that open pages are sent."""
    since = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    item = TemplateEvent(
        path="", waba_id=template.business_account.waba_id, kind="status",
        meta_id=template.meta_id, name=template.name, language=template.language, at=timezone.now(), status=event,
    )  # fmt: skip
    with transaction.atomic():
        receive_template_event(template.business_account, item, Intake(timezone.now()))
    found = Event.objects.filter(pk__gt=since, kind="alert").order_by("pk")
    return [event.payload["alert"] for event in found]


def lines(template: MessageTemplate) -> list[tuple[str, str, str]]:
    rows = TemplateChange.objects.filter(template=template).order_by("id")
    return [(row.what, row.before, row.after) for row in rows]


def old(cast: Cast, name: str = "rad_fertig", **fields) -> MessageTemplate:
    return factories.template(cast.number, name, status_changed_at=timezone.now() - timedelta(days=9), **fields)


# --- the history ------------------------------------------------------------------------------------------------------


def test_status_quality_and_category_leave_a_line_each(cast):
    template = old(cast, quality="GREEN")

    tell(template, "message_template_quality_update", previous_quality_score="GREEN", new_quality_score="RED")
    status(template, "PAUSED", other_info={"title": "FIRST_PAUSE", "description": "Paused for 3 hours."})
    tell(template, "template_category_update", previous_category="UTILITY", new_category="MARKETING")

    assert lines(template) == [
        ("quality", "GREEN", "RED"), ("status", "APPROVED", "PAUSED"), ("category", "UTILITY", "MARKETING")
    ]  # fmt: skip
    pause = TemplateChange.objects.get(what="status")
    assert (pause.reason, pause.detail, pause.source) == ("FIRST_PAUSE", "Paused for 3 hours.", "meta")


def test_what_meta_says_twice_is_noted_once(cast):
    template = old(cast)

    for _time in range(2):
        status(template, "PAUSED", other_info={"title": "FIRST_PAUSE", "description": ""})

    assert lines(template) == [("status", "APPROVED", "PAUSED")]


def test_a_sync_notes_what_no_webhook_has_told(cast, graph: FakeGraph):
    template, gone = old(cast, quality="GREEN"), old(cast, "weg")
    listed = {
        "id": template.meta_id, "name": "rad_fertig", "language": "de", "status": "REJECTED", "category": "UTILITY",
        "rejected_reason": "PROMOTIONAL", "quality_score": {"score": "YELLOW"},
        "components": template.components,
    }  # fmt: skip
    graph.answers = [response(200, {"data": [listed]})] * 2

    template_sync.sync_templates(template.business_account)
    template_sync.sync_templates(template.business_account)

    assert lines(template) == [("status", "APPROVED", "REJECTED"), ("quality", "GREEN", "YELLOW")]
    assert lines(gone) == [("status", "APPROVED", "DELETED")]
    first = TemplateChange.objects.filter(template=template).earliest("id")
    assert (first.source, first.reason) == ("sync", "PROMOTIONAL")


def test_the_history_is_never_rewritten(cast):
    template = old(cast)
    status(template, "PAUSED")

    with pytest.raises(DatabaseError, match="append"), transaction.atomic():
        TemplateChange.objects.update(after="APPROVED")


def test_the_page_tells_it_in_words_for_all_languages(cast):
    template, english = old(cast), old(cast, language="en")
    status(template, "PAUSED", other_info={"title": "SECOND_PAUSE", "description": ""})
    why = {"reason": "Two variables", "recommendation": "x"}
    status(english, "REJECTED", reason="INVALID_FORMAT", rejection_info=why)

    content = browser(cast.ada).get(reverse("settings-template", args=[template.pk])).content.decode()

    assert "Status: Approved → <b>Paused</b>" in content
    assert "Second pause: 6 hours." in content
    assert "The format is not right. Meta writes: “Two variables x”" in content


@pytest.mark.parametrize("reason", [*REASONS, "NONE", "", "SOMETHING_NEW"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_reason_has_words_and_a_hint(reason, language):
    with translation.override(language):
        what, helps = map(str, rejection(reason))
    with translation.override("en"):
        english = tuple(map(str, rejection(reason)))

    assert what and helps
    assert language == "en" or reason == "SOMETHING_NEW" or (what, helps) != english


# --- alarms -----------------------------------------------------------------------------------------------------------


def kinds(agent) -> list[str]:
    return [alert.sentence for alert in alerts_for(agent) if alert.kind == "templates"]


def test_a_pause_rings_until_it_has_been_seen(cast):
    template = old(cast)
    assert kinds(cast.ada) == []

    status(template, "PAUSED", other_info={"title": "FIRST_PAUSE", "description": ""})

    assert kinds(cast.ada) == ["WhatsApp has paused the template rad_fertig."]
    assert kinds(cast.ben) == []
    see_alarms(template, by=cast.ada)
    assert kinds(cast.ada) == []
    assert AuditEntry.objects.filter(verb="template.alarms_seen", subject="rad_fertig").count() == 1


def test_a_pause_that_is_over_no_longer_rings(cast):
    template = old(cast)
    status(template, "PAUSED", other_info={"title": "FIRST_PAUSE", "description": ""})
    assert template.paused_until is not None

    status(template, "APPROVED", other_info={"title": "UNPAUSE", "description": ""})

    assert (template.alarms, template.paused_until) == ([], None)


def test_another_category_says_what_it_costs(cast):
    template = old(cast)
    for _message in range(3):
        factories.outbound_message(cast.claras, kind="template", template=template)

    tell(template, "template_category_update", new_category="UTILITY", correct_category="MARKETING",
         category_update_timestamp=1795429000)  # fmt: skip
    tell(template, "template_category_update", previous_category="UTILITY", new_category="MARKETING")

    (alarm,) = TemplatePage(template, cast.ada).alarms
    assert alarm.kind == "recategorised"
    assert alarm.sentence == (
        "WhatsApp has put Rad fertig (de) into another category. Utility → Marketing: €0.1131 instead of €0.0456"
        " a message (DE), €0.20 more for the 3 of the last 30 days."
    )


def test_an_announced_category_rings_with_its_day(cast):
    template = old(cast)

    tell(template, "template_category_update", new_category="UTILITY", correct_category="MARKETING",
         category_update_timestamp=1795429000)  # fmt: skip

    (alarm,) = TemplatePage(template, cast.ada).alarms
    assert (alarm.kind, alarm.is_urgent) == ("announced", True)
    assert " on " in alarm.sentence and "Utility → Marketing" in alarm.sentence
    assert lines(template) == [("announced_category", "", "MARKETING")]


def test_a_category_that_an_admin_has_chosen_rings_nowhere(cast):
    template = old(cast)
    item = {"id": template.meta_id, "name": template.name, "language": "de", "category": "MARKETING",
            "status": "PENDING", "components": template.components}  # fmt: skip

    changed = template_sync.store_one(
        template.business_account, item, timezone.now(), source=TemplateChange.Source.PERSON
    )

    assert (changed.category, changed.alarms, changed.previous_category) == ("MARKETING", [], "")
    assert ("category", "UTILITY", "MARKETING") in lines(template)


def test_low_quality_warns_without_a_banner_and_several_alarms_are_one_banner(cast):
    template, other = old(cast, quality="YELLOW"), old(cast, "anders")

    tell(template, "message_template_quality_update", previous_quality_score="YELLOW", new_quality_score="RED")
    assert kinds(cast.ada) == []
    assert "is low now" in browser(cast.ada).get(reverse("settings-templates")).content.decode()

    status(template, "DISABLED")
    status(other, "PAUSED")
    assert kinds(cast.ada) == ["WhatsApp has changed 2 templates."]


# --- whose it is ------------------------------------------------------------------------------------------------------


def send(conversation, by, template):
    return replying.send_template(conversation, by=by, template=template, values={}, uid=uuid.uuid4())


def usable(conversation, by) -> list[str]:
    return [choice.template.name for choice in templates_for(conversation, by=by).usable]


def test_a_template_of_another_team_is_neither_listed_nor_sent(cast):
    template = factories.template(cast.number, "verleih", body="Hallo", examples=())
    assert usable(cast.claras, cast.ben) == ["verleih"]

    restrict_to(template, [cast.other_team], by=cast.ada)

    assert usable(cast.claras, cast.ben) == []
    assert [usable(cast.claras, who) for who in (cast.ada, cast.lea)] == [["verleih"], []]
    with pytest.raises(TemplateNotSendable, match="Verleih"):
        send(cast.claras, cast.ben, template)
    assert send(cast.claras, cast.ada, template).template == template


def test_the_server_refuses_it_by_address_too_and_for_later(cast):
    template = factories.template(cast.number, "verleih", body="Hallo", examples=())
    restrict_to(template, [cast.other_team], by=cast.ada)
    client = browser(cast.ben)
    address = reverse("conversation-templates", args=[cast.claras.pk])

    answer = client.post(address, {"template": template.pk, "uid": uuid.uuid4()})

    assert (answer.status_code, "Only Verleih may use this template." in answer.content.decode()) == (422, True)
    assert client.get(address, {"template": template.pk}).status_code == 404
    plan = Plan(due_at=timezone.now() + timedelta(hours=1), template=template)
    with pytest.raises(TemplateNotSendable):
        schedule_reply(cast.claras, by=cast.ben, text="", uid=uuid.uuid4(), plan=plan)


def test_people_of_the_team_use_it_and_without_teams_everybody(cast):
    template = factories.template(cast.number, "werkstatt", body="Hallo", examples=())

    restrict_to(template, [cast.team, cast.other_team], by=cast.ada)
    assert usable(cast.claras, cast.ben) == ["werkstatt"]

    restrict_to(template, [], by=cast.ada)
    assert usable(cast.claras, cast.ben) == ["werkstatt"]
    changes = [entry.data for entry in AuditEntry.objects.filter(verb="template.teams").order_by("pk")]
    assert changes == [{"from": [], "to": ["Verleih", "Werkstatt"]}, {"from": ["Verleih", "Werkstatt"], "to": []}]


def test_an_admin_ticks_the_teams_on_the_page(cast):
    template = factories.template(cast.number, "verleih")
    client, address = browser(cast.ada), reverse("settings-template-teams", args=[template.pk])
    foreign = factories.team(cast.other_workspace, "Fremd")

    client.post(address, {"team": [cast.other_team.pk, foreign.pk, "x"]})

    assert [row.team for row in TemplatePage(template, cast.ada).teams] == [cast.other_team]


# --- favourites -------------------------------------------------------------------------------------------------------


def test_favourites_stand_first_in_ones_own_picker(cast):
    factories.template(cast.number, "viel", used_count=90)
    mine = factories.template(cast.number, "meins")

    set_favourite(mine, by=cast.ben, on=True)
    set_favourite(mine, by=cast.ben, on=True)

    assert usable(cast.claras, cast.ben) == ["meins", "viel"]
    assert usable(cast.claras, cast.lea) == ["viel", "meins"]
    set_favourite(mine, by=cast.ben, on=False)
    assert usable(cast.claras, cast.ben) == ["viel", "meins"]


def test_the_star_in_the_picker_answers_with_itself(cast):
    template = factories.template(cast.number, "meins")
    client = browser(cast.ben)
    address = reverse("conversation-template-favourite", args=[cast.claras.pk, template.pk])

    assert 'aria-pressed="true"' in client.post(address, {"on": "1"}).content.decode()
    assert 'aria-pressed="false"' in client.post(address, {"on": "0"}).content.decode()
    restrict_to(template, [cast.other_team], by=cast.ada)
    assert client.post(address, {"on": "1"}).status_code == 404


def test_open_pages_of_those_who_lead_are_told_when_an_alarm_comes_and_when_it_is_over(cast):
    template = old(cast, status="PENDING")
    banner = reverse("warnings")

    assert receive(template, "APPROVED") == []
    assert receive(template, "PAUSED") == ["templates"]
    assert receive(template, "PAUSED") == []
    assert "WhatsApp has paused the template" in browser(cast.ada).get(banner).content.decode()
    assert browser(cast.ben).get(banner).content.decode().strip() == ""

    see_alarms(template, by=cast.ada)
    assert Event.objects.filter(kind="alert").count() == 2
    assert browser(cast.ada).get(banner).content.decode().strip() == ""


def test_everybodys_page_asks_for_its_banners_when_an_alert_reaches_it(cast):
    asks = f'hx-get="{reverse("warnings")}"'

    for who in (cast.ada, cast.ben):
        assert asks in browser(who).get(reverse("profile")).content.decode()
