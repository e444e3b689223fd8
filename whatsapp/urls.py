"""Settings pages of numbers, templates and deliveries."""

from django.urls import path

from whatsapp import views_deliveries, views_profile

urlpatterns = [
    path("settings/profile/", views_profile.index, name="settings-profiles"),
    path("settings/profile/<int:pk>/", views_profile.show, name="settings-profile"),
    path("settings/profile/<int:pk>/picture/", views_profile.picture, name="settings-profile-picture"),
    path("settings/profile/<int:pk>/automation/", views_profile.automation, name="settings-profile-automation"),
    path("settings/profile/<int:pk>/link/", views_profile.link, name="settings-profile-link"),
    path("settings/profile/<int:pk>/qr.<str:form>", views_profile.qr_code, name="settings-profile-qr"),
    path("settings/deliveries/", views_deliveries.index, name="settings-deliveries"),
    path("settings/deliveries/replays/", views_deliveries.replays, name="settings-deliveries-replays"),
    path("settings/deliveries/<int:pk>/content/", views_deliveries.content, name="settings-delivery-content"),
    path("settings/deliveries/<int:pk>/", views_deliveries.show, name="settings-delivery"),
    path("settings/deliveries/<int:pk>/replay/", views_deliveries.replay, name="settings-delivery-replay"),
]
