"""What is answered when something of ours broke. Needs neither database nor session: one of them may be what failed."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from psycopg import OperationalError as DriverError

RETRY_AFTER_SECONDS = 3


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away or has no connection left: it will work in a moment. 500 for everything else."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError | DriverError)
    page = get_template("503.html" if is_away else "500.html").render()
    response = HttpResponse(page, status=503 if is_away else 500)
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
