"""`manage.py index_search`: make everything findable that is not yet. May be stopped and started again at any time."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.models import SearchBacklog
from inbox.search.indexing import enqueue_missing, index_batch


class Command(BaseCommand):
    help = "Fills the search with what it lacks, newest first. The ingest loop does the same, a little at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=1000, help="entries per transaction")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        enqueue_missing()
        total = SearchBacklog.objects.count()
        done, told = 0, time.monotonic()
        while count := index_batch(batch):
            done += count
            if time.monotonic() - told > 5:
                self.stdout.write(f"{done:,} of {total:,}")
                told = time.monotonic()
        self.stdout.write(f"{done:,} messages and notes indexed.")
