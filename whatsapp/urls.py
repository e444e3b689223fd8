"""Settings pages of numbers, templates and deliveries."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
