"""The scripts as they are served: every name carries a fingerprint, so no module may import itself by a detour."""

import re
from pathlib import Path

from django.conf import settings

SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def imports_of(script: Path) -> list[Path]:
    return [(script.parent / found).resolve() for found in IMPORT.findall(script.read_text())]


def test_no_script_imports_itself_by_a_detour():
    imports = {script.resolve(): imports_of(script) for script in SCRIPTS.rglob("*.js")}
    assert sum(map(len, imports.values())) > 50
    left = dict(imports)
    while ready := [script for script, needs in left.items() if not any(need in left for need in needs)]:
        for script in ready:
            del left[script]
    assert sorted(script.name for script in left) == []
