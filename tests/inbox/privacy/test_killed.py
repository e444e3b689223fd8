"""An erasing process that is really killed, at any moment: the next one finishes, and nothing is done twice."""

import os
import signal
import traceback
from collections.abc import Callable

import pytest
from django.db import connections

from accounts.models import AuditEntry
from inbox.models import Contact, Erasure
from inbox.privacy import erasing, ledger
from tests.inbox.privacy.life import NAME
from tests.inbox.privacy.test_erasing import left_over
from tests.recording_queue import run_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]
MOMENTS = ("before the commit", "between two steps", "in the middle of a step")


def in_a_process(work: Callable[[], object]) -> int:
    """Run it in a child of ours with a connection of its own; the signal that ended it, 0 for none."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)  # nothing of the tests' own end
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work_until(pk: int, moment: str, nth: int) -> None:
    """The erasure's work, in a process that dies at the nth moment of this kind."""
    left = [nth]

    def count_down() -> None:
        left[0] -= 1
        if left[0] <= 0:
            die()

    def dies_after(real: Callable) -> Callable:
        def done(*args, **said):
            found = real(*args, **said)
            count_down()
            return found

        return done

    if moment == "before the commit":
        erasing.figures.forget_marks = dies_after(erasing.figures.forget_marks)
    elif moment == "between two steps":
        erasing._one_batch = dies_after(erasing._one_batch)
    else:
        erasing.delete_rows = dies_after(erasing.delete_rows)
    erasing.BATCH = 3
    erasing.work_on(Erasure.objects.get(pk=pk), seconds=600)


@pytest.mark.parametrize("moment", MOMENTS)
def test_whoever_kills_the_process_kills_no_erasure(talk, cast, moment):
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    deaths = 0
    for nth in (1, 1, 2, 3, 5, 8, 13, 21, 34):
        ended = in_a_process(lambda nth=nth: work_until(erasure.pk, moment, nth))
        assert ended in (0, -signal.SIGKILL)
        deaths += ended != 0
    assert deaths >= 3
    run_jobs(200)  # another worker

    erasure.refresh_from_db()
    assert erasure.state == Erasure.State.DONE and erasure.work == {}
    assert left_over() == {} and not Contact.objects.filter(pk=talk.contact_id).exists()
    assert erasure.counts["messages"] == 2 and erasure.counts["contacts"] == 2 and erasure.counts["numbers"] == 3
    assert [line["uid"] for line in ledger.read(ledger.path())] == [str(erasure.uid)]
    assert AuditEntry.objects.filter(verb="privacy.erased").count() == 1
