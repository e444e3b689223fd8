"""A small keep-alive HTTP/1.1 client on asyncio streams: cheap enough not to be what is measured."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float  # from before the first byte was written until the last was read


class Connection:
    """One connection to 127.0.0.1:port; reconnects when the server has closed it. Not for concurrent use."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        started = time.perf_counter()
        for attempt in (1, 2):
            try:
                status, answer = await self._exchange(raw)
                return Answer(status, answer, time.perf_counter() - started)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    async def _exchange(self, raw: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        reader, writer = self._streams
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
        }
        if fields.get("transfer-encoding") == "chunked":
            body = await self._chunks(reader)
        else:
            body = await reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection", "").lower() == "close":
            self.close()
        return status, body

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        parts = []
        while size := int((await reader.readline()).strip() or b"0", 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def signed(payload: dict, secret: str = "sandbox-app-secret") -> tuple[bytes, dict[str, str]]:
    """A webhook body in Meta's escaping with its signature header."""
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}


def inbound_text(text: str, *, customer: int, wamid: str, at: int | None = None) -> dict:
    """A text message of one of many simulated customers to the demo number."""
    digits = f"4915{customer:09d}"
    user_id = f"DE.9{customer:015d}"
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "208765432100001", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "4915550100100", "phone_number_id": "109876543210001"},
            "contacts": [{"profile": {"name": f"Last Kunde {customer}"}, "wa_id": digits, "user_id": user_id}],
            "messages": [{"from": digits, "from_user_id": user_id, "id": wamid,
                          "timestamp": str(at or int(time.time())), "type": "text", "text": {"body": text}}],
        }}]}],
    }  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0–1) of the values lie; 0.0 for an empty list."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
