"""Commands of the first day and of the last door."""

import io
import os
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, TestCase, override_settings

from accounts.fields import Secret, secret_columns
from accounts.models import Agent, AuditEntry, Role, Workspace
from inbox.models import Conversation, NumberRouting
from tests import factories
from tests.cast import make_cast
from whatsapp.checks import stored_secrets_can_be_read
from whatsapp.errors import PermanentFailure
from whatsapp.models import AppSecret, BusinessAccount, MetaApp, PhoneNumber, Rate

SECRETS = {"META_APP_SECRET": "0123456789abcdef0123456789abcdef", "META_ACCESS_TOKEN": "EAAG-canary-of-the-account"}
NEW_SECRETS = {"META_APP_SECRET": "f" * 32, "META_ACCESS_TOKEN": "EAAG-new-token-of-the-account"}
AT_META = {"display_phone_number": "+49 1555 0100199", "verified_name": "Radladen", "status": "CONNECTED"}
IDS = ["--app-id", "61234567890", "--waba-id", "20876543210", "--phone-number-id", "10987654321",
       "--display-number", "+49 1555 0100199"]  # fmt: skip


def run(*args: str, **options: object) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


class CreateWorkspaceTests(TestCase):
    def test_prints_a_link_with_which_the_first_admin_begins(self) -> None:
        output = run("create_workspace", "--name", "Radladen", "--email", "Chefin@Laden.example", "--team", "Laden")

        link = next(line for line in output.splitlines() if line.startswith("http"))
        guest = Client()
        guest.post(link.removeprefix("http://127.0.0.1:8000"), {"name": "Carla", "password": "ein-langes-passwort"})
        chief = Agent.objects.get(email="chefin@laden.example")
        self.assertEqual((chief.role, chief.workspace.name), (Role.ADMIN, "Radladen"))
        self.assertEqual(chief.workspace.second_factor_rule, "admins")
        self.assertNotIn("_auth_user_id", guest.session)
        self.assertEqual(list(chief.teams.values_list("name", "is_default")), [("Laden", True)])

    def test_refuses_nonsense_and_known_addresses(self) -> None:
        make_cast()

        for email in ("nonsense", "ben@radhaus.example"):
            with pytest.raises(CommandError):
                run("create_workspace", "--name", "Radladen", "--email", email)
        self.assertFalse(Workspace.objects.filter(name="Radladen").exists())


class ResetPasswordTests(TestCase):
    def test_lost_last_admin_gets_in_again_and_it_is_noted(self) -> None:
        ada = factories.agent(factories.workspace(), "Ada", role=Role.AGENT, email="ada@x.example", is_active=False)

        with pytest.raises(CommandError):
            run("reset_password", "ada@x.example")
        link = run("reset_password", "ada@x.example", "--reactivate", "--make-admin").strip()

        self.assertEqual(Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code, 200)
        ada.refresh_from_db()
        self.assertEqual((ada.role, ada.is_active), (Role.ADMIN, True))
        self.assertEqual(
            list(AuditEntry.objects.order_by("pk").values_list("verb", "actor")),
            [("person.reactivated", None), ("person.role_changed", None), ("person.reset_link", None)],
        )


@mock.patch.dict(os.environ, SECRETS)
class ConnectNumberTests(TestCase):
    def setUp(self) -> None:
        self.workspace = factories.workspace()
        self.team = factories.team(self.workspace, "Laden", is_default=True)

    def connect(self, *more: str, answer: object = None) -> str:
        facts = answer or AT_META
        effect = {"side_effect": facts} if isinstance(facts, Exception) else {"return_value": facts}
        with mock.patch("whatsapp.client.AccountAPI.phone_number", **effect):
            return run("connect_number", *IDS, *more)

    def test_number_is_ready_with_secrets_encrypted_and_not_shown(self) -> None:
        output = self.connect()

        number = PhoneNumber.objects.select_related("business_account__meta_app").get()
        self.assertEqual((number.display_number, number.name), ("4915550100199", "Radladen"))
        self.assertEqual(number.business_account.access_token.reveal(), SECRETS["META_ACCESS_TOKEN"])
        self.assertEqual(NumberRouting.objects.get().team, self.team)
        self.assertTrue(Rate.objects.exists())
        self.assertIn("http://127.0.0.1:8000/webhooks/whatsapp/", output)
        self.assertIn(number.business_account.meta_app.verify_token.reveal(), output)
        for secret in SECRETS.values():
            self.assertNotIn(secret, output)
            self.assertNotIn(secret, everything_stored())

    def test_again_brings_tokens_up_to_date_and_keeps_the_old_app_secret_beside_the_new(self) -> None:
        self.connect()
        app = MetaApp.objects.get()
        verify_token = app.verify_token.reveal()

        with mock.patch.dict(os.environ, NEW_SECRETS):
            output = self.connect()

        self.assertEqual(BusinessAccount.objects.get().access_token.reveal(), NEW_SECRETS["META_ACCESS_TOKEN"])
        self.assertEqual(AppSecret.objects.filter(meta_app=app).count(), 2)
        self.assertEqual(MetaApp.objects.get().verify_token.reveal(), verify_token)
        self.assertNotIn(verify_token, output)

    def test_refusal_of_meta_stores_nothing(self) -> None:
        for answer in (PermanentFailure(190, "expired"), {"display_phone_number": "+49 30 1111111"}):
            with pytest.raises(CommandError):
                self.connect(answer=answer)
        self.assertFalse(PhoneNumber.objects.exists())
        self.assertFalse(MetaApp.objects.exists())

    def test_number_of_another_workspace_is_refused(self) -> None:
        self.connect()
        other = factories.workspace("Fremd")
        factories.team(other, is_default=True)

        with pytest.raises(CommandError):
            self.connect("--workspace", str(other.pk))

        self.assertEqual(PhoneNumber.objects.get().workspace, self.workspace)

    def test_nonsense_is_named(self) -> None:
        with pytest.raises(CommandError, match="App ID"):
            run("connect_number", "--app-id", "12'; DROP", *IDS[2:])
        with mock.patch.dict(os.environ, {"META_APP_SECRET": "short"}):
            with pytest.raises(CommandError, match="META_APP_SECRET"):
                self.connect()


class StoredSecretTests(TestCase):
    def test_no_stored_secret_is_readable_in_the_database(self) -> None:
        account = make_cast().number.business_account
        BusinessAccount.objects.filter(pk=account.pk).update(access_token="EAAG-canary-0815")

        self.assertNotIn("EAAG-canary-0815", everything_stored())
        account.refresh_from_db()
        self.assertEqual(account.access_token.reveal(), "EAAG-canary-0815")

    def test_secrets_do_not_print_themselves(self) -> None:
        secret = Secret("EAAG-canary-0815")

        self.assertNotIn("canary", f"{secret} {secret!r} {[secret]} {vars(make_cast().number.business_account)}")
        self.assertEqual(secret.hint, "…0815")

    def test_a_row_that_was_just_made_keeps_its_secret_to_itself_too(self) -> None:
        app = MetaApp(workspace_id=1, app_id="1", verify_token="EAAG-canary-0815")

        self.assertNotIn("canary", str(vars(app)))
        self.assertEqual(app.verify_token.reveal(), "EAAG-canary-0815")

    def test_wrong_key_is_refused_at_start_in_a_sentence(self) -> None:
        make_cast()
        self.assertEqual(stored_secrets_can_be_read(None, databases=["default"]), [])

        with override_settings(FIELD_KEYS=[Fernet.generate_key().decode()]):
            errors = stored_secrets_can_be_read(None, databases=["default"])

        self.assertEqual([error.id for error in errors], ["whatsapp.E008"])
        self.assertIn("FIELD_KEYS", errors[0].msg)

    def test_keys_are_changed_without_downtime(self) -> None:
        account = make_cast().number.business_account
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        with override_settings(FIELD_KEYS=[old]):
            for model, names in secret_columns():
                model._base_manager.update(**dict.fromkeys(names, "canary-secret-0815"))

        with override_settings(FIELD_KEYS=[new, old]):
            run("rotate_field_keys")

        with override_settings(FIELD_KEYS=[new]):
            self.assertEqual(stored_secrets_can_be_read(None, databases=["default"]), [])
            account.refresh_from_db()
            self.assertEqual(account.access_token.reveal(), "canary-secret-0815")


def everything_stored() -> str:
    """All rows of all tables as text, as a dump would show them."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        parts = []
        for table in tables:
            cursor.execute(f'SELECT coalesce(string_agg(t::text, E\'\\n\'), \'\') FROM "{table}" t')
            parts.append(cursor.fetchone()[0])
    return "\n".join(parts)


class DemoTests(TestCase):
    def test_demo_is_made_once_with_the_fixed_ids_and_open_soon_urgent_and_closed_windows(self) -> None:
        run("create_demo")
        again = run("create_demo")

        self.assertEqual(again, "")
        workspace = Workspace.objects.get(is_demo=True)
        number = PhoneNumber.objects.select_related("business_account__meta_app").get()
        app = number.business_account.meta_app
        self.assertEqual(
            (number.phone_number_id, number.business_account.waba_id, number.display_number),
            ("109876543210001", "208765432100001", "4915550100100"),
        )
        self.assertEqual(app.secrets.get().secret.reveal(), "sandbox-app-secret")
        self.assertEqual(app.verify_token.reveal(), "sandbox-verify-token")
        self.assertEqual(number.business_account.access_token.reveal(), "sandbox-access-token")
        from django.utils import timezone

        conversations = Conversation.objects.filter(workspace=workspace).select_related("workspace")
        states = {conversation.service_window.state(timezone.now()) for conversation in conversations}
        self.assertEqual(states, {"open", "soon", "urgent", "closed"})

    def test_everybody_of_the_demo_can_sign_in(self) -> None:
        run("create_demo")

        page = Client().get("/accounts/login/").content.decode()
        for name in ("admin", "lead", "mara", "jonas", "aylin", "tim"):
            data = {"email": f"{name}@radhaus.example", "password": "radhaus-demo"}
            self.assertIn(data["email"], page)
            self.assertEqual(Client().post("/accounts/login/", data).status_code, 302, name)

    def test_demo_agrees_with_the_practice_phone(self) -> None:
        from inbox.demo import data as demo_data
        from whatsapp.sandbox import seeds

        ours = {customer.key: customer for customer in demo_data.CUSTOMERS}
        for key, name, phone, _username, bsuid in seeds.CUSTOMERS:
            if key in ours:
                expected = ("", bsuid) if bsuid else (phone, "")
                self.assertEqual((ours[key].phone, ours[key].bsuid), expected, name)

    @override_settings(DEMO=False)
    def test_no_demo_without_demo_mode(self) -> None:
        with pytest.raises(CommandError):
            run("create_demo")
        self.assertFalse(Workspace.objects.exists())
