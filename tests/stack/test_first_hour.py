"""From an empty database to a colleague who reads a customer's first message, over HTTP, at the running product."""

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts import authenticator_app
from tests.stack.counter import Counter, open_counter

pytestmark = pytest.mark.stack
PASSWORD = "ein-langer-anfang-am-tresen"


class Visitor:
    """A browser without a window: follows redirects, keeps cookies, sends the last page's token."""

    def __init__(self, counter: Counter) -> None:
        self.base, self.page, self.at = counter.url, "", ""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._opener.addheaders = [("Accept-Language", "en")]

    def get(self, path: str) -> int:
        return self._ask(urllib.request.Request(urllib.parse.urljoin(self.base, path)))

    def post(self, path: str, /, **form: str) -> int:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        assert token, self.page
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **form}).encode()
        headers = {"Referer": self.base + "/", "Origin": self.base}
        return self._ask(urllib.request.Request(urllib.parse.urljoin(self.base, path), body, headers))

    def _ask(self, request: urllib.request.Request) -> int:
        try:
            with self._opener.open(request, timeout=60) as answer:
                self.page, self.at = answer.read().decode(), urllib.parse.urlsplit(answer.url).path
                return answer.status
        except urllib.error.HTTPError as refusal:
            self.page = refusal.read().decode()
            return refusal.code

    def set_up_second_factor(self) -> None:
        self.get("/accounts/second-factor/app/")
        shown = re.search(r'<code class="otp-key">([^<]+)</code>', self.page)
        assert shown, self.page
        code = authenticator_app.code_at(re.sub(r"\s", "", shown[1]), int(time.time() // 30))
        self.post("/accounts/second-factor/app/", code=code)
        assert "Recovery codes" in self.page
        self.post("/accounts/second-factor/recovery-codes/")


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.3)


def test_an_empty_house_is_set_up_and_answers_its_first_customer() -> None:
    with open_counter(EMPTY="1") as counter:
        told = (Path(counter.env["DATA_DIR"]) / "stack.log").read_text
        until(lambda: "with the code:" in told(), "the code in the terminal")
        code = told().partition("with the code:")[2].split()[0]
        founder, kai = Visitor(counter), Visitor(counter)
        who = {"name": "Frida Anfang", "email": "frida@laden.example", "password": PASSWORD}

        founder.get("/")
        assert founder.at == "/setup/"
        assert founder.post("/setup/", code="AAAA-AAAA-AAAA", **who) == 422
        founder.post("/setup/", code=code, **who)
        assert founder.at == "/accounts/second-factor/set-up/"
        founder.set_up_second_factor()
        assert founder.at == "/setup/business/"
        founder.post("/setup/business/", name="Blumen Anfang", language="en", timezone="Europe/Berlin")
        founder.post("/setup/whatsapp/", path="practice")
        assert founder.at == "/setup/team/", founder.page
        founder.post("/setup/team/", invite="1", email="kai@laden.example", role="admin")
        link = re.search(r'data-copy="([^"]+)"', founder.page)
        assert link

        kai.get(link[1])
        kai.post(link[1], name="Kai", password=PASSWORD + "-kai")
        assert kai.at == "/accounts/second-factor/set-up/"
        kai.set_up_second_factor()
        assert kai.at == "/setup/team/"  # an admin too: whoever comes first ends it

        founder.post("/setup/team/", team="Laden")
        founder.post("/setup/done/")
        assert founder.at == "/" and "Blumen Anfang" in founder.page
        assert {founder.get("/setup/"), Visitor(counter).get("/setup/"), founder.get("/setup/team/")} == {404}

        counter.phone("POST", "customers/lena/messages", {"type": "text", "text": "Habt ihr Tulpen?"})
        until(lambda: kai.get("/?view=all") == 200 and "Habt ihr Tulpen?" in kai.page, "the customer's words at Kai's")
        houses = counter.rows("SELECT name, is_demo, setup_step FROM accounts_workspace")
        assert houses == [("Blumen Anfang", False, "")]
