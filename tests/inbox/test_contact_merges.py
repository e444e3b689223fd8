"""Two contacts become one by a person's word: what that means, and that it can be taken back without a trace."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import contact_book, contact_merges
from inbox.actions.consent import marketing_state, record_consent
from inbox.actions.conversations import close_conversation
from inbox.actions.following import follow
from inbox.actions.notes import add_note
from inbox.errors import InboxRuleViolation
from inbox.models import (
    Case,
    Consent,
    Contact,
    ContactField,
    ContactMerge,
    Conversation,
    Draft,
    Event,
    Label,
    LostWindow,
    ReadCursor,
    Satisfaction,
)
from tests import factories
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def _client(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def _merge(cast, keep=None, gone=None, uses="keep", **choices) -> ContactMerge:
    return contact_merges.merge(
        keep or cast.clara, gone or cast.dario, by=cast.ada, choices=choices, uses=uses
    )


# What grows by itself, or is the trace that an undoing leaves on purpose.
GROWING = {
    "inbox_event", "accounts_auditentry", "inbox_searchbacklog", "inbox_reportmark", "inbox_consent",
    "inbox_contactmerge",
    "accounts_session", "inbox_conversation_labels", "inbox_follower",
}  # fmt: skip


def _everything() -> dict[str, str]:
    """Every row of every table, without versions and other numbers that only count up."""
    with connection.cursor() as cursor:
        names = sorted(set(connection.introspection.table_names(cursor)) - GROWING)
        found = {}
        for name in names:
            cursor.execute(
                "SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (SELECT (to_jsonb(t) - 'version'"
                f" - 'last_seen_at' - 'last_login' - CASE WHEN '{name}' IN ('inbox_readcursor') THEN 'id' ELSE '' END"
                f")::text AS line FROM \"{name}\" t) AS lines"
            )
            found[name] = cursor.fetchone()[0]
        for name, column in (("conversation_labels", "label_id"), ("follower", "agent_id")):
            cursor.execute(f"SELECT conversation_id, {column} FROM inbox_{name} ORDER BY 1, 2")
            found[name] = str(cursor.fetchall())
    return found


def _furnish(cast) -> None:
    """Something of every kind on both sides."""
    field = ContactField.objects.create(workspace=cast.workspace, name="Größe", kind="text")
    Contact.objects.filter(pk=cast.clara.pk).update(name="Clara S.", note="Erste", fields={str(field.pk): "56"})
    Contact.objects.filter(pk=cast.dario.pk).update(
        name="Dario C.", email="dario@example.org", note="Zweite", fields={str(field.pk): "60"}
    )
    for contact in (cast.clara, cast.dario):
        contact.refresh_from_db()
    for index, conversation in enumerate((cast.claras, cast.darios)):
        conversation.labels.add(Label.objects.create(workspace=cast.workspace, name=f"L{index}", hue=1))
        factories.inbound_message(conversation, f"Noch etwas {index}")
        add_note(conversation, text="Notiz", by=cast.ben, uid=uuid.uuid4())
        follow(conversation, by=(cast.ben, cast.lea)[index])
        Draft.objects.create(agent=cast.ben, conversation=conversation, text=f"Entwurf {index}")
        ReadCursor.objects.create(agent=cast.ben, conversation=conversation, read_count=1 + index)
        case = Case.objects.create(workspace=cast.workspace, conversation=conversation, closed_at=timezone.now())
        Satisfaction.objects.create(workspace=cast.workspace, conversation=conversation, case=case, score=5)
        closed_at = timezone.now() - timedelta(days=3 + index)
        LostWindow.objects.create(
            workspace=cast.workspace, conversation=conversation, phone_number=conversation.phone_number, why="queue",
            window_of=closed_at - timedelta(days=1), waiting_since=closed_at - timedelta(days=1), closed_at=closed_at,
        )
        conversation.refresh_from_db()
    ReadCursor.objects.create(agent=cast.lea, conversation=cast.darios, read_count=1)


def test_all_of_the_second_becomes_the_firsts(cast):
    _furnish(cast)
    before = Event.objects.filter(kind="conversation_gone").count()

    _merge(cast)

    clara = Contact.objects.get(pk=cast.clara.pk)
    conversation = Conversation.objects.get(contact=clara)
    assert (clara.name, clara.email, clara.note) == ("Clara S.", "dario@example.org", "Erste\n\nZweite")
    assert list(clara.fields.values()) == ["56"]
    assert conversation.messages.count() == 4
    assert conversation.drafts.get(agent=cast.ben).text == "Entwurf 0\n\nEntwurf 1"
    assert sorted(conversation.labels.values_list("name", flat=True)) == ["L0", "L1"]
    assert conversation.activities.get(kind="merged").data == {"with": "Dario C."}
    assert Event.objects.filter(kind="conversation_gone").count() == before + 1
    assert AuditEntry.objects.get(verb="contacts.merged").data == {"with": "Clara S."}


def test_the_person_says_which_values_win(cast):
    _furnish(cast)
    field = ContactField.objects.get()

    _merge(cast, name="gone", **{f"field_{field.pk}": "gone"})

    clara = Contact.objects.get(pk=cast.clara.pk)
    assert (clara.name, clara.name_key, clara.fields) == ("Dario C.", "dario c.", {str(field.pk): "60"})


def test_a_name_that_the_person_has_in_whatsapp_stays_without_being_asked(cast):
    Contact.objects.filter(pk=cast.dario.pk).update(name="Dario C.")

    _merge(cast)

    assert Contact.objects.get(pk=cast.clara.pk).display_name == "Clara Sommer"


def test_of_two_accounts_one_is_used_and_its_24_hours_count(cast):
    now = timezone.now()
    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=now - timedelta(hours=30))
    Conversation.objects.filter(pk=cast.darios.pk).update(last_customer_message_at=now - timedelta(hours=1))
    phones = cast.clara.phone, cast.dario.phone
    assert contact_merges.preview_merge(cast.clara, cast.dario, by=cast.ada).newest == "gone"

    _merge(cast)

    clara = Contact.objects.get(pk=cast.clara.pk)
    conversation = clara.conversations.get()
    assert (clara.phone, conversation.service_window.is_open(now)) == (phones[0], False)
    ended = clara.identities.get(value=phones[1])
    assert (ended.is_active, ended.ended_at is not None) == (False, True)
    contact_merges.undo_merge(ContactMerge.objects.get(), by=cast.ada)

    _merge(cast, uses="gone")
    clara = Contact.objects.get(pk=cast.clara.pk)
    assert (clara.phone, clara.conversations.get().service_window.is_open(now)) == (phones[1], True)


@pytest.mark.parametrize("way_round", [False, True])
@pytest.mark.parametrize("uses", ["keep", "gone"])
@pytest.mark.parametrize("state", ["both open", "first closed", "second closed"])
def test_an_undone_merge_leaves_everything_as_it_was(cast, way_round, uses, state):
    _furnish(cast)
    if state != "both open":
        close_conversation(cast.claras if state == "first closed" else cast.darios, by=cast.ben)
    other_number = factories.number(cast.workspace, account=cast.number.business_account)
    only = factories.conversation(other_number, cast.dario)
    factories.inbound_message(only, "Auf der anderen Nummer")
    before = _everything()
    keep, gone = (cast.dario, cast.clara) if way_round else (cast.clara, cast.dario)

    done = _merge(cast, keep, gone, uses=uses, name="gone")
    assert _everything() != before
    contact_merges.undo_merge(done, by=cast.ada)

    after = _everything()
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    assert not ContactMerge.objects.exists()


def test_who_has_read_on_since_has_read_both(cast):
    _furnish(cast)
    done = _merge(cast)
    ReadCursor.objects.filter(agent=cast.ben).update(read_count=4)

    contact_merges.undo_merge(done, by=cast.ada)

    assert dict(ReadCursor.objects.filter(agent=cast.ben).values_list("conversation", "read_count")) == {
        cast.claras.pk: 2, cast.darios.pk: 2
    }  # fmt: skip


@pytest.mark.parametrize("news", ["message", "edit", "closed", "label", "consent", "late"])
def test_what_has_happened_since_is_not_undone(cast, news):
    done = _merge(cast)
    cast.claras.refresh_from_db()
    if news == "message":
        factories.inbound_message(cast.claras, "Neu")
    elif news == "edit":
        contact_book.change_contact(cast.clara, by=cast.ben, name="Anders")
    elif news == "closed":
        close_conversation(cast.claras, by=cast.ben)
    elif news == "label":
        cast.claras.labels.add(Label.objects.create(workspace=cast.workspace, name="Neu", hue=1))
    elif news == "consent":
        record_consent(cast.clara, "withdrawn", source="agent", occurred_at=timezone.now())
    else:
        ContactMerge.objects.update(created_at=timezone.now() - timedelta(minutes=11))

    with pytest.raises(InboxRuleViolation):
        contact_merges.undo_merge(done, by=cast.ada)
    assert Contact.objects.get(pk=cast.dario.pk).merged_into == cast.clara


@pytest.mark.parametrize(("first", "second", "merged", "apart"), [
    ("unknown", "given", "given", "withdrawn"), ("given", "withdrawn", "withdrawn", "given"),
    ("withdrawn", "given", "given", "withdrawn"), ("given", "unknown", "given", "given"),
    ("unknown", "unknown", "unknown", "unknown"), ("unknown", "withdrawn", "withdrawn", "withdrawn"),
])  # fmt: skip
def test_nobody_keeps_an_opt_in_that_another_person_gave(cast, first, second, merged, apart):
    for contact, state, days in ((cast.clara, first, 2), (cast.dario, second, 1)):
        if state != "unknown":
            record_consent(contact, state, source="agent", occurred_at=timezone.now() - timedelta(days=days))

    done = _merge(cast)
    assert marketing_state(cast.clara) == merged
    contact_merges.undo_merge(done, by=cast.ada)

    assert (marketing_state(cast.clara), marketing_state(cast.dario)) == (apart, second)
    assert Consent.objects.filter(contact=cast.dario).count() == (second != "unknown")


def test_nothing_unseen_blocked_or_on_its_way_is_merged(cast):
    factories.conversation(
        factories.number(cast.workspace, account=cast.number.business_account), cast.dario, team=cast.other_team
    )
    with pytest.raises(InboxRuleViolation):
        contact_merges.merge(cast.clara, cast.dario, by=cast.lea, choices={})
    with pytest.raises(InboxRuleViolation):
        _merge(cast, cast.clara, cast.clara)

    factories.outbound_message(cast.claras, "Gleich", by=cast.ben, status="queued")
    with pytest.raises(InboxRuleViolation):
        _merge(cast)
    cast.claras.messages.update(status="sent")
    Conversation.objects.filter(pk=cast.darios.pk).update(block_state="blocked")
    with pytest.raises(InboxRuleViolation):
        _merge(cast)
    Conversation.objects.filter(pk=cast.darios.pk).update(block_state="")
    _merge(cast)


def test_what_can_no_longer_be_undone_is_forgotten(cast):
    _merge(cast)
    ContactMerge.objects.update(created_at=timezone.now() - timedelta(days=2))

    jobs.forget_old_merges()

    assert not ContactMerge.objects.exists()


# --- the pages --------------------------------------------------------------------------------------------------------


def test_from_looking_for_the_other_to_undoing_on_the_pages(cast):
    lea = _client(cast.lea)
    path = f"/contacts/{cast.clara.pk}/merge/"
    found = lea.get(f"{path}?q=dario").context["rows"]
    assert [row.contact for row in found] == [cast.dario]
    preview = lea.get(f"{path}?with={cast.dario.pk}")
    assert preview.context["preview"].joined == 1

    answer = lea.post(path, {"with": cast.dario.pk, "uses": "keep"}, follow=True)

    assert answer.redirect_chain == [(f"/contacts/{cast.clara.pk}/edit/", 302)]
    assert f"/contacts/{cast.clara.pk}/merge/undoing/" in answer.content.decode()
    lea.post(f"/contacts/{cast.clara.pk}/merge/undoing/")
    assert lea.get(f"/contacts/{cast.dario.pk}/edit/").status_code == 200
    assert lea.get(f"/conversations/{cast.darios.pk}/").status_code == 200


def test_old_addresses_lead_to_what_stayed_and_tell_strangers_nothing(cast):
    _merge(cast)
    ben, mallory = _client(cast.ben), _client(cast.mallory)
    thread, person = f"/conversations/{cast.darios.pk}/", f"/contacts/{cast.dario.pk}/edit/"

    assert ben.get(thread)["Location"] == f"/conversations/{cast.claras.pk}/"
    assert ben.get(person)["Location"] == f"/contacts/{cast.clara.pk}/edit/"
    assert [mallory.get(path).status_code for path in (thread, person)] == [404, 404]

    eva = factories.contact(cast.number, "Eva")
    factories.conversation(cast.number, eva)
    _merge(cast, eva, cast.clara)
    assert ben.get(thread)["Location"] == f"/conversations/{eva.conversations.get().pk}/"


def test_a_contact_one_may_not_know_of_cannot_be_named(cast):
    eva = factories.contact(cast.number, "Eva Fremd")
    factories.conversation(cast.number, eva, team=cast.other_team)

    answer = _client(cast.lea).get(f"/contacts/{cast.clara.pk}/merge/?with={eva.pk}")

    assert answer.status_code == 404
