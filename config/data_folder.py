"""Where a stack started by `make run` or `make test` keeps its state, and as whom its servers run.

PostgreSQL refuses to run as root. Started by root, the servers therefore run as an unprivileged system user from a
folder that this user can reach; the permissions of folders we did not make are never changed.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT_HOME = Path("/var/lib/tresen")
SYSTEM_USER = "tresen"
HOUSE = "house"  # remembered between preparing and opening: who lives here


class StartRefused(Exception):
    """Something a person has to change first; the text is the one sentence they read."""


@dataclass(frozen=True)
class Account:
    """The system user our servers run as, when we are root."""

    name: str
    uid: int
    gid: int

    def as_user(self) -> dict[str, Any]:
        """How `subprocess` is told to run something as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged_account() -> Account | None:
    """Who the servers run as: nobody special when we are a normal user, a system user when we are root."""
    if os.geteuid() != 0:
        return None
    entry = _entry(SYSTEM_USER) or _created_entry() or _entry("nobody")
    if entry is None or entry.pw_uid == 0:
        raise StartRefused(
            "PostgreSQL does not run as root, and no system user for it could be made: run `useradd --system tresen`."
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _created_entry() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--no-create-home", "--home-dir", str(ROOT_HOME), "--shell", "/usr/sbin/nologin"]
    subprocess.run([*command, SYSTEM_USER], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return _entry(SYSTEM_USER)


def default_location(project: Path) -> Path:
    """`.data` in the project; for root a folder of this project's own that an unprivileged user can reach."""
    if os.geteuid() != 0:
        return project / ".data"
    return ROOT_HOME / hashlib.sha256(str(project).encode()).hexdigest()[:12]


class DataFolder:
    """One folder that holds everything a stack keeps: databases, media, secrets, logs, the lock."""

    def __init__(self, path: Path, account: Account | None):
        self.path = path
        self.account = account
        self._lock: int | None = None

    @classmethod
    def open(cls, project: Path, given: str = "") -> "DataFolder":
        """Make the folder if need be. `given` is DATA_DIR; a folder the servers cannot reach is refused."""
        path = Path(given).expanduser() if given else default_location(project)
        folder = cls(Path(os.path.abspath(path)), unprivileged_account())
        try:
            folder._make()
        except OSError as error:
            raise StartRefused(f"The data folder {folder.path} cannot be used: {error.strerror}.") from error
        folder._require_reachable()
        folder.remember("project", str(project))
        return folder

    def _make(self) -> None:
        if not self.path.exists():
            for parent in reversed([parent for parent in self.path.parents if not parent.exists()]):
                parent.mkdir()
                parent.chmod(0o755 if self.account else 0o700)  # whatever the umask says
            self.path.mkdir()
            self.path.chmod(0o711 if self.account else 0o700)
        for name in ("run", "secrets", "media"):
            self.private(name)

    def private(self, name: str) -> Path:
        """A folder below this one that only we can read."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def owned_by_account(self, name: str) -> Path:
        """A folder below this one that only the servers' user can read."""
        folder = self.private(name)
        if self.account:
            os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def _require_reachable(self) -> None:
        if self.account is None or self._reachable():
            return
        raise StartRefused(
            f"PostgreSQL does not run as root, and the user {self.account.name!r} cannot reach {self.path}: "
            "choose another DATA_DIR, or none."
        )

    def _reachable(self) -> bool:
        assert self.account is not None
        command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(self.path)]
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **self.account.as_user())
        return done.returncode == 0

    def secret(self, name: str) -> str:
        """A random word that stays the same for the life of this folder."""
        file = self.private("secrets") / name
        if not file.exists():
            new = file.with_name(f".{name}.new")
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(secrets.token_urlsafe(32))
            new.rename(file)
        return file.read_text()

    def remember(self, name: str, value: str) -> None:
        """Write a small private file whole or not at all."""
        file = self.private("run") / name
        new = file.with_name(f".{name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(value)
        new.rename(file)

    def recall(self, name: str) -> str:
        """What `remember` wrote, or nothing."""
        try:
            return (self.path / "run" / name).read_text()
        except OSError:
            return ""

    def forget(self, name: str) -> None:
        """Undo `remember`."""
        (self.path / "run" / name).unlink(missing_ok=True)

    def lock(self) -> bool:
        """Whether we are now the only ones using this folder. Ends with the process."""
        if self._lock is None:
            self._lock = os.open(self.private("run") / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.remember("supervisor.pid", str(os.getpid()))
        return True
