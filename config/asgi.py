"""The ASGI application: the webhook door, the pages, the socket. Depends on no particular server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

pages = get_asgi_application()

from django.urls import get_resolver  # noqa: E402

from inbox import rendering  # noqa: E402
from inbox.consumers import socket_application  # noqa: E402
from inbox.loops import pauses  # noqa: E402
from whatsapp.webhook import WEBHOOK_PATH, webhook_application  # noqa: E402

get_resolver().url_patterns  # noqa: B018 - imports the views now rather than with the first page
rendering.prepare()
pauses.settle()


async def application(scope, receive, send):  # type: ignore[no-untyped-def]
    if scope["type"] == "websocket":
        await socket_application(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == WEBHOOK_PATH:
        await webhook_application(scope, receive, send)
    else:
        await pages(scope, receive, send)
