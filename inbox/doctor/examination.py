"""All parts in turn: what needs a server that is away is left out with a word, what breaks becomes a finding."""

import functools
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import redis
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Workspace
from inbox.doctor import (
    backups,
    certificate,
    clock,
    database,
    loops,
    mail,
    meta,
    redis_server,
    space,
    surroundings,
    workers,
)
from inbox.doctor.findings import Finding, Level, bad, note

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    key: str
    name: str | Promise
    look: Callable[[], Iterable[Finding]]
    needs_database: bool = False


PARTS: tuple[Part, ...] = (
    Part("settings", gettext_lazy("Settings"), surroundings.look),
    Part("database", gettext_lazy("Database"), database.look),
    Part("redis", gettext_lazy("Redis"), redis_server.look),
    Part("loops", gettext_lazy("Receiving and sending"), loops.look, needs_database=True),
    Part("workers", gettext_lazy("Background jobs"), workers.look),
    Part("space", gettext_lazy("Space"), space.look, needs_database=True),
    Part("clock", gettext_lazy("Clock"), clock.look),
    Part("meta", gettext_lazy("WhatsApp"), meta.look, needs_database=True),
    Part("certificate", gettext_lazy("Certificate"), certificate.look),
    Part("mail", gettext_lazy("Mail"), mail.look),
    Part("backups", gettext_lazy("Backups"), backups.look),
)


def parts_of(workspace: Workspace) -> tuple[Part, ...]:
    """The same for the page of a workspace: it hears of the house, and of no number or mail server but its own."""
    own = {"meta": functools.partial(meta.look, workspace), "mail": functools.partial(mail.look, workspace)}
    return tuple(replace(part, look=own[part.key]) if part.key in own else part for part in PARTS)


@dataclass(frozen=True)
class Examined:
    part: Part
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        return max((finding.level for finding in self.findings), default=Level.GOOD)


def verdict(worst: Level) -> str:
    """All of it in one sentence."""
    if worst == Level.BAD:
        return _("Something is broken.")
    return _("It works, but something wants to be looked at.") if worst == Level.WARN else _("All is well.")


def examine(parts: Iterable[Part] = PARTS) -> Iterator[Examined]:
    """Each part as soon as it is done."""
    has_database = True
    for part in parts:
        if part.needs_database and not has_database:
            found: tuple[Finding, ...] = (note(_("Not looked at, since the database does not answer.")),)
        else:
            found = tuple(_looked(part))
        if part.key == "database" and any(finding.level == Level.BAD for finding in found):
            has_database = database.answers()
        yield Examined(part, found)


def _looked(part: Part) -> Iterator[Finding]:
    try:
        yield from part.look()
    except (OperationalError, InterfaceError):
        yield bad(_("The database does not answer."), _("Start PostgreSQL and look at its log."))
    except DatabaseError as error:
        words = _("The database refused a question (%(error)s).") % {"error": type(error).__name__}
        yield bad(words, _("Run manage.py migrate; this part needs tables of the present version."))
    except (redis.RedisError, OSError) as error:
        words = _("This part could not be looked at: %(error)s.") % {"error": type(error).__name__}
        yield bad(words, _("Look at the parts above first, Redis above all."))
    except Exception as error:
        logger.debug("The doctor's %s broke", part.key, exc_info=True)
        words = _("This check itself failed: %(error)s.") % {"error": type(error).__name__}
        yield bad(words, _("Please report this as a bug; LOG_LEVEL=DEBUG shows the details."))
