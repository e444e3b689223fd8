"""`manage.py setup_code`: the code for setting up an empty installation in the browser. Each call makes a new one."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import founding, links


class Command(BaseCommand):
    help = "Prints the code for setting up an empty installation in the browser; nothing once there is a workspace."

    def handle(self, *args: Any, **options: Any) -> None:
        if code := founding.new_code():
            self.stdout.write(f"Set up Tresen at {links.absolute('/setup/')} with the code {code}")
