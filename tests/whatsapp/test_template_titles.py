"""Names of templates, as people write them."""

import pytest

from whatsapp.template_titles import title_of


@pytest.mark.parametrize(("name", "title"), [
    ("termin_bestaetigen", "Termin bestätigen"), ("fruehlingscheck_2026", "Frühlingscheck 2026"),
    ("formular_ausfuellen", "Formular ausfüllen"), ("gruesse_zum_fest", "Grüße zum fest"),
    ("naechste_oeffnungszeiten", "Nächste öffnungszeiten"), ("haeuser", "Häuser"), ("strasse", "Straße"),
    # No umlauts.
    ("neue_quelle", "Neue quelle"), ("aktuell", "Aktuell"), ("individuelle_beratung", "Individuelle beratung"),
    ("treue", "Treue"), ("feuerwehr", "Feuerwehr"), ("michael_israel", "Michael israel"), ("aerobic", "Aerobic"),
    ("abenteuer_bauen", "Abenteuer bauen"), ("", ""), ("__", ""), ("a", "A"),
])  # fmt: skip
def test_german_names_get_their_umlauts_back(name, title):
    assert title_of(name, "de") == title


def test_the_templates_own_text_knows_how_its_words_are_written():
    text = "Hallo {{1}}, zu deinem *Auftrag* gibt es eine Rückfrage. Heute noch?"
    assert title_of("rueckfrage_auftrag_heute", "de", text) == "Rückfrage Auftrag heute"
    assert title_of("black_friday", "en", "It is Black Friday") == "Black Friday"


def test_other_languages_are_left_alone_unless_the_name_is_german_all_the_same():
    assert title_of("guest_values_does", "en") == "Guest values does"
    assert title_of("termin_bestaetigen", "en", "See you tomorrow") == "Termin bestätigen"
