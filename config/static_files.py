"""How static files are named and stored: by the hash of their contents, ES modules included."""

from collections.abc import Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports of modules too, so that a page after an update never mixes old and new scripts."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[tuple]:
        """All but htmx's extensions: they import by bare names that no file has, and no page of ours loads them."""
        ours = {name: path for name, path in paths.items() if not name.startswith("django_htmx/ext/")}
        yield from super().post_process(ours, dry_run, **options)
