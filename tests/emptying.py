"""How the tests that commit clean up after themselves: only tables with rows in them, and row by row.

Django truncates every table there is, which makes a few hundred files anew: most of a second, after each such test.
Rows are deleted here without triggers and without checks of references, which only our own throw-away server allows; on
any other one Django does it its way.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

# What migrations leave and tests never change.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}

_django_does_it = TransactionTestCase._fixture_teardown


def _may_be_quick() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _empty() -> None:
    existing = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [connection.ops.quote_name(name) for name in existing if name not in KEPT]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        # Somebody may be in the middle of writing: a web process with a tab that has just been closed.
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))
        full = [name for (name,) in cursor.fetchall()]
        if full:
            cursor.execute("; ".join(f"DELETE FROM {name}" for name in full))


def _fixture_teardown(case: TransactionTestCase) -> None:
    from inbox import push
    from inbox.privacy import ledger

    if _may_be_quick():
        _empty()
        # What an installation has from its first minute: keys of its own.
        push.current_key()
        ledger.ensure_key()
    else:
        _django_does_it(case)


def install() -> None:
    """From now on, in this process."""
    TransactionTestCase._fixture_teardown = _fixture_teardown
