"""The embedded Valkey, which speaks Redis: started by us, on 127.0.0.1 with a password, keeping an append-only file."""

import os
import re
import socket
from dataclasses import replace

from config.binaries import Binaries
from config.data_folder import DataFolder
from config.ports import free_port
from config.processes import CACHE, Program

ROUTINE = re.compile(r"Memory overcommit|User requested shutdown|ready to exit, bye|Received SIGTERM")
PROGRAM = Program("valkey", (), stage=CACHE, stop_seconds=30, routine=ROUTINE)  # SIGTERM: it writes its last data


class Valkey:
    """The embedded Redis-compatible server of one data folder."""

    def __init__(self, folder: DataFolder, binaries: Binaries, *, throwaway: bool = False):
        self.folder, self.binaries, self.throwaway = folder, binaries, throwaway
        self.data = folder.path / "valkey"
        self.port = free_port(folder.recall("valkey.port"))
        folder.remember("valkey.port", str(self.port))
        self._password = folder.secret("valkey-password")
        self.url = f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Write its configuration; a file, since other users can read command lines."""
        folder = self.folder.owned_by_account("valkey")
        lines = [
            "bind 127.0.0.1", f"port {self.port}", f"requirepass {self._password}", "dir .", "daemonize no",
            f"appendonly {'no' if self.throwaway else 'yes'}", "appendfsync everysec", 'save ""', "databases 64",
            "maxmemory-policy noeviction", "set-proc-title no", "loglevel warning",
        ]  # fmt: skip
        file = folder / "valkey.conf"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write("\n".join(lines) + "\n")
        if self.folder.account:
            os.chown(file, self.folder.account.uid, self.folder.account.gid)

    def program(self) -> Program:
        """How the supervisor runs it."""
        argv = (str(self.binaries.valkey), "valkey.conf")
        return replace(PROGRAM, argv=argv, account=self.folder.account, cwd=self.data)

    def prepare(self) -> None:
        """Nothing: a Redis needs no databases made."""

    def is_ready(self) -> bool:
        """Whether it has read its data back and answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(256)
                    if not part:
                        break
                    answer += part
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG")
