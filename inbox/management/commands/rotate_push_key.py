"""A new VAPID pair for Web Push."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox import push
from inbox.models import PushDevice, PushKey


class Command(BaseCommand):
    help = "Make a new key pair for pushes. Devices keep the pair they subscribed with, until they subscribe anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--drop-old", action="store_true", help="delete the older pairs too: their devices must subscribe anew"
        )

    def handle(self, *args: Any, drop_old: bool = False, **options: Any) -> None:
        key = push.make_key()
        self.stdout.write(f"Browsers subscribe to {key.public_key} from now on.")
        if drop_old:
            dropped = PushDevice.objects.exclude(key=key).count()
            PushKey.objects.exclude(pk=key.pk).delete()
            self.stdout.write(f"{dropped} device(s) must subscribe anew.")
