"""The phone's own HTTP client for webhooks: kept-alive asyncio connections to one loopback address."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes


class Client:
    """`request` raises OSError or TimeoutError when no whole answer came. Only http, and only to loopback."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}

    async def request(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, *, timeout: float = 5.0
    ) -> Answer:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        if parts.scheme != "http" or host not in {"127.0.0.1", "localhost", "::1"}:
            raise OSError(f"{url} is not a loopback address")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        message = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
        async with asyncio.timeout(timeout):
            return await self._exchange((host, port), message)

    async def _exchange(self, address: tuple[str, int], message: bytes) -> Answer:
        idle = self._idle.setdefault(address, [])
        while idle:
            reader, writer = idle.pop()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            try:
                return await self._talk(address, reader, writer, message)
            except (ConnectionError, asyncio.IncompleteReadError):
                break  # closed while it lay idle: once more on a fresh connection
        reader, writer = await asyncio.open_connection(*address)
        try:
            return await self._talk(address, reader, writer, message)
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the connection closed before an answer") from error

    async def _talk(
        self, address: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes
    ) -> Answer:
        try:
            writer.write(message)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            pairs = (line.partition(":") for line in head[1:])
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await _read_body(reader, headers, status)
        except BaseException:
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close" or not {"content-length", "transfer-encoding"} & set(
            headers
        ):
            writer.close()
        else:
            self._idle[address].append((reader, writer))
        return Answer(status, body)

    def close(self) -> None:
        for idle in self._idle.values():
            for _, writer in idle:
                writer.close()


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str], status: int) -> bytes:
    if status in {204, 304}:
        return b""
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
