"""An erasure leaves nothing of a person anywhere: neither in a table nor on the disk, whenever it was cut off."""

import base64
import io
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import consent, contact_merges
from inbox.actions.contacts import identify
from inbox.errors import InboxRuleViolation
from inbox.loops.sweeper import requeue_erasures
from inbox.models import (
    ApiAnswer,
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    Erasure,
    Message,
    ReportCell,
    SearchWord,
)
from inbox.privacy import erasing, ledger
from inbox.privacy.people import person_of
from inbox.privacy.places import PLACES
from inbox.reports import recount, rolling
from tests import factories
from tests.inbox.privacy.life import FORMER, NAME, PHONE, PROFILE, SECRETS, WORD
from tests.recording_queue import recorded_jobs, run_jobs
from whatsapp.models import WebhookDelivery
from whatsapp.payloads import Person as Customer

pytestmark = pytest.mark.django_db(transaction=True)


def dump() -> str:
    """Every table as text, as COPY writes it; raw bodies readable."""
    connection.ensure_connection()
    pieces = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copied:  # type: ignore[attr-defined]
                pieces += [f"--{table}\n", *(bytes(part).decode() for part in copied)]
        cursor.execute("SELECT body FROM whatsapp_webhookdelivery")
        pieces += [bytes(body).decode() for (body,) in cursor.fetchall()]
    return "".join(pieces)


def media() -> str:
    files = sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())
    return "\n".join(f"{path.name} {path.read_bytes().decode(errors='replace')}" for path in files)


def forms(secret: str) -> set[str]:
    """How one and the same may be written."""
    escaped = secret.encode("ascii", "backslashreplace").decode()
    found = {secret, secret.lower(), secret.upper(), escaped, secret.encode().hex()}
    return found | {base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]}


def left_over() -> dict[str, list[str]]:
    """Which secrets are still somewhere, and in which lines."""
    text = io.StringIO(dump() + media())
    found: dict[str, list[str]] = {}
    table = ""
    for line in text:
        table = line if line.startswith("--") else table
        for secret in SECRETS:
            if any(form in line for form in forms(secret)):
                found.setdefault(secret, []).append(table.strip())
    return found


def erase(talk, cast, typed=NAME) -> Erasure:
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=typed)
    run_jobs(50)
    erasure.refresh_from_db()
    return erasure


def test_every_place_of_the_register_is_lived_in(talk):
    """What the others prove, they prove of every table."""
    person = person_of(talk.contact)

    lonely = [place.label for place in PLACES if not place.rows(person).exists()]
    assert lonely == ["inbox.ReportFailure", "inbox.ReportMark"]
    assert set(left_over()) == set(SECRETS)


def test_nothing_is_left_of_a_person(talk, cast):
    erasure = erase(talk, cast)

    assert not erasure.is_running and erasure.work == {}
    assert left_over() == {}
    assert not Contact.objects.filter(pk__in=[talk.contact_id]).exists()


def test_others_keep_what_is_theirs(talk, cast):
    before = media()
    erase(talk, cast)

    assert "shared" in before and "shared" in media()  # Dario has that file as well
    assert {each.contact.profile_name for each in Conversation.objects.filter(workspace=cast.workspace)} == {
        "Clara Sommer", "Dario Conti"
    }  # fmt: skip
    assert SearchWord.objects.filter(word="rad").exists()  # Clara's
    assert WebhookDelivery.objects.count() == 1
    assert [answer.key for answer in ApiAnswer.objects.all()] == ["2"]
    assert AuditEntry.objects.filter(subject="Dario Conti").count() == 1


def test_lines_of_the_activity_log_stay_without_the_name(talk, cast):
    count = AuditEntry.objects.count()
    erasure = erase(talk, cast)

    assert AuditEntry.objects.count() == count + 2  # asked for, done
    hidden = list(AuditEntry.objects.filter(subject=f"✕ {erasure.pk}").order_by("pk").values_list("verb", "data"))
    assert hidden == [
        ("contact.changed", {"fields": ["name"]}), ("contact.changed", {}),
        ("contacts.merged", {"with": f"✕ {erasure.pk}"}), ("contact.number", {}), ("consent.proof", {}),
        ("consent.recorded", {"state": "given"}),
    ]  # fmt: skip
    assert AuditEntry.objects.get(verb="audit.exported").data == {"filter": [f"q=✕ {erasure.pk}"]}
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.update(subject="")
    with pytest.raises(DatabaseError), transaction.atomic():
        Erasure.objects.filter(pk=erasure.pk).delete()


def test_the_sums_of_the_reports_stay(talk, cast):
    from inbox.models import CaseFigures, LostWindow, ReportSlot, Satisfaction

    def sums():
        slots = list(ReportSlot.objects.order_by("slot", "pk").values_list("slot", "received", "replies"))
        return slots, CaseFigures.objects.count(), LostWindow.objects.count(), Satisfaction.objects.get().score

    before = sums()
    erase(talk, cast)
    rolling.mark_everything()
    while rolling.roll_batch(anew=True):
        pass

    assert sums() == before
    assert list(recount.differences()) == []
    assert not ReportCell.objects.filter(conversation=talk.pk).exists()


@pytest.mark.parametrize("seed", range(4))
def test_cut_off_anywhere_it_goes_on(talk, cast, monkeypatch, seed):
    """As kill -9 would: what a transaction had not committed is gone, and deletions of files after it do not happen."""
    chance = random.Random(seed)
    monkeypatch.setattr(erasing, "BATCH", 2)

    class Killed(BaseException):
        pass

    real = erasing.figures.forget_marks

    def perhaps(person):
        real(person)
        if chance.random() < 0.4:
            raise Killed

    monkeypatch.setattr(erasing.figures, "forget_marks", perhaps)
    monkeypatch.setattr("inbox.actions.uploads.forget_files", lambda names: None)  # nor what would follow the commit
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    for _ in range(2000):
        try:
            if not erasing.work_on(erasure) and not Erasure.objects.get(pk=erasure.pk).is_running:
                break
        except Killed:
            continue

    assert left_over() == {}


def test_a_lost_job_is_queued_again(talk, cast):
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=PHONE)
    recorded = recorded_jobs("work_on_erasure")
    requeue_erasures(timezone.now() + timedelta(minutes=1))

    assert len(recorded) == 1 and len(recorded_jobs("work_on_erasure")) == 2
    jobs.work_on_erasure(erasure.pk)
    jobs.work_on_erasure(erasure.pk)  # twice is harmless
    assert Erasure.objects.get(pk=erasure.pk).state == Erasure.State.DONE


@pytest.mark.parametrize("typed", ["", "Clara", "0176", "4917655501235", "%", "0000000", "000 000 4"])
def test_the_name_or_number_must_be_typed(talk, cast, typed):
    with pytest.raises(InboxRuleViolation):
        erasing.begin_erasure(talk.contact, by=cast.ada, typed=typed)
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("typed", [NAME, NAME.lower(), PROFILE, f" {NAME} ", PHONE, "+49 176 55501234", "017655501234"])
def test_name_and_number_are_recognised_as_people_write_them(talk, typed):
    assert erasing.is_confirmed(person_of(talk.contact), talk.contact, typed)


def test_only_admins_of_the_house_erase(talk, cast):
    for stranger in (cast.ben, cast.lea, cast.mallory):
        with pytest.raises(InboxRuleViolation):
            erasing.begin_erasure(talk.contact, by=stranger, typed=NAME)


def test_one_erasure_at_a_time(talk, cast):
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    with pytest.raises(InboxRuleViolation):
        erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)


def test_nobody_who_is_being_erased_is_merged_out_of_sight(talk, cast):
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    erasure = Erasure.objects.get()
    with transaction.atomic():
        erasing._hide(erasing.Work(erasure, person_of(talk.contact)))
        erasure.save()
    with pytest.raises(InboxRuleViolation):
        contact_merges.merge(cast.clara, talk.contact, by=cast.ada, choices={})
    run_jobs(50)

    assert not Contact.objects.filter(pk=talk.contact_id).exists() and Contact.objects.filter(pk=cast.clara.pk).exists()


def test_a_yes_that_is_recorded_meanwhile_does_not_hold_it_up(talk, cast, monkeypatch):
    """By a list from another system, say, which still knows the contact's number here."""
    step = erasing._scan

    def late(scan):
        def look(work):
            consent.record_consent(talk.contact, "given", source="api", occurred_at=timezone.now(), wording=NAME)
            return step(scan)(work)

        return look

    monkeypatch.setattr(erasing, "_scan", late)
    erase(talk, cast)

    assert not Contact.objects.filter(pk=talk.contact_id).exists() and NAME not in dump()


def test_whoever_writes_again_is_somebody_new(talk, cast):
    """Also while the work is going on: the ids go first."""
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    erasure = Erasure.objects.get()
    with transaction.atomic():
        erasing._hide(erasing.Work(erasure, person_of(talk.contact)))
    with transaction.atomic():
        again = identify(cast.number, Customer(phone=PHONE, bsuid="", parent_bsuid="", name="Klemmi", username=""))
    assert again.pk != talk.contact_id
    run_jobs(50)

    assert ContactIdentity.objects.filter(contact=again, value=PHONE).exists()
    assert not Contact.objects.filter(pk=talk.contact_id).exists()
    assert not Consent.objects.filter(contact=again).exists()


def test_what_is_on_its_way_is_waited_for(talk, cast):
    message = factories.outbound_message(talk, "Gleich da", by=cast.ben, status="sending")
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    run_jobs(3)
    assert Message.objects.filter(pk=message.pk).exists() and Erasure.objects.get().is_running

    Message.objects.filter(pk=message.pk).update(status="accepted")
    jobs.work_on_erasure(Erasure.objects.get().pk)
    assert not Message.objects.filter(pk=message.pk).exists() and not Erasure.objects.get().is_running


def test_the_ledger_proves_it_without_the_number(talk, cast):
    erasure = erase(talk, cast)

    assert ledger.find(cast.workspace.pk, PHONE) == [erasure]
    assert ledger.find(cast.workspace.pk, "4917655501235") == ledger.find(cast.other_workspace.pk, PHONE) == []
    [line] = ledger.read(ledger.path())
    assert line["uid"] == str(erasure.uid) and PHONE not in ledger.path().read_text()


def test_what_somebody_wrote_in_a_group_goes_and_the_group_stays(cast, talk):
    group = factories.contact(cast.number, "", phone="", kind="group")
    thread = factories.conversation(cast.number, group)
    factories.inbound_message(thread, "Guten Morgen", sender_contact=cast.dario)
    factories.inbound_message(thread, f"Bei mir {WORD}", sender_contact=talk.contact)
    erase(talk, cast)

    thread.refresh_from_db()
    assert [each.text for each in thread.messages.all()] == ["Guten Morgen"]
    assert thread.preview["text"] == "Guten Morgen"
    assert left_over() == {}


def test_counts_say_what_went(talk, cast):
    counts = erase(talk, cast).counts

    assert counts["messages"] == 2 and counts["contacts"] == 2 and counts["numbers"] == 3
    assert counts["deliveries"] == 7 and counts["imports"] == 2 and counts["audit"] == 7
    assert FORMER and "files" in counts
