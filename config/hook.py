"""The ASGI application of the process `hook`: the webhook door and nothing else (production, decisions.md 8)."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TRESEN_PROCESS", "hook")
django.setup()

from inbox.loops import pauses  # noqa: E402
from whatsapp.door import door  # noqa: E402
from whatsapp.webhook import WEBHOOK_PATH, webhook_application  # noqa: E402

pauses.settle()


async def application(scope, receive, send):  # type: ignore[no-untyped-def]
    """Answers the webhook path; `/healthz` says that the process runs, everything else is 404."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == WEBHOOK_PATH:
        await webhook_application(scope, receive, send)
    elif scope["type"] == "http":
        status = 200 if scope["path"] in ("/healthz", "/health/live") else 404
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive, send):  # type: ignore[no-untyped-def]
    """Servers that announce their end get the counts written; Daphne does not, and nothing depends on it."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await door().close()
            await send({"type": "lifespan.shutdown.complete"})
            return
