"""One Chromium for the module, one real web process for all, and for each test the cast and signed-in tabs."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError
from django.db import OperationalError
from django.test import TransactionTestCase
from playwright.sync_api import Browser, Page, expect

from accounts.models import Agent
from inbox import redis_connections
from tests.browser.web import Web, running_browser
from tests.cast import Cast, make_cast

_empty_tables = TransactionTestCase._fixture_teardown


def _empty_tables_patiently(case: TransactionTestCase) -> None:
    """The web process may still be busy with a tab that has just been closed; of two that wait, one has to give way."""
    for attempt in range(5):
        try:
            _empty_tables(case)
            return
        except (CommandError, OperationalError):  # of a deadlock
            if attempt == 4:
                raise
            time.sleep(0.5)


TransactionTestCase._fixture_teardown = _empty_tables_patiently


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture(scope="package")
def _web(django_db_setup: None) -> Iterator[Web]:
    """For the tests of this folder only: what it writes about presence would tell others that nobody is here."""
    web = Web()
    yield web
    web.kill()
    redis_connections.client().flushdb()


@pytest.fixture
def web(cast: Cast, _web: Web) -> Web:
    """It runs; a test may have killed it."""
    _web.start()
    return _web


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
