"""Another system that speaks to our API."""

import json
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import api_tokens
from accounts.models import Agent, ApiToken, Scope

EVERYTHING = tuple(Scope)


class System:
    """Has a token of `by` and uses it with every request."""

    def __init__(self, by: Agent, *scopes: str, name: str = "Shop", days: int = 30, **limits: Any) -> None:
        self.token: ApiToken
        expires_at = timezone.now() + timedelta(days=days)
        made = api_tokens.create_token(name=name, scopes=scopes or EVERYTHING, expires_at=expires_at, by=by, **limits)
        self.token, self.text = made
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers())

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        return self.send("POST", path, body or {}, key=key)

    def patch(self, path: str, body: Any, *, key: str = "") -> HttpResponse:
        return self.send("PATCH", path, body, key=key)

    def send(self, method: str, path: str, body: Any, *, key: str = "") -> HttpResponse:
        headers = self.headers() | ({"Idempotency-Key": key} if key else {})
        return self.client.generic(
            method, f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}
