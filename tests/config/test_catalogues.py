"""The translation check itself: it must see what is missing, without gettext's tools."""

from pathlib import Path

import pytest

from config import catalogues

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

#: inbox/views.py:3
msgid "Sign in"
msgstr "Anmelden"

msgctxt "verb"
msgid "Open"
msgstr ""
"Öff"
"nen"

#, python-format
msgid "%(count)s message"
msgid_plural "%(count)s messages"
msgstr[0] "%(count)s Nachricht"
msgstr[1] "%(count)s Nachrichten"

#, fuzzy
msgid "Guess"
msgstr "Vermutung"

#~ msgid "Old"
#~ msgstr "Alt"
"""


@pytest.fixture
def po(tmp_path: Path) -> Path:
    file = tmp_path / "django.po"
    file.write_text(PO, encoding="utf-8")
    return file


def test_a_po_file_is_read_as_msgfmt_reads_it(po: Path) -> None:
    catalogue = catalogues.expected_catalogue(po)

    assert catalogue == {
        "Sign in": "Anmelden",
        "verb\x04Open": "Öffnen",
        ("%(count)s message", 0): "%(count)s Nachricht",
        ("%(count)s message", 1): "%(count)s Nachrichten",
    }


@pytest.mark.parametrize(
    ("template", "messages"),
    [
        ('{% translate "Sign in" %}', ["Sign in"]),
        ("{% translate 'It is Tim’s (today)' as word %}", ["It is Tim’s (today)"]),
        ("{% blocktranslate with name=x %}Hello {{ name }}{% endblocktranslate %}", ["Hello %(name)s"]),
        (
            "{% blocktranslate trimmed count counter=n %}\n one {{ n }}\n{% plural %}\n many\n{% endblocktranslate %}",
            ["one %(n)s"],
        ),
        ('<p title="{% translate "A" context "noun" %}">(b)</p>', ["A"]),
        ("{{ _('Send') }}", ["Send"]),
        ("<p>Sign in</p>", []),
    ],
)
def test_messages_of_templates_are_found(template: str, messages: list[str]) -> None:
    assert list(catalogues.template_messages(template)) == messages


def test_the_sources_are_really_searched() -> None:
    assert {file.suffix for file, _ in catalogues.source_messages()} >= {".py"}


def test_what_is_wrong_with_a_catalogue_is_said(po: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "PROJECT", po.parent)
    monkeypatch.setattr(catalogues, "SOURCES", ())
    (po.parent / "templates").mkdir()
    (po.parent / "templates" / "page.html").write_text('{% translate "Sign in" %}{% translate "Sign out" %}')

    assert list(catalogues.problems(po)) == [
        "django.mo is not made from its .po: run `make messages`",
        "django.po: not translated: 'Guess'",
        "templates/page.html: not in django.po: 'Sign out'",
    ]
