"""Turn DATABASE_URL into Django's settings, with the connection policy of each kind of process."""

from urllib.parse import parse_qsl, unquote, urlsplit

# Processes that answer HTTP under ASGI: Django starts a thread per request there, so persistent connections leak and
# a pool is needed. Loops and workers keep one connection instead.
POOLED = {"web", "hook"}


def database_from_url(url: str, process: str) -> dict:
    """`postgres://user:password@host:port/name?option=value` as a DATABASES entry for this kind of process."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    timeouts = "-c statement_timeout=10s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s"
    options: dict = {
        "options": timeouts if process in POOLED else "-c idle_in_transaction_session_timeout=120s",
        "application_name": f"tresen-{process}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    if sslmode := query.get("sslmode"):
        options["sslmode"] = sslmode
    if process in POOLED:
        options["pool"] = {"min_size": 2, "max_size": 8, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if process in POOLED else None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
