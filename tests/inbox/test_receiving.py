"""Who wrote, where it lands, what follows: identity, duplicates, order, races."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation

from inbox.actions import receiving
from inbox.actions.ingesting import Ingester
from inbox.actions.intake import Intake
from inbox.enums import ConversationStatus, MessageKind
from inbox.models import Activity, Case, Contact, ContactIdentity, Conversation, Event, Message, ReadCursor
from inbox.rows import row_of
from tests import factories, webhooks
from tests.webhooks import receive, text
from whatsapp import payloads
from whatsapp.models import PhoneNumber, WebhookDelivery
from whatsapp.payloads.reading import moment

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = "DE.00000000000000000002"


@pytest.fixture(autouse=True)
def number() -> PhoneNumber:
    return webhooks.radhaus()


def contacts() -> list[tuple[str, str]]:
    """(phone, BSUID) of everybody who was not merged away."""
    found = Contact.objects.filter(merged_into=None).order_by("pk")
    return [(contact.phone, contact.bsuid) for contact in found]


def test_a_contact_known_by_phone_learns_its_user_id() -> None:
    receive(text("wamid.1", "a", bsuid=""), text("wamid.2", "b"))

    assert contacts() == [("4915100001234", "DE.84726150398214765093")]
    assert Conversation.objects.get().inbound_count == 2


def test_a_contact_known_by_user_id_learns_its_phone() -> None:
    receive(text("wamid.1", "a", phone=""), text("wamid.2", "b"))

    assert contacts() == [("4915100001234", "DE.84726150398214765093")]


def test_phone_and_user_id_of_two_contacts_show_that_they_are_one() -> None:
    receive(text("wamid.1", "mit Nummer", bsuid=""), text("wamid.2", "mit Namen", phone="", at=1795341700))
    first, second = Conversation.objects.order_by("pk")
    agent = factories.agent(first.workspace)
    ReadCursor.objects.create(agent=agent, conversation=first, read_count=1)

    receive(text("wamid.3", "beides", at=1795341800))

    conversation = Conversation.objects.get()
    assert conversation == second
    assert contacts() == [("4915100001234", "DE.84726150398214765093")]
    texts = Message.objects.filter(conversation=conversation).order_by("occurred_at").values_list("text", flat=True)
    assert list(texts) == ["mit Nummer", "mit Namen", "beides"]
    assert (conversation.inbound_count, ReadCursor.objects.get().read_count) == (3, 1)
    assert Case.objects.get().message_count == 3
    assert conversation.waiting_since == webhooks_time(1795341600)


def webhooks_time(seconds: int) -> Any:
    return Intake(webhooks.RECEIVED_AT).clamp(moment({"at": seconds}, "at"))


def test_a_known_number_with_a_new_user_id_is_somebody_else_who_takes_it_along() -> None:
    receive(text("wamid.1", "die Alte"), text("wamid.2", "der Neue", bsuid=OTHER, name="Neuer"))

    assert contacts() == [("", "DE.84726150398214765093"), ("4915100001234", OTHER)]
    assert [c.needs_identity_check for c in Contact.objects.order_by("pk")] == [False, True]
    assert Conversation.objects.count() == 2
    ended = ContactIdentity.objects.get(is_active=False)
    assert (ended.kind, ended.value) == ("phone", "4915100001234")


def test_a_number_change_that_is_told_late_brings_the_two_together() -> None:
    """Messages under the new ids overtake WhatsApp's notice."""
    receive(text("wamid.1", "vorher"))
    receive(text("wamid.2", "nachher", phone="4915100004321", bsuid="DE.55501928374651029384", at=1795429000))
    assert len(contacts()) == 2

    receive(webhooks.sample("22"))

    assert contacts() == [("4915100004321", "DE.55501928374651029384")]
    kinds = Conversation.objects.get().messages.order_by("occurred_at").values_list("kind", flat=True)
    assert list(kinds) == ["text", "system", "text"]


def test_open_screens_hear_of_a_new_number_and_a_new_name_and_of_nothing_else() -> None:
    def heard() -> int:
        return Event.objects.filter(kind="conversation").count()

    new: Any = {"phone": "4915100004321", "bsuid": "DE.55501928374651029384", "at": 1795429000}
    receive(text("wamid.1", "vorher"))
    assert heard() == 0

    receive(webhooks.sample("22"))
    assert heard() == 1

    receive(text("wamid.3", "neu", name="Lena Neu", **new))
    assert heard() == 2

    receive(text("wamid.4", "nochmal", name="Lena Neu", **new))
    assert heard() == 2


def test_an_old_message_replayed_after_a_number_change_makes_no_new_contact() -> None:
    receive(text("wamid.1", "vorher"), webhooks.sample("22").decode().encode())
    before = webhooks.snapshot()

    receive(text("wamid.1", "vorher"))

    assert webhooks.snapshot() == before


def test_merging_keeps_the_consents_of_both() -> None:
    receive(text("wamid.1", "STOP", bsuid=""), text("wamid.2", "hallo", phone=""), text("wamid.3", "beides"))

    from inbox.actions.consent import marketing_state

    assert marketing_state(Conversation.objects.get().contact) == "withdrawn"


def test_the_same_person_at_two_portfolios_is_two_contacts() -> None:
    body = text("wamid.2", "zweite Filiale", bsuid="DE.99110022883377446655")
    body["entry"][0]["id"] = "208765432100002"
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "109876543210002"

    receive(text("wamid.1", "erste"), body)

    assert len(contacts()) == Conversation.objects.count() == 2


def test_profile_names_are_followed_and_our_own_name_stays() -> None:
    receive(text("wamid.1", "a", name="Lena"))
    Contact.objects.update(name="Frau Vogt")

    receive(text("wamid.2", "b", name="Lena 🌸"))

    contact = Contact.objects.get()
    assert (contact.display_name, contact.profile_name) == ("Frau Vogt", "Lena 🌸")


def test_a_late_message_is_sorted_into_the_past_and_leaves_the_row_alone() -> None:
    receive(text("wamid.2", "später", at=1795341700))

    receive(text("wamid.1", "früher", at=1795341600))

    conversation = Conversation.objects.get()
    thread = conversation.messages.order_by("occurred_at", "seq").values_list("text", flat=True)
    assert list(thread) == ["früher", "später"]
    assert conversation.preview["text"] == "später"
    assert conversation.last_customer_message_at == webhooks_time(1795341700)


def test_a_clock_ahead_never_lengthens_the_window() -> None:
    receive(text("wamid.1", "aus der Zukunft", at=1795341600 + 400_000))

    conversation = Conversation.objects.get()
    assert conversation.last_customer_message_at == webhooks.RECEIVED_AT
    assert conversation.messages.get().occurred_at == webhooks.RECEIVED_AT


@pytest.mark.parametrize("timestamp", ["", "morgen", "-5", None, "99999999999999999999", {"a": 1}])
def test_an_unreadable_time_counts_as_now(timestamp: Any) -> None:
    receive(text("wamid.1", "Hallo", timestamp=timestamp))

    assert Message.objects.get().occurred_at == webhooks.RECEIVED_AT


def test_a_message_reopens_what_was_closed_and_begins_a_case() -> None:
    receive(text("wamid.1", "erste Frage"))
    closed_at = webhooks_time(1795341600) + timedelta(hours=1)
    Conversation.objects.update(status=ConversationStatus.CLOSED, closed_at=closed_at, needs_answer=False)
    Case.objects.update(closed_at=closed_at)

    receive(text("wamid.2", "zweite Frage", at=1795349600))

    assert Conversation.objects.get().status == ConversationStatus.OPEN
    assert [case.subject for case in Case.objects.order_by("pk")] == ["erste Frage", "zweite Frage"]
    assert Activity.objects.filter(kind="reopened").count() == 1


def test_whatsapps_own_lines_open_nothing_and_count_nothing() -> None:
    receive(text("wamid.1", "Hallo"))
    Conversation.objects.update(status=ConversationStatus.CLOSED)

    receive(webhooks.sample("22"))

    conversation = Conversation.objects.get()
    assert conversation.messages.filter(kind=MessageKind.SYSTEM).count() == 1
    assert (conversation.status, conversation.inbound_count) == (ConversationStatus.CLOSED, 1)


def change(kind: str, at: int, **content: Any) -> dict[str, Any]:
    message = {
        "id": f"wamid.{kind}{at}", "from": "4915100001234", "from_user_id": "DE.84726150398214765093",
        "timestamp": str(at), "type": kind, kind: content,
    }  # fmt: skip
    return webhooks.envelope({"messages": [message]})


def test_a_reaction_that_overtakes_its_message_waits_for_it() -> None:
    receive(change("reaction", 1795341650, message_id="wamid.1", emoji="👍"))
    waiting = WebhookDelivery.objects.get()
    assert (waiting.state, waiting.findings[0]["outcome"]) == ("new", "waiting")

    receive(text("wamid.1", "Hallo"))
    WebhookDelivery.objects.filter(pk=waiting.pk).update(next_try_at=None)
    webhooks.ingest()

    assert [r.emoji for r in Message.objects.get().reactions.all()] == ["👍"]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.findings) == ("processed", "", [])


def wait_until_given_up() -> None:
    for _ in range(4):
        WebhookDelivery.objects.filter(state="new").update(next_try_at=None)
        webhooks.ingest()


def test_a_reaction_to_something_unknown_is_given_up_with_a_reason() -> None:
    receive(change("reaction", 1795341650, message_id="wamid.unknown", emoji="👍"))

    wait_until_given_up()

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.reason) == ("ignored", "the message it is about is not known here")


def test_an_edit_of_something_unknown_is_shown_as_what_it_says() -> None:
    said = {"type": "text", "text": {"body": "neu"}}
    receive(change("edit", 1795341650, original_message_id="wamid.old", message=said))

    wait_until_given_up()

    message = Message.objects.get()
    assert (message.text, message.wamid, message.edited_at is not None) == ("neu", "wamid.old", True)


def test_of_several_edits_the_newest_counts_in_any_order() -> None:
    def edit(body: str, at: int) -> dict[str, Any]:
        return change("edit", at, original_message_id="wamid.1", message={"type": "text", "text": {"body": body}})

    receive(text("wamid.1", "eins"), edit("drei", 1795341680), edit("zwei", 1795341650))

    assert Message.objects.get().text == "drei"


def test_a_second_reaction_replaces_the_first_and_an_older_one_does_not() -> None:
    receive(text("wamid.1", "Hallo"))

    receive(
        change("reaction", 1795341660, message_id="wamid.1", emoji="❤️"),
        change("reaction", 1795341650, message_id="wamid.1", emoji="👍"),
    )

    assert [r.emoji for r in Message.objects.get().reactions.all()] == ["❤️"]


def test_an_album_from_a_new_customer_is_one_conversation() -> None:
    """Ten pictures at the same second, in ten posts, ingested by parallel processes."""
    bodies = [
        text(f"wamid.{index}", "", type="image", image={"id": str(1000 + index), "mime_type": "image/jpeg"})
        for index in range(10)
    ]
    assert webhooks.post(*(json.dumps(body).encode() for body in bodies)) == [200] * 10

    in_parallel([ingest_all] * 4)

    assert (Contact.objects.count(), Conversation.objects.count(), Message.objects.count()) == (1, 1, 10)
    assert Conversation.objects.get().inbound_count == 10
    assert sorted(Message.objects.values_list("seq", flat=True)) == list(range(1, 11))
    assert not WebhookDelivery.objects.exclude(state="processed").exists()


def test_the_same_message_at_the_same_moment_is_one_message() -> None:
    body = json.dumps(text("wamid.1", "einmal")).encode()
    webhooks.post(*[body] * 12)

    in_parallel([ingest_all] * 4)

    assert Message.objects.get().text == "einmal"
    assert Conversation.objects.get().inbound_count == 1
    assert not WebhookDelivery.objects.exclude(state="processed").exists()


def test_two_threads_that_store_the_same_new_customer_meet(number: PhoneNumber) -> None:
    """Without the row lock of a delivery between them: only the unique constraints hold."""
    [item] = payloads.parse(json.dumps(text("wamid.1", "einmal")).encode())
    [neighbour] = payloads.parse(json.dumps(text("wamid.2", "noch einmal")).encode())

    def store(what: Any) -> Callable[[], None]:
        def run() -> None:
            from django.db import IntegrityError, transaction

            for _ in range(2):  # as the ingester does after a clash
                try:
                    with transaction.atomic():
                        receiving.receive_message(number, what, Intake(webhooks.RECEIVED_AT))
                    return
                except IntegrityError:
                    continue

        return run

    in_parallel([store(item), store(item), store(neighbour), store(neighbour)])

    assert (Contact.objects.count(), Conversation.objects.count(), Message.objects.count()) == (1, 1, 2)
    assert Conversation.objects.get().inbound_count == 2


def ingest_all() -> None:
    ingester = Ingester()
    while ingester.ingest_next() is not None:
        pass


def in_parallel(work: list[Callable[[], None]]) -> None:
    gate, errors = threading.Barrier(len(work)), []

    def run(one: Callable[[], None]) -> None:
        try:
            gate.wait()
            one()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@contextlib.contextmanager
def while_locked(conversation: Conversation, **changes: Any) -> Iterator[None]:
    """Somebody else changes the conversation and commits only when the block waits for its row.

    Twice, as most actions do: then the commit looks at what the row refers to.
    """
    holds = threading.Event()

    def change() -> None:
        with transaction.atomic():
            for _ in range(2):
                Conversation.objects.filter(pk=conversation.pk).update(**changes)
            holds.set()
            for _ in range(1000):
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                        " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
                    )
                    if cursor.fetchone()[0]:
                        break
                time.sleep(0.01)
            else:
                raise AssertionError("nobody waited")
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(change)
        assert holds.wait(10)
        yield
        other.result()


def test_a_reaction_that_waits_for_the_lock_tells_the_screens_who_took_the_conversation_meanwhile() -> None:
    receive(text("wamid.1", "Ist mein Rad fertig?"))
    conversation = Conversation.objects.get()
    conversation.assignee = None
    conversation.save()
    agent = factories.agent(conversation.workspace, "Mara Mohn", teams=[conversation.team])
    reaction = webhooks.envelope({
        "contacts": [{"wa_id": "4915100001234", "user_id": "DE.84726150398214765093"}],
        "messages": [{
            "id": "wamid.2", "from": "4915100001234", "from_user_id": "DE.84726150398214765093",
            "timestamp": "1795341700", "type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"},
        }],
    })  # fmt: skip
    assert webhooks.post(json.dumps(reaction).encode()) == [200]

    with while_locked(conversation, assignee=agent):
        webhooks.ingest()

    event = Event.objects.filter(kind="message_changed").latest("pk")
    assert event.payload["facts"]["assignee"] == agent.pk
    assert "Mara" in event.payload["html"]["de"]["row"]


def edit(wamid: str, target: str, message: dict[str, Any]) -> bytes:
    body = json.loads(webhooks.sample("27"))
    [value] = [change["value"] for change in body["entry"][0]["changes"]]
    value["messages"][0] |= {"id": wamid, "edit": {"original_message_id": target, "message": message}}
    return json.dumps(body).encode()


def test_an_edit_that_cannot_be_read_takes_no_words_away() -> None:
    receive(text("wamid.1", "Um 10?"), edit("wamid.2", "wamid.1", {"type": "hologram", "hologram": {}}))

    message = Message.objects.get()
    assert (message.text, message.edited_at) == ("Um 10?", None)


def test_a_row_says_that_its_message_was_deleted() -> None:
    receive(webhooks.sample("01"), webhooks.sample("28"))

    with translation.override("en"):
        assert row_of(Conversation.objects.get()).snippet == "This message was deleted"


def test_a_row_names_the_file_whose_caption_went() -> None:
    document = {"id": "1", "mime_type": "application/pdf", "filename": "Rechnung.pdf", "caption": "siehe hier"}
    body = text("wamid.1", "")
    body["entry"][0]["changes"][0]["value"]["messages"][0] |= {"type": "document", "document": document}
    receive(body, edit("wamid.2", "wamid.1", {"type": "document", "document": {"id": "1"}}))

    assert row_of(Conversation.objects.get()).snippet == "Rechnung.pdf"


def test_a_message_from_before_a_change_of_number_comes_late_to_the_same_person() -> None:
    receive(text("wamid.1", "Hallo"), json.loads(webhooks.sample("22")), text("wamid.2", "kam spät", at=1795341650))

    contact = Contact.objects.get()
    assert (contact.phone, contact.bsuid) == ("4915100004321", "DE.55501928374651029384")
    assert set(Message.objects.filter(kind="text").values_list("text", flat=True)) == {"Hallo", "kam spät"}


def test_a_case_is_not_called_by_words_that_were_changed_or_deleted() -> None:
    receive(webhooks.sample("01"), webhooks.sample("27"))
    assert Case.objects.get().subject == "Guten Tag, haben Sie heute noch weiße Rosen?"

    receive(webhooks.sample("28"))
    assert Case.objects.get().subject == ""
