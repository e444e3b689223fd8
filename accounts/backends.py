"""Sign-in by e-mail and password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import Agent
from accounts.passwords import is_demo_password


class AgentBackend(ModelBackend):
    """Django's own, hashing for unknown addresses too; the published demo sign-ins work in demo mode only."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Agent | None:
        agent = super().authenticate(request, username=username, password=password, **kwargs)
        if agent is None or (not settings.DEMO and is_demo_password(password or "")):
            return None
        return agent

    def user_can_authenticate(self, user: Any) -> bool:
        """Active, and not of a demo workspace left over in a real installation."""
        return user.is_active and (settings.DEMO or not user.workspace.is_demo)

    def get_user(self, user_id: int) -> Agent | None:
        """Asked on every request, so a deactivated person is out with the next one."""
        agent = Agent.objects.select_related("workspace").filter(pk=user_id).first()
        return agent if agent is not None and self.user_can_authenticate(agent) else None
