"""`manage.py connect_number`: connects a real WhatsApp number, or brings its tokens up to date.

Secrets come from the environment (META_APP_SECRET, META_ACCESS_TOKEN, META_VERIFY_TOKEN) or are asked for without
echo; never from the command line, which other users of the machine can read. Ask twice, get the same rows: existing
ones are updated.
"""

import getpass
import os
import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Workspace
from whatsapp import client, connections, errors
from whatsapp.models import MetaApp, PhoneNumber
from whatsapp.rates import load_preset
from whatsapp.webhook import WEBHOOK_PATH

IDS = {
    "app_id": "App ID",
    "waba_id": "WhatsApp business account ID (WABA)",
    "phone_number_id": "Phone number ID",
    "display_number": "The number itself, with country code",
}


class Command(BaseCommand):
    help = "Connects a WhatsApp number. Secrets: META_APP_SECRET, META_ACCESS_TOKEN, META_VERIFY_TOKEN or typed in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, words in IDS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=f"{words}; asked for when missing")
        parser.add_argument("--workspace", type=int, help="id of the workspace, when there are several")
        parser.add_argument("--team", default="", help="team that gets what comes in; else the default team")
        parser.add_argument("--portfolio-id", default="", help="Meta business portfolio, if known")
        parser.add_argument("--name", default="", help="what people here call the number")
        parser.add_argument("--skip-check", action="store_true", help="do not ask Meta whether the token fits")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = _workspace(options["workspace"])
        ids = {name: _digits(words, options[name]) for name, words in IDS.items()}
        given = {
            "app_secret": _secret("META_APP_SECRET", "App secret: "),
            "access_token": _secret("META_ACCESS_TOKEN", "Access token: "),
            "verify_token": os.environ.get("META_VERIFY_TOKEN", "").strip(),
        }
        with transaction.atomic():
            made_token = not given["verify_token"] and not MetaApp.objects.filter(app_id=ids["app_id"]).exists()
            number = _store(workspace, ids, given, options)
            team = self._route(number, options["team"])
            if not options["skip_check"]:
                _ask_meta(number)
            record_audit(workspace, None, "number.connected", subject=f"+{number.display_number}")
        load_preset()
        self._report(number, team, made_token)

    def _route(self, number: PhoneNumber, team: str) -> str:
        """Give the number its team. The table belongs to inbox, which this app does not know by import."""
        from django.apps import apps

        teams = number.workspace.teams
        chosen = (teams.filter(name__iexact=team) if team else teams.filter(is_default=True)).first()
        if chosen is None:
            raise CommandError(f"There is no team {team!r}." if team else "This workspace has no default team.")
        routing = apps.get_model("inbox", "NumberRouting")
        routing.objects.update_or_create(phone_number=number, defaults={"team": chosen})
        return chosen.name

    def _report(self, number: PhoneNumber, team: str, made_token: bool) -> None:
        """What to enter at Meta. A verify token that we made up is shown now and never again."""
        self.stdout.write(f"+{number.display_number} is connected; team {team} gets what comes in.")
        self.stdout.write("In the Meta app, under WhatsApp, Configuration, enter:")
        self.stdout.write(f"  Callback URL  {settings.BASE_URL}{WEBHOOK_PATH}")
        token = number.business_account.meta_app.verify_token
        self.stdout.write(f"  Verify token  {token.reveal() if made_token else 'unchanged, ' + token.hint}")
        self.stdout.write("and subscribe to the fields that README.md names.")


def _workspace(pk: int | None) -> Workspace:
    found = list(Workspace.objects.filter(is_demo=False, **({"pk": pk} if pk else {}))[:2])
    if not found:
        raise CommandError("There is no such workspace. Run manage.py create_workspace first.")
    if len(found) > 1:
        raise CommandError("There are several workspaces: say which with --workspace ID.")
    return found[0]


def _digits(words: str, given: str | None) -> str:
    raw = (given or input(f"{words}: ")).strip()
    digits = re.sub(r"[\s+().-]", "", raw)
    if not re.fullmatch(r"[0-9]{5,25}", digits):
        raise CommandError(f"{words}: {raw!r} has characters that do not belong there.")
    return digits


def _secret(variable: str, prompt: str) -> str:
    value = (os.environ.get(variable) or getpass.getpass(prompt)).strip()
    if len(value) < 16 or not value.isascii() or not value.isprintable() or " " in value:
        raise CommandError(f"{variable} does not look like what Meta gives out.")
    return value


def _store(workspace: Workspace, ids: dict[str, str], given: dict[str, str], options: dict[str, Any]) -> PhoneNumber:
    """Write or update app, secret, account and number. What belongs to another workspace is refused."""
    typed = connections.Given(
        ids["app_id"], ids["waba_id"], ids["phone_number_id"], given["app_secret"], given["access_token"]
    )
    try:
        number = connections.store(
            workspace, typed, verify_token=given["verify_token"], display_number=ids["display_number"],
            portfolio_id=options["portfolio_id"], name=options["name"],
        )  # fmt: skip
    except connections.AlreadyElsewhere as error:
        raise CommandError("App, account or number is connected to another workspace already.") from error
    for where in (number, number.business_account):
        where.sending_stopped_at = where.sending_stopped_code = None
        where.save(update_fields=["sending_stopped_at", "sending_stopped_code"])
    return number


def _ask_meta(number: PhoneNumber) -> None:
    """Does this token see this number? Meta's own words for the number are kept."""
    try:
        facts = client.AccountAPI(number.business_account).phone_number(number.phone_number_id)
    except (errors.TemporaryFailure, errors.PermanentFailure, errors.OutcomeUnknown) as failure:
        raise CommandError(f"Meta refused ({failure}). Nothing was stored; --skip-check stores it anyway.") from failure
    shown = re.sub(r"\D", "", str(facts.get("display_phone_number", "")))
    if shown and shown != number.display_number:
        raise CommandError(f"At Meta this id belongs to +{shown}. Nothing was stored.")
    number.name = number.name or str(facts.get("verified_name", ""))[:120]
    number.quality = str(facts.get("quality_rating") or number.quality)[:12]
    number.status = str(facts.get("status") or number.status)[:20]
    number.save(update_fields=["name", "quality", "status"])
