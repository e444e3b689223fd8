"""The drawings of the reports: what they say of a value out of the ordinary, and how much of it is written below."""

import re

from django.utils import translation

from inbox.reports import charts
from inbox.reports.charts import Series


def levels(values: list[list[float | None]]) -> list[str]:
    words = [["" for _ in row] for row in values]
    drawn = charts.heat("Wann", "", ["Mo"] * len(values), ["8"] * len(values[0]), values, words)
    return re.findall(r'<rect class="h(\d)"', drawn)


def test_one_hour_out_of_the_ordinary_does_not_make_all_others_alike():
    assert levels([[0, None, 1, 2, 3, 4, 900]]) == ["0", "0", "1", "2", "3", "4", "5"]
    assert levels([[5, 5, 0]]) == ["5", "5", "0"]
    assert set(levels([list(range(1, 41))])) == {"1", "2", "3", "4", "5"}
    assert levels([[None, 0]]) == ["0", "0"]


def test_as_many_days_stand_below_as_fit_and_on_a_telephone_fewer():
    labels = [f"{day}.11." for day in range(1, 31)]

    drawn = charts.bars("Nachrichten", "", labels, [Series("empfangen", "c1", [1] * 30)])

    shown = re.findall(r'class="(tick tick--below[^"]*)"[^>]*>([^<]+)<', drawn)
    assert [day for _look, day in shown] == labels[::3]
    assert [day for look, day in shown if "more" not in look] == labels[::6]


def test_large_numbers_are_written_as_in_the_language():
    with translation.override("de"):
        drawn = charts.bars("Nachrichten", "", ["1.11."], [Series("empfangen", "c1", [1_234_567])])
    assert "empfangen 1.234.567" in drawn and ">1.500.000</text>" in drawn
