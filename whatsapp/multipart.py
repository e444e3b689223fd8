"""A multipart body that is read while it is sent: a 100 MB file never lies in memory, and the reader sees progress."""

import io
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import IO

CHUNK = 64 * 1024


class Multipart:
    """Fields and one file as `requests` wants a body: `read`, and a length known beforehand."""

    def __init__(
        self, fields: Mapping[str, str], file: IO[bytes], *, name: str, mime: str,
        progress: Callable[[], None] | None = None,
    ) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        )
        head += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{_quoted(name)}"\r\n'
            f"Content-Type: {mime}\r\n\r\n"
        )
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(0)
        before, after = head.encode(), f"\r\n--{boundary}--\r\n".encode()
        self._parts: list[IO[bytes]] = [io.BytesIO(before), file, io.BytesIO(after)]
        self._length = len(before) + size + len(after)
        self._progress = progress

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """What `requests` recognises a stream by."""
        return iter(lambda: self.read(CHUNK), b"")

    def read(self, size: int = -1) -> bytes:
        if self._progress is not None:
            self._progress()
        if size < 0:
            return b"".join(part.read() for part in self._parts)
        while self._parts:
            if chunk := self._parts[0].read(size):
                return chunk
            self._parts.pop(0)
        return b""


def _quoted(name: str) -> str:
    """A file name inside a header, as browsers write it."""
    clean = "".join(char for char in name if char.isprintable())
    return clean.replace("\\", "_").replace('"', "%22")[:240] or "file"
