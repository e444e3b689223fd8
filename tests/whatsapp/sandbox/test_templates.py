"""Templates over the wire and their reviews."""

from typing import Any

import pytest

from tests.phone_fixture import WABA_ID, PracticePhone, WebhookRecorder

PATH = f"{WABA_ID}/message_templates"
BODY = {"type": "BODY", "text": "Hallo {{1}}, wir haben dein Rad.", "example": {"body_text": [["Lena"]]}}


def _create(phone: PracticePhone, *components: dict[str, Any], **fields: Any) -> Any:
    data = {"name": "neu", "language": "de", "category": "UTILITY", "components": list(components) or [BODY]} | fields
    return phone.api("POST", PATH, json=data)


def test_the_list_comes_in_pages_that_end(practice_phone: PracticePhone) -> None:
    names, after, pages = [], "", 0
    while pages == 0 or after:
        page = practice_phone.api("GET", PATH, params={"limit": 4, "fields": "name,language", "after": after}).json()
        names += [(one["name"], one["language"]) for one in page["data"]]
        after = page["paging"]["cursors"]["after"] if "next" in page["paging"] else ""
        pages += 1

    assert pages == 4
    assert sorted(names) == sorted(practice_phone.templates())


def test_the_next_address_leads_to_the_next_page(practice_phone: PracticePhone) -> None:
    first = practice_phone.api("GET", PATH, params={"limit": 10}).json()

    second = practice_phone.http.get(
        first["paging"]["next"], headers={"Authorization": "Bearer sandbox-access-token"}
    ).json()

    assert len(second["data"]) == 5 and "next" not in second["paging"]
    assert not {one["id"] for one in first["data"]} & {one["id"] for one in second["data"]}


def test_filters_and_fields(practice_phone: PracticePhone) -> None:
    found = practice_phone.api("GET", PATH, params={"status": "REJECTED", "fields": "name,rejected_reason"}).json()[
        "data"
    ]

    assert [(one["name"], one["rejected_reason"]) for one in found] == [("sommerangebot", "TAG_CONTENT_MISMATCH")]
    assert set(found[0]) == {"name", "rejected_reason", "id"}


def test_a_new_template_waits_until_it_is_reviewed(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    practice_phone.webhooks_to(webhook_recorder.url)

    created = _create(practice_phone).json()
    practice_phone.review("neu", decision="APPROVED")
    practice_phone.idle()

    value = webhook_recorder.values("message_template_status_update")[0]
    assert created["status"] == "PENDING" and practice_phone.templates()["neu", "de"]["status"] == "APPROVED"
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(created["id"]))


def test_a_rejection_tells_why(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    practice_phone.webhooks_to(webhook_recorder.url)

    practice_phone.review(
        "leasing_ende", decision="REJECTED", reason="PROMOTIONAL", explanation="Reads like advertising."
    )
    practice_phone.idle()

    value = webhook_recorder.values("message_template_status_update")[0]
    assert (value["event"], value["reason"]) == ("REJECTED", "PROMOTIONAL")
    assert value["rejection_info"]["reason"] == "Reads like advertising."
    assert practice_phone.templates()["leasing_ende", "de"]["rejected_reason"] == "PROMOTIONAL"


def test_a_pause_ends_with_unpause(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    practice_phone.webhooks_to(webhook_recorder.url)

    practice_phone.review("rad_fertig", decision="PAUSED")
    paused = practice_phone.templates()["rad_fertig", "de"]
    practice_phone.api("POST", f"{paused['id']}/unpause")
    practice_phone.idle()

    events = [value["event"] for value in webhook_recorder.values("message_template_status_update")]
    assert paused["status"] == "PAUSED" and sorted(events) == ["APPROVED", "PAUSED"]
    assert practice_phone.templates()["rad_fertig", "de"]["status"] == "APPROVED"


def test_the_third_pause_switches_it_off_for_good(practice_phone: PracticePhone) -> None:
    for _time in range(3):
        practice_phone.review("rad_fertig", decision="PAUSED")

    assert practice_phone.templates()["rad_fertig", "de"]["status"] == "DISABLED"


def test_a_category_changes_with_notice_first(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    practice_phone.settings(webhook_target=webhook_recorder.url, webhook_lanes=1)

    practice_phone.review("rad_fertig", category="MARKETING", announced_for=1795429000)
    practice_phone.idle()
    practice_phone.review("rad_fertig", category="MARKETING")
    practice_phone.idle()

    announced, done = webhook_recorder.values("template_category_update")
    assert (announced["new_category"], announced["correct_category"]) == ("UTILITY", "MARKETING")
    assert (done["previous_category"], done["new_category"]) == ("UTILITY", "MARKETING")


WRONG: list[tuple[str, dict[str, Any], int | None]] = [
    ("variable first", {"type": "BODY", "text": "{{1}}, hallo du da", "example": {"body_text": [["a"]]}}, 2388299),
    ("variable last", {"type": "BODY", "text": "hallo du da {{1}}", "example": {"body_text": [["a"]]}}, 2388299),
    (
        "too many variables",
        {"type": "BODY", "text": "a {{1}} b {{2}} c", "example": {"body_text": [["a", "b"]]}},
        2388293,
    ),
    (
        "adjacent",
        {"type": "BODY", "text": "ab cd {{1}} {{2}} ef gh ij", "example": {"body_text": [["a", "b"]]}},
        2388072,
    ),
    ("no example", {"type": "BODY", "text": "Hallo {{1}}, dein Rad ist da."}, 2388072),
    ("too long", {"type": "BODY", "text": "x" * 1025}, 2388040),
    ("footer only", {"type": "FOOTER", "text": "Radhaus"}, 2388072),
]


@pytest.mark.parametrize(("component", "subcode"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_malformed_template_is_100_with_its_subcode(
    practice_phone: PracticePhone, component: dict[str, Any], subcode: int
) -> None:
    error = _create(practice_phone, component).json()["error"]

    assert (error["code"], error.get("error_subcode")) == (100, subcode)
    assert error["error_user_msg"]


def test_the_same_name_and_language_exists_once(practice_phone: PracticePhone) -> None:
    error = _create(practice_phone, name="rad_fertig").json()["error"]

    assert error["error_subcode"] == 2388024
    assert _create(practice_phone, name="rad_fertig", language="fr").status_code == 200


def test_an_edit_goes_back_to_review_and_only_once_a_day(practice_phone: PracticePhone) -> None:
    template = practice_phone.templates()["rad_fertig", "de"]["id"]

    first = practice_phone.api("POST", template, json={"components": [BODY]})
    practice_phone.review("rad_fertig", decision="APPROVED")
    second = practice_phone.api("POST", template, json={"components": [BODY]})

    assert (first.status_code, second.status_code) == (200, 400)


def test_deleting_a_name_takes_all_its_languages(practice_phone: PracticePhone) -> None:
    practice_phone.api("DELETE", PATH, params={"name": "rad_fertig"})

    assert not [name for name, _ in practice_phone.templates() if name == "rad_fertig"]
