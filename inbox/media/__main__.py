"""The child: `python -m inbox.media <prepare|voice> <file> <type> <folder>`. Prints what it made, as JSON."""

import os
import sys
from pathlib import Path

from inbox.media.made import Made

MEMORY_BYTES = 1536 * 1024 * 1024  # of addresses: the libraries alone map some hundred MB
CPU_SECONDS = 45
FILE_BYTES = 32 * 1024 * 1024


def limit() -> None:
    """Take from ourselves what a hostile file could use. Where a system does not know a limit, the others hold."""
    import resource

    os.nice(10)
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES, resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }  # fmt: skip
    for name, most in limits.items():
        try:
            resource.setrlimit(name, (most, most))
        except (ValueError, OSError):
            continue


def make(task: str, source: Path, mime_type: str, folder: Path) -> Made:
    if task == "voice":
        from inbox.media import recording

        return recording.to_voice(source, mime_type, folder)
    kind = mime_type.partition("/")[0]
    if kind == "image":
        from inbox.media import pictures

        return pictures.prepare(source, mime_type, folder)
    if kind == "video":
        from inbox.media import films

        return films.prepare(source, mime_type, folder)
    if kind == "audio":
        from inbox.media import sound

        return sound.prepare(source, mime_type, folder)
    from inbox.media import pages

    return pages.prepare(source, folder)


if __name__ == "__main__":
    limit()
    task, source, mime_type, folder = sys.argv[1:]
    sys.stdout.write(make(task, Path(source), mime_type, Path(folder)).to_json())
