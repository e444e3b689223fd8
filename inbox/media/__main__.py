"""The child: `python -m inbox.media <prepare|voice> <file> <type> <folder>`. Prints what it made, as JSON."""

import sys
from pathlib import Path

from inbox.confinement import confine_ourselves
from inbox.media.made import Made

MEMORY_BYTES = 1536 * 1024 * 1024  # of addresses: the libraries alone map some hundred MB
CPU_SECONDS = 45
FILE_BYTES = 32 * 1024 * 1024


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
    confine_ourselves(memory=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, file_bytes=FILE_BYTES, niceness=10)
    task, source, mime_type, folder = sys.argv[1:]
    sys.stdout.write(make(task, Path(source), mime_type, Path(folder)).to_json())
