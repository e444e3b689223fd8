"""Pages go out compressed: the inbox is 160 kB of HTML, 20 kB on its way."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses HTML and JSON. Files and exports go as they are: most are small already, and parts may be asked for.

    The length tells nothing of the one secret in a page: the CSRF token is masked anew each time, and Django adds up to
    100 random bytes (https://docs.djangoproject.com/en/5.2/ref/middleware/#module-django.middleware.gzip).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in ("text/html", "application/json"):
            return response
        return super().process_response(request, response)
