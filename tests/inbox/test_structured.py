"""Places, cards and questions: Meta's limits field by field, the request that leaves, and what comes back."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from inbox import map_links, rendering, structured
from inbox.actions import drafts, replying
from inbox.enums import DraftKind, MessageKind, MessageStatus
from inbox.errors import FieldsInvalid, ServiceWindowClosed
from inbox.models import Message
from inbox.practice import screen as practice_screen
from tests import factories
from tests.cast import make_cast
from tests.delivering import deliver_now
from whatsapp import message_bodies
from whatsapp.sandbox.message_types import check_body

PLACE = {"place": "52.4986, 13.4462", "name": "Radhaus", "address": "Lindenallee 4"}
CARD = {"name": "Jonas Keller", "phone1": "030 123456", "email1": "jonas@radhaus.example", "company": "Radhaus"}
BUTTONS = {"text": "Wann passt es?", "button1": "Heute", "button2": "Morgen", "footer": "Wir halten es frei"}
LIST = {"text": "Welcher Termin?", "button": "Auswählen", "row1": "Mo 9:00", "detail1": "Werkstatt", "row2": "Di 9:00"}


def wrong(kind: str, values: dict) -> set[str]:
    """The fields that are refused, each with a sentence."""
    with pytest.raises(FieldsInvalid) as refused:
        structured.READERS[kind](values)
    assert all(str(sentence) for sentence in refused.value.fields.values())
    return set(refused.value.fields)


@pytest.mark.parametrize(("text", "point"), [
    ("52.4986, 13.4462", (52.4986, 13.4462)),
    ("52,4986; 13,4462", (52.4986, 13.4462)),
    ("-33.8568 151.2153", (-33.8568, 151.2153)),
    ("52°29'55.0\"N 13°26'46.3\"E", (52.498611, 13.446194)),
    ("52° 29′ 55″ N, 13° 26′ 46″ O", (52.498611, 13.446111)),
    ("geo:52.4986,13.4462?z=17", (52.4986, 13.4462)),
    (
        "https://www.google.com/maps/place/Radhaus/@52.1,13.1,17z/data=!3m1!4b1!4m6!3m5!8m2!3d52.4986!4d13.4462",
        (52.4986, 13.4462),
    ),
    ("https://www.google.de/maps/@52.4986,13.4462,17z", (52.4986, 13.4462)),
    ("https://maps.google.com/?q=52.4986,13.4462", (52.4986, 13.4462)),
    ("https://www.google.com/maps/search/?api=1&query=52.4986%2C13.4462", (52.4986, 13.4462)),
    ("https://maps.apple.com/?ll=52.4986,13.4462&q=Radhaus", (52.4986, 13.4462)),
    ("https://www.openstreetmap.org/?mlat=52.4986&mlon=13.4462#map=17/50/10", (52.4986, 13.4462)),
    ("https://www.openstreetmap.org/#map=17/52.4986/13.4462", (52.4986, 13.4462)),
    ("https://www.bing.com/maps?cp=52.4986~13.4462&lvl=16", (52.4986, 13.4462)),
])  # fmt: skip
def test_a_pasted_place_is_read_from_its_letters(text, point):
    assert map_links.point_in(text) == pytest.approx(point, abs=1e-5)


@pytest.mark.parametrize("text", [
    "", "Lindenallee 4", "https://maps.app.goo.gl/abc", "95, 13", "52, 181", "https://[", "https://x.example/?q=Berlin",
    "52.4986", "javascript:alert(1)", "9" * 5000,
])  # fmt: skip
def test_what_names_no_point_is_no_place(text):
    assert map_links.point_in(text) is None


def test_a_short_link_is_refused_with_what_helps():
    with pytest.raises(FieldsInvalid) as refused:
        structured.location({"place": "https://maps.app.goo.gl/abc"})

    with translation.override("en"):
        assert "does not say where it leads" in str(refused.value.fields["place"])


def test_every_field_that_does_not_fit_is_named():
    assert wrong("location", {}) == {"place"}
    assert wrong("contact", {"name": "", "phone1": "abc", "email1": "nix"}) == {"name", "phone1", "email1"}
    assert wrong("contact", {"name": "Jonas"}) == {"phone1"}
    assert wrong("buttons", {"text": "x" * 1025, "header": "x" * 61, "footer": "x" * 61}) == {
        "text", "header", "footer", "button1"
    }  # fmt: skip
    assert wrong("buttons", {"text": "?", "button1": "x" * 21, "button2": "Ja", "button3": "ja "}) == {
        "button1", "button3"
    }  # fmt: skip
    assert wrong("list", {"text": "?", "button": "x" * 21, "row1": "x" * 25, "detail2": "x"}) == {
        "button", "row1", "row2"
    }  # fmt: skip
    assert wrong("list", {"text": "x" * 4097, "button": "Los", "row1": "a", "detail1": "x" * 73}) == {"text", "detail1"}


def test_exactly_the_limit_fits_counted_in_characters():
    parts = structured.buttons({"text": "😀" * 1024, "button1": "ä" * 20, "footer": "x" * 60, "header": "x" * 60})

    assert len(parts.text) == 1024


@pytest.fixture
def cast(db):
    return make_cast()


def send(cast, kind, values, **options) -> Message:
    options = {"by": cast.ben, "uid": uuid.uuid4(), **options}
    return replying.send_structured(cast.claras, parts=structured.READERS[kind](values), **options)


def test_a_place_leaves_as_location_and_is_shown_as_one(cast, graph):
    message = send(cast, "location", PLACE)

    deliver_now()

    assert graph.sent[0]["location"] == {
        "latitude": 52.4986, "longitude": 13.4462, "name": "Radhaus", "address": "Lindenallee 4"
    }  # fmt: skip
    assert "Lindenallee 4" in rendering.render_message(message, "de")


def test_a_card_leaves_with_two_parts_of_its_name(cast, graph):
    send(cast, "contact", CARD)

    deliver_now()

    assert graph.sent[0]["contacts"] == [{
        "name": {"formatted_name": "Jonas Keller", "first_name": "Jonas", "last_name": "Keller"},
        "phones": [{"phone": "+49 30 123456", "type": "WORK"}],
        "emails": [{"email": "jonas@radhaus.example", "type": "WORK"}], "org": {"company": "Radhaus"},
    }]  # fmt: skip


def test_a_question_with_buttons_leaves_as_meta_wants_it(cast, graph):
    message = send(cast, "buttons", BUTTONS)

    deliver_now()

    assert graph.sent[0]["interactive"] == {
        "type": "button", "body": {"text": "Wann passt es?"}, "footer": {"text": "Wir halten es frei"},
        "action": {"buttons": [
            {"type": "reply", "reply": {"id": "button1", "title": "Heute"}},
            {"type": "reply", "reply": {"id": "button2", "title": "Morgen"}},
        ]},
    }  # fmt: skip
    html = rendering.render_message(message, "de")
    assert "Heute" in html and "Wir halten es frei" in html


def test_a_list_leaves_as_meta_wants_it_and_its_answers_are_shown(cast, graph):
    message = send(cast, "list", LIST)

    deliver_now()

    assert graph.sent[0]["interactive"]["action"] == {
        "button": "Auswählen",
        "sections": [{"rows": [
            {"id": "row1", "title": "Mo 9:00", "description": "Werkstatt"}, {"id": "row2", "title": "Di 9:00"}
        ]}],
    }  # fmt: skip
    assert "Werkstatt" in rendering.render_message(message, "de")


def test_the_practice_phone_takes_all_four():
    state: Any = None  # only media are looked up
    for kind, values in (("buttons", BUTTONS), ("list", LIST)):
        parts = structured.READERS[kind](values)
        check_body(state, "interactive", message_bodies.interactive_body(parts.text, parts.data))
    check_body(state, "contacts", message_bodies.contacts_body(structured.contact(CARD).data))
    check_body(state, "location", message_bodies.location_body(structured.location(PLACE).data))


def test_sending_one_claims_and_answers_like_a_reply_and_keeps_what_is_being_typed(cast):
    drafts.save_draft(cast.ben, cast.claras, DraftKind.REPLY, "Halber Satz")

    send(cast, "location", PLACE)

    cast.claras.refresh_from_db()
    assert (cast.claras.assignee, cast.claras.needs_answer) == (cast.ben, False)
    assert cast.claras.drafts.get(agent=cast.ben).text == "Halber Satz"


def test_the_rules_of_a_reply_hold(cast):
    uid = uuid.uuid4()
    assert send(cast, "buttons", BUTTONS, uid=uid) == send(cast, "buttons", BUTTONS, uid=uid)
    factories.outbound_message(cast.claras, "Schon erledigt", by=cast.lea)
    assert send(cast, "location", PLACE, seen_seq=1).status == MessageStatus.HELD
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=25)
    cast.claras.save()
    with pytest.raises(ServiceWindowClosed):
        send(cast, "location", PLACE)


def test_over_http_faults_come_back_by_field_and_success_as_a_bubble(cast, client):
    client.force_login(cast.ben)
    url = f"/conversations/{cast.claras.pk}/build/buttons/"

    refused = client.post(url, {"uid": uuid.uuid4(), "text": "?"})
    done = client.post(url, {"uid": uuid.uuid4(), **BUTTONS})

    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["button1"])
    assert "Morgen" in done.json()["html"]
    assert Message.objects.get(kind=MessageKind.INTERACTIVE).author == cast.ben


@pytest.mark.parametrize("kind", structured.READERS)
def test_each_dialog_opens(cast, client, kind):
    client.force_login(cast.ben)

    html = client.get(f"/conversations/{cast.claras.pk}/build/{kind}/").content.decode()

    assert f'action="/conversations/{cast.claras.pk}/build/{kind}/"' in html


def test_a_pasted_link_is_looked_at_here_and_nowhere_else(cast, client, graph):
    client.force_login(cast.ben)

    answer = client.get(f"/conversations/{cast.claras.pk}/build/location/", {"place": "geo:52.5,13.4"}).json()

    assert (answer, graph.calls) == ({"point": "52.500000, 13.400000"}, [])


# --- sections, several cards, and filling in once more ----------------------------------------------------------------


def test_a_heading_begins_a_section_and_the_first_needs_one_as_well():
    said = LIST | {"section2": "Dienstag"}
    assert wrong("list", said) == {"section1"}
    parts = structured.choices(said | {"section1": "Montag", "row3": "Di 11:00"})
    assert parts.data["sections"] == [
        {"title": "Montag", "rows": [{"id": "row1", "title": "Mo 9:00", "description": "Werkstatt"}]},
        {"title": "Dienstag", "rows": [{"id": "row2", "title": "Di 9:00"}, {"id": "row3", "title": "Di 11:00"}]},
    ]
    assert wrong("list", LIST | {"section1": "x" * 25, "section5": "Leer"}) == {"section1", "row5"}


def test_the_practice_phone_shows_the_sections_and_a_row_is_chosen_by_its_place_in_all_of_them():
    parts = structured.choices(LIST | {"section1": "Montag", "section2": "Dienstag"})
    content = message_bodies.interactive_body(parts.text, parts.data)
    message = {
        "wamid": "w", "direction": "out", "type": "interactive", "content": content, "at": 0, "status": "read",
        "quoted": "", "reactions": {}, "business_read": False,
    }  # fmt: skip
    [bubble] = practice_screen.bubbles([message])
    shown = [(button.heading, button.text) for button in bubble.buttons]
    assert shown == [("Montag", "Mo 9:00"), ("Dienstag", "Di 9:00")]
    assert practice_screen.answer_to(message, "1")["title"] == "Di 9:00"


def test_several_cards_go_in_one_message_each_with_its_own_faults(cast, graph):
    second = {"name_2": "Lea", "phone1_2": "0170 1234567", "email1_4": "kein"}
    assert wrong("contact", CARD | second) == {"name_4", "email1_4"}
    send(cast, "contact", CARD | second | {"email1_4": ""})
    deliver_now()
    assert [card["name"]["formatted_name"] for card in graph.sent[0]["contacts"]] == ["Jonas Keller", "Lea"]


@pytest.mark.parametrize(("kind", "values"), [
    ("location", PLACE), ("buttons", BUTTONS),
    ("contact", CARD | {"phone1": "+49 30 123456", "phone2": "+49 170 1234567", "name_2": "Lea", "email1_2": "l@x.de"}),
    ("list", LIST | {"section1": "Montag", "section2": "Dienstag", "header": "Termine"}),
])  # fmt: skip
def test_what_meta_refused_opens_its_dialog_again_as_it_was_filled_in(cast, client, kind, values):
    parts = structured.READERS[kind](values)
    assert structured.READERS[kind](structured.values_of(kind, parts.text, parts.data)) == parts
    message = factories.outbound_message(
        cast.claras, parts.text, by=cast.ben, kind=parts.kind, data=parts.data, status=MessageStatus.FAILED,
        error_code=131009,
    )  # fmt: skip
    address = f"/conversations/{cast.claras.pk}/build/{kind}/?like={message.pk}"
    with translation.override("en"):
        bubble = rendering.render_message(message, "en")
    assert f'data-action="build" data-url="{address}"' in bubble and "Change it and send again" in bubble

    client.force_login(cast.ben)
    html = client.get(address).content.decode()
    assert all(f'value="{value}"' in html or f">{value}</textarea>" in html for value in values.values())


def test_only_a_message_of_this_thread_and_kind_fills_a_dialog(cast, client):
    parts = structured.location(PLACE)
    message = factories.outbound_message(cast.claras, "", by=cast.ben, kind=parts.kind, data=parts.data)
    client.force_login(cast.ben)
    for address in (f"contact/?like={message.pk}", "location/?like=0", "location/?like=x"):
        assert client.get(f"/conversations/{cast.claras.pk}/build/{address}").status_code == 404
    for author, answer in ((cast.ben, 200), (cast.lea, 404)):  # what is held is its author's alone
        type(message).objects.filter(pk=message.pk).update(status=MessageStatus.HELD, author=author)
        address = f"/conversations/{cast.claras.pk}/build/location/?like={message.pk}"
        assert client.get(address).status_code == answer
