"""`manage.py recount_reports`: are the figures of the reports those of the rows? Counts everything once more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.reports import recount, rolling

MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Counts all messages and cases once more, names what the reports say otherwise (rebuild_reports mends it)."

    def handle(self, *args: Any, **options: Any) -> None:
        while rolling.roll_batch():
            pass
        found = list(recount.differences())
        for line in found[:MOST_SHOWN]:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} figures differ.")
        self.stdout.write("The reports say what the rows say.")
