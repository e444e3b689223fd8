"""Everything that must hold: `python -m config.check` (`make test`).

First the checks, several at a time, then all tests with servers of their own. The output ends with pytest's summary.
Tests run only when every check has passed.

    --only-checks   no tests             --soak   the long forms of the fault tests, and nothing else
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from config import browser
from config.data_folder import StartRefused
from config.servers import throwaway_servers

PROJECT = Path(__file__).resolve().parent.parent
ADVISORIES = "api.osv.dev"


@dataclass(frozen=True)
class Check:
    """One command that must succeed."""

    name: str
    arguments: tuple[str, ...]  # of this Python
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    check: Check
    succeeded: bool
    output: str
    seconds: float


def production_environment() -> dict[str, str]:
    """Settings as in production, with made-up secrets, for Django's deployment checks."""
    return {
        "TRESEN_DEMO": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": b64encode(secrets.token_bytes(32)).decode(),
        "ALLOWED_HOSTS": "tresen.example",
        "BASE_URL": "https://tresen.example",
        "TRUST_PROXY": "1",
    }


def checks() -> tuple[Check, ...]:
    """All of them, the slow ones first."""
    demo = {"TRESEN_DEMO": "1"}
    return (
        Check("types", ("-m", "mypy"), demo),
        Check("import contracts", ("-c", "from importlinter.cli import lint_imports_command as run; run()"), demo),
        Check("no missing migration", ("manage.py", "makemigrations", "--check", "--dry-run"), demo),
        Check(
            "deployment",
            ("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            production_environment(),
        ),
        Check("lint", ("-m", "ruff", "check", "--quiet", ".")),
        Check("translations", ("-m", "config.catalogues"), demo),
    )


def run_checks(env: dict[str, str]) -> list[str]:
    """Run them, say how each ended, and return the names of the failed ones."""

    def run(check: Check) -> Outcome:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *check.arguments], cwd=PROJECT, env={**env, **check.env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        return Outcome(check, done.returncode == 0, done.stdout, time.monotonic() - started)

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        return list(_report(pool.map(run, checks())))


def _report(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        verdict = "ok" if outcome.succeeded else "FAILED"
        print(f"{outcome.check.name:<24} {verdict:<7} {outcome.seconds:5.1f} s", flush=True)
        if not outcome.succeeded:
            print(outcome.output, flush=True)
            yield outcome.check.name


def audit(env: dict[str, str]) -> bool:
    """Known weaknesses of the pinned packages, if a database of them can be reached."""
    try:
        socket.create_connection((ADVISORIES, 443), timeout=3).close()
    except OSError:
        print(f"{'advisories':<24} not run (no advisory database can be reached)", flush=True)
        return True
    command = ["-m", "pip_audit", "-s", "osv", "--disable-pip", "--require-hashes", "-r", "requirements.txt"]
    succeeded = subprocess.run([sys.executable, *command], cwd=PROJECT, env=env, check=False).returncode == 0
    print(f"{'advisories':<24} {'ok' if succeeded else 'FAILED'}", flush=True)
    return succeeded


def find_browser() -> str:
    """A Chromium that starts, installed if need be."""
    path = browser.find()
    if not path:
        print("Installing Chromium for the browser tests …", flush=True)
        path = browser.install()
    if not path or not browser.works(path):
        raise StartRefused(
            "No Chromium that starts was found or could be installed; browser tests need one. "
            "As root: apt install chromium, or `python -m playwright install --with-deps chromium`."
        )
    return path


def run_tests(env: dict[str, str], arguments: list[str]) -> int:
    """pytest, with its own closing line as the last word. Its exit code. It ends with us."""
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=PROJECT, env=env)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()  # the terminal has told it too; its summary is worth a moment
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def main(arguments: list[str]) -> int:
    """All of it; 0 if all is well. What is no option of ours goes to pytest."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped on the way out
    soak, only_checks = "--soak" in arguments, "--only-checks" in arguments
    arguments = [argument for argument in arguments if argument not in {"--soak", "--only-checks"}]
    chromium = "" if only_checks else find_browser()
    with throwaway_servers() as servers:
        env = {**os.environ, **servers, "TRESEN_CHROMIUM": chromium}
        if soak:
            return run_tests({**env, "TRESEN_SOAK": "1"}, ["-m", "stack or soak", *arguments])
        failed = run_checks(env)
        if not audit(env):
            failed.append("advisories")
        if failed or only_checks:
            print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.", flush=True)
            return int(bool(failed))
        processes = str(max(2, min(os.cpu_count() or 2, 6)))
        return run_tests(env, ["-n", processes, "--dist", "loadgroup", "-r", "fER", *arguments])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StartRefused as refusal:
        sys.exit(f"\n{refusal}")
    except KeyboardInterrupt:
        sys.exit(130)
