"""The URL map. Every view is private by LoginRequiredMiddleware unless it says otherwise."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("accounts.urls")),
    path("", include("whatsapp.urls")),
    path("", include("inbox.urls")),
]

if settings.DEMO:
    urlpatterns += [path("", include("inbox.practice_urls"))]
