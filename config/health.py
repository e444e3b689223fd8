"""Is this process alive, and is it ready: for orchestrators and proxies. It says ok or not ok and nothing else."""

import logging

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.utils import InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from whatsapp.checks import open_one_of_each

logger = logging.getLogger(__name__)


@never_cache
@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database, Redis and keys are there. Redis away is not ready, although messages are still taken in."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        open_one_of_each()
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except (DatabaseError, InterfaceError, redis.RedisError, OSError, ImproperlyConfigured) as error:
        logger.warning("Not ready: %s", type(error).__name__)
        return HttpResponse("not ok\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
