"""What the doctor found."""

from dataclasses import dataclass
from enum import IntEnum

from django.utils.functional import Promise

Words = str | Promise


class Level(IntEnum):
    """By weight. The exit code of the command is 0, 1 for a warning, 2 for what is bad."""

    GOOD = 0
    NOTE = 1
    WARN = 2
    BAD = 3


@dataclass(frozen=True)
class Finding:
    """One sentence about one part, and what to do about it."""

    level: Level
    sentence: Words
    advice: Words = ""


def good(sentence: Words) -> Finding:
    return Finding(Level.GOOD, sentence)


def note(sentence: Words, advice: Words = "") -> Finding:
    return Finding(Level.NOTE, sentence, advice)


def warn(sentence: Words, advice: Words = "") -> Finding:
    return Finding(Level.WARN, sentence, advice)


def bad(sentence: Words, advice: Words = "") -> Finding:
    return Finding(Level.BAD, sentence, advice)
