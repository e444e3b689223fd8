"""One Chromium for the module, the cast, a real web process, and signed-in tabs."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Agent
from tests.browser.web import Web, running_browser
from tests.cast import Cast, make_cast


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def web(cast: Cast) -> Iterator[Web]:
    web = Web()
    web.start()
    yield web
    web.kill()


@pytest.fixture
def open_page(web: Web, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(agent, path)`: a tab of that person with its socket open; any script error fails the test."""
    contexts, problems = [], []

    def opened(agent: Agent, path: str, **options: object) -> Page:
        context = web.signed_in(browser, agent, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.add_init_script(
            "document.addEventListener('tresen:state', ({detail}) => document.documentElement.dataset.socket = detail)"
        )
        page.goto(web.url + path)
        expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
