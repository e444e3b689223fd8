"""parse() for bytes that nobody promised anything about."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import webhooks
from whatsapp import payloads
from whatsapp.payloads import Broken, InboundMessage, StatusUpdate, Unrecognized, parse, status_from_payload

SAMPLES = [json.loads(webhooks.sample(name)) for name in webhooks.sample_names()]
GOOD = {"id": "wamid.good", "from": "4915100001234", "timestamp": "1795341600", "type": "text", "text": {"body": "gut"}}

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud83d", "x" * 400, 10**70, -1, "DE.", "1e999", "0" * 30])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def storable(value: Any) -> bool:
    """May PostgreSQL keep it as text and jsonb?"""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(storable(key) and storable(entry) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return all(storable(entry) for entry in value)
    return True


def dumped(body: Any) -> bytes:
    return json.dumps(body).encode()


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        found += places(value, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sample in which up to three places are gone or hold anything at all."""
    body = copy.deepcopy(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 3))):
        known = places(body)
        if not known:
            break
        *path, last = draw(st.sampled_from(known))
        node = body
        for key in path:
            node = node[key]
        if draw(st.booleans()):
            del node[last]
        else:
            node[last] = draw(anything)
    return body


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_a_damaged_sample_never_raises_and_yields_only_storable_facts(body: Any) -> None:
    for item in parse(dumped(body)):
        assert item.path or isinstance(item, Broken)
        for name in ("text", "data", "reason", "wamid", "name", "detail"):
            assert storable(getattr(item, name, ""))
        if isinstance(item, InboundMessage):
            assert item.wamid
            assert storable([item.person.phone, item.person.bsuid, item.person.name, item.person.username])
            json.dumps(item.data, allow_nan=False)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=300, deadline=None)
def test_any_bytes_at_all(body: bytes) -> None:
    assert isinstance(parse(body), list)


@given(anything, anything, st.sampled_from(["messages", "statuses", "changes", "entry"]))
@settings(max_examples=300, deadline=None)
def test_a_broken_neighbour_never_hides_a_good_one(before: Any, after: Any, level: str) -> None:
    body = webhooks.envelope({"messages": [GOOD]})
    [entry] = body["entry"]
    if level == "messages":
        entry["changes"][0]["value"]["messages"] = [before, GOOD, after]
    elif level == "statuses":
        entry["changes"][0]["value"] |= {"statuses": before, "contacts": after, "errors": [before, after]}
    elif level == "changes":
        entry["changes"] = [before, *entry["changes"], {"field": after, "value": before}]
    else:
        body["entry"] = [before, entry, {"id": after, "changes": before}]

    good = [item for item in parse(dumped(body)) if isinstance(item, InboundMessage) and item.wamid == "wamid.good"]

    assert [item.text for item in good] == ["gut"]


def test_every_place_in_a_large_batch_is_walked() -> None:
    change = webhooks.envelope({"messages": [GOOD, GOOD]})["entry"][0]["changes"][0]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change] * 3}] * 2}

    paths = [item.path for item in parse(dumped(body))]

    assert len(paths) == len(set(paths)) == 12
    assert paths[-1] == "entry[1].changes[2].value.messages[1]"


@pytest.mark.parametrize("poison", [
    "[" * 5000 + "]" * 5000,
    "9" * 5000,
    "NaN",
    "1e999",
    '"\\u0000\\ud83d"',
    '"\x01raw control\x00"',
    "[" * 100_000 + "]" * 100_000,
])
def test_poison_beside_a_message_leaves_the_message(poison: str) -> None:
    body = dumped(webhooks.envelope({"messages": [GOOD], "future": "POISON"})).replace(b'"POISON"', poison.encode())

    [item] = [item for item in parse(body) if isinstance(item, InboundMessage)]

    assert item.text == "gut"


def test_text_is_cleaned_and_keeps_what_is_legal() -> None:
    message = {**GOOD, "text": {"body": "a\x00b \ud83d c 👩‍🚀"}}

    [item] = parse(dumped(webhooks.envelope({"messages": [message]})))

    assert isinstance(item, InboundMessage)
    assert item.text == "ab \ufffd c 👩‍🚀"


def test_bytes_that_are_not_utf8_cost_one_character() -> None:
    body = dumped(webhooks.envelope({"messages": [{**GOOD, "text": {"body": "KAPUTT"}}]}))

    [item] = parse(body.replace(b"KAPUTT", b"Gr\xfc\xdfe"))

    assert isinstance(item, InboundMessage)
    assert item.text == "Gr\ufffd\ufffde"


@pytest.mark.parametrize("body", [b"", b"nein", b"{", b"[]", b"12", b'"x"', b"\xff\xfe", b"{}{}"])
def test_what_is_no_webhook_is_one_broken_item(body: bytes) -> None:
    [item] = parse(body)

    assert isinstance(item, Broken)


def test_another_object_is_not_ours() -> None:
    [item] = parse(b'{"object":"instagram","entry":[]}')

    assert isinstance(item, Unrecognized)


def test_ids_may_be_numbers() -> None:
    body = webhooks.envelope({"messages": [{**GOOD, "from": 4915100001234, "timestamp": 1795341600, "id": 77}]})
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = 109876543210001

    [item] = parse(dumped(body))

    assert isinstance(item, InboundMessage)
    assert (item.wamid, item.person.phone, item.phone_number_id) == ("77", "4915100001234", "109876543210001")
    assert item.sent_at is not None


def test_a_user_id_in_a_phone_field_is_a_user_id() -> None:
    message = {key: value for key, value in GOOD.items() if key != "from"} | {"from": "DE.ENT.70315528846190337215"}

    [item] = parse(dumped(webhooks.envelope({"messages": [message]})))

    assert isinstance(item, InboundMessage)
    assert (item.person.phone, item.person.bsuid) == ("", "DE.ENT.70315528846190337215")


def test_names_are_matched_by_id_and_never_by_position() -> None:
    contacts = [
        {"profile": {"name": "Zweite"}, "wa_id": "4915100005678"},
        {"profile": {"name": "Erste"}, "wa_id": "4915100001234"},
    ]

    [item] = parse(dumped(webhooks.envelope({"contacts": contacts, "messages": [GOOD]})))

    assert isinstance(item, InboundMessage)
    assert item.person.name == "Erste"


def test_a_template_event_is_read_from_its_value() -> None:
    value = {"new_quality_score": "RED", "message_template_id": 5, "message_template_name": "x"}

    [item] = parse(dumped(webhooks.envelope(value, field="message_template_status_update")))

    assert isinstance(item, payloads.TemplateEvent)
    assert (item.kind, item.quality, item.meta_id) == ("quality", "RED", "5")


def test_a_kept_status_comes_back_equal() -> None:
    for name in ("33", "34", "37", "38"):
        for item in parse(webhooks.sample(name)):
            assert isinstance(item, StatusUpdate)
            assert status_from_payload(json.loads(json.dumps(item.as_payload()))) == item


def said(kind: str, **content: Any) -> InboundMessage:
    """One message of this type, with its contents."""
    message = {**GOOD, "type": kind, **content}
    [item] = parse(dumped(value_of(messages=[message])))
    assert isinstance(item, InboundMessage)
    return item


def value_of(**value: Any) -> dict[str, Any]:
    metadata = {"phone_number_id": "109876543210001"}
    changes = [{"field": "messages", "value": {"metadata": metadata, **value}}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def edited(message: dict[str, Any]) -> payloads.Edit:
    edit = {**GOOD, "type": "edit", "edit": {"original_message_id": "wamid.first", "message": message}}
    [item] = parse(dumped(value_of(messages=[edit])))
    assert isinstance(item, payloads.Edit)
    return item


def test_a_new_caption_counts_although_the_edit_names_no_file() -> None:
    item = edited({"type": "image", "image": {"caption": "Neue Worte"}})

    assert (item.kind, item.text) == ("image", "Neue Worte")


def test_answers_inside_answers_of_a_form_are_lines_of_their_own() -> None:
    answers = {
        "flow_token": "x", "name": "Lena", "adresse": {"ort": "Berlin", "zeiten": ["früh", "spät"]}, "leer": None,
        "ok": True,
    }  # fmt: skip
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": json.dumps(answers)}}

    assert said("interactive", interactive=reply).data["fields"] == [
        ["name", "Lena"], ["adresse · ort", "Berlin"], ["adresse · zeiten", "früh, spät"], ["leer", ""], ["ok", "true"]
    ]


def test_no_line_of_a_long_order_is_left_out_of_its_sum() -> None:
    lines = [{"product_retailer_id": str(n), "quantity": 1, "item_price": 1, "currency": "EUR"} for n in range(80)]

    assert said("order", order={"product_items": lines}).data["total"] == "80.00"


@pytest.mark.parametrize("choice", ["button_reply", "list_reply"])
def test_a_choice_without_a_title_is_called_by_its_id(choice: str) -> None:
    assert said("interactive", interactive={"type": choice, choice: {"id": "morgen_10"}}).text == "morgen_10"


def test_no_name_turns_around_what_stands_beside_it() -> None:
    document = {"id": "1", "mime_type": "application/pdf", "filename": "Rechnung\u202efdp.exe"}
    message = {**GOOD, "type": "document", "document": document}
    people = [{"wa_id": "4915100001234", "profile": {"name": "\u202eLena\u2067 Vogt"}}]
    [item] = parse(dumped(value_of(messages=[message], contacts=people)))

    assert isinstance(item, InboundMessage)
    assert item.media is not None
    assert (item.media.file_name, item.person.name) == ("Rechnungfdp.exe", "Lena Vogt")
