"""The one readable log of all processes: time, coloured name, line."""

import os
import re
import sys
import time
from collections import deque
from typing import TextIO

COLOURS = {
    "tresen": "1;37", "web": "32", "ingest": "36", "deliver": "33", "worker": "35", "attachments": "95",
    "scheduler": "34", "phone": "92", "postgres": "94", "valkey": "31", "prepare": "90",
}  # fmt: skip
WIDTH = max(map(len, COLOURS))
# What customers write may end up in a log line; it must not steer the terminal.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Log:
    """Writes lines to the terminal, in colour if it is one (NO_COLOR and FORCE_COLOR are honoured)."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stdout
        self.coloured = "NO_COLOR" not in os.environ and ("FORCE_COLOR" in os.environ or self.stream.isatty())
        self.recent: deque[str] = deque(maxlen=400)

    def __call__(self, name: str, text: str) -> None:
        """One line of one process."""
        plain = CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", TERMINAL_COLOUR.sub("", text)).rstrip()
        clock = time.strftime("%H:%M:%S")
        self.recent.append(f"{clock} {name} {plain}")
        label = f"{name:<{WIDTH}}"
        if self.coloured:
            self.write(f"\x1b[90m{clock}\x1b[0m \x1b[{COLOURS.get(name, '0')}m{label} |\x1b[0m {plain}\n")
        else:
            self.write(f"{clock} {label} | {plain}\n")

    def write(self, text: str) -> None:
        """As it is. A reader who has gone away (a closed terminal, `| head`) must not stop the stack."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            pass
        except UnicodeEncodeError:
            self.stream.write(text.encode("ascii", "backslashreplace").decode())
