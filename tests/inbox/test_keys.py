"""The list behind "?" and the keys that the page knows are the same, and none needs AltGr on a German keyboard."""

import re

from django.conf import settings
from django.template.loader import render_to_string

ALT_GR = set("@€[]{}|\\~µ²³")


def known_keys() -> tuple[set[str], set[str]]:
    """The single keys, and those after G."""
    script = (settings.BASE_DIR / "static" / "js" / "lib" / "keys.js").read_text()
    single = re.search(r"const SINGLE = \{(.*?)\n\};", script, re.DOTALL)[1]
    after_g = re.search(r"const GO = \{(.*?)\};", script)[1]
    key = r"(?:^|[\s,{])\"?([\w?])\"?:"
    return set(re.findall(key, single)), set(re.findall(key, after_g))


def test_every_key_is_in_the_list_and_every_key_in_the_list_exists():
    shown = re.findall(r'<kbd class="kbd">([^<])</kbd>', render_to_string("inbox/_keys.html"))
    single, after_g = known_keys()
    listed = {key.lower() for key in shown} - set("↓↑↵⇧/@")

    assert len(single) > 15
    assert single | after_g | {"g", "2", "3", "4"} == listed | {"2", "3", "4"}


def test_no_single_key_needs_alt_gr():
    single, after_g = known_keys()

    assert not (single | after_g) & ALT_GR
