"""The stack of `make run`, two agents and two customers' phones, shared by the tests of this folder.

The tests stand in the order of a story. A window with one minute left needs a real minute to close: it is set going at
the beginning (`closing`) and looked at in the last file, with everything that does not depend on it in between.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.walk.walking import Person, Phone, field, row, take
from tests.browser.web import running_browser
from tests.stack.counter import Counter, open_counter

DRAFT = "Halber Satz, der bleiben soll"


@pytest.hookimpl(tryfirst=True)  # before the groups are given to the other tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "walk":
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("walk"))  # one story, one stack, one worker


@pytest.fixture(scope="package")
def counter() -> Iterator[Counter]:
    with open_counter() as counter:
        yield counter


@pytest.fixture(scope="package")
def browser(counter: Counter) -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def mara(browser: Browser, counter: Counter) -> Person:
    return Person(browser, counter, "mara")


@pytest.fixture(scope="package")
def jonas(browser: Browser, counter: Counter) -> Person:
    """He reads English."""
    jonas = Person(browser, counter, "jonas", locale="en")
    jonas.page.goto(f"{counter.url}/accounts/profile/")
    jonas.page.locator("select[name=language]").select_option("en")
    jonas.page.locator("form:has([name=language]) [type=submit]").last.click()
    expect(jonas.page.locator("html")).to_have_attribute("lang", "en")
    return jonas


@dataclass
class Story:
    """One customer's conversation: who got it and who did not, each with a page that shows it, and the phone."""

    name: str
    phone: Phone
    owner: Person
    other: Person
    number: int
    page: Page
    others_page: Page
    last_minute_at: float = 0.0  # by the clock of this computer


def begin(name: str, first_words: str, mara: Person, jonas: Person) -> Story:
    """A new customer writes from the practice phone while both look at their inboxes, and both open the thread."""
    pages = {person: person.another_page("/?view=all") for person in (mara, jonas)}
    phone = Phone(mara, name)
    phone.writes(first_words)
    new = row(pages[mara], name)
    expect(new).to_have_attribute("data-assignee", re.compile(r"\d"))
    number, holder = (int(new.get_attribute(f"data-{what}") or 0) for what in ("conversation", "assignee"))
    owner, other = (mara, jonas) if holder == mara.number else (jonas, mara)
    return Story(name, phone, owner, other, number, pages[owner], pages[other])


@pytest.fixture(scope="package")
def closing(mara: Person, jonas: Person) -> Story:
    """Halina's window has one minute left, and a draft to her stands in the composer."""
    story = begin("Halina Zweig", "Ich melde mich morgen", mara, jonas)
    open_threads(story)
    story.phone.page.locator("[data-jump=last-minute]").click()
    for page in (story.page, story.others_page):
        expect(row(page, story.name).locator(".ring")).to_have_attribute("data-window", "urgent")
        expect(page.locator(".thread__head window-clock")).to_have_attribute("data-window", "urgent")
    story.last_minute_at = time.monotonic()
    field(story.page).fill(DRAFT)
    return story


@pytest.fixture(scope="package")
def arrived(closing: Story, mara: Person, jonas: Person) -> Story:
    """Theodora, who has never written, has written; nobody has opened her thread yet."""
    return begin("Theodora Abendroth", "Hallo, habt ihr heute noch einen Termin frei?", mara, jonas)


@pytest.fixture(scope="package")
def story(arrived: Story) -> Story:
    """Theodora's thread is open on both screens."""
    open_threads(arrived)
    return arrived


def open_threads(story: Story) -> None:
    for page in (story.page, story.others_page):
        row(page, story.name).locator(".row__link").click()
        expect(page.locator(f"#head-{story.number}")).to_be_visible()
    take(story.page, story.owner, story.number)
