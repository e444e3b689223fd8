"""`manage.py create_workspace`: the first step of a real installation. Prints the first admin's invitation link."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts import actions, founding, links, team_actions
from accounts.audit import record_audit
from accounts.models import Agent, Role, Visibility, Workspace


class Command(BaseCommand):
    help = "Creates a workspace with a default team, and an invitation for its first admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="name of the business; asked for when missing")
        parser.add_argument("--email", help="address of the first admin; asked for when missing")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], default="de")
        parser.add_argument("--timezone", default="Europe/Berlin")
        parser.add_argument("--team", default="Team", help="name of the default team")

    def handle(self, *args: Any, **options: Any) -> None:
        name = (options["name"] or input("Name of the business: ")).strip()
        email = (options["email"] or input("Email of the first admin: ")).strip().lower()
        try:
            validate_email(email)
            Workspace._meta.get_field("name").clean(name, None)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        if Agent.objects.filter(email=email).exists():
            raise CommandError(f"Somebody already signs in as {email}.")
        with transaction.atomic():
            founding.one_at_a_time()
            workspace = Workspace.objects.create(
                name=name, language=options["language"], timezone=options["timezone"], **founding.new_house()
            )
            founding.void_code()
            record_audit(workspace, None, "workspace.created", subject=name)
            team = team_actions.create_team(workspace, by=None, name=options["team"])
            _invitation, token = actions.invite_agent(
                workspace, by=None, email=email, role=Role.ADMIN, visibility=Visibility.ALL, teams=[team]
            )
        self.stdout.write(f"Workspace {name} is there. The first admin chooses a password here, once, within 7 days:")
        self.stdout.write(links.invitation_link(token))
        self.stdout.write("Next: manage.py connect_number")
