"""Are the translations whole? `python -m config.catalogues` compares sources, .po and .mo without gettext's tools.

Committed .mo files are what runs; a fresh machine has no msgfmt, so this must be seen in plain Python.
"""

import ast
import gettext
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parent.parent
LOCALES = PROJECT / "config" / "locale"
SOURCES = ("accounts", "whatsapp", "inbox", "config")
SINGLE = {"gettext", "gettext_lazy", "gettext_noop", "noop", "_"}  # gettext's own tools know no "noop"
CALL = re.compile(r"""\b(?:gettext|ngettext|pgettext|npgettext|_)\((?=u?['"])""")
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sd]")

Key = str | tuple[str, int]


def entries(po: Path) -> Iterator[dict[str, str]]:
    """The entries of a .po file as field -> text, without obsolete ones; `flags` holds the `#,` line."""
    entry: dict[str, str] = {}
    current = ""
    for line in [*po.read_text(encoding="utf-8").splitlines(), ""]:
        if not line.strip():
            if "msgid" in entry:
                yield entry
            entry, current = {}, ""
        elif line.startswith("#,"):
            entry["flags"] = line
        elif line.startswith("#"):
            continue
        else:
            if match := re.match(r"(msg\S+)\s+", line):
                current, line = match[1], line[match.end() :]
                entry[current] = ""
            entry[current] += ast.literal_eval(line)


def expected_catalogue(po: Path) -> dict[Key, str]:
    """What msgfmt would make of it, as Python's gettext reads it back. Without the header: msgfmt edits that."""
    catalogue: dict[Key, str] = {}
    for entry in entries(po):
        if "fuzzy" in entry.get("flags", "") or not entry["msgid"]:
            continue
        key = f"{entry['msgctxt']}\x04{entry['msgid']}" if "msgctxt" in entry else entry["msgid"]
        if "msgid_plural" in entry:
            forms = {int(name[7:-1]): text for name, text in entry.items() if name.startswith("msgstr[")}
            catalogue.update({(key, form): text for form, text in forms.items() if all(forms.values())})
        elif entry["msgstr"]:
            catalogue[key] = entry["msgstr"]
    return catalogue


def compiled_catalogue(mo: Path) -> dict[Key, str]:
    """What Django gets to see."""
    with mo.open("rb") as stream:
        catalogue: dict[Key, str] = dict(gettext.GNUTranslations(stream)._catalog)  # type: ignore[attr-defined]
    catalogue.pop("", None)
    return catalogue


def source_messages() -> Iterator[tuple[Path, str]]:
    """Every literal that asks to be translated, in code and templates."""
    for folder in SOURCES:
        for file in sorted((PROJECT / folder).rglob("*.py")):
            yield from ((file, message) for message in _messages_in(ast.parse(file.read_text(encoding="utf-8"))))
    for file in sorted((PROJECT / "templates").rglob("*")):
        if file.suffix in {".html", ".txt"}:
            yield from ((file, message) for message in template_messages(file.read_text(encoding="utf-8")))


def template_messages(source: str) -> Iterator[str]:
    """The messages of a template, as Django's own extraction sees them."""
    text = templatize(source)
    for match in CALL.finditer(text):
        call = _balanced(text[match.start() :])
        if call:
            yield from _messages_in(ast.parse(call))


def _balanced(text: str) -> str:
    # The shortest beginning that is one whole call; brackets inside the text make a guess by counting wrong.
    for end in (match.end() for match in re.finditer(r"\)", text[:5000])):
        try:
            ast.parse(text[:end].strip())
        except SyntaxError:
            continue
        return text[:end].strip()
    return ""


def _messages_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        position = 0 if name in SINGLE or name.startswith("ngettext") else 1 if "pgettext" in name else None
        if position is not None and len(node.args) > position:
            argument = node.args[position]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def problems(po: Path) -> Iterator[str]:
    """What is wrong with one language's files."""
    expected, mo = expected_catalogue(po), po.with_suffix(".mo")
    if not mo.exists() or compiled_catalogue(mo) != expected:
        yield f"{mo.relative_to(PROJECT)} is not made from its .po: run `make messages`"
    for entry in entries(po):
        texts = [text for name, text in entry.items() if name.startswith("msgstr")]
        if not all(texts) or ("fuzzy" in entry.get("flags", "") and entry["msgid"]):
            yield f"{po.relative_to(PROJECT)}: not translated: {entry['msgid']!r}"
        elif "python-format" in entry.get("flags", ""):
            wanted = set(PLACEHOLDER.findall(entry["msgid"] + entry.get("msgid_plural", "")))
            if any(set(PLACEHOLDER.findall(text)) - wanted for text in texts):
                yield f"{po.relative_to(PROJECT)}: unknown placeholder in the translation of {entry['msgid']!r}"
    known = {entry["msgid"] for entry in entries(po)}
    for file, message in source_messages():
        if message and message not in known:
            yield f"{file.relative_to(PROJECT)}: not in {po.relative_to(PROJECT)}: {message!r}"


def main() -> int:
    """Say what is wrong; 0 if nothing is."""
    catalogues = sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))
    found = sorted({problem for po in catalogues for problem in problems(po)})
    if not catalogues:
        found = [f"There is no catalogue in {LOCALES.relative_to(PROJECT)}"]
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
