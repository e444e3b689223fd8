"""`manage.py rebuild_reports`: work out every figure of the reports anew. May be stopped and started again."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.models import ReportMark
from inbox.reports.rolling import mark_everything, roll_batch


class Command(BaseCommand):
    help = (
        "Works out the figures of the reports anew from messages and cases, at the prices and opening hours of today. "
        "Answer targets stay as they were. The pages show the former figures until then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=2000, help="marks per transaction")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        mark_everything()
        total, done, told = ReportMark.objects.count(), 0, time.monotonic()
        while ReportMark.objects.exists():
            count = roll_batch(batch, anew=True)
            if not count and ReportMark.objects.exists():
                time.sleep(0.5)  # a job is just at it
            done += count
            if time.monotonic() - told > 5:
                self.stdout.write(f"{done:,} of {total:,}")
                told = time.monotonic()
        self.stdout.write(f"{done:,} days and cases worked out.")
