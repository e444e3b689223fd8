"""What a look at a template found, and the parts of texts that its rules ask for. Pure."""

import re
from dataclasses import dataclass

from django.utils.functional import Promise

BAD, WARN = "bad", "warn"
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u20e3\ufe0f]")
MARKUP = re.compile(r"[*_~`]")
# What looks like a gap and is none: {1}, {{ }}, {{Vor Name}}, a lone pair of braces.
BRACES = re.compile(r"\{+[^{}\n]*\}+|\{\{|\}\}")
GAP = re.compile(r"\{\{[A-Za-z0-9_]{1,64}\}\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """`bad` is refused by Meta, `warn` is worth a thought. `rule` names the check, `place` the field it is about."""

    level: str
    rule: str
    place: str
    words: str | Promise

    @property
    def is_bad(self) -> bool:
        return self.level == BAD


def bad(rule: str, place: str, words: str | Promise) -> Finding:
    return Finding(BAD, rule, place, words)


def warn(rule: str, place: str, words: str | Promise) -> Finding:
    return Finding(WARN, rule, place, words)
