"""Send later with files, and a template planned while the window is closed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inbox.actions import drafts, later, later_turns, uploads
from inbox.actions.conversations import close_conversation, reopen_conversation
from inbox.actions.later import Plan
from inbox.errors import FilesGone, TemplateNotSendable
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, Conversation, Event, Message, ScheduledReply, Upload
from tests import factories
from tests.cast import Cast, make_cast
from tests.signing_in import browser
from whatsapp.models import TemplateHeaderMedia

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock) -> Cast:
    return make_cast()


@pytest.fixture
def template(cast):
    return factories.template(cast.number, components=[{"type": "BODY", "text": "Hallo {{1}}"}])


def scheduled(cast, text="Bis gleich", *, kinds=("image", "document"), hours=2.0, **plan) -> ScheduledReply:
    made = [
        factories.upload(cast.claras, by=cast.ben, kind=kind, position=position, body=kind.encode())
        for position, kind in enumerate(kinds)
    ]
    wanted = Plan(due_at=timezone.now() + timedelta(hours=hours), **plan)
    return later.schedule_reply(
        Conversation.objects.get(pk=cast.claras.pk), by=cast.ben, text=text, uid=uuid.uuid4(), plan=wanted,
        files=[upload.uid for upload in made],
    )  # fmt: skip


def sweep() -> None:
    Sweeper(route=lambda *_: None).run(timezone.now())


def writes(cast) -> None:
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=cast.claras.pk)
        factories.inbound_message(conversation, "Noch etwas")
        later_turns.customer_wrote(conversation, timezone.now())


def sent() -> list[tuple[str, str]]:
    return list(Message.objects.filter(direction="out").order_by("pk").values_list("kind", "text"))


def in_composer(cast, agent) -> list[str]:
    return [upload.kind for upload in uploads.uploads_of(agent, cast.claras)]


def changed(reply, by, *, text="Doch so", files=(), without=(), mark=""):
    named = {name: ",".join(str(getattr(each, "uid", each)) for each in some)
             for name, some in (("files", files), ("without", without))}  # fmt: skip
    said = {"text": text, "when": "hour", "if_written": "hold", "mark": mark, **named}
    return browser(by).post(reverse("later", args=[reply.pk]), said)


def stored(upload: Upload) -> bool:
    return upload.file.storage.exists(upload.file.name)


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_leave_the_composer_and_go_out_in_order_with_the_words_as_caption(cast, clock):
    reply = scheduled(cast, kinds=("document", "image"))
    assert in_composer(cast, cast.ben) == []
    files = [(upload.uid, upload.file.name) for upload in reply.files_in_order]
    clock.shift(timedelta(hours=2))
    sweep()
    sweep()

    assert sent() == [("document", ""), ("image", "Bis gleich")]
    messages = Message.objects.filter(direction="out").order_by("pk")
    assert [(each.uid, each.attachments.get().file.name) for each in messages] == files
    reply.refresh_from_db()
    assert (reply.state, reply.message) == ("sent", messages[0]) and not Upload.objects.exists()


def test_words_that_no_file_can_carry_follow_as_a_message_of_their_own(cast, clock):
    scheduled(cast, kinds=("voice",))
    clock.shift(timedelta(hours=2))
    sweep()
    assert sent() == [("voice", ""), ("text", "Bis gleich")]


def test_files_alone_are_enough_and_what_lies_in_the_composer_meanwhile_stays(cast, clock):
    scheduled(cast, "", kinds=("image",))
    factories.upload(cast.claras, by=cast.ben, kind="document")
    clock.shift(timedelta(hours=2))
    sweep()
    assert sent() == [("image", "")] and in_composer(cast, cast.ben) == ["document"]


def test_a_file_that_is_gone_or_a_colleagues_schedules_nothing(cast):
    foreign = factories.upload(cast.claras, by=cast.lea)
    plan = Plan(due_at=NOON + timedelta(hours=1))
    for uid in (uuid.uuid4(), foreign.uid):
        with pytest.raises(FilesGone):
            later.schedule_reply(cast.claras, by=cast.ben, text="", uid=uuid.uuid4(), plan=plan, files=[uid])
    assert not ScheduledReply.objects.exists()


def test_whoever_discards_it_finds_its_files_in_their_composer(cast):
    reply = scheduled(cast)
    later.cancel_reply(reply, by=cast.lea)
    assert (in_composer(cast, cast.ben), in_composer(cast, cast.lea)) == ([], ["image", "document"])


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_writes_deletes_the_files_of_what_is_then_not_to_be_sent(cast):
    files = scheduled(cast, if_written="cancel").files_in_order
    writes(cast)
    assert not Upload.objects.exists() and not any(stored(upload) for upload in files)


def test_held_by_a_customer_who_writes_it_keeps_its_files(cast):
    reply = scheduled(cast)
    writes(cast)
    reply.refresh_from_db()
    assert [message.kind for message in later.send_now(reply, by=cast.lea)] == ["image", "document"]
    assert sent()[-1] == ("document", "Bis gleich")


def test_a_closed_window_puts_text_and_files_back_into_the_composer(cast, clock):
    scheduled(cast, hours=30, asks=True)
    clock.shift(timedelta(hours=30))
    sweep()
    assert sent() == [] and in_composer(cast, cast.ben) == ["image", "document"]
    assert drafts.draft_for(cast.ben, cast.claras) == "Bis gleich"


def test_a_template_in_its_place_leaves_text_and_files_for_when_the_customer_has_answered(cast, clock, template):
    reply = scheduled(cast, hours=30, template=template, values={"body.1": "Clara"})
    clock.shift(timedelta(hours=30))
    sweep()
    reply.refresh_from_db()
    assert sent() == [("template", "Hallo Clara")] and reply.message.kind == "template"
    assert in_composer(cast, cast.ben) == ["image", "document"]
    assert drafts.draft_for(cast.ben, cast.claras) == "Bis gleich"
    assert [line.data["why"] for line in Activity.objects.filter(kind="later_returned")] == ["instead"]


def test_closing_keeps_the_files_while_it_can_be_undone_and_two_weeks_later_they_go(cast, clock):
    reply = scheduled(cast)
    close_conversation(cast.claras, by=cast.ben)
    clock.shift(timedelta(minutes=1))
    reopen_conversation(cast.claras, by=cast.ben)
    reply.refresh_from_db()
    assert reply.state == "waiting" and len(reply.files_in_order) == 2
    close_conversation(cast.claras, by=cast.ben)
    clock.shift(timedelta(days=14, hours=1))
    uploads.forget_old()
    assert not Upload.objects.exists()


def test_what_still_waits_after_two_weeks_keeps_its_files(cast, clock):
    reply = scheduled(cast, hours=24 * 20, asks=True)
    factories.upload(cast.claras, by=cast.ben)
    clock.shift(timedelta(days=15))
    uploads.forget_old()
    assert list(Upload.objects.all()) == reply.files_in_order


# --- a template -------------------------------------------------------------------------------------------------------


def test_a_template_is_planned_while_the_window_is_closed_and_leaves_the_draft_alone(cast, clock, template):
    clock.shift(timedelta(hours=25))
    drafts.save_draft(cast.ben, cast.claras, "reply", "Und dann noch")
    scheduled(cast, "", kinds=(), hours=20, template=template, values={"body.1": "Clara"})
    clock.shift(timedelta(hours=20))
    sweep()
    assert sent() == [("template", "Hallo Clara")]
    assert drafts.draft_for(cast.ben, cast.claras) == "Und dann noch"
    assert not Activity.objects.filter(kind="later_returned").exists()


def test_a_planned_template_that_was_paused_is_held_and_another_can_be_chosen(cast, clock, template):
    clock.shift(timedelta(hours=25))
    reply = scheduled(cast, "", kinds=(), hours=20, template=template, values={"body.1": "Clara"})
    template.status = "PAUSED"
    template.save()
    clock.shift(timedelta(hours=20))
    sweep()
    reply.refresh_from_db()
    assert sent() == [] and (reply.state, reply.why) == ("held", "template")
    with pytest.raises(TemplateNotSendable):
        later.send_now(reply, by=cast.ben)
    other = factories.template(cast.number, name="andere", components=[{"type": "BODY", "text": "Guten Tag"}])
    plan = Plan(due_at=timezone.now() + timedelta(hours=1), template=other)
    later.change_reply(reply, by=cast.ben, text="", plan=plan)
    [message] = later.send_now(reply, by=cast.ben)
    assert (message.kind, message.text) == ("template", "Guten Tag")


def test_a_contact_who_was_blocked_meanwhile_gets_nothing(cast, clock):
    reply = scheduled(cast)
    Conversation.objects.filter(pk=cast.claras.pk).update(block_state="blocked")
    clock.shift(timedelta(hours=2))
    sweep()
    reply.refresh_from_db()
    assert sent() == [] and (reply.state, reply.why) == ("held", "blocked") and len(reply.files_in_order) == 2


# --- the pages --------------------------------------------------------------------------------------------------------


def test_the_whole_team_sees_the_files_and_strangers_find_nothing(cast):
    reply = scheduled(cast)
    [image, _document] = reply.files_in_order
    address = reverse("later-file", args=[reply.pk, image.uid])
    assert address in Event.objects.filter(kind="later").last().payload["html"]["de"]["later"]
    answer = browser(cast.lea).get(address)
    assert answer.status_code == 200 and answer.getvalue() == b"image"
    assert browser(cast.mallory).get(address).status_code == 404


def test_a_file_can_be_left_out_when_it_is_changed(cast):
    reply = scheduled(cast)
    [image, document] = reply.files_in_order
    answer = changed(reply, cast.ben, without=[image])
    reply = ScheduledReply.objects.get()
    assert answer.status_code == 200 and reply.text == "Doch so" and reply.files_in_order == [document]
    answer = changed(reply, cast.ben, text="", without=[document])
    assert answer.status_code == 422 and ScheduledReply.objects.get().files_in_order == [document]


def test_files_can_be_added_when_it_is_changed_and_go_out_after_the_others(cast, clock):
    reply = scheduled(cast, kinds=("document",))
    [new, stays] = [factories.upload(cast.claras, by=cast.lea, kind="image", position=at, body=b"x") for at in (7, 8)]
    for _again in range(2):  # an answer that was lost
        answer = changed(reply, cast.lea, files=[new])
        assert answer.status_code == 200 and answer.json()["html"].count("later__file") == 2
    assert uploads.uploads_of(cast.lea, cast.claras) == [stays]
    clock.shift(timedelta(hours=2))
    sweep()
    assert sent() == [("document", ""), ("image", "Doch so")]


def test_a_file_that_a_colleague_has_added_meanwhile_stays_with_it(cast):
    reply = scheduled(cast, kinds=("document",))
    [document] = reply.files_in_order
    theirs = factories.upload(cast.claras, by=cast.lea, kind="image")
    changed(reply, cast.lea, files=[theirs])
    changed(reply, cast.ben, without=[document])
    assert ScheduledReply.objects.get().files_in_order == [theirs]


def test_whoever_changes_what_a_colleague_has_just_changed_hears_of_it_once(cast):
    reply = scheduled(cast)
    mark = reply.mark
    changed(reply, cast.lea, text="Leas Worte", mark=mark)
    answer = changed(reply, cast.ben, text="Bens Worte", mark=mark)
    assert answer.status_code == 409 and answer.json()["code"] == "changed" and "Lea" in answer.json()["sentence"]
    assert ScheduledReply.objects.get().text == "Leas Worte"
    changed(reply, cast.lea, text="Noch einmal", mark=mark)  # her own change, or its answer was lost
    assert ScheduledReply.objects.get().text == "Noch einmal"
    changed(reply, cast.ben, text="Bens Worte", mark="")
    assert ScheduledReply.objects.get().text == "Bens Worte"


def test_files_of_others_and_too_many_are_refused_and_change_nothing(cast, monkeypatch):
    reply = scheduled(cast)
    before = reply.files_in_order
    mine, foreign = (factories.upload(cast.claras, by=agent, kind="image") for agent in (cast.ben, cast.lea))
    assert changed(reply, cast.ben, files=[foreign]).json()["code"] == "files_gone"
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    assert "2" in changed(reply, cast.ben, files=[mine]).json()["sentence"]
    assert changed(reply, cast.ben, without=["so nicht"]).status_code == 422
    reply = ScheduledReply.objects.get()
    assert reply.text == "Bis gleich" and reply.files_in_order == before
    assert uploads.uploads_of(cast.ben, cast.claras) == [mine]


def test_what_is_scheduled_cannot_be_taken_out_by_a_composer_that_still_shows_it(cast):
    [image, _document] = scheduled(cast).files_in_order
    answer = browser(cast.ben).delete(reverse("conversation-upload", args=[cast.claras.pk, image.uid]))
    assert answer.status_code == 404 and ScheduledReply.objects.get().files.count() == 2


def test_the_dialog_plans_a_template_when_the_window_is_closed(cast, clock, template):
    address = reverse("conversation-later-dialog", args=[cast.claras.pk])
    assert not browser(cast.ben).get(address).context["is_alone"]
    clock.shift(timedelta(hours=25))
    page = browser(cast.ben).get(address)
    assert page.context["is_alone"] and template.pk in [pk for pk, *_rest in page.context["templates"]]
    said = {"uid": uuid.uuid4(), "when": "tomorrow", "if_written": "hold", "fallback": "template"}
    values = {"template": template.pk, "value:body.1": "Clara"}
    answer = browser(cast.ben).post(reverse("conversation-later", args=[cast.claras.pk]), {**said, **values})
    assert answer.status_code == 200 and "Hallo Clara" in answer.json()["html"]


def test_only_templates_that_need_no_file_to_be_chosen_can_be_planned(cast, template):
    needs = factories.template(
        cast.number, name="foto", components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Da"}]
    )
    address = reverse("conversation-later-dialog", args=[cast.claras.pk])
    assert [pk for pk, *_rest in browser(cast.ben).get(address).context["templates"]] == [template.pk]
    TemplateHeaderMedia.objects.create(
        template=needs, phone_number=cast.number, file="x.png", file_name="x.png", mime_type="image/png", size=4
    )
    assert needs.pk in [pk for pk, *_rest in browser(cast.ben).get(address).context["templates"]]
