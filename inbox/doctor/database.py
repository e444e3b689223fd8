"""PostgreSQL: reachable, new enough, complete, migrated, careful, and with the right rights."""

from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.doctor.findings import Finding, bad, good, warn

OLDEST = 150000
CONNECT_SECONDS = 4
EXTENSIONS = ("pg_trgm", "unaccent")
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")

_LACKING = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT (has_table_privilege(c.oid, 'SELECT')
        AND (c.relname = 'django_migrations' OR has_table_privilege(c.oid, 'INSERT')))
"""
_CHANGEABLE = """
    SELECT count(DISTINCT c.oid) FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.proname = 'tresen_append_only' AND n.nspname = current_schema()
    AND (has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE'))
"""


def answers() -> bool:
    """Whether PostgreSQL can be connected to within a few seconds."""
    return not _trouble()


def _trouble() -> str:
    """What a fresh connection meets, or "": the driver's words, which name the address and never the password."""
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
    for name in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(name, None)
    try:
        psycopg.connect(**parameters).close()
    except psycopg.Error as error:
        return str(error).strip().split("\n")[0] or type(error).__name__
    return ""


def look() -> Iterator[Finding]:
    if trouble := _trouble():
        words = _("PostgreSQL cannot be reached: %(error)s") % {"error": trouble}
        yield bad(words, _("Start PostgreSQL, and check DATABASE_URL: host, port, name and password."))
        return
    yield from _version()
    yield from _extensions()
    yield from _migrations()
    yield from _care()
    yield from _rights()


def _version() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, words = cursor.fetchone()
    version = str(words).split(" ")[0]
    if number < OLDEST:
        yield bad(
            _("PostgreSQL %(version)s is too old.") % {"version": version},
            _("Tresen needs PostgreSQL 15 or newer: back up, install a newer one, restore."),
        )
    else:
        yield good(_("PostgreSQL %(version)s answers.") % {"version": version})


def _extensions() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension WHERE extname = ANY(%s)", [list(EXTENSIONS)])
        there = {row[0] for row in cursor.fetchall()}
    if missing := [name for name in EXTENSIONS if name not in there]:
        yield bad(
            _("Extensions are missing: %(names)s.") % {"names": ", ".join(missing)},
            _("Run manage.py migrate as the owner of the tables; on Debian they come with postgresql-contrib."),
        )


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations or {}
    ours = {app for app, _name in known}
    strange = [key for key in executor.loader.applied_migrations if key[0] in ours and key not in known]
    if strange:
        yield bad(
            _("The database was migrated by a newer version (%(name)s).") % {"name": ".".join(strange[-1])},
            _("Start that version again, or restore a backup made by this one."),
        )
        return
    if waiting := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
        words = ngettext("%(count)s migration is not applied.", "%(count)s migrations are not applied.", waiting)
        yield bad(
            words % {"count": waiting},
            _("Run manage.py migrate (in containers: docker compose up -d runs it before the others)."),
        )
    else:
        yield good(_("All migrations are applied."))


def _care() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(DURABLE)])
        careless = sorted(row[0] for row in cursor.fetchall())
    if careless:
        yield warn(
            _("PostgreSQL runs with %(names)s off: a power cut could lose messages.") % {"names": ", ".join(careless)},
            _("Switch them on in postgresql.conf."),
        )


def _rights() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_LACKING)
        lacking = cursor.fetchone()[0]
        cursor.execute(_CHANGEABLE)
        changeable = cursor.fetchone()[0]
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        role, is_super = cursor.fetchone()
    if lacking:
        words = ngettext(
            "The role %(role)s lacks rights on %(count)s table.",
            "The role %(role)s lacks rights on %(count)s tables.", lacking,
        )  # fmt: skip
        advice = _("Run python -m config.grants %(role)s as the owner of the tables.")
        yield bad(words % {"role": role, "count": lacking}, advice % {"role": role})
    if settings.DEMO:
        return
    if is_super:
        yield warn(
            _("The application uses the superuser %(role)s.") % {"role": role},
            _("Give it a role of its own, as compose.yaml does, and run config.grants."),
        )
    elif changeable:
        yield warn(
            _("The role %(role)s could change the audit log and other records that must stay.") % {"role": role},
            _("Let another role own the tables (compose.yaml does), and run config.grants after each migration."),
        )
