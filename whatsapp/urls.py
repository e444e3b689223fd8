"""Settings pages of numbers, templates and deliveries."""

from django.urls import path

from whatsapp import views_deliveries

urlpatterns = [
    path("settings/deliveries/", views_deliveries.index, name="settings-deliveries"),
    path("settings/deliveries/<int:pk>/", views_deliveries.show, name="settings-delivery"),
    path("settings/deliveries/<int:pk>/replay/", views_deliveries.replay, name="settings-delivery-replay"),
]
