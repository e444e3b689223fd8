"""A crowd's plan: who writes when, and what they will say to each answer. Pure, and the same for the same seed.

Everything is drawn before anything is sent, person by person, so that how fast the business answers changes nothing
about who says what. Times are seconds of the plan; who carries it out may let them pass faster.
"""

from dataclasses import dataclass
from random import Random

from whatsapp.sandbox.visit_words import EMOJI, TONGUES, Tongue

USUAL = 600.0  # seconds of the plan for which the pauses below are meant
ARRIVE_WITHIN = 0.85  # of the time, so that the last ones can be served


@dataclass(frozen=True, slots=True)
class Say:
    """Something a customer does, that long after what it follows: text, image, or reaction (to an answer)."""

    after: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer's conversation."""

    position: int
    name: str
    phone: str
    starts_at: float
    opening: tuple[Say, ...]
    reminder: Say | None  # when nobody has answered by then
    replies: tuple[Say, ...]  # to the first answer, the second …
    button: int | None  # which one of a question with buttons is tapped
    button_after: float
    comment: Say | None  # to what is asked after that
    window: float  # seconds in which the first message can still be answered; 0: the usual day


def plan(
    seed: int, conversations: int, seconds: float, *, closing: float = 0.0, bicycles: bool = True
) -> list[Visit]:
    """So many conversations within that time. Of a share of `closing` the first words come late, as after trouble on
    Meta's side: little is left of their window. Not every business sells `bicycles`."""
    dice = Random(f"{seed} arrivals")
    arrivals = sorted(dice.uniform(0, seconds * ARRIVE_WITHIN) for _ in range(conversations))
    # The first one at once, or whoever watches would wonder.
    return [_visit(seed, place, at - arrivals[0], seconds, closing, bicycles) for place, at in enumerate(arrivals)]


def _visit(
    seed: int, position: int, starts_at: float, seconds: float, closing: float, bicycles: bool
) -> Visit:
    dice, pace = Random(f"{seed} {position}"), seconds / USUAL
    [tongue] = dice.choices([each for each, _ in TONGUES], [weight for _, weight in TONGUES])
    name = f"{dice.choice(tongue.first_names)} {dice.choice(tongue.last_names)}"
    waits = dice.random() < 0.4
    is_late = dice.random() < closing
    return Visit(
        position=position, name=name, phone=f"{tongue.country}{seed % 1000:03d}{position:05d}", starts_at=starts_at,
        opening=_opening(dice, tongue, pace, bicycles),
        reminder=None if waits else Say(dice.uniform(60, 150) * pace, "text", dice.choice(tongue.reminders)),
        replies=_replies(dice, tongue, pace),
        button=dice.choices((0, 1, 2, None), (55, 12, 8, 25))[0], button_after=dice.uniform(4, 40) * pace,
        comment=Say(dice.uniform(5, 30) * pace, "text", dice.choice(tongue.comments)) if dice.random() < 0.5 else None,
        window=dice.uniform(0.2, 0.5) * seconds if is_late else 0.0,
    )  # fmt: skip


def _opening(dice: Random, tongue: Tongue, pace: float, bicycles: bool) -> tuple[Say, ...]:
    """A question; perhaps more words right after it, or a picture."""
    openings, details = tongue.openings, tongue.details
    if bicycles:
        openings, details = openings + tongue.bicycle_openings, details + tongue.bicycle_details
    said = [Say(0.0, "text", dice.choice(openings))]
    if dice.random() < 0.4:
        said.append(Say(dice.uniform(3, 20) * pace, "text", dice.choice(details)))
    if dice.random() < 0.15:
        said.append(Say(dice.uniform(5, 25) * pace, "image", dice.choice(tongue.captions)))
    return tuple(said)


def _replies(dice: Random, tongue: Tongue, pace: float) -> tuple[Say, ...]:
    """None, one or two questions more; then thanks, an emoji on the answer, or silence."""
    count = dice.choices((0, 1, 2), (45, 40, 15))[0]
    said = [Say(dice.uniform(6, 60) * pace, "text", text) for text in dice.sample(tongue.replies, count)]
    end = dice.random()
    if end < 0.4:
        said.append(Say(dice.uniform(4, 30) * pace, "text", dice.choice(tongue.thanks)))
    elif end < 0.65:
        said.append(Say(dice.uniform(3, 20) * pace, "reaction", dice.choice(EMOJI)))
    return tuple(said)
