"""The URL map. Every view is private by LoginRequiredMiddleware unless it says otherwise."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, metrics


class Favicon(RedirectView):
    """Browsers and link previews ask for it by this name, whatever the page says."""

    def get_redirect_url(self, *args: object, **kwargs: object) -> str:
        return static("img/icon.svg")


handler500 = "config.errors.server_error"

urlpatterns = [
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("favicon.ico", login_not_required(Favicon.as_view()), name="favicon"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("accounts.urls")),
    path("api/v1/", include(("inbox.api.service", "api"))),
    path("", include("whatsapp.urls")),
    path("", include("inbox.urls")),
]

if settings.DEMO:
    urlpatterns += [path("", include("inbox.practice.urls"))]
