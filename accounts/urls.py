"""Sign-in, profile, people."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
