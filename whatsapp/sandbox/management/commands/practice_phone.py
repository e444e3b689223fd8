"""Run the practice phone: our sandbox of Meta's Cloud API, for demo mode and tests."""

import asyncio
import contextlib
import signal
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Speaks WhatsApp's Cloud API on loopback and plays the customers. Only in demo mode."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="where it listens (default: PORT + 1)")
        parser.add_argument("--target", default="", help="our webhook (default: PORT's /webhooks/whatsapp/)")
        parser.add_argument("--bench", action="store_true", help="hold statuses back, no rates, no payload log")
        parser.add_argument("--durable", action="store_true", help="commit each accepted send before answering")
        parser.add_argument("--memory", action="store_true", help="keep nothing in the database or on disk")
        parser.add_argument("--fresh", action="store_true", help="forget everything kept, begin with the seeds")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The practice phone runs in demo mode only (TRESEN_DEMO=1).")
        with tempfile.TemporaryDirectory() if options["memory"] else contextlib.nullcontext("") as folder:
            from whatsapp.sandbox.history import folder as folder_of  # models are there in demo mode only

            asyncio.run(self._run(options, Path(folder) if folder else folder_of(settings.DATA_DIR)))

    async def _run(self, options: dict[str, Any], folder: Path) -> None:
        from whatsapp.sandbox.phone import Phone
        from whatsapp.sandbox.state import Settings

        behaviour = Settings(
            webhook_target=options["target"] or f"http://127.0.0.1:{settings.PORT}/webhooks/whatsapp/",
            durable=options["durable"],
        )
        if options["bench"]:
            behaviour.hold_statuses, behaviour.log_payloads = True, False
            behaviour.enforce_throughput = behaviour.enforce_pair = False
            behaviour.enforce_window = "off"
            behaviour.batch_items = 1_000
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        port, keep = options["port"] or settings.PORT + 1, not options["memory"]
        phone = Phone(behaviour, port, folder, keep=keep, neutral=settings.EMPTY)
        await phone.run(stop, fresh=options["fresh"])
