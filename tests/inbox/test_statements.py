"""Hand-written statements store and read what the ORM does, and fail as it does."""

import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import statements
from inbox.enums import MessageKind, MessageStatus
from inbox.models import Contact, Conversation, Message
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def _message(conversation, **fields):
    return Message(**{
        "workspace": conversation.workspace, "conversation": conversation, "phone_number": conversation.phone_number,
        "seq": 90, "wamid": "wamid.1", "direction": "in", "kind": MessageKind.TEXT, "text": "Grüße 🚲",
        "data": {"referral": {"headline": "Äpfel"}}, "occurred_at": timezone.now(), "status": MessageStatus.RECEIVED,
        "sender_contact": conversation.contact, **fields,
    })  # fmt: skip


def _values(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_an_inserted_row_is_read_back_as_it_was(cast):
    message = _message(cast.claras)
    statements.insert(message)

    assert message.pk is not None and not message._state.adding
    assert _values(Message.objects.get(pk=message.pk)) == _values(message)


def test_an_update_writes_the_named_fields_and_no_other(cast):
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    conversation.preview, conversation.assignee, conversation.inbound_count = {"text": "neu"}, cast.ben, 77
    statements.update(conversation, ["preview", "assignee"])

    stored = Conversation.objects.get(pk=conversation.pk)
    assert (stored.preview, stored.assignee) == ({"text": "neu"}, cast.ben)
    assert stored.inbound_count == cast.claras.inbound_count


def test_an_update_of_a_row_that_is_gone_is_an_error(cast):
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    conversation.pk = 10**9
    with pytest.raises(DatabaseError):
        statements.update(conversation, ["preview"])


def test_a_row_becomes_the_same_instance_as_the_orm_makes(cast):
    columns = statements.Columns(Conversation, "c")
    [row] = statements.fetch(f"SELECT {columns.sql} FROM inbox_conversation c WHERE id = %s", [cast.claras.pk])

    assert _values(columns.instance(row)) == _values(Conversation.objects.get(pk=cast.claras.pk))


def test_a_column_left_out_is_read_when_it_is_asked_for(cast):
    columns = statements.Columns(Contact, "c", "id", "name")
    [row] = statements.fetch(f"SELECT {columns.sql} FROM inbox_contact c WHERE id = %s", [cast.clara.pk])
    contact = columns.instance(row)

    with CaptureQueriesContext(connection) as asked:
        assert contact.name == cast.clara.name and not asked
        assert contact.profile_name == cast.clara.profile_name
    assert len(asked) == 1


def test_a_clash_is_djangos_integrity_error_and_a_savepoint_survives_it(cast):
    statements.insert(_message(cast.claras))
    with pytest.raises(IntegrityError), transaction.atomic():
        statements.insert(_message(cast.claras, seq=91, uid=uuid.uuid4()))

    assert Message.objects.filter(wamid="wamid.1").count() == 1


def test_nothing_runs_in_a_transaction_that_is_broken(cast):
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            statements.fetch("SELECT 1")


def test_a_loop_prepares_its_statements_and_a_pooled_process_does_not(cast, monkeypatch):
    def prepared() -> int:
        return statements.fetch("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%marker%%'")[0][0]

    for max_age, expected in ((0, 0), (None, 1)):
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", max_age)
        statements.fetch(f"SELECT 1 AS marker_{max_age}")
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
        assert prepared() == expected
