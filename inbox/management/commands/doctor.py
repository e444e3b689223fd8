"""`manage.py doctor`: looks at everything the house needs and says in plain sentences what to do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from inbox.doctor.examination import PARTS, Examined, examine, verdict
from inbox.doctor.findings import Level
from inbox.terminal import language_of_terminal

MARKS = {Level.GOOD: "✓", Level.NOTE: "·", Level.WARN: "!", Level.BAD: "✗"}
CODES = {Level.GOOD: 0, Level.NOTE: 0, Level.WARN: 1, Level.BAD: 2}


class Command(BaseCommand):
    help = "Checks the installation. Exit code: 0 all well, 1 something to look at, 2 something is broken."
    requires_system_checks: list[str] = []  # noqa: RUF012 - it says in words what they would refuse to start for

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: one object with all findings")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], help="default: by LANG")
        parser.add_argument("--only", action="append", choices=[part.key for part in PARTS], help="may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = [part for part in PARTS if not options["only"] or part.key in options["only"]]
        with translation.override(options["language"] or language_of_terminal()):
            code = self._as_json(parts) if options["json"] else self._in_words(parts)
        raise SystemExit(code)

    def _in_words(self, parts: Any) -> int:
        worst = Level.GOOD
        width = max(len(str(part.name)) for part in parts)
        for examined in examine(parts):
            worst = max(worst, examined.level)
            for place, finding in enumerate(examined.findings):
                name = str(examined.part.name) if place == 0 else ""
                style = {Level.BAD: self.style.ERROR, Level.WARN: self.style.WARNING}.get(finding.level, str)
                self.stdout.write(f"{MARKS[finding.level]} {name:<{width}}  {style(str(finding.sentence))}")
                if finding.advice and finding.level > Level.GOOD:
                    self.stdout.write(f"  {'':<{width}}  → {finding.advice}")
        self.stdout.write(f"\n{verdict(worst)}")
        return CODES[worst]

    def _as_json(self, parts: Any) -> int:
        examined = list(examine(parts))
        worst = max((each.level for each in examined), default=Level.GOOD)
        found = [line for each in examined for line in _lines(each)]
        answer = {"level": worst.name.lower(), "checked_at": timezone.now().isoformat(), "findings": found}
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        return CODES[worst]


def _lines(examined: Examined) -> list[dict[str, str]]:
    return [
        {
            "check": examined.part.key, "level": finding.level.name.lower(), "sentence": str(finding.sentence),
            "advice": str(finding.advice),
        }
        for finding in examined.findings
    ]  # fmt: skip
