"""Feed stored deliveries, or files with webhook bodies, through the whole intake: door, row, ingest."""

import asyncio
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from inbox.actions.ingesting import Ingester
from inbox.loops.ingest import LOCK_NAME, route
from whatsapp import deliveries
from whatsapp.door import door
from whatsapp.models import AppSecret, WebhookDelivery
from whatsapp.signature import sign
from whatsapp.webhook import WEBHOOK_PATH, webhook_application


class Command(BaseCommand):
    help = (
        "Replay webhooks. A number is a stored delivery's id; anything else a file whose bytes are signed with the"
        " app's secret and posted to the door. Processes them here, unless the ingest process is running: then it does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="+", help="ids of stored deliveries, or files")
        parser.add_argument("--app", help="app id whose secret signs the files (default: the only one)")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = [int(what) for what in options["what"] if what.isdecimal()]
        files = [Path(what) for what in options["what"] if not what.isdecimal()]
        stored = list(WebhookDelivery.objects.filter(pk__in=ids))
        if missing := set(ids) - {delivery.pk for delivery in stored}:
            raise CommandError(f"No such delivery: {', '.join(map(str, sorted(missing)))}")
        deliveries.replay(stored)
        chosen = [delivery.pk for delivery in stored]
        if files:
            chosen += self._post(files, self._secret(options["app"]))
        if not self._process():
            self.stdout.write("The ingest process is running and takes them.")
        for delivery in WebhookDelivery.objects.filter(pk__in=chosen).order_by("pk"):
            self.stdout.write(f"{delivery.pk}: {delivery.state} {delivery.reason}".rstrip())
            for finding in delivery.findings:
                self.stdout.write(f"    {finding['path'] or '-'}: {finding['outcome']}, {finding['reason']}")

    def _secret(self, app_id: str | None) -> str:
        secrets = AppSecret.objects.order_by("-pk")
        if app_id:
            secrets = secrets.filter(meta_app__app_id=app_id)
        elif secrets.values("meta_app").distinct().count() > 1:
            raise CommandError("Several apps are connected: say which with --app.")
        found = secrets.first()
        if found is None:
            raise CommandError("No app secret is stored: connect a number first (manage.py connect_number).")
        return found.secret.reveal()

    def _post(self, files: list[Path], secret: str) -> list[int]:
        """Through the door, as Meta does; the ids of the rows it stored."""
        newest = WebhookDelivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        digests = set()
        for file in files:
            try:
                body = file.read_bytes()
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}") from error
            status = asyncio.run(_posted(body, secret))
            if status != 200:
                raise CommandError(f"{file}: the door answered {status}")
            digests.add(body)
        rows = WebhookDelivery.objects.filter(pk__gt=newest)
        return [row.pk for row in rows if bytes(row.body) in digests]

    def _process(self) -> bool:
        """Ingest here and now; False when another process holds the intake."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK_NAME])
            if not cursor.fetchone()[0]:
                return False
        try:
            ingester = Ingester()
            while (result := ingester.ingest_next()) is not None:
                for workspace_id in result.routed:
                    route(workspace_id, expect_room=False)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [LOCK_NAME])
        return True


async def _posted(body: bytes, secret: str) -> int:
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    answers: list[int] = []

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    headers = [(b"x-hub-signature-256", sign(body, secret))]
    scope = {"type": "http", "method": "POST", "path": WEBHOOK_PATH, "query_string": b"", "headers": headers}
    try:
        await webhook_application(scope, receive, send)
    finally:
        await door().close()
    return answers[0]
