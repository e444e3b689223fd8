"""A crowd is served at the running counter, and every promise of the team lead's desk is judged by the rows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.counter import OWN

pytestmark = pytest.mark.stack
PROJECT = Path(__file__).resolve().parent.parent.parent


def served(*options: str, seconds: float) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "bench.acceptance", *options], check=False, cwd=PROJECT, env={**os.environ, **OWN},
        capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip


def test_customers_who_come_at_once_are_served_fairly_and_every_decision_is_explained() -> None:
    run = served("--conversations", "24", "--agents", "6", "--minutes", "1", "--speed", "2", seconds=400)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "every decision explained" in run.stdout and "**NO**" not in run.stdout


@pytest.mark.soak
@pytest.mark.parametrize("seed", [7, 8])
def test_three_hundred_customers_in_ten_minutes_are_served_fairly(seed: int) -> None:
    run = served("--seed", str(seed), seconds=1500)
    assert run.returncode == 0, run.stdout + run.stderr
