"""What a browser needs to install the product and to be told things: all public, none of it about anybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

# The desk of static/css/tokens.css (--canvas).
CANVAS = {"light": "#efede8", "dark": "#0d0d0c"}
MOST_SHOWN = 99
OFFLINE_FILES = ("css/tokens.css", "css/components.css", "css/app.css", "img/icon.svg")


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, for the whole site; its text changes with the files it keeps, which is how it is updated."""
    offline = f"{reverse('offline')}?language={translation.get_language()}"
    context = {"offline": offline, "files": [static(name) for name in OFFLINE_FILES]}
    response = render(request, "installation/service_worker.js", context, content_type="text/javascript")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker shows when the server cannot be reached."""
    return render(request, "installation/offline.html")


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Name, icons and colours for the home screen. Browsers ask without a session: the link names the language."""
    views = [("mine", _("Mine")), ("unassigned", _("Unassigned"))]
    content = {
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "name": "Tresen",
        "short_name": "Tresen",
        "description": _("The shared WhatsApp inbox of your team."),
        "lang": translation.get_language(),
        "dir": "ltr",
        "display": "standalone",
        "categories": ["business", "productivity"],
        "background_color": CANVAS["light"],
        "theme_color": CANVAS["light"],
        "icons": [
            _picture("icon-192.png", "192x192"),
            _picture("icon-512.png", "512x512"),
            _picture("icon-maskable-512.png", "512x512", purpose="maskable"),
            {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
        "shortcuts": [
            {"name": words, "url": f"{reverse('inbox')}?view={view}", "icons": [_picture("icon-192.png", "192x192")]}
            for view, words in views
        ],
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = "max-age=3600"
    return response


def _picture(name: str, sizes: str, **more: str) -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": sizes, "type": "image/png", **more}


@login_not_required
@require_safe
def favicon_with(request: HttpRequest, count: int) -> HttpResponse:
    """Our icon with a number on it, for the tab."""
    words = str(count) if count <= MOST_SHOWN else f"{MOST_SHOWN}+"
    width = 9 + 8 * min(len(words), 2)
    context = {"words": words[:2], "width": width, "left": 32 - width, "middle": str(32 - width / 2)}
    response = render(request, "installation/favicon.svg", context, content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
