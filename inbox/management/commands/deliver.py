import signal
from typing import Any

from django.core.management.base import BaseCommand

from inbox import rendering
from inbox.loops import pauses
from inbox.loops.deliver import Deliverer


class Command(BaseCommand):
    help = "Hand queued messages to Meta until stopped. Start as many as you like: one works, the others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        deliverer = Deliverer()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: deliverer.stop())
        rendering.prepare()
        pauses.settle()
        deliverer.run()
