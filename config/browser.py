"""The Chromium that browser tests drive: found, or installed. None to be had is a failure, never a silent skip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "google-chrome", "google-chrome-stable")


def find() -> str:
    """The path of a Chromium: TRESEN_CHROMIUM, one on the PATH, or Playwright's own; empty if there is none."""
    given = os.environ.get("TRESEN_CHROMIUM", "")
    for name in (given, *NAMES):
        if name and (path := shutil.which(name)):
            return path
    return _playwrights_own()


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else ""


def install() -> str:
    """Debian's package as root on Debian, else the browser Playwright brings; its path."""
    if os.geteuid() == 0 and _is_debian():
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        packages = ["chromium", "fonts-noto-color-emoji"]
        for command in (
            ["apt-get", "-q", "update"],
            ["apt-get", "-qy", "--no-install-recommends", "install", *packages],
        ):
            subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find()


def _is_debian() -> bool:
    # Ubuntu's package of that name only fetches a snap.
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False
    return "ID=debian" in lines


def works(path: str) -> bool:
    """Whether it starts at all on this machine, with the libraries it needs."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
