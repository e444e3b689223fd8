"""A person's capacity as the board draws it, a box each; and what a team may give them at most."""

from dataclasses import dataclass

from accounts.models import Team

MOST_SLOTS = 16  # drawn; a larger capacity is drawn to scale


@dataclass(frozen=True)
class TeamLimit:
    """How many of one team's conversations routing may give a person, and how many they have."""

    team: Team
    taken: int
    most: int

    @property
    def is_full(self) -> bool:
        return self.taken >= self.most

    @property
    def slots(self) -> list[str]:
        return slots_of(["on"] * self.taken, self.most)


def slots_of(filled: list[str], capacity: int) -> list[str]:
    """One word a slot, the most urgent first; "" is free, "over" beyond the capacity."""
    load = len(filled)
    slots = filled[:capacity] + ["over"] * max(0, load - capacity) + [""] * max(0, capacity - load)
    if len(slots) <= MOST_SLOTS:
        return slots
    return [slots[place * len(slots) // MOST_SLOTS] for place in range(MOST_SLOTS)]
