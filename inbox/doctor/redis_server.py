"""Redis or Valkey: wake-ups, presence and job queues. Nothing in it is worth a backup, but it must answer."""

from collections.abc import Iterator

import redis
from django.utils.translation import gettext as _

from inbox.doctor.findings import Finding, bad, good, warn
from inbox.redis_connections import client

NEARLY_FULL = 0.9


def look() -> Iterator[Finding]:
    try:
        facts = client().info()
    except redis.AuthenticationError:
        yield bad(_("Redis refuses our password."), _("Check REDIS_URL."))
        return
    except (redis.RedisError, OSError) as error:
        yield bad(
            _("Redis cannot be reached (%(error)s). Messages are still received and sent, but screens are late and "
              "background jobs wait.") % {"error": type(error).__name__},
            _("Start Redis or Valkey, and check REDIS_URL."),
        )  # fmt: skip
        return
    version = facts.get("valkey_version") or facts.get("redis_version", "?")
    name = "Valkey" if facts.get("valkey_version") else "Redis"
    yield good(_("%(name)s %(version)s answers.") % {"name": name, "version": version})
    limit, used = int(facts.get("maxmemory") or 0), int(facts.get("used_memory") or 0)
    if limit and facts.get("maxmemory_policy") != "noeviction":
        yield warn(
            _("Redis throws keys away when it is full (%(policy)s): jobs could vanish.")
            % {"policy": facts.get("maxmemory_policy")},
            _("Set maxmemory-policy noeviction."),
        )
    if limit and used > limit * NEARLY_FULL:
        yield warn(_("Redis has used nine tenths of its memory."), _("Raise maxmemory, and look for jobs that wait."))
