"""What a browser gets to install the product: public, in the reader's language, about nobody."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.cast import make_cast

pytestmark = pytest.mark.django_db


def test_the_manifest_names_icons_that_exist_and_shortcuts_in_both_languages():
    german = Client().get("/manifest.webmanifest?language=de").json()
    english = Client().get("/manifest.webmanifest?language=en").json()

    assert [each["name"] for each in german["shortcuts"]] == ["Meine", "Nicht zugewiesen"]
    assert [each["name"] for each in english["shortcuts"]] == ["Mine", "Unassigned"]
    assert german["description"] != english["description"]
    assert {each.get("purpose", "any") for each in german["icons"]} == {"any", "maskable"}
    assert all(finders.find(icon["src"].removeprefix("/static/")) for icon in german["icons"])


def test_the_worker_keeps_the_offline_page_and_its_styles_and_nothing_else():
    answer = Client().get("/service-worker.js")

    assert answer["Content-Type"] == "text/javascript"
    assert (answer["Service-Worker-Allowed"], answer["Cache-Control"]) == ("/", "no-cache")
    kept = re.findall(r'"(/[^"]+)"', answer.content.decode().split("addEventListener")[0])
    assert [re.sub(r"\.[0-9a-f]{12}\.", ".", each).replace("\\u003D", "=") for each in kept] == [
        "/offline/?language=de", "/static/css/tokens.css", "/static/css/components.css", "/static/css/app.css",
        "/static/img/icon.svg",
    ]  # fmt: skip


def test_the_worker_of_somebody_signed_in_is_the_same_and_speaks_their_language():
    client = Client()
    client.force_login(make_cast().ben)

    assert client.get("/service-worker.js").content == Client().get("/service-worker.js?language=de").content


def test_the_offline_page_names_nobody_and_speaks_the_language_asked_for():
    client = Client()
    client.force_login(make_cast().ben)
    page = Client().get("/offline/?language=en")

    assert "The server cannot be reached" in page.content.decode()
    assert "Ben" not in client.get("/offline/").content.decode()


@pytest.mark.parametrize(("count", "words"), [(1, "1"), (42, "42"), (250, "99")])
def test_the_tabs_icon_carries_the_number(count, words):
    answer = Client().get(f"/favicon/{count}.svg")

    assert answer["Content-Type"] == "image/svg+xml"
    assert f">{words}</text>" in answer.content.decode()
