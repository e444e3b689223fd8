"""Rules about passwords that are ours, beside Django's."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEMO_PASSWORD = "radhaus-demo"  # noqa: S105 - published on purpose, works in demo mode only
DEMO_ADDRESSES = tuple(f"{name}@radhaus.example" for name in ("admin", "lead", "mara", "jonas", "aylin", "tim"))


def is_demo_password(password: str) -> bool:
    return password.strip().lower() == DEMO_PASSWORD


class NotTheDemoPassword:
    """Refuses the password that README.md publishes."""

    def validate(self, password: str, user: object = None) -> None:
        if is_demo_password(password) and not settings.DEMO:
            raise ValidationError(_("This password is published in the manual. Choose another."), code="demo_password")

    def get_help_text(self) -> str:
        return ""


class NotOnePattern:
    """Refuses what is long but no secret: one piece repeated, or a run like 123456789012."""

    def validate(self, password: str, user: object = None) -> None:
        lowered = password.lower()
        repeats = lowered in (lowered + lowered)[1:-1]
        steps = {ord(after) - ord(before) for before, after in zip(lowered, lowered[1:], strict=False)}
        runs = steps <= {1, -9} or steps <= {-1, 9} or len(set(lowered)) < 5
        if repeats or runs:
            raise ValidationError(_("This password is easy to guess. Choose another."), code="one_pattern")

    def get_help_text(self) -> str:
        return ""
