"""A mail server on this machine that keeps what it is given: enough SMTP for Python's own client."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

USER, PASSWORD = "postbote", "der-briefkasten-schluessel"


class Session(socketserver.StreamRequestHandler):
    """One client; `self.server.inbox` gets its mails."""

    def handle(self) -> None:
        self.say("220 mail.example")
        self.signed_in = False
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"on_{verb.lower()}", self.on_other)(line)

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def on_other(self, line: str) -> None:
        self.say("250 ok")

    def on_ehlo(self, line: str) -> None:
        self.say("250-mail.example", "250 AUTH PLAIN")

    def on_auth(self, line: str) -> None:
        given = base64.b64decode(line.split(" ")[2]).decode().split("\0")[1:]
        self.signed_in = given == [USER, PASSWORD]
        self.say("235 welcome" if self.signed_in else f"535 {given[1]} is wrong")

    def on_mail(self, line: str) -> None:
        self.say("250 ok" if self.signed_in else "550 sign in first")

    def on_data(self, line: str) -> None:
        self.say("354 go on")
        body = b""
        while (row := self.rfile.readline()) != b".\r\n":
            body += row
        self.server.inbox.append(message_from_bytes(body, policy=policy.default))  # type: ignore[attr-defined]
        self.say("250 taken")


class MailServerDouble(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.inbox: list[EmailMessage] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def typed(self, **changes: object) -> dict[str, object]:
        """What an admin enters to use it."""
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "username": USER, "password": PASSWORD,
                "sender": "tresen@laden.example"} | changes  # fmt: skip


@contextmanager
def running_mail_server() -> Iterator[MailServerDouble]:
    with MailServerDouble() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
