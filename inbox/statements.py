"""Statements of the hot paths, written by hand: bound by the server and prepared, so that PostgreSQL plans them once.

Every message of a customer runs through the same dozen statements. The ORM writes each of them anew, which takes
several times as long as PostgreSQL needs for the answer. Ingest, delivery and events therefore use these few
functions; all else stays with the ORM. What is stored and read is the same, field conversions and errors included.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DatabaseError, connection, models
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=models.Model)
Parameters = Sequence[Any] | Mapping[str, Any]


class Columns(Generic[M]):
    """Columns of a model for a hand-written SELECT or RETURNING, and the instances they make.

    Without names all of them. Fields that are left out are deferred: reading one asks the database.
    """

    def __init__(self, model: type[M], alias: str, *names: str) -> None:
        self.model = model
        fields = [field for field in model._meta.concrete_fields if not names or field.attname in names]
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self._converters = [
            (index, field, field.from_db_value) for index, field in enumerate(fields) if hasattr(field, "from_db_value")
        ]

    def __len__(self) -> int:
        return len(self.names)

    def instance(self, values: Sequence[Any]) -> M:
        """The instance that these values, in the order of `sql`, describe."""
        row = list(values)
        for index, field, convert in self._converters:
            row[index] = convert(row[index], field, connection)
        return self.model.from_db(connection.alias, self.names, row)


def sql(text: str, **columns: Columns) -> str:
    """A statement whose `{name}` stands for all columns of that name: our own words, never anybody's input."""
    return text.format(**{name: each.sql for name, each in columns.items()})


def fetch(statement: str, parameters: Parameters = ()) -> list[tuple]:
    """Run a statement that answers with rows."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple] = cursor.fetchall()
        return rows


def run(statement: str, parameters: Parameters = ()) -> int:
    """Run a statement that answers with nothing; how many rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def insert(instance: models.Model) -> None:
    """Store a new row as `save(force_insert=True)` does, of a model without signals. Its id is known afterwards."""
    fields = [
        field
        for field in instance._meta.concrete_fields
        if not field.primary_key and not isinstance(getattr(instance, field.attname), DatabaseDefault)
    ]
    statement = _insert_sql(type(instance), tuple(field.column for field in fields))
    [(instance.pk,)] = fetch(statement, [_value(instance, field, is_new=True) for field in fields])
    instance._state.adding, instance._state.db = False, connection.alias


def update(instance: models.Model, names: Sequence[str]) -> None:
    """Write these fields of a stored row as `save(update_fields=…)` does, of a model without signals."""
    statement, fields = _update_sql(type(instance), tuple(names))
    with _cursor() as cursor:
        cursor.execute(statement, [*(_value(instance, field) for field in fields), instance.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"There is no row of {instance!r} to update.")


_INSERT = 'INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING "{key}"'
_UPDATE = 'UPDATE {table} SET {changes} WHERE "{key}" = %s'


@lru_cache
def _insert_sql(model: type[models.Model], columns: tuple[str, ...]) -> str:
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
    return _INSERT.format(table=model._meta.db_table, names=names, marks=marks, key=model._meta.pk.column)


@lru_cache
def _update_sql(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    changes = ", ".join(f'"{field.column}" = %s' for field in fields)
    return _UPDATE.format(table=model._meta.db_table, changes=changes, key=model._meta.pk.column), fields


def _value(instance: models.Model, field: models.Field, *, is_new: bool = False) -> Any:
    value = field.pre_save(instance, is_new)
    return field.get_db_prep_save(value, connection)


def _cursor() -> Any:
    """A cursor with all that Django adds to its own: its exceptions, its checks of the transaction, its query log."""
    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    # Prepared at the first use where a connection lives long enough to profit from it: in loops, not behind a pool.
    raw.prepare_threshold = 0 if connection.settings_dict["CONN_MAX_AGE"] is None else None
    with connection.wrap_database_errors:
        return connection._prepare_cursor(psycopg.Cursor(raw))  # type: ignore[attr-defined]
