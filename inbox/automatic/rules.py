"""When a customer gets an automatic answer, and which: facts in, decision out. Pure.

One answer at most for what is written in one breath: a keyword's, else outside of the hours "away", else "everybody is
busy" while nobody available has room, else for the first message of a case a greeting. Whoever waits already when the
room is gone is told so then, unless they got an answer to what they asked. Each kind once in a case. As soon as a
person has answered in the case, or is writing, all of them are silent; "busy" also while somebody has the conversation.

Two machines that answer each other must come to an end: messages that look automatic get nothing, each kind comes once,
a case gets three keyword answers and a customer three answers an hour, wherever they write.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.enums import AutomaticKind, MessageKind
from inbox.rules.matching import says, words_of

ONE_BREATH = timedelta(seconds=3)  # people write a question in several messages; and the rules give it to a team
STALE = timedelta(minutes=10)  # "good morning" to what was written an hour ago is for a person
BACK_TOO_LATE = timedelta(hours=2)  # after a standstill
MOST_KEYWORDS = 3  # answers in one case
MOST_AN_HOUR, MOST_A_DAY = 3, 8  # to one customer
INSTANT = timedelta(seconds=2)  # nobody reads an answer of ours and writes one in less
REPEATED = 25  # letters: so much is not written twice, word by word, in a day

# What a person sends and waits for. Reactions, WhatsApp's own lines and what cannot be shown are no questions.
ANSWERABLE = frozenset(MessageKind) - {
    MessageKind.REACTION, MessageKind.SYSTEM, MessageKind.WELCOME, MessageKind.UNSUPPORTED, MessageKind.TEMPLATE,
    MessageKind.INTERACTIVE,
}  # fmt: skip

_MACHINE = re.compile(
    r"automati(c|sch|siert|cally|que|ca)\w*[ -]+(e[ -]?mail|answer|antwort|nachricht|response|reply|message|messaggio"
    r"|mensaje|mensagem|réponse|respuesta|risposta|generated|generiert|erstellt|versendet|versandt|sent)"
    r"|\bauto[ -]?(reply|responder|response|antwort)|\botomatik (yanıt|mesaj|cevap)"
    r"|out of (the )?office|abwesenheits(notiz|nachricht|meldung)|\bdo[ -]?not[ -]?reply|\bno[ -]?reply\b"
    r"|bitte antworte?n? sie nicht auf diese|please do not (reply|respond) to this|diese nachricht wurde automatisch"
    r"|this (is an automated|message was sent automatically)"
    r"|(thank you|thanks) for (contacting|your message|reaching out|messaging)"
    r"|(vielen dank|danke) für (ihre|deine) (nachricht|anfrage|kontaktaufnahme)",
    re.IGNORECASE,
)


def looks_automatic(text: str) -> bool:
    """Did a machine write this, or at least something that no customer begins with?"""
    return _MACHINE.search(" ".join(text[:2_000].split())) is not None


def may_be_answered(kind: str, *, written_at: datetime, received_at: datetime) -> bool:
    """Whether a new message may get an answer at all."""
    return kind in ANSWERABLE and received_at - written_at <= STALE


@dataclass(frozen=True, slots=True)
class Facts:
    """How things stand with a customer who has written."""

    may_write: bool = True  # the window, blocks, groups
    is_answered: bool = False  # a person has, in this case
    is_typing: bool = False  # a person, now
    is_machine: bool = False
    is_open: bool = True  # the hours of the team
    is_busy: bool = False  # it waits in the queue, and nobody available has room
    is_first: bool = True  # nothing was written before in this case
    given: frozenset[str] = frozenset()  # the kinds, in this case
    keywords_given: tuple[int | None, ...] = ()  # in this case
    last_hour: int = 0  # answers to this customer
    last_day: int = 0


@dataclass(frozen=True, slots=True)
class Keyword:
    """One list of words with its answer."""

    pk: int
    words: Mapping[str, Sequence[str]]
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """What is said, and in which languages the word was known."""

    kind: AutomaticKind
    keyword: int | None = None
    languages: tuple[str, ...] = ()


def is_silent(facts: Facts) -> bool:
    """Whatever was asked: nothing is said now."""
    return (
        not facts.may_write or facts.is_answered or facts.is_typing or facts.is_machine
        or facts.last_hour >= MOST_AN_HOUR or facts.last_day >= MOST_A_DAY
    )  # fmt: skip


def choose(facts: Facts, on: Collection[str], matches: Sequence[tuple[Keyword, tuple[str, ...]]]) -> Choice | None:
    """The one answer, or None. `on` are the kinds in use for the team, `matches` the keywords that were said."""
    if is_silent(facts):
        return None
    if len(facts.keywords_given) < MOST_KEYWORDS:
        for keyword, languages in matches:
            if keyword.pk not in facts.keywords_given:
                return Choice(AutomaticKind.KEYWORD, keyword.pk, languages)
    if not facts.is_open:
        says_away = AutomaticKind.AWAY in on and AutomaticKind.AWAY not in facts.given
        return Choice(AutomaticKind.AWAY) if says_away else None
    if _tells_busy(facts, on):
        return Choice(AutomaticKind.BUSY)
    if facts.is_first and AutomaticKind.GREETING in on and facts.given <= {AutomaticKind.KEYWORD}:
        return Choice(AutomaticKind.GREETING)
    return None


def may_come_back(facts: Facts, on: Collection[str]) -> bool:
    """Is "we are back" to be said now?"""
    return facts.is_open and AutomaticKind.BACK in on and AutomaticKind.BACK not in facts.given and not is_silent(facts)


def may_say_busy(facts: Facts, on: Collection[str]) -> bool:
    """Is "everybody is busy" to be said to who waits, without a new message of theirs?"""
    has_asked = AutomaticKind.KEYWORD in facts.given
    return facts.is_open and _tells_busy(facts, on) and not has_asked and not is_silent(facts)


def _tells_busy(facts: Facts, on: Collection[str]) -> bool:
    return facts.is_busy and AutomaticKind.BUSY in on and AutomaticKind.BUSY not in facts.given


def plans_to_come_back(facts: Facts, on: Collection[str], choice: Choice | None) -> bool:
    """Is it worth looking again when the hours begin? Not for who got an answer to what they asked."""
    return (
        not facts.is_open and AutomaticKind.BACK in on and AutomaticKind.BACK not in facts.given
        and facts.may_write and not facts.is_answered and not facts.is_machine
        and (choice is None or choice.kind != AutomaticKind.KEYWORD)
    )  # fmt: skip


def could_answer(facts: Facts, on: Collection[str], matches: Sequence[tuple[Keyword, tuple[str, ...]]]) -> bool:
    """May anything come of it, now or when the hours begin? What is not known yet is to be in the customer's favour."""
    choice = choose(facts, on, matches)
    return choice is not None or plans_to_come_back(facts, on, choice)


def matches(keywords: Iterable[Keyword], texts: Iterable[str]) -> list[tuple[Keyword, tuple[str, ...]]]:
    """The keywords that one of these messages says, each with the languages in which it does."""
    said = [words_of(text) for text in texts]
    found = []
    for keyword in keywords:
        languages = tuple(
            language for language, words in keyword.words.items()
            if any(_says(message, word, keyword.is_whole) for word in words for message in said)
        )  # fmt: skip
        if languages:
            found.append((keyword, languages))
    return found


def _says(message: tuple, word: str, is_whole: bool) -> bool:
    return says(message, word) and (not is_whole or len(message) == len(words_of(word)))


def language_for(texts: Mapping[str, str], *, card: str, spoken: str, own: str, said: Sequence[str] = ()) -> str:
    """In which of these texts' languages somebody is answered; "" without any text.

    What the contact's card says, else the language of the keyword, else what they seem to speak, else the workspace's,
    else the first there is.
    """
    known = [_base(card), *([_base(spoken)] if _base(spoken) in said else []), *said, _base(spoken), _base(own), *texts]
    return next((language for language in known if texts.get(language)), "")


def _base(code: str) -> str:
    return re.split("[-_]", code)[0].lower()
