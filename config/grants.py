"""What the application's database role may do, when another role owns the tables: `python -m config.grants ROLE`.

Run by the owner after each migration (compose.yaml does). The application reads and writes rows, but on append-only
tables it can neither change nor remove any, and it cannot alter tables or switch triggers off.
"""

import os
import sys

import psycopg
from psycopg import sql

APPEND_ONLY_TABLES = """
    SELECT DISTINCT c.relname FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.proname = 'tresen_append_only' AND c.relnamespace = 'public'::regnamespace
    ORDER BY c.relname
"""


def apply(connection: psycopg.Connection, role: str) -> list[str]:
    """Give the role what the application needs and no more; the names of the append-only tables."""
    name = sql.Identifier(role)
    with connection.transaction():
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            connection.execute(sql.SQL(statement).format(role=name))
        tables = [row[0] for row in connection.execute(APPEND_ONLY_TABLES).fetchall()]
        for table in tables:
            revoke = sql.SQL("REVOKE UPDATE, DELETE ON {table} FROM {role}")
            connection.execute(revoke.format(table=sql.Identifier(table), role=name))
        if connection.execute("SELECT to_regclass('public.django_migrations')").fetchone() != (None,):
            connection.execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}").format(role=name)
            )
    return tables


def main(role: str) -> None:
    """Apply to DATABASE_URL."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        tables = apply(connection, role)
    sys.stdout.write(f"{role} may not change or remove rows of: {', '.join(tables) or 'no table'}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
