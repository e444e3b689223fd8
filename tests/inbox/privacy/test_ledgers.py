"""In production the application may not touch the ledgers; an erasure lets go of just what is its own."""

import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry
from config import grants
from inbox.models import Consent, Erasure, RetentionSettings
from inbox.privacy import erasing, ledgers, retention
from tests.inbox.privacy.life import NAME
from tests.inbox.privacy.test_erasing import left_over

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def application(talk) -> Iterator[None]:
    """The role that production's processes have."""
    role = f"app_{secrets.token_hex(4)}"
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(f"GRANT {role} TO CURRENT_USER")
        assert "inbox_consent" in grants.apply(connection.connection, role)
        cursor.execute(f"SET ROLE {role}")
        yield
        cursor.execute("RESET ROLE")
        cursor.execute(f"DROP OWNED BY {role}")
        cursor.execute(f"DROP ROLE {role}")


def test_an_erasure_gets_through(application, talk, cast):
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    while erasing.work_on(erasure, is_alone=True):
        pass

    assert Erasure.objects.get(pk=erasure.pk).state == Erasure.State.DONE
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")  # COPY of every table is the owner's
    assert left_over() == {}


def test_without_an_erasure_evidence_stays(application, talk, cast):
    ids = list(Consent.objects.values_list("pk", flat=True))
    line = AuditEntry.objects.earliest("pk")

    assert ledgers.erase_consents(ids) == 0 and ledgers.forget_audit([line.pk]) == 0
    ledgers.hide_in_audit(line.pk, "nobody", {})
    assert Consent.objects.count() == len(ids) and AuditEntry.objects.get(pk=line.pk).subject == line.subject
    for statement in ("DELETE FROM inbox_consent", "UPDATE accounts_auditentry SET subject = ''"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL tresen.erasure = 'on'")
            cursor.execute(statement)


def test_old_lines_go_as_it_is_set(application, cast):
    old = AuditEntry.objects.create(workspace=cast.workspace, verb="x", created_at=timezone.now() - timedelta(days=400))
    RetentionSettings.objects.create(workspace=cast.workspace, audit_days=365)
    retention.run()

    assert not AuditEntry.objects.filter(pk=old.pk).exists()
