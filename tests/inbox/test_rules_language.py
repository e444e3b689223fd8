"""What language a short message is in."""

import pytest

from inbox.rules.language import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hallo, ist mein Rad schon fertig?", "de"), ("Hab nen Platten 😩 könnt ihr helfen?", "de"),
        ("Hi, is my bike ready yet?", "en"), ("how much for a new tire", "en"),
        ("Merhaba, bisikletim hazır mı?", "tr"), ("merhaba bisiklet tamiri yapiyor musunuz", "tr"),
        ("Dzień dobry, czy mój rower jest gotowy?", "pl"), ("مرحبا، هل أنتم مفتوحون اليوم", "ar"),
        ("Добрий день, чи готовий мій велосипед?", "uk"), ("Ви сьогодні працюєте?", "uk"),
        ("Вы сегодня открыты?", "ru"), ("Здравствуйте, мой велосипед готов?", "ru"),
        ("Ciao, la mia bici è pronta?", "it"), ("Bonjour, mon vélo est-il prêt ?", "fr"),
    ],
)  # fmt: skip
def test_short_messages_are_understood(text, language):
    assert guess(text) == language


def test_a_long_message_is_read_beyond_its_beginning(caplog):
    order = "Order number 4711-22 Model Cube Kathmandu Hybrid Pro 750 size L color grey 2024"

    with caplog.at_level("INFO"):
        assert guess(f"{order} Hallo, wann kann ich das Rad abholen? Es wäre mir wichtig, dass es bald klappt") == "de"

    assert not caplog.records


@pytest.mark.parametrize("text", ["", "ok", "👍", "10:30", "https://x.example/merhaba", "Max", "???", "\n\x00"])
def test_what_says_nothing_is_not_guessed(text):
    assert guess(text) == ""


def test_a_detector_that_fails_keeps_nobody_from_work(monkeypatch, caplog):
    def broken():
        raise RuntimeError("no model")

    monkeypatch.setattr("inbox.rules.language._detector", broken)

    assert guess("Merhaba, bisikletim hazır mı?") == ""
    assert "could not be guessed" in caplog.text
