"""Meta's markets as ISO country codes: a rate card has a line for some countries, and regions for all others.

Regions as in Meta's list of markets and country calling codes (2025); a country that a card names itself is not of its
region there.
"""

from functools import cache

import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA

REGIONS: dict[str, str] = {
    "north america": "US CA",
    "rest of africa": (
        "DZ AO BJ BW BF BI CM TD CG ER ET GA GM GH GW CI KE LS LR LY MG MW ML MR MA MZ NA NE RW SN SL SO SS SD SZ TZ TG"
        " TN UG ZM"
    ),
    "rest of asia pacific": "AF AU BD KH CN HK JP LA MN NP NZ PG PH SG LK TW TJ TH TM UZ VN",
    "rest of central & eastern europe": "AL AM AZ BY BG HR CZ GE GR HU LV LT MD MK PL RO RS SK SI UA",
    "rest of latin america": "BO CR DO EC SV GT HT HN JM NI PA PY PR UY VE",
    "rest of middle east": "BH IQ JO KW LB OM QA YE",
    "rest of western europe": "AT BE DK FI IE NO PT SE CH",
}  # fmt: skip
SINGLE = "AR BR CL CO EG FR DE IN ID IL IT MY MX NL NG PK PE RU SA ZA ES TR AE GB"
OTHER = "other"
SAME = {
    "rest of apac": "rest of asia pacific", "apac": "rest of asia pacific",
    "rest of central and eastern europe": "rest of central & eastern europe",
    "rest of cee": "rest of central & eastern europe", "rest of latam": "rest of latin america",
    "all other countries": OTHER, "rest of world": OTHER, "other countries": OTHER,
}  # fmt: skip
ALSO = {
    "uae": "AE", "uk": "GB", "great britain": "GB", "usa": "US", "united states of america": "US", "turkiye": "TR",
    "türkiye": "TR", "czech republic": "CZ", "ivory coast": "CI", "hong kong": "HK", "macau": "MO", "south korea": "KR",
    "russian federation": "RU", "viet nam": "VN", "swaziland": "SZ", "macedonia": "MK",
}  # fmt: skip


def countries_of(market: str) -> tuple[str, ...]:
    """The codes that a line of a card is about, () for what is no market; "Other" is whatever is in no other line."""
    name = " ".join(market.lower().replace("*", " ").split())
    name = SAME.get(name, name)
    if name in REGIONS:
        return tuple(REGIONS[name].split())
    if name == OTHER:
        known = {*SINGLE.split(), *(code for codes in REGIONS.values() for code in codes.split())}
        return tuple(sorted(set(phonenumbers.SUPPORTED_REGIONS) - known))
    if code := ALSO.get(name) or _names().get(name):
        return (code,)
    return ()


def is_region(market: str) -> bool:
    """Whether it stands for many countries; one that has a line of its own is not meant."""
    return len(countries_of(market)) > 1


def country_name(code: str, language: str) -> str:
    """As people call it; the code where nobody says."""
    names = LOCALE_DATA.get(code, {})
    found = names.get(language) or names.get("en") or code
    return str(names.get(found[1:], code)) if found.startswith("*") else str(found)


@cache
def _names() -> dict[str, str]:
    """Codes and names in our languages → code."""
    names: dict[str, str] = {}
    for code in phonenumbers.SUPPORTED_REGIONS:
        names |= {country_name(code, language).lower(): code for language in ("en", "de")} | {code.lower(): code}
    return names
