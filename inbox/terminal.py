"""The language of whoever sits at the server's console, for commands that speak in sentences."""

import os


def language_of_terminal() -> str:
    """German or English, as the terminal's locale says; English when it says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "de" if value.lower().startswith("de") else "en"
    return "en"
