"""`manage.py create_demo`: the workspace people see on first start. Does nothing when it is there already."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.models import Workspace
from accounts.passwords import DEMO_PASSWORD
from inbox.demo.builder import DemoWorkspace
from inbox.demo.data import PEOPLE
from inbox.demo.past import give_past_to_phone
from inbox.demo.ratings import give_ratings
from inbox.demo.weeks import DemoWeeks
from inbox.reports.rolling import roll


class Command(BaseCommand):
    help = "Creates the demo workspace Radhaus Lindenhof with a day's conversations (demo mode only)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo workspace exists in demo mode only (TRESEN_DEMO=1).")
        with transaction.atomic():
            with connection.cursor() as cursor:  # two first starts at once make one workspace
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.create_demo'))")
            if Workspace.objects.filter(is_demo=True).exists():
                return
            demo = DemoWorkspace()
            workspace = demo.build()
            give_past_to_phone(workspace)
            DemoWeeks(demo).write()
            give_ratings(demo.teams["sales"])
        roll()
        self.stdout.write(f"Created {workspace.name}. Sign in as one of these, password {DEMO_PASSWORD}:")
        for person in PEOPLE:
            self.stdout.write(f"  {person.email:<24} {person.name}")
