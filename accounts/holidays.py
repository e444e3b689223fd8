"""Public holidays of the German states, the Austrian states and the Swiss cantons, by the `holidays` library.

A region is a subdivision of ISO 3166-2: "DE-BE", "AT-9", "CH-ZH"; a country alone ("DE") has what all of it shares.
"""

import functools
import unicodedata
from collections.abc import Mapping
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COUNTRY_NAMES: dict[str, str | Promise] = {"DE": _("Germany"), "AT": _("Austria"), "CH": _("Switzerland")}
# What is called the same in both languages is not translated.
REGIONS: dict[str, dict[str, str | Promise]] = {
    "DE": {
        "BW": "Baden-Württemberg", "BY": _("Bavaria"), "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen",
        "HH": "Hamburg", "HE": _("Hesse"), "MV": _("Mecklenburg-Western Pomerania"), "NI": _("Lower Saxony"),
        "NW": _("North Rhine-Westphalia"), "RP": _("Rhineland-Palatinate"), "SL": "Saarland", "SN": _("Saxony"),
        "ST": _("Saxony-Anhalt"), "SH": "Schleswig-Holstein", "TH": _("Thuringia"),
    },
    "AT": {
        "1": "Burgenland", "2": _("Carinthia"), "3": _("Lower Austria"), "4": _("Upper Austria"), "5": "Salzburg",
        "6": _("Styria"), "7": _("Tyrol"), "8": "Vorarlberg", "9": _("Vienna"),
    },
    "CH": {
        "AG": "Aargau", "AR": "Appenzell Ausserrhoden", "AI": "Appenzell Innerrhoden", "BL": "Basel-Landschaft",
        "BS": "Basel-Stadt", "BE": "Bern", "FR": _("Fribourg"), "GE": _("Geneva"), "GL": "Glarus",
        "GR": _("Grisons"), "JU": "Jura", "LU": _("Lucerne"), "NE": _("Neuchâtel"), "NW": "Nidwalden",
        "OW": "Obwalden", "SH": "Schaffhausen", "SZ": "Schwyz", "SO": "Solothurn", "SG": _("St. Gallen"),
        "TI": _("Ticino"), "TG": "Thurgau", "UR": "Uri", "VS": _("Valais"), "VD": _("Vaud"), "ZG": "Zug",
        "ZH": _("Zurich"),
    },
}  # fmt: skip


@functools.lru_cache(maxsize=64)
def holidays_of(region: str, year: int, language: str = "de") -> Mapping[date, str]:
    """Date → name of the public holidays in that year; empty for no region, or one that is unknown."""
    import holidays  # its first import costs more than most processes ever need

    country, _dash, part = region.partition("-")
    if country not in REGIONS:
        return {}
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language="en_US" if language == "en" else "de"
        )
    except NotImplementedError:
        return {}
    return dict(sorted(found.items()))


def region_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Country → (code, name) of its regions by name, in the active language."""
    found = []
    for country, name in COUNTRY_NAMES.items():
        regions = [(f"{country}-{code}", str(words)) for code, words in REGIONS[country].items()]
        found.append((str(name), sorted(regions, key=lambda region: fold(region[1]))))
    return found


def region_name(code: str) -> str:
    """ "Berlin" for DE-BE; the country's name for a country; "" for what we do not know."""
    country, _dash, part = code.partition("-")
    return str(REGIONS.get(country, {}).get(part, "") if part else COUNTRY_NAMES.get(country, ""))


def is_region(code: str) -> bool:
    return bool(region_name(code))


def fold(name: str) -> str:
    """Å and Ü sort with A and U."""
    return "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each)).lower()
