"""Rules about passwords that are ours, beside Django's."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEMO_PASSWORD = "radhaus-demo"  # noqa: S105 - published on purpose, works in demo mode only


def is_demo_password(password: str) -> bool:
    return password.strip().lower() == DEMO_PASSWORD


class NotTheDemoPassword:
    """Refuses the password that README.md publishes."""

    def validate(self, password: str, user: object = None) -> None:
        if is_demo_password(password) and not settings.DEMO:
            raise ValidationError(_("This password is published in the manual. Choose another."), code="demo_password")

    def get_help_text(self) -> str:
        return ""
