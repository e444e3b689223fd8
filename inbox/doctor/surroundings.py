"""The settings: what would be dangerous or odd in production, in words."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from accounts.fields import encrypt
from inbox.doctor.findings import Finding, bad, good, note, warn
from whatsapp.checks import host_matches, open_one_of_each

SHORTEST_SECRET, FEWEST_CHARACTERS = 50, 5
SHORTEST_TOKEN = 16


def look() -> Iterator[Finding]:
    found = [*_keys(), *_addresses(), *_secrets()]
    if settings.DEMO:
        found.append(note(_("Demo mode: practice phone and published passwords. Never for real customers.")))
    yield from found or [good(_("Nothing odd."))]


def _keys() -> Iterator[Finding]:
    try:
        encrypt("x")
        open_one_of_each()
    except ImproperlyConfigured:
        yield bad(
            _("Stored tokens cannot be read: FIELD_KEYS lacks the key they were encrypted with."),
            _("Put the key of this installation (or of the restored backup) into FIELD_KEYS."),
        )
    except DatabaseError:
        pass  # the next part has words for that
    if len(settings.FIELD_KEYS) > 1:
        yield note(
            _("FIELD_KEYS holds several keys."),
            _("When a rotation is over (manage.py rotate_field_keys), drop the old ones."),
        )


def _addresses() -> Iterator[Finding]:
    if settings.DEBUG:
        yield bad(_("DEBUG is on: errors show parts of the program to everybody."), _("Set DEBUG=0."))
    if settings.DEMO:
        return
    parts = urlsplit(settings.BASE_URL)
    if parts.scheme != "https":
        yield bad(_("BASE_URL is not https: cookies and messages travel in the open."), _("Set BASE_URL=https://…"))
    if not any(host_matches(parts.hostname or "", pattern) for pattern in settings.ALLOWED_HOSTS):
        yield bad(_("ALLOWED_HOSTS lacks the host of BASE_URL."), _("Every page answers 400 until it is there."))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is None:
        yield warn(
            _("TRUST_PROXY is off: behind a proxy every page would redirect to itself."),
            _("Set TRUST_PROXY=1 when a proxy stands in front that sets X-Forwarded-Proto and X-Forwarded-For."),
        )
    if not settings.GRAPH_BASE_URL.startswith("https://"):
        yield bad(_("GRAPH_BASE_URL is not https."), _("Remove it from the environment."))


def _secrets() -> Iterator[Finding]:
    key = settings.SECRET_KEY
    if not settings.DEMO and (len(key) < SHORTEST_SECRET or len(set(key)) < FEWEST_CHARACTERS):
        words = _("SECRET_KEY is short or simple: sessions could be forged.")
        yield bad(words, _("openssl rand -base64 48 makes a better one."))
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield warn(_("METRICS_TOKEN is short enough to be guessed."), _("openssl rand -hex 24 makes a better one."))
