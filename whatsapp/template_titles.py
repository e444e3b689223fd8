"""Names of templates as people write them: Meta takes only a-z, digits and _, so `rueckfrage_auftrag` is a spelling.

The template's own text knows best how its words are written. What it does not contain is put back by rules, in German
only: there "ue" in such a name is nearly always an ü. Pure.
"""

import re

_UMLAUTS = {"ae": "ä", "oe": "ö", "ue": "ü"}
# Two letters of their own: neue, Quelle, Treue; aktuell, manuell; Revue; Poesie, Aloe; Aerobic, Israel, Michael.
_SPELT_OUT = re.compile(r"(?<![aeoqz])ue(?!$)(?!(?<=[dnstx]ue)ll)|(?<![lp])oe(?!$)|ae(?!l$|ro|$)")
_SHARP = (("grüss", "grüß"), ("grösse", "größe"), ("schliess", "schließ"), ("strasse", "straße"))
# In a template of another language these give away that the name is German all the same.
_GERMAN = re.compile("bestaet|rueck|fuer|ueber|frueh|pruef|naech|verfueg|moegl|aender|gruess|oeffn|faellig|spaet|kuend")
_WORD = re.compile(r"[^\W\d_]+")
_BEGINS_SENTENCE = re.compile(r"(?:^|[.!?:\n>•–-])[\s*_~\"„»]*$")


def title_of(name: str, language: str = "", text: str = "") -> str:
    """`termin_bestaetigen` is "Termin bestätigen"; `text` is what the template says, `language` its code."""
    spellings = _spellings(text)
    words = [_word(word, spellings, language) for word in name.replace("_", " ").split()]
    title = " ".join(words)
    return title[:1].upper() + title[1:]


def _word(word: str, spellings: dict[str, str], language: str) -> str:
    if known := spellings.get(word.lower()):
        return known
    if not language.startswith("de") and not _GERMAN.search(word):
        return word
    word = _SPELT_OUT.sub(lambda found: _UMLAUTS[found[0]], word)
    for plain, sharp in _SHARP:
        word = word.replace(plain, sharp)
    return word


def _spellings(text: str) -> dict[str, str]:
    """Words of the text by how a name would spell them; a capital that only begins a sentence is none."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text[:1024]):
        word = match[0]
        key = _as_in_names(word)
        if _BEGINS_SENTENCE.search(text, 0, match.start()):
            found.setdefault(key, word.lower())
        else:
            found[key] = word
    return found


def _as_in_names(word: str) -> str:
    for plain, umlaut in _UMLAUTS.items():
        word = word.lower().replace(umlaut, plain)
    return word.replace("ß", "ss")
