"""The scripts as they are served: no module may import itself by a detour, since every name carries a fingerprint, and
what a page fetches stays within its budget."""

import re
from pathlib import Path

from django.conf import settings

SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")
AT_ONCE = re.compile(r"""^(?:import|export)\b[^;(]*["'](\.[^"']+)["'];""", re.MULTILINE)  # not with its first use


def imports_of(script: Path, how: re.Pattern[str] = IMPORT) -> list[Path]:
    return [(script.parent / found).resolve() for found in how.findall(script.read_text())]


def weight(*names: str) -> int:
    """Bytes, uncompressed, of these scripts and all they cannot do without."""
    found: set[Path] = set()
    left = [SCRIPTS / name for name in names]
    while left:
        script = left.pop()
        if script not in found:
            found.add(script)
            left += imports_of(script, AT_ONCE)
    return sum(script.stat().st_size for script in found)


def test_no_script_imports_itself_by_a_detour():
    imports = {script.resolve(): imports_of(script) for script in SCRIPTS.rglob("*.js")}
    assert sum(map(len, imports.values())) > 50
    left = dict(imports)
    while ready := [script for script, needs in left.items() if not any(need in left for need in needs)]:
        for script in ready:
            del left[script]
    assert sorted(script.name for script in left) == []


def test_pages_fetch_no_more_scripts_than_their_budget():
    """Thousands of bytes. Who needs more looks first for what loads with its first use (docs/performance.md)."""
    everything = sum(script.stat().st_size for script in SCRIPTS.rglob("*.js"))
    assert weight("app.js") <= 72_000  # of every page
    assert weight("app.js", "live/rows.js") <= 88_000  # the inbox
    assert weight("app.js", "live/rows.js", "conversation.js") <= 165_000  # with an open conversation
    assert everything <= 290_000
