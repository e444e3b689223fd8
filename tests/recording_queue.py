"""A job queue without Redis: `RQ["QUEUE_CLASS"]` of the test settings. Jobs are kept until `run_jobs()` calls them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django_rq.queues import DjangoRQ
from rq.utils import import_attribute


@dataclass(frozen=True)
class RecordedJob:
    queue: str
    name: str  # dotted path
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def func(self) -> Callable[..., Any]:
        return import_attribute(self.name)


class RecordingQueue(DjangoRQ):
    """Keeps what was enqueued. Arguments go through JSON, as they do on their way to a real worker."""

    recorded: ClassVar[list[RecordedJob]] = []

    def original_enqueue_call(self, func: Any, args: Any = None, kwargs: Any = None, **options: Any) -> None:
        name = func if isinstance(func, str) else f"{func.__module__}.{func.__qualname__}"
        args, kwargs = json.loads(json.dumps([list(args or ()), kwargs or {}]))
        self.recorded.append(RecordedJob(self.name, name, tuple(args), kwargs))


def recorded_jobs(name: str = "") -> list[RecordedJob]:
    """The jobs waiting now; with `name`, only those of the function called so."""
    return [job for job in RecordingQueue.recorded if not name or job.name.rpartition(".")[2] == name]


def forget_jobs() -> None:
    RecordingQueue.recorded.clear()


def run_jobs(rounds: int = 5) -> int:
    """Run the waiting jobs, and those they queue, in order; how many ran. Tests that queue should forget_jobs first."""
    count = 0
    for _ in range(rounds):
        waiting, RecordingQueue.recorded[:] = list(RecordingQueue.recorded), []
        for job in waiting:
            job.func(*job.args, **job.kwargs)
            count += 1
        if not waiting:
            break
    return count
