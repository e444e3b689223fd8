from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "whatsapp.sandbox"
    label = "sandbox"
    verbose_name = "Practice phone"
