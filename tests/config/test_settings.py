"""Settings refuse nonsense at the start, and production refuses what belongs to the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.check import production_environment
from config.database import database_from_url

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVERS = {"DATABASE_URL": "postgres://u:p@db/tresen", "REDIS_URL": "redis://redis/0"}


def setting(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The value of an expression over settings, loaded by a process with just this environment."""
    code = f"from config import settings; print({expression})"
    variables = {"PATH": os.environ["PATH"], **SERVERS, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "BASE_URL"])
def test_production_names_what_is_missing(missing: str) -> None:
    environment = {name: value for name, value in production_environment().items() if name != missing}

    done = setting("1", **environment)

    assert done.returncode == 1
    assert missing in done.stderr.splitlines()[-1]


def test_production_knows_no_practice_phone_and_talks_to_meta() -> None:
    done = setting("'whatsapp.sandbox' in settings.INSTALLED_APPS, settings.GRAPH_BASE_URL", **production_environment())

    assert done.stdout == "False https://graph.facebook.com\n"


def test_production_cookies_are_bound_to_this_host_and_https() -> None:
    done = setting(
        "settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE",
        **production_environment(),
    )

    assert done.stdout == "__Host-session True True\n"


def test_a_wildcard_host_is_refused() -> None:
    done = setting("1", **{**production_environment(), "ALLOWED_HOSTS": "*"})

    assert done.returncode == 1
    assert "ALLOWED_HOSTS" in done.stderr


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("off", False), ("", True), ("Yes", True)])
def test_a_switch_is_read_from_the_environment(raw: str, value: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", raw)

    assert env.boolean("SWITCH", True) is value


@pytest.mark.parametrize(("read", "raw"), [(env.boolean, "maybe"), (lambda name: env.integer(name, 1), "many")])
def test_nonsense_stops_the_start(read, raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", raw)

    with pytest.raises(ImproperlyConfigured, match="SWITCH must be"):
        read("SWITCH")


def test_processes_that_answer_requests_use_a_pool_and_loops_keep_one_connection() -> None:
    web = database_from_url("postgres://u:p%40ss@db:5433/tresen?sslmode=require", "web")
    loop = database_from_url("postgres://u@/tresen?host=/run/postgresql", "deliver")

    assert (web["HOST"], web["PORT"], web["PASSWORD"], web["OPTIONS"]["sslmode"]) == ("db", "5433", "p@ss", "require")
    assert (web["CONN_MAX_AGE"], web["OPTIONS"]["pool"]["max_size"]) == (0, 8)
    assert (loop["HOST"], loop["CONN_MAX_AGE"], "pool" in loop["OPTIONS"]) == ("/run/postgresql", None, False)


@pytest.mark.parametrize("variable", [{"BASE_URL": "https://tresen.example"}, {"ALLOWED_HOSTS": "tresen.example"}])
def test_demo_mode_is_refused_under_a_public_name(variable: dict[str, str]) -> None:
    done = setting("1", TRESEN_DEMO="1", **variable)

    assert done.returncode == 1
    assert "TRESEN_DEMO" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS"])
def test_production_refuses_the_published_secrets_of_the_demo(name: str) -> None:
    published = setting(f"settings.DEMO_SECRETS['{name}']", TRESEN_DEMO="1").stdout.strip()

    done = setting("1", **{**production_environment(), name: published})

    assert done.returncode == 1
    assert "must be your own" in done.stderr


@pytest.mark.parametrize("process", ["asgi", "hook"])
def test_what_a_server_has_loaded_is_never_looked_through_for_garbage(process: str) -> None:
    code = (
        f"import gc, sys; import config.{process}; made = gc.get_objects();"
        "print(gc.get_freeze_count() > 10 * len(made), 'inbox.views.reports' in sys.modules)"
    )
    variables = {"PATH": os.environ["PATH"], **SERVERS, "TRESEN_DEMO": "1"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ["True", str(process == "asgi")], done.stderr
