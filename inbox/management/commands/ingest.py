import signal
from typing import Any

from django.core.management.base import BaseCommand

from inbox import rendering
from inbox.loops import pauses
from inbox.loops.ingest import IngestLoop


class Command(BaseCommand):
    help = "Turn stored webhook deliveries into conversations, until stopped (SIGTERM or Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        loop = IngestLoop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        rendering.prepare()
        pauses.settle()
        loop.run()
