"""Saved replies: who has which, who may change them, and what becomes of their places."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from inbox.actions import saved_replies, uploads
from inbox.actions.replying import send_reply
from inbox.actions.saved_replies import ShortcutTaken, create_reply, update_reply
from inbox.errors import NotAllowed, UnfilledGap
from inbox.models import SavedReply
from inbox.saved_reply_places import PLACES, fill, gaps, pieces, unknown
from tests import factories
from tests.cast import Cast, make_cast
from tests.signing_in import browser


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def saved(by, shortcut="gruss", scope="personal", **fields) -> SavedReply:
    return create_reply(by=by, scope=scope, shortcut=shortcut, **{"title": "Gruß", "text": "Hallo!", **fields})


def menu(client, conversation) -> list[str]:
    answer = client.get(reverse("conversation-replies", args=[conversation.pk]))
    return [reply.shortcut for reply, _text in answer.context["replies"]]


def typed(**fields) -> dict:
    return {"shortcut": "gruss", "title": "Gruß", "text": "Hallo!", "audience": "personal", **fields}


# --- places -----------------------------------------------------------------------------------------------------------


def test_places_are_filled_and_a_missing_value_leaves_a_gap_that_is_seen():
    values = {"contact.first_name": "Clara", "agent.name": ""}

    text = fill("Hallo {{ contact.first_name }}, hier ist {{agent.name}}. {{other}}", values)

    assert text.startswith("Hallo Clara, hier ist {{") and text.endswith("}}. {{other}}")
    assert len(gaps(text)) == 2 and unknown("{{other}} {{contact.name}}") == ["other"]


@given(st.lists(st.sampled_from([*PLACES, "nope", "{", "}}", "\n"]), max_size=6), st.booleans())
def test_a_text_without_gaps_is_exactly_one_whose_places_all_had_values(parts, knows):
    text = " ".join(f"{{{{{part}}}}}" if part in PLACES or part == "nope" else part for part in parts)

    filled = fill(text, dict.fromkeys(PLACES, "x") if knows else {})

    left = [part for part in parts if part == "nope" or (part in PLACES and not knows)]
    assert len(gaps(filled)) == len(left)


def test_a_customer_without_a_name_leaves_a_gap_not_a_number(cast):
    nameless = factories.conversation(cast.number, factories.contact(cast.number, ""))
    saved(cast.ben, text="Hallo {{contact.first_name}}, {{agent.first_name}} von {{workspace.name}}")

    [(_reply, text)] = browser(cast.ben).get(reverse("conversation-replies", args=[nameless.pk])).context["replies"]

    assert text == "Hallo {{Customer's first name}}, Ben von Radhaus Lindenhof"


def test_a_gap_is_sent_only_by_whoever_means_it(cast):
    text = "Hallo {{Vorname}}"
    with pytest.raises(UnfilledGap) as refused:
        send_reply(cast.claras, by=cast.ben, text=text, uid=uuid.uuid4())
    assert "{{Vorname}}" in str(refused.value.sentence)

    answer = browser(cast.ben).post(
        reverse("conversation-messages", args=[cast.claras.pk]),
        {"uid": uuid.uuid4(), "text": text, "gaps_meant": "true"},
    )

    assert answer.status_code == 200 and cast.claras.messages.get(direction="out").text == text


# --- who has which ----------------------------------------------------------------------------------------------------


def test_the_menu_holds_ones_own_ones_teams_and_everybodys_by_use(cast):
    saved(cast.ben, "meine")
    saved(cast.lea, "leas")
    saved(cast.ada, "verleih", "team", team=cast.other_team)
    saved(cast.lea, "werkstatt", "team", team=cast.team)
    saved(cast.lea, "alle", "all")
    saved(cast.mallory, "fremd", "all")
    saved_replies.count_use(SavedReply.objects.get(shortcut="werkstatt"))

    assert menu(browser(cast.ben), cast.claras) == ["werkstatt", "alle", "meine"]


def test_whoever_answers_in_a_teams_conversation_has_that_teams_replies(cast):
    guest = factories.agent(cast.workspace, "Gast Vertretung", teams=[cast.other_team], visibility="all")
    saved(cast.ada, "werkstatt", "team", team=cast.team)

    assert menu(browser(guest), cast.claras) == ["werkstatt"]
    assert list(SavedReply.objects.visible_to(guest)) == []


def test_using_one_counts(cast):
    reply = saved(cast.lea, "alle", "all")
    client = browser(cast.ben)

    client.post(reverse("conversation-reply-uses", args=[cast.claras.pk, reply.pk]))
    client.post(reverse("conversation-reply-uses", args=[cast.claras.pk, reply.pk]))

    reply.refresh_from_db()
    assert reply.used_count == 2 and reply.last_used_at is not None


def test_the_menu_asks_the_database_the_same_number_of_times_for_one_and_for_many(cast):
    client, address = browser(cast.ben), reverse("conversation-replies", args=[cast.claras.pk])
    saved(cast.ben, "eins")
    client.get(address)  # the first page of a session asks more
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for number in range(4):
        saved(cast.ben, f"x{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(one)


# --- who may change what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "scope", "allowed"),
    [
        ("ben", "personal", True), ("ben", "team", False), ("ben", "all", False),
        ("lea", "team", True), ("lea", "other team", False), ("lea", "all", True),
        ("ada", "team", True), ("ada", "other team", True), ("ada", "all", True),
        ("mallory", "team", False),
    ],
)  # fmt: skip
def test_who_may_save_for_whom(cast, who, scope, allowed):
    team = {"team": cast.team, "other team": cast.other_team}.get(scope)
    scope = "team" if team else scope
    if allowed:
        assert saved(getattr(cast, who), scope=scope, team=team).scope == scope
    else:
        with pytest.raises(NotAllowed):
            saved(getattr(cast, who), scope=scope, team=team)


def test_an_admin_mends_what_is_somebody_elses_own_and_it_stays_theirs(cast):
    reply = saved(cast.ben)

    update_reply(reply, by=cast.ada, scope="personal", shortcut="gruss", title="Gruß", text="Guten Tag!")

    reply.refresh_from_db()
    assert (reply.owner, reply.text) == (cast.ben, "Guten Tag!")
    assert AuditEntry.objects.get(verb="reply.changed").actor == cast.ada


def test_nobody_makes_a_teams_reply_their_own_who_may_not_change_it(cast):
    reply = saved(cast.lea, "team", "team", team=cast.team)

    with pytest.raises(NotAllowed):
        update_reply(reply, by=cast.ben, scope="personal", shortcut="meins", title="x", text="x")
    answer = browser(cast.ben).post(reverse("settings-reply", args=[reply.pk]), typed())
    assert answer.status_code == 403
    assert browser(cast.ben).post(reverse("settings-reply-deletion", args=[reply.pk])).status_code == 403
    assert SavedReply.objects.get().scope == "team"


def test_a_shortcut_is_unique_where_it_is_used(cast):
    saved(cast.ben)
    saved(cast.lea, scope="all")
    with pytest.raises(ShortcutTaken):
        saved(cast.ben)


# --- the pages --------------------------------------------------------------------------------------------------------


def test_a_reply_is_written_found_changed_copied_and_deleted(cast):
    client = browser(cast.lea)
    answer = client.post(reverse("settings-reply-new"), typed(shortcut="/Grüße", text="Viele\r\nGrüße", audience="all"))
    assert answer.status_code == 302
    reply = SavedReply.objects.get()
    assert (reply.shortcut, reply.text, reply.scope) == ("grüße", "Viele\nGrüße", "all")
    found = client.get(reverse("settings-replies"), {"search": "GRUESSE viele"})
    assert found.context["replies"] == [reply] and b"Viele Gr" in found.content

    client.post(reverse("settings-reply", args=[reply.pk]), typed(shortcut="gruss", audience=str(cast.team.pk)))
    reply.refresh_from_db()
    assert (reply.team, reply.shortcut) == (cast.team, "gruss")

    copy = client.get(reverse("settings-reply-new"), {"copy": reply.pk})
    assert copy.context["form"]["shortcut"].value() == "gruss-2"
    client.post(reverse("settings-reply-deletion", args=[reply.pk]))
    assert not SavedReply.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("shortcut", "zwei wörter", "Letters, digits and hyphens only"),
        ("shortcut", "x" * 33, "Letters, digits and hyphens only"),
        ("text", "  \n ", "Write something first"),
        ("text", "x" * 4097, "At most 4096 characters"),
        ("text", "Hallo {{contact.vorname}}", "There is no place called {{contact.vorname}}"),
        ("audience", "all", "Select a valid choice"),
    ],
)
def test_what_cannot_be_saved_comes_back_with_a_sentence_and_loses_nothing(cast, field, value, words):
    answer = browser(cast.ben).post(reverse("settings-reply-new"), typed(**{field: value}))

    assert answer.status_code == 422 and not SavedReply.objects.exists()
    assert words in answer.context["form"].errors[field][0]
    assert answer.context["form"]["title"].value() == "Gruß"


def test_a_taken_shortcut_is_said_at_its_field(cast):
    saved(cast.ben)

    answer = browser(cast.ben).post(reverse("settings-reply-new"), typed(title="Anderer"))

    assert answer.status_code == 422
    assert "shortcut already" in answer.context["form"].errors["shortcut"][0]


def test_a_hostile_text_stays_text(cast):
    saved(cast.ben, title="<img src=x onerror=1>", text='"><script>alert(1)</script>')
    client = browser(cast.ben)
    addresses = reverse("settings-replies"), reverse("conversation-replies", args=[cast.claras.pk])

    pages = [client.get(address) for address in addresses]

    assert all(b"<script>alert" not in page.content and b"<img src=x" not in page.content for page in pages)


# --- files ------------------------------------------------------------------------------------------------------------


def pdf(name="Preise.pdf", body=b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, content_type="application/pdf")


def test_the_files_of_a_reply_lie_in_the_composer_when_it_is_used(cast):
    client = browser(cast.ben)
    client.post(reverse("settings-reply-new"), typed(files=[pdf(), pdf("Anfahrt.pdf")]))
    reply = SavedReply.objects.get()

    answer = client.post(reverse("conversation-reply-uses", args=[cast.claras.pk, reply.pk]))

    assert answer.json() == {"files": 2}
    found = uploads.uploads_of(cast.ben, cast.claras)
    assert [upload.file_name for upload in found] == ["Preise.pdf", "Anfahrt.pdf"]
    saved_replies.delete_reply(reply, by=cast.ben)
    assert found[0].file.read().startswith(b"%PDF")


def test_files_are_taken_out_and_copied_with_the_reply(cast):
    client = browser(cast.ben)
    client.post(reverse("settings-reply-new"), typed(files=[pdf(), pdf("Anfahrt.pdf")]))
    reply = SavedReply.objects.get()
    first, second = reply.files.order_by("pk")

    client.post(reverse("settings-reply-new"), typed(shortcut="kopie", copy=reply.pk, file=[first.pk, second.pk]))
    client.post(reverse("settings-reply", args=[reply.pk]), typed(file=[second.pk]))

    assert [file.file_name for file in reply.files.all()] == ["Anfahrt.pdf"]
    copied = SavedReply.objects.get(shortcut="kopie").files.order_by("pk")
    assert [file.file.read()[:4] for file in copied] == [b"%PDF"] * 2


def test_a_file_that_whatsapp_would_not_take_is_refused_and_nothing_is_saved(cast):
    answer = browser(cast.ben).post(reverse("settings-reply-new"), typed(files=[pdf("leer.pdf", b"")]))
    assert answer.status_code == 422 and not SavedReply.objects.exists()
    answer = browser(cast.ben).post(reverse("settings-reply-new"), typed(files=[pdf("prog.pdf", b"MZ" + b"\x00" * 99)]))
    assert answer.status_code == 422 and answer.context["form"].errors["files"]


def test_the_list_names_places_in_our_words_and_leaves_slips_as_they_are():
    assert pieces("Hi {{contact.first_name}}, {{oops}} bye") == [
        ("Hi ", False), (str(PLACES["contact.first_name"]), True), (", ", False),
        ("{{oops}}", True), (" bye", False),
    ]  # fmt: skip
