"""`manage.py reset_second_factor EMAIL`: for the last admin whose phone is gone. Every use is in the audit log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import factor_actions
from accounts.models import Agent


class Command(BaseCommand):
    help = "Takes away all second factors of a person and ends their sessions. The password stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.select_related("workspace").filter(email=options["email"].strip().lower()).first()
        if agent is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        count = factor_actions.reset_factors(agent, by=None)
        self.stdout.write(f"{count} second factors of {agent.email} are gone, and every session has ended.")
