"""`make test` itself: a browser is there or the run fails, and a failed check is said."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config import browser, check
from config.data_folder import StartRefused


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run to install a browser on a machine that has none."""
    ran: list[list[str]] = []
    monkeypatch.setattr(browser, "find", lambda: "")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command))
    return ran


def test_as_root_on_debian_the_package_list_is_fetched_before_the_package(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(browser, "_is_debian", lambda: True)

    browser.install()

    assert [command[0] for command in commands[:2]] == ["apt-get", "apt-get"]
    assert "update" in commands[0]
    assert "chromium" in commands[1]


@pytest.mark.parametrize(("uid", "debian"), [(1000, True), (0, False)])
def test_elsewhere_playwright_brings_its_own(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, uid: int, debian: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(browser, "_is_debian", lambda: debian)

    browser.install()

    assert [command[1:] for command in commands] == [["-m", "playwright", "install", "chromium"]]


def test_no_browser_is_a_failure(commands: list[list[str]]) -> None:
    with pytest.raises(StartRefused, match="No Chromium that starts"):
        check.find_browser()


def test_a_browser_that_does_not_start_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("TRESEN_CHROMIUM", str(broken))

    with pytest.raises(StartRefused):
        check.find_browser()


def test_a_failed_check_is_named_with_what_it_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = check.Check("good", ("-c", "print('not shown')"))
    bad = check.Check("bad", ("-c", "import os; raise SystemExit(os.environ['WHY'])"), {"WHY": "because"})
    monkeypatch.setattr(check, "checks", lambda: (good, bad))

    assert check.run_checks(dict(os.environ)) == ["bad"]

    said = capsys.readouterr().out
    assert "because" in said
    assert "not shown" not in said


def test_tests_do_not_run_when_a_check_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    _stub(monkeypatch, failed=["types"], run_tests=lambda env, arguments: ran.append(arguments) or 0)

    assert check.main([]) == 1
    assert ran == []


def test_what_is_no_option_of_ours_goes_to_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    _stub(monkeypatch, failed=[], run_tests=lambda env, arguments: ran.append(arguments) or 5)

    assert check.main(["tests/inbox", "-k", "window"]) == 5
    assert ran[0][-3:] == ["tests/inbox", "-k", "window"]
    assert "loadgroup" in ran[0]


def _stub(monkeypatch: pytest.MonkeyPatch, *, failed: list[str], run_tests: Callable[..., int]) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(check, "find_browser", lambda: sys.executable)
    monkeypatch.setattr(check, "run_checks", lambda env: list(failed))
    monkeypatch.setattr(check, "audit", lambda env: True)
    monkeypatch.setattr(check, "run_tests", run_tests)
