"""Help while typing: the emojis, and how WhatsApp will show the text."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from inbox import emoji_names, formatting
from inbox.text import clean

LONGEST = 20_000
A_YEAR = 365 * 24 * 3600


@require_GET
def emojis(request: HttpRequest) -> HttpResponse:
    """All emojis in one language. Language and version are in the address: a browser fetches them once."""
    names = emoji_names.picker_json("en" if request.GET.get("language") == "en" else "de")
    response = HttpResponse(names, content_type="application/json")
    response["Content-Encoding"] = "gzip"  # every browser reads it
    response["Cache-Control"] = f"private, max-age={A_YEAR}, immutable"
    patch_vary_headers(response, ["Cookie"])
    return response


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text as the customer will see it, by the renderer of the thread; empty when it has no marks."""
    html = formatting.to_html(clean(request.POST.get("text", ""))[:LONGEST])
    marked = any(tag in html for tag in ("<b>", "<i>", "<s>", "<code>", "<ul>", "<ol ", "<blockquote>"))
    return JsonResponse({"html": html if marked else ""})
