"""What every page of the shell shows, whichever app renders it."""

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict:
    return {"DEMO": settings.DEMO}
