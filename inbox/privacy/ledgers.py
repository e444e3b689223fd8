"""Ledgers let go of rows through functions of the database only: the application itself may not change or delete them.

The functions (see the migration) ask whether an erasure is under way for just that contact, or whether a line is older
than the workspace keeps.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection


def erase_consents(ids: Iterable[int]) -> int:
    return int(_call("SELECT inbox_erase_consents(%s)", [list(ids)]))


def part_consents(messages: Iterable[int]) -> None:
    """The evidence stays, with its words; the message it came in goes."""
    _call("SELECT inbox_part_consents(%s)", [list(messages)])


def hide_in_audit(pk: int, subject: str, data: dict[str, Any]) -> None:
    _call("SELECT accounts_hide_in_audit(%s, %s, %s::jsonb)", [pk, subject[:120], json.dumps(data)])


def forget_audit(ids: Iterable[int]) -> int:
    return int(_call("SELECT accounts_forget_audit(%s)", [list(ids)]))


def _call(statement: str, values: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
