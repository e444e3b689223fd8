"""An agent without a browser: signs in, reads pages and posts replies the way the page's script does."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from uuid import UUID


class AgentClient:
    """One signed-in agent of the demo business at a running stack."""

    def __init__(self, port: int, name: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )  # fmt: skip
        page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        field = re.search(r'<input[^>]*name="(username|email)"', page)
        assert token and field, page
        self._send("/accounts/login/", {
            "csrfmiddlewaretoken": token[1], field[1]: f"{name}@radhaus.example", "password": "radhaus-demo"
        })  # fmt: skip
        found = re.search(r'data-csrf="([^"]+)"', self.get("/"))
        assert found, "not signed in"
        self._csrf = found[1]

    def get(self, path: str) -> str:
        with self._opener.open(self.base + path, timeout=15) as answer:
            return answer.read().decode()

    def reply(self, conversation: int, text: str, uid: UUID) -> int:
        """The status of the answer; errors of the network are raised."""
        form = {"text": text, "uid": str(uid), "confirm": "on"}
        try:
            return self._send(f"/conversations/{conversation}/messages/", form, {"X-CSRFToken": self._csrf})
        except urllib.error.HTTPError as error:
            return error.code

    def _send(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> int:
        request = urllib.request.Request(
            self.base + path, urllib.parse.urlencode(form).encode(),
            {"Referer": self.base + "/", "Origin": self.base, **(headers or {})},
        )  # fmt: skip
        with self._opener.open(request, timeout=15) as answer:
            return answer.status
