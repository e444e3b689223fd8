"""A small HTTP/1.1 server on plain asyncio.

An ASGI server answers whole requests only. This phone must also hang after accepting, cut the connection before or
after the answer, and do so thousands of times a second beside honest sends, so it owns its connections.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

log = logging.getLogger(__name__)
MAX_HEAD = 64 * 1024
MAX_BODY = 110 * 1024 * 1024  # WhatsApp's largest document is 100 MB
REASONS = {
    200: "OK", 204: "No Content", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 413: "Payload Too Large", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


class Request:
    """One request. `path` is decoded, header names are lower case, `params` holds the last value of each key."""

    __slots__ = ("_params", "body", "headers", "method", "path", "peer", "query")

    def __init__(self, method: str, target: str, headers: dict[str, str], peer: str) -> None:
        path, _, self.query = target.partition("?")
        self.path = unquote(path) if "%" in path else path
        self.method = method
        self.headers = headers
        self.peer = peer
        self.body = b""
        self._params: dict[str, str] | None = None

    @property
    def params(self) -> dict[str, str]:
        if self._params is None:
            self._params = dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}
        return self._params

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response:
    """What goes back. `fault` is "" or one of close (nothing is sent), hang (nothing for `delay` seconds, then
    closed); otherwise `delay` seconds pass before the answer leaves."""

    __slots__ = ("body", "content_type", "delay", "fault", "headers", "status")

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        content_type: str = "application/json; charset=UTF-8",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers
        self.delay = 0.0
        self.fault = ""

    def head(self) -> bytes:
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}\r\ncontent-type: {self.content_type}\r\n"
            f"content-length: {len(self.body)}\r\n{extra}\r\n"
        ).encode("latin-1")


def json_response(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data, separators=(",", ":")).encode(), status)


Handler = Callable[[Request], Response | Awaitable[Response]]


class Connection(asyncio.Protocol):
    """One client connection: parses requests one after another and writes the handler's answers in order."""

    def __init__(self, handler: Handler, connections: set["Connection"]) -> None:
        self.handler = handler
        self.connections = connections
        self.buffer = bytearray()
        self.request: Request | None = None
        self.body_length = 0
        self.busy = False
        self.task: asyncio.Task | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if peer else ""
        self.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._advance()

    def _advance(self) -> None:
        while not self.busy and not self.transport.is_closing():
            if self.request is None and not self._read_head():
                return
            if self.request is None or not self._read_body(self.request):
                return
            request, self.request = self.request, None
            self._handle(request)

    def _read_head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                self._refuse(400)
            return False
        try:
            first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
            method, target, _version = first.split(" ", 2)
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            length = -1 if "chunked" in headers.get("transfer-encoding", "") else int(headers.get("content-length", 0))
        except ValueError:
            self._refuse(400)
            return False
        if length > MAX_BODY:
            self._refuse(413)
            return False
        del self.buffer[: end + 4]
        if headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.request = Request(method, target, headers, self.peer)
        self.body_length = length
        return True

    def _read_body(self, request: Request) -> bool:
        if self.body_length < 0:
            return self._read_chunks(request)
        if len(self.buffer) < self.body_length:
            return False
        if self.body_length:
            request.body += bytes(self.buffer[: self.body_length])
            del self.buffer[: self.body_length]
        return True

    def _read_chunks(self, request: Request) -> bool:
        while (end := self.buffer.find(b"\r\n")) >= 0:
            try:
                size = int(self.buffer[:end].partition(b";")[0], 16)
            except ValueError:
                self._refuse(400)
                return False
            if len(self.buffer) < end + 2 + size + 2:
                return False
            request.body += bytes(self.buffer[end + 2 : end + 2 + size])
            del self.buffer[: end + 2 + size + 2]
            if size == 0:
                return True
            if len(request.body) > MAX_BODY:
                self._refuse(413)
                return False
        return False

    def _refuse(self, status: int) -> None:
        self.transport.write(Response(b"", status).head())
        self.transport.close()

    def _handle(self, request: Request) -> None:
        try:
            answer = self.handler(request)
        except Exception:
            log.exception("practice phone: %s %s", request.method, request.path)
            answer = Response(b"", 500)
        if isinstance(answer, Response) and not answer.delay and not answer.fault:
            self._write(request, answer)
            return
        self.busy = True
        self.task = asyncio.get_running_loop().create_task(self._finish(request, answer))

    async def _finish(self, request: Request, answer: Response | Awaitable[Response]) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
        except Exception:
            log.exception("practice phone: %s %s", request.method, request.path)
            response = Response(b"", 500)
        if response.delay:
            await asyncio.sleep(response.delay)
        if response.fault:
            self.transport.abort()
            return
        self._write(request, response)
        self.busy = False
        self._advance()

    def _write(self, request: Request, response: Response) -> None:
        if self.transport.is_closing():
            return
        body = b"" if request.method == "HEAD" else response.body
        self.transport.write(response.head() + body)
        if request.headers.get("connection", "").lower() == "close":
            self.transport.close()


async def serve(handler: Handler, port: int, host: str = "127.0.0.1") -> tuple[asyncio.Server, set[Connection]]:
    """Listen on loopback; the set holds the open connections, for an orderly end."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(handler, connections), host, port, backlog=1024)
    return server, connections
