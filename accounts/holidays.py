"""Public holidays of the German states, the Austrian states and the Swiss cantons, by the `holidays` library.

A region is a subdivision of ISO 3166-2: "DE-BE", "AT-9", "CH-ZH"; a country alone ("DE") has what all of it shares.
"""

import functools
from collections.abc import Mapping
from datetime import date

COUNTRIES = ("DE", "AT", "CH")


@functools.lru_cache(maxsize=64)
def holidays_of(region: str, year: int, language: str = "de") -> Mapping[date, str]:
    """Date → name of the public holidays in that year; empty for no region, or one that is unknown."""
    import holidays  # its first import costs more than most processes ever need

    country, _, part = region.partition("-")
    if country not in COUNTRIES:
        return {}
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language="en_US" if language == "en" else "de"
        )
    except NotImplementedError:
        return {}
    return dict(sorted(found.items()))
