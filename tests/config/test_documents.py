"""What the documents name exists."""

import re
from pathlib import Path

import pytest

from config.stack import applications

PROJECT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ("README.md", "docs/architecture.md", "docs/operations.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_folders_that_are_named_exist(document: str) -> None:
    text = (PROJECT / document).read_text()
    named = re.findall(r"`((?:accounts|whatsapp|inbox|config|docs)/[\w./-]+)`", text)
    linked = [(Path(document).parent / target).as_posix() for target in re.findall(r"\]\((?!http)([^)#]+)\)", text)]

    assert named + linked
    assert [path for path in named + linked if not (PROJECT / path).exists()] == []


def test_every_process_is_described() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text()

    assert [program.name for program in applications(8000) if f"| `{program.name}` |" not in text] == []


def test_every_setting_is_in_the_table() -> None:
    names = re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", (PROJECT / "config" / "settings.py").read_text())
    readme = (PROJECT / "README.md").read_text()

    assert sorted({name for name in names if f"| `{name}` |" not in readme}) == []


def test_the_makefile_explains_each_of_its_commands() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    commands = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert commands

    assert [name for name in commands[1].split() if not re.search(rf"^{name}: ## .{{10}}", makefile, re.M)] == []
