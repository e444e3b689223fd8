"""The URL map. Every view is private by LoginRequiredMiddleware unless it says otherwise."""

from django.conf import settings
from django.urls import include, path

from config import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("accounts.urls")),
    path("", include("whatsapp.urls")),
    path("", include("inbox.urls")),
]

if settings.DEMO:
    urlpatterns += [path("", include("inbox.practice_urls"))]
