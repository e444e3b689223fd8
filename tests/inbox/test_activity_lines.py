"""The words between messages: every kind has some, in both languages, and nothing in them is markup of others."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.html import strip_tags

from accounts.models import Agent
from inbox import activity_lines
from inbox.models import Activity

MARA = Agent(pk=1, name="Mara Vogt")
WHEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def words(kind, actor=None, **data):
    with translation.override("en"):
        return strip_tags(activity_lines.line_of(Activity(kind=kind, actor=actor, data=data, occurred_at=WHEN)).html)


ROUTED = {"to": "Mara Vogt", "to_id": 1, "load": 3, "capacity": 8}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("assigned", None, {**ROUTED, "reason": "least_busy", "idle_minutes": 12}),
         "Assigned to Mara · least busy: 3 of 8, idle 12 min"),
        (("assigned", None, {**ROUTED, "reason": "least_busy", "idle_minutes": 150}),
         "Assigned to Mara · least busy: 3 of 8, idle 2 h"),
        (("assigned", None, {**ROUTED, "reason": "least_busy", "idle_minutes": None}),
         "Assigned to Mara · least busy: 3 of 8"),
        (("assigned", None, {**ROUTED, "reason": "sticky"}), "Assigned to Mara · knows this customer"),
        (("assigned", None, {**ROUTED, "reason": "round_robin"}), "Assigned to Mara · in turn"),
        (("assigned", MARA, {"to": "Jonas Beck"}), "Assigned to Jonas by Mara"),
        (("claimed", MARA, {"to": "Mara Vogt"}), "Mara took this from the queue"),
        (("taken_over", MARA, {"to": "Mara Vogt", "from": "Jonas Beck"}), "Mara took over from Jonas"),
        (("moved", MARA, {"team": "Verleih"}), "Mara moved this to Verleih"),
        (("released", MARA, {}), "Mara put this back into the queue"),
        (("handed_back", None, {"from": "Jonas Beck", "why": "away"}), "Back to the queue · Jonas is away"),
        (("handed_back", None, {"from": "Jonas Beck", "why": "offline"}), "Back to the queue · Jonas is offline"),
        (("nobody_free", None, {"team": "Verleih"}), "Waiting in the queue · nobody in Verleih is free"),
        (("closed", MARA, {"outcome": "Verkauft"}), "Closed by Mara · Verkauft"),
        (("closed", MARA, {"outcome": ""}), "Closed by Mara"),
        (("reopened", None, {"why": "message"}), "Reopened by a new message"),
        (("reopened", MARA, {"why": "person"}), "Reopened by Mara"),
        (("woke", None, {"why": "due"}), "No longer snoozed · the time has come"),
        (("labelled", MARA, {"added": ["A", "B"], "removed": []}), "Mara added A, B"),
        (("window_closed", None, {}), "The 24-hour window closed"),
        (("from_the_future", None, {"x": 1}), "Something changed here"),
    ],
)  # fmt: skip
def test_a_line_says_what_happened(line, expected):
    kind, actor, data = line

    assert words(kind, actor, **data) == expected


@pytest.mark.parametrize("kind", sorted(activity_lines._KINDS))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_kind_has_words_even_without_its_data(kind, language):
    with translation.override(language):
        line = activity_lines.line_of(Activity(kind=kind, data={}, occurred_at=WHEN))

    assert line.icon and strip_tags(line.html)


@pytest.mark.parametrize("kind", sorted(activity_lines._KINDS))
def test_names_and_labels_are_text_not_markup(kind):
    evil = "<img/src=x>"
    data = {"to": evil, "from": evil, "team": evil, "outcome": evil, "added": [evil], "removed": [evil], "name": evil,
            "reason": evil, "why": evil}  # fmt: skip
    actor = Agent(pk=2, name=evil)

    assert "<img" not in activity_lines.line_of(Activity(kind=kind, actor=actor, data=data, occurred_at=WHEN)).html


def test_a_snooze_names_its_end_for_the_readers_clock():
    activity = Activity(kind="snoozed", actor=MARA, data={"until": WHEN.isoformat()}, occurred_at=WHEN)

    assert '<time datetime="2026-11-23T12:00:00+00:00">' in activity_lines.line_of(activity).html
