"""Starts the child that takes a stranger's file apart, and believes it little."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inbox.media.made import Made

logger = logging.getLogger(__name__)

SECONDS = 60
ANSWER_BYTES = 64 * 1024
PROJECT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def made_of(source: Path, mime_type: str, task: str = "prepare") -> Iterator[Made]:
    """What could be made of the file, for as long as the block lasts; nothing when it is broken, hostile or too much.

    `prepare` makes what a page needs to show it, `voice` a voice message as WhatsApp wants it.
    """
    with tempfile.TemporaryDirectory(prefix="tresen-media-") as name:
        yield _run(task, source, mime_type, Path(name))


def _run(task: str, source: Path, mime_type: str, folder: Path) -> Made:
    # Nothing of our environment: no keys, no addresses of databases.
    environment = {
        "PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": str(folder),
        "MALLOC_ARENA_MAX": "2", "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
    }  # fmt: skip
    command = [sys.executable, "-m", "inbox.media", task, str(source.resolve()), mime_type, str(folder)]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        logger.info("Nothing could be made of a file of type %s: it took too long", mime_type)
        return Made()
    if done.returncode == 0 and len(done.stdout) <= ANSWER_BYTES:
        try:
            return Made.from_json(done.stdout, folder)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("The making of a preview gave a strange answer: %s", error)
            return Made()
    why = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    logger.info("Nothing could be made of a file of type %s (%s): %s", mime_type, done.returncode, why)
    return Made()
