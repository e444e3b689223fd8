"""Rows beside what a screen shows, with only the columns it shows.

A person has thirty columns and a page shows a name; reading all of them for each of fifty rows costs more than the rest
of the query. What is left out is deferred: reading it asks the database, which the tests that count queries notice.
"""

from functools import lru_cache
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Q = TypeVar("Q", bound=QuerySet[Any, Any])

PERSON = ("workspace", "name")
CUSTOMER = ("workspace", "kind", "name", "profile_name", "username")


def with_beside(found: Q, **shown: tuple[str, ...]) -> Q:
    """`select_related` of these relations, each with the named columns alone: `author=("name",)`."""
    hidden = [name for path, names in shown.items() for name in _hidden(found.model, path, names)]  # type: ignore[arg-type]
    return found.select_related(*shown).defer(*hidden)


@lru_cache(maxsize=64)
def _hidden(model: type[Model], path: str, names: tuple[str, ...]) -> list[str]:
    for step in path.split("__"):
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return [
        f"{path}__{field.name}"
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in names
    ]
