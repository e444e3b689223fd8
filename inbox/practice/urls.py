"""The practice phone's pages, in demo mode only."""

from django.urls import path

from inbox.views import practice

urlpatterns = [
    path("practice/", practice.page, name="practice-phone"),
    path("practice/customers/", practice.people, name="practice-people"),
    path("practice/crowd/", practice.crowd, name="practice-crowd"),
    path("practice/media/<int:media_id>/", practice.media, name="practice-media"),
    path("practice/templates/<int:template_id>/review/", practice.review, name="practice-review"),
    path("practice/<str:key>/live/", practice.live, name="practice-live"),
    path("practice/<str:key>/messages/", practice.messages, name="practice-messages"),
    path("practice/<str:key>/clock/", practice.clock, name="practice-clock"),
    path("practice/<str:key>/behaviour/", practice.behaviour, name="practice-behaviour"),
]
