"""System checks: missing, odd or dangerous settings are named at start, before anything runs with them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from accounts.fields import encrypt, secret_columns

PRIVATE_HOSTS = {"127.0.0.1", "localhost", "::1", ""}


@register(deploy=True)
def no_demo_in_production(app_configs: object, **kwargs: object) -> list[Error]:
    """`check --deploy` is for production: demo mode and its published passwords must be off there."""
    if settings.DEMO:
        return [Error("TRESEN_DEMO must not be set in production.", id="whatsapp.E001")]
    if not settings.GRAPH_BASE_URL.startswith("https://"):
        return [Error("GRAPH_BASE_URL must be https in production.", id="whatsapp.E002")]
    return []


@register()
def production_never_talks_to_the_practice_phone(app_configs: object, **kwargs: object) -> list[Error]:
    """Outside demo mode messages go to Meta over https, or the start is refused."""
    if not settings.DEMO and not settings.GRAPH_BASE_URL.startswith("https://"):
        return [Error("GRAPH_BASE_URL must be https outside demo mode.", id="whatsapp.E003")]
    return []


@register(deploy=True)
def addresses_fit(app_configs: object, **kwargs: object) -> list[Error]:
    """Links, cookies and sockets need one public https address that is also an allowed host."""
    parts, errors = urlsplit(settings.BASE_URL), []
    if parts.scheme != "https":
        errors.append(Error("BASE_URL must begin with https:// in production.", id="whatsapp.E004"))
    if not any(host_matches(parts.hostname or "", pattern) for pattern in settings.ALLOWED_HOSTS):
        errors.append(Error("ALLOWED_HOSTS must contain the host of BASE_URL.", id="whatsapp.E005"))
    return errors


def host_matches(host: str, pattern: str) -> bool:
    return host == pattern or (pattern.startswith(".") and (host == pattern[1:] or host.endswith(pattern)))


@register(deploy=True)
def redis_is_closed(app_configs: object, **kwargs: object) -> list[Error]:
    """A Redis on another machine without a password is open to whoever reaches it."""
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "unix" or (parts.hostname or "") in PRIVATE_HOSTS or parts.password:
        return []
    return [Error("REDIS_URL names another machine but no password.", id="whatsapp.E006")]


@register(deploy=True)
def database_is_encrypted_on_the_way(app_configs: object, **kwargs: object) -> list[Warning]:
    """PostgreSQL on another machine without TLS shows every message to the network between."""
    database = settings.DATABASES["default"]
    host = str(database.get("HOST", ""))
    if host in PRIVATE_HOSTS or host.startswith("/") or "." not in host:  # a container's name stays on this machine
        return []
    if database["OPTIONS"].get("sslmode") in ("verify-full", "verify-ca", "require"):
        return []
    return [Warning("DATABASE_URL names another machine: add ?sslmode=verify-full.", id="whatsapp.W001")]


@register()
def field_keys_are_keys(app_configs: object, **kwargs: object) -> list[Error]:
    """Each of FIELD_KEYS must be a Fernet key."""
    try:
        encrypt("x")
    except ImproperlyConfigured as error:
        return [Error(str(error), id="whatsapp.E007")]
    return []


@register(Tags.database)
def stored_secrets_can_be_read(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Error]:
    """The newest secret of every kind must open with FIELD_KEYS: a wrong key is noticed here, not while sending.

    Runs before each `migrate` (which every start begins with) and with `check --database default`.
    """
    try:
        for alias in databases or ():
            open_one_of_each(alias)
    except DatabaseError:  # not migrated yet
        return []
    except ImproperlyConfigured as error:
        return [Error(str(error), id="whatsapp.E008")]
    return []


@register(Tags.database)
def committed_means_stored(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Error]:
    """A webhook we answered must survive a power cut: PostgreSQL may not be told to skip writing to disk."""
    if settings.DEMO:  # tests and trials may
        return []
    names = ("fsync", "full_page_writes", "synchronous_commit")
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_setting(%s), current_setting(%s), current_setting(%s)", names)
            off = [name for name, value in zip(names, cursor.fetchone(), strict=True) if value == "off"]
        if off:
            return [Error(f"PostgreSQL runs with {', '.join(off)} off: messages could be lost.", id="whatsapp.E010")]
    return []


def open_one_of_each(alias: str = "default") -> None:
    """Read one stored secret per column. Raises ImproperlyConfigured when its key is not among FIELD_KEYS."""
    for model, names in secret_columns():
        for name in names:
            model._base_manager.using(alias).order_by("-pk").values_list(name, flat=True).first()
