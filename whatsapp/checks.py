"""System checks: missing or odd settings are named at start."""

from django.conf import settings
from django.core.checks import Error, register


@register(deploy=True)
def no_demo_in_production(app_configs: object, **kwargs: object) -> list[Error]:
    """`check --deploy` is for production: demo mode and its published passwords must be off there."""
    if settings.DEMO:
        return [Error("TRESEN_DEMO must not be set in production.", id="whatsapp.E001")]
    if not settings.GRAPH_BASE_URL.startswith("https://"):
        return [Error("GRAPH_BASE_URL must be https in production.", id="whatsapp.E002")]
    return []
