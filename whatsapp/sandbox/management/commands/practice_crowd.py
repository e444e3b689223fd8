"""Send a crowd of simulated customers to the practice phone, and watch it."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from whatsapp.sandbox import remote


class Command(BaseCommand):
    help = "Many customers write at once, the same ones for the same seed. Only in demo mode, with make run running."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--conversations", type=int, default=300, help="how many customers (300)")
        parser.add_argument("--minutes", type=float, default=10, help="within how many minutes of the plan (10)")
        parser.add_argument("--speed", type=float, default=1, help="how many times faster the plan is played (1)")
        parser.add_argument("--seed", type=int, default=1, help="who says what when (1)")
        parser.add_argument("--closing", type=float, default=0, help="share whose window is nearly over (0 to 1)")
        parser.add_argument("--stop", action="store_true", help="send the crowd home")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {name: options[name] for name in ("conversations", "minutes", "speed", "seed", "closing")}
        try:
            if options["stop"]:
                remote.call("DELETE", "visits")
                return
            seen = remote.call("POST", "visits", wanted)
            while seen["is_running"]:
                time.sleep(1)
                seen = remote.call("GET", "visits")
                self.stdout.write(
                    f"{seen['started']} of {seen['conversations']} conversations, {seen['answered']} answered, "
                    f"{seen['messages']} messages"
                )
        except (remote.PhoneUnreachable, remote.PhoneRefused) as error:
            raise CommandError(str(error)) from error
