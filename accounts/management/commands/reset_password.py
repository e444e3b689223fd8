"""`manage.py reset_password EMAIL`: the last door, for whoever has the server. Every use is in the audit log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import actions
from accounts.models import Agent, Role


class Command(BaseCommand):
    help = "Prints a link with which a person sets a new password, once, within the hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reactivate", action="store_true", help="let a deactivated person in again")
        parser.add_argument("--make-admin", action="store_true", help="give the person the role admin")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.select_related("workspace").filter(email=options["email"].strip().lower()).first()
        if agent is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        with transaction.atomic():
            if options["reactivate"]:
                actions.reactivate(agent, by=None)
            if options["make_admin"]:
                actions.change_role(agent, Role.ADMIN, by=None)
            if not agent.is_active:
                raise CommandError(f"{agent.email} is deactivated; add --reactivate.")
            link = actions.create_reset_link(agent, by=None)
        self.stdout.write(link)
