"""What may stand in a log: nothing that opens a door, no phone number or address in full, no word of a customer.

Two forms (LOG_FORMAT): a readable line for people at a terminal, one JSON object a line for programs. Both say which
request or background job a line belongs to. JSON has of an exception its class and where it happened, never its text,
since that may quote what somebody wrote.
"""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# What this thread of work belongs to: "request" and "job", whatever is known.
belonging: ContextVar[dict[str, str]] = ContextVar("belonging", default={})  # noqa: B039 - replaced, never changed

FRAMES = 12
LONGEST_LINE = 2000

_HIDDEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/accounts/(?:invitation|password-reset/[^/\s]+)/)[^/\s\"']+"), r"\1…"),
    (re.compile(r"\bEAA[A-Za-z0-9]{16,}"), "EAA…"),
    (re.compile(r"\b(tresen|whsec)_[\w+/=-]{30,}"), r"\1_…"),  # tokens and secrets of our own
    (re.compile(r"(?i)\b(bearer)\s+[^\s\"',]+"), r"\1 …"),
    (re.compile(r"(?i)\b((?:access_?)?token|secret|password|appsecret_proof|key)(=|\":\s*\")[^\s\"'&,]+"), r"\1\2…"),
    (re.compile(r"(://)[^/\s:@]*:[^/\s@]+@"), r"\1…@"),
    (re.compile(r"\bwamid\.[\w+/=-]*?([\w+/=-]{6})(?![\w+/=-])"), r"wamid.…\1"),  # holds the number, encoded
    (re.compile(r"\b([\w+-])[\w.+-]*@(?=[\w-]+\.)"), r"\1…@"),
    (re.compile(r"(?<![\w.])\+\d[\d ]{6,}(\d{3})(?!\w)"), r"…\1"),
    (re.compile(r"(?<![\w.:/-])\d{6,12}(\d{3})(?![\w:-])"), r"…\1"),
)
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_NAME = re.compile(r"[A-Za-z_][\w.]*")


def discreet(text: str) -> str:
    """The text without what does not belong in a log."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text


def error_class(trace: str) -> str:
    """The class of the last exception in a traceback: nothing of its message, which may hold anybody's words."""
    last = trace.rpartition("Traceback (most recent call last):")[2]
    line = next((line for line in last.splitlines() if line and not line[0].isspace()), "")
    found = _NAME.match(line)
    return found[0][:120] if found and line[found.end() : found.end() + 1] in ("", ":") else ""


class Discreet(logging.Filter):
    """Makes the message discreet, whatever it was put together from."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            record.msg, record.args = discreet(record.getMessage()), None
        except (TypeError, ValueError):  # words and arguments do not fit: logging itself will say so
            pass
        return True


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, process, message, what it belongs to, and where an error happened."""

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        first, _newline, more = record.getMessage().partition("\n")
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self.process,
            "message": first[:LONGEST_LINE],
            **belonging.get(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["error"] = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
            frames = traceback.extract_tb(record.exc_info[2])[-FRAMES:]
            line["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        elif "Traceback (most recent call last)" in more:  # RQ writes the whole of it into the message
            line["error"] = error_class(more)
            line["where"] = [f"{name}:{number} {place}" for name, number, place in _FRAME.findall(more)[-FRAMES:]]
        return json.dumps(line, ensure_ascii=False, default=str)
