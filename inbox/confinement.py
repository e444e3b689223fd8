"""What a child process gives up before it opens a stranger's file."""

import os
import resource


def confine_ourselves(*, memory: int, cpu_seconds: int, file_bytes: int, niceness: int) -> None:
    """From here on this process takes no more memory (bytes of addresses), time or disk than this, and leaves no core.

    Where a system does not know a limit (macOS: memory), the others hold.
    """
    os.nice(niceness)
    for what, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue
