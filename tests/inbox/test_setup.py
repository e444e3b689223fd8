"""The first hour: an empty installation, its code, one founder, and the wizard up to the first message."""

import re
import threading
import time

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import authenticator_app, founding
from accounts.models import (
    Agent,
    AuditEntry,
    Invitation,
    Role,
    SecondFactor,
    Session,
    SetupCode,
    WorkingHours,
    Workspace,
)
from inbox.enums import AutomaticKind
from inbox.models import AutomaticText
from inbox.practice import number as practice_number
from tests import factories
from tests.phone_fixture import PracticePhone, WebhookRecorder
from tests.signing_in import prove
from whatsapp import round_trip
from whatsapp.models import BusinessProfile, PhoneNumber, WebhookCheck

pytestmark = pytest.mark.django_db
PASSWORD = "ein-langer-anfang-am-tresen"
WHO = {"name": "Frida Anfang", "email": "Frida@laden.example", "password": PASSWORD}


def browser(language: str = "en") -> Client:
    return Client(headers={"Accept-Language": language})


def begin(client: Client, code: str, **changes: str):
    return client.post(reverse("setup"), WHO | {"code": code} | changes)


def code_of(secret: str) -> str:
    return authenticator_app.code_at(secret, int(time.time() // 30))


def set_up_app(client: Client) -> list[str]:
    """The second factor that is demanded, with an authenticator app; where it led."""
    page = client.get(reverse("second-factor-app")).content.decode()
    secret = re.sub(r"\s", "", re.search(r'<code class="otp-key">([^<]+)</code>', page)[1])
    added = client.post(reverse("second-factor-app"), {"code": code_of(secret)})
    assert added["Location"] == reverse("recovery-codes")
    return client.post(reverse("recovery-codes"))["Location"]


@pytest.fixture
def founder() -> Client:
    """Frida, in the wizard, with both factors."""
    client = browser()
    begin(client, founding.new_code())
    assert set_up_app(client) == reverse("setup-workspace")
    return client


def workspace() -> Workspace:
    return Workspace.objects.get()


def test_an_empty_house_leads_to_its_set_up_and_a_lived_in_one_has_none():
    assert browser().get(reverse("login"))["Location"] == reverse("setup")
    assert browser().get(reverse("setup")).status_code == 200

    factories.workspace()

    assert browser().get(reverse("login")).status_code == 200
    assert browser().get(reverse("setup")).status_code == 404
    assert begin(browser(), "anything").status_code == 404


def test_the_command_prints_a_code_that_works_once_and_none_when_somebody_lives_here(capsys):
    call_command("setup_code")
    first = capsys.readouterr().out.split()[-1]
    call_command("setup_code")
    second = capsys.readouterr().out.split()[-1]

    assert SetupCode.objects.count() == 1 and second not in str(SetupCode.objects.values())
    assert begin(browser(), first).status_code == 422
    assert begin(browser(), second.lower().replace("-", " ")).status_code == 302

    call_command("setup_code")
    assert capsys.readouterr().out == ""
    assert not SetupCode.objects.exists()


def test_the_founder_who_goes_back_or_reloads_before_the_second_factor_is_led_on():
    client, stranger = browser(), browser()
    begin(client, founding.new_code())

    assert client.get(reverse("setup"))["Location"] == reverse("second-factor-set-up")
    assert stranger.get(reverse("setup")).status_code == 404

    set_up_app(client)
    assert client.get(reverse("setup")).status_code == 200  # name and address, to be mended


def test_a_stranger_without_the_code_founds_nothing_and_is_stopped_soon():
    founding.new_code()
    stranger = browser()

    answers = [begin(stranger, f"AAAA-AAAA-{number:04d}").status_code for number in range(32)]

    assert answers == [422] * 30 + [429] * 2
    assert not Workspace.objects.exists() and not Agent.objects.exists()


def test_what_was_typed_is_still_there_after_a_wrong_code_but_for_the_secrets():
    founding.new_code()

    page = begin(browser(), "WRONG").content.decode()

    assert 'value="Frida Anfang"' in page and "This is not the code" in page
    assert PASSWORD not in page


def test_a_weak_password_does_not_cost_the_code():
    code = founding.new_code()

    assert begin(browser(), code, password="kurz").status_code == 422
    assert begin(browser(), code).status_code == 302


def test_founding_makes_an_admin_who_needs_a_second_factor_before_anything_opens():
    client = browser()

    answer = begin(client, founding.new_code())

    frida = Agent.objects.get()
    assert (frida.role, frida.email, frida.language) == (Role.ADMIN, "frida@laden.example", "en")
    assert (workspace().second_factor_rule, workspace().setup_step) == ("admins", "workspace")
    assert list(frida.teams.values_list("is_default", flat=True)) == [True]
    assert answer["Location"] == reverse("second-factor-set-up")
    for closed in ("inbox", "setup-workspace", "setup-team", "settings-people"):
        assert client.get(reverse(closed))["Location"].startswith(reverse("login")), closed
    assert 'aria-current="step"' in client.get(reverse("second-factor-set-up")).content.decode()
    assert set_up_app(client) == reverse("setup-workspace")
    assert SecondFactor.objects.get().agent == frida


@pytest.mark.django_db(transaction=True)
def test_of_many_with_the_right_code_one_founds_the_house():
    code, outcomes = founding.new_code(), []

    def rush(number: int) -> None:
        try:
            founding.found(code, name=f"Nr. {number}", email=f"n{number}@laden.example", password=PASSWORD,
                           language="de", team="Team")  # fmt: skip
            outcomes.append("founder")
        except founding.AlreadyFounded:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=rush, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["founder"] + ["late"] * 5
    assert (Workspace.objects.count(), Agent.objects.count()) == (1, 1)


def test_each_step_is_kept_and_one_may_go_back_but_not_ahead(founder):
    assert founder.get(reverse("setup-team"))["Location"] == reverse("setup-workspace")

    founder.post(reverse("setup-workspace"), {"name": "Blumen Anfang", "language": "de", "timezone": "Europe/Vienna"})

    assert (workspace().name, workspace().timezone, workspace().setup_step) == (
        "Blumen Anfang", "Europe/Vienna", "whatsapp"
    )  # fmt: skip
    assert 'value="Blumen Anfang"' in founder.get(reverse("setup-workspace")).content.decode()
    founder.post(reverse("setup-whatsapp"), {"later": "1"})
    assert founder.get("/")["Location"] == reverse("setup-team")
    founder.post(reverse("setup-workspace"), {"name": "Blumenhaus", "language": "de", "timezone": "Europe/Vienna"})
    assert (workspace().name, workspace().setup_step) == ("Blumenhaus", "team")
    founder.post(reverse("setup"), {"name": "Frida Neu", "email": "frida@laden.example"})
    assert Agent.objects.get().name == "Frida Neu"


def test_another_address_of_the_founder_wants_a_proof_once_the_first_one_is_old(founder):
    typed = {"name": "Frida Neu", "email": "neu@laden.example"}
    prove(founder, time.time() - 3600)

    asked = founder.post(reverse("setup"), typed)
    assert asked["Location"].startswith(reverse("confirm"))
    only_the_name = founder.post(reverse("setup"), typed | {"email": "frida@laden.example"})
    assert only_the_name["Location"] == reverse("setup-workspace")
    assert founder.post(reverse("setup"), typed)["Location"].startswith(reverse("confirm"))
    page = founder.post(reverse("confirm"), {"password": PASSWORD, "next": reverse("setup")}, follow=True)

    assert 'value="neu@laden.example"' in page.content.decode() and "is here again" in page.content.decode()
    founder.post(reverse("setup"), typed)
    assert Agent.objects.get().email == "neu@laden.example"


def test_a_number_and_another_admin_want_a_proof_in_the_wizard_too_and_lose_nothing(founder, settings):
    settings.DEMO = True
    founder.post(reverse("setup-workspace"), {"name": "Blumen", "language": "en", "timezone": "Europe/Berlin"})
    prove(founder, time.time() - 3600)
    pasted = {"path": "own", "app_id": "612345678901234", "app_secret": "canary-secret-0815",
              "access_token": "canary-token-4711", "waba_id": "208765432100002",
              "phone_number_id": "109876543210002"}  # fmt: skip

    assert founder.post(reverse("setup-whatsapp"), pasted)["Location"].startswith(reverse("confirm"))
    page = founder.post(reverse("confirm"), {"password": PASSWORD, "next": reverse("setup-whatsapp")}, follow=True)

    words = page.content.decode()
    assert 'value="208765432100002"' in words and "canary" not in words + str(Session.objects.values())
    assert 'id="own-number" checked' in words

    founder.post(reverse("setup-whatsapp"), {"later": "1"})
    prove(founder, time.time() - 3600)
    invited = founder.post(reverse("setup-team"), {"invite": "1", "email": "kai@laden.example", "role": "admin"})
    assert invited["Location"].startswith(reverse("confirm")) and not Invitation.objects.exists()
    page = founder.post(reverse("confirm"), {"password": PASSWORD, "next": reverse("setup-team")}, follow=True)
    assert 'value="kai@laden.example"' in page.content.decode()


def test_an_interrupted_wizard_goes_on_in_another_browser(founder):
    other = browser()
    begun = other.post(reverse("login"), {"email": WHO["email"], "password": PASSWORD, "stay": "on"})
    assert begun["Location"] == reverse("second-factor")
    secret = SecondFactor.objects.get().secret.reveal()
    SecondFactor.objects.update(last_step=0)

    inside = other.post(reverse("second-factor"), {"code": code_of(secret)})

    assert inside["Location"] == "/"
    assert other.get("/")["Location"] == reverse("setup-workspace")


def test_a_colleague_is_invited_by_a_link_and_comes_in_with_two_factors(founder):
    founder.post(reverse("setup-workspace"), {"name": "Blumen", "language": "de", "timezone": "Europe/Berlin"})
    founder.post(reverse("setup-whatsapp"), {"later": "1"})

    founder.post(reverse("setup-team"), {"invite": "1", "email": "kai@laden.example", "role": "admin"})

    page = founder.get(reverse("setup-team"))
    link = page.context["new_link"]
    assert link in page.content.decode() and "kai@laden.example" in page.content.decode()
    assert link.rpartition("invitation/")[2] not in str(Session.objects.values())
    founder.post(reverse("setup-team"), {"later": "1"})
    assert link not in founder.get(reverse("setup-team")).content.decode()
    assert [team.is_default for team in Invitation.objects.get().teams.all()] == [True]
    kai = browser()
    came = kai.post(link.removeprefix("http://127.0.0.1:8000"), {"name": "Kai", "password": PASSWORD + "-kai"})
    assert came["Location"] == reverse("second-factor-set-up")
    assert set_up_app(kai) == "/"


def test_at_the_end_the_wizard_is_gone_for_good_and_the_list_stays(founder):
    founder.post(reverse("setup-workspace"), {"name": "Blumen", "language": "de", "timezone": "Europe/Berlin"})
    founder.post(reverse("setup-whatsapp"), {"later": "1"})
    founder.post(reverse("setup-team"), {"team": "Laden"})
    assert workspace().teams.get().name == "Laden"
    assert founder.get(reverse("setup-done")).status_code == 200

    assert founder.post(reverse("setup-done"))["Location"] == reverse("inbox")

    assert founder.get("/").status_code == 200
    for name in ("setup", "setup-workspace", "setup-whatsapp", "setup-team", "setup-done"):
        for ask in (founder.get, founder.post, browser().post):
            assert ask(reverse(name)).status_code in (404, 302) and workspace().setup_step == "", name
        assert founder.get(reverse(name)).status_code == 404, name
    assert "workspace.set_up" in AuditEntry.objects.values_list("verb", flat=True)


def test_agents_and_other_houses_find_no_wizard(founder):
    ben = factories.agent(workspace(), "Ben")
    client = Client()
    client.force_login(ben)

    for name in ("setup", "setup-workspace", "setup-team"):
        assert client.get(reverse(name)).status_code == 404
    assert client.get("/").status_code == 200


def test_the_settings_begin_with_the_first_steps_until_an_admin_closes_them(founder):
    founding.finish(workspace(), by=Agent.objects.get())
    assert founder.get(reverse("settings"))["Location"] == reverse("settings-first-steps")
    page = founder.get(reverse("settings-first-steps"))
    assert {step.key: step.is_done for step in page.context["steps"]} == dict.fromkeys(
        ("number", "profile", "hours", "template", "greeting", "colleagues"), False
    )  # fmt: skip

    number = factories.number(workspace())
    factories.template(number)
    BusinessProfile.objects.create(phone_number=number, saved_at=timezone.now())
    WorkingHours.objects.create(workspace=workspace())
    AutomaticText.objects.create(workspace=workspace(), kind=AutomaticKind.GREETING, is_on=True)
    factories.agent(workspace(), "Kai")

    assert all(step.is_done for step in founder.get(reverse("settings-first-steps")).context["steps"])
    assert founder.post(reverse("settings-first-steps"))["Location"] == reverse("settings-number")
    assert founder.get(reverse("settings"))["Location"] == reverse("settings-number")
    assert reverse("settings-first-steps") not in founder.get(reverse("settings-people")).content.decode()


@pytest.fixture
def phone(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder, settings, monkeypatch) -> PracticePhone:
    """Meta is the practice phone, our address the recorder; its riddle has always arrived."""
    settings.GRAPH_BASE_URL = practice_phone.url
    settings.SANDBOX_URL = practice_phone.url
    settings.BASE_URL = webhook_recorder.url.removesuffix("/webhooks/whatsapp/")
    practice_phone.settings(webhook_target="")
    monkeypatch.setattr(round_trip, "WAIT_SECONDS", 0.3)
    create = WebhookCheck.objects.create

    def created(**fields):
        webhook_recorder.verify_token = fields["verify_token"]
        return create(**fields, arrived_at=timezone.now())

    monkeypatch.setattr(WebhookCheck.objects, "create", created)
    return practice_phone


def test_the_practice_phone_becomes_the_first_number_and_bears_the_name_of_the_business(founder, phone):
    founder.post(reverse("setup-workspace"), {"name": "Blumen Anfang", "language": "de", "timezone": "Europe/Berlin"})
    assert not practice_number.is_practising(workspace())

    answer = founder.post(reverse("setup-whatsapp"), {"path": "practice"}, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == reverse("setup-team")
    number = PhoneNumber.objects.get()
    assert (number.name, number.routing.team.is_default) == ("Blumen Anfang", True)
    assert practice_number.is_practising(workspace())
    assert phone.api("GET", number.phone_number_id).json()["verified_name"] == "Blumen Anfang"
    assert "Blumen Anfang" in founder.get(reverse("setup-whatsapp")).content.decode()


def test_a_practice_phone_without_an_answer_marks_no_field_of_the_own_number(founder, phone, settings):
    founder.post(reverse("setup-workspace"), {"name": "Blumen", "language": "en", "timezone": "Europe/Berlin"})
    settings.GRAPH_BASE_URL = settings.SANDBOX_URL = "http://127.0.0.1:9"
    typed = {"path": "practice", "app_id": "612345678901234", "app_secret": ""}

    part = founder.post(reverse("setup-whatsapp"), typed, headers={"HX-Request": "true"})
    page = founder.post(reverse("setup-whatsapp"), typed)

    for answer in (part, page):
        assert answer.status_code == 422 and "Meta did not answer" in answer.content.decode()
        assert "field__error" not in answer.content.decode()
    assert 'value="612345678901234"' in page.content.decode()


def test_what_does_not_hold_at_meta_is_said_and_nothing_is_kept(founder, phone):
    founder.post(reverse("setup-workspace"), {"name": "Blumen", "language": "en", "timezone": "Europe/Berlin"})
    typed = {"path": "own", "app_id": "612345678901234", "app_secret": "not-the-app-secret-of-it",
             "access_token": "sandbox-access-token", "waba_id": "208765432100002",
             "phone_number_id": "109876543210002"}  # fmt: skip

    answer = founder.post(reverse("setup-whatsapp"), typed, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "App ID and app secret do not belong together." in answer.content.decode()
    assert "not-the-app-secret" not in answer.content.decode()
    assert not PhoneNumber.objects.exists() and workspace().setup_step == "whatsapp"
