"""Lets a management command find the servers of the stack that runs from this folder.

`make run` chooses ports and passwords by itself and notes them in its data folder; a command started by hand, without
DATABASE_URL, takes them from there.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from config.data_folder import default_location

FILE = "environment.json"
NAMES = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "STATIC_ROOT", "PORT", "TRESEN_DEMO")


def as_text(env: Mapping[str, str]) -> str:
    """What a command needs to know of the stack's environment."""
    return json.dumps({name: env[name] for name in NAMES if name in env}, indent=1)


def adopt(project: Path) -> None:
    """Fill what is missing in our environment from the running stack, if one runs and no database is named."""
    if os.environ.get("DATABASE_URL"):
        return
    location = Path(os.environ.get("DATA_DIR") or default_location(project)).expanduser()
    try:
        values = json.loads((location / "run" / FILE).read_text())
    except (OSError, ValueError):
        return
    for name, value in values.items():
        os.environ.setdefault(name, value)
