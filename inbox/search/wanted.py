"""What is searched for, and where: as a query string says it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from inbox.models import SearchKind

KINDS = {"message": SearchKind.MESSAGE, "note": SearchKind.NOTE, "file": SearchKind.FILE}
SPANS = {"week": 7, "month": 30, "year": 365}
LONGEST = 200


@dataclass(frozen=True)
class Wanted:
    """A search with its filters. Nonsense in a filter counts as not said."""

    text: str = ""
    kind: str = ""
    sender: str = ""  # "customer", "me" or a colleague's id
    span: str = ""  # the last week, month, year
    team_id: int | None = None
    label_id: int | None = None
    number_id: int | None = None
    conversation_id: int | None = None

    @classmethod
    def of(cls, values: "dict[str, str]") -> "Wanted":
        sender = values.get("from", "")
        return cls(
            text=" ".join(values.get("q", "").replace("\x00", "").split())[:LONGEST],
            kind=values.get("kind", "") if values.get("kind") in KINDS else "",
            sender=sender if sender in ("customer", "me") or _number(sender) else "",
            span=values.get("span", "") if values.get("span") in SPANS else "",
            team_id=_number(values.get("team")),
            label_id=_number(values.get("label")),
            number_id=_number(values.get("number")),
            conversation_id=_number(values.get("in")),
        )

    @property
    def parameters(self) -> dict[str, str]:
        said = {
            "q": self.text, "kind": self.kind, "from": self.sender, "span": self.span, "team": self.team_id,
            "label": self.label_id, "number": self.number_id, "in": self.conversation_id,
        }  # fmt: skip
        return {name: str(value) for name, value in said.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.parameters)

    def with_(self, **changes: object) -> "Wanted":
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def without_filters(self) -> "Wanted":
        return Wanted(text=self.text)

    @property
    def is_narrowed(self) -> bool:
        """Is anything but the words said?"""
        return len(self.parameters) > bool(self.text)

    @property
    def since(self) -> datetime | None:
        """The beginning of the first day of the span, in the active time zone."""
        if not self.span:
            return None
        day: date = timezone.localdate() - timedelta(days=SPANS[self.span])
        return timezone.make_aware(datetime.combine(day, time()))


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 19 and int(value) else None
