"""People at a running counter: agents and a customer's phone, each in a browser of their own."""

import re
from uuid import uuid4

from playwright.sync_api import APIResponse, Browser, BrowserContext, Locator, Page, expect

from tests.stack.counter import Counter

CONNECTED = "document.addEventListener('tresen:state', ({detail}) => document.documentElement.dataset.socket = detail)"
PATIENCE = 15_000  # milliseconds: never a measure of speed, only the end of waiting on a busy machine


expect.set_options(timeout=PATIENCE)


class Person:
    """One agent of the demo business, signed in through the sign-in page."""

    def __init__(self, browser: Browser, counter: Counter, name: str, **options: object) -> None:
        self.counter, self.name = counter, name
        self.context: BrowserContext = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "locale": "de", "reduced_motion": "reduce", **options}
        )
        self.context.set_default_timeout(PATIENCE)
        self.problems: list[str] = []
        self.context.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.page = self.context.new_page()
        self.page.goto(f"{counter.url}/accounts/login/")
        self.page.locator("#id_email").fill(f"{name}@radhaus.example")
        self.page.locator("#id_password").fill("radhaus-demo")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#main")).to_be_visible()
        self.number = int(self.page.locator("body").get_attribute("data-agent") or 0)

    def opens(self, path: str, page: Page | None = None) -> Page:
        """That page with its socket open, and a mark that a reload would wipe away."""
        page = page or self.page
        page.add_init_script(CONNECTED)
        page.goto(self.counter.url + path)
        connected(page)
        page.evaluate("window.sameDocument = true")
        return page

    def another_page(self, path: str) -> Page:
        return self.opens(path, self.context.new_page())

    def posts(self, path: str, **fields: object) -> APIResponse:
        """The request that the page's script would send, past everything the page forbids."""
        return self.context.request.post(
            self.counter.url + path,
            form={"uid": str(uuid4()), **{name: str(value) for name, value in fields.items()}},
            headers={
                "X-CSRFToken": self.page.locator("body").get_attribute("data-csrf") or "",
                "Referer": self.counter.url + "/",
                "Origin": self.counter.url,
            },
        )


class Phone:
    """A practice customer's phone on the practice page, and what the sandbox wrote down about it."""

    def __init__(self, agent: Person, name: str) -> None:
        self.counter, self.name = agent.counter, name
        self.page = agent.context.new_page()
        self.page.goto(f"{self.counter.url}/practice/")
        self.page.locator(".persona").click()
        self.page.locator("[data-action=new-customer]").click()
        self.page.locator("#new-name").fill(name)
        self.page.locator("[data-dialog=new-customer] button[type=submit]").click()
        expect(self.page.locator(".persona")).to_contain_text(name)
        self.address = self.page.url
        self.key = self.address.partition("as=")[2].partition("&")[0]

    def writes(self, text: str) -> None:
        self.page.locator(".phone__input [name=text]").fill(text)
        self.page.locator(".phone__send").click()
        expect(self.bubble(text)).to_be_visible()

    def bubble(self, text: str) -> Locator:
        return self.page.locator(".phone__chat .pmsg", has_text=text)

    def is_put_away(self) -> None:
        """Nobody looks at the chat."""
        self.page.goto("about:blank")

    def is_looked_at(self) -> None:
        self.page.goto(self.address)

    def accepted(self) -> int:
        """How many messages of ours the sandbox has accepted for this customer."""
        number = self.counter.phone("GET", f"customers/{self.key}")["customer"]["phone"]
        return self.counter.phone("GET", f"ledger?to={number}")["count"]


def connected(page: Page) -> None:
    expect(page.locator("html[data-socket=open]")).to_have_count(1)


def not_reloaded(page: Page) -> bool:
    return page.evaluate("window.sameDocument === true")


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows > .row").filter(has=page.locator(".row__name", has_text=name))


def bubble(page: Page, text: str) -> Locator:
    return page.locator("#messages .msg").filter(has_text=text)


def field(page: Page, kind: str = "reply") -> Locator:
    return page.locator(f"message-composer [data-text={kind}]")


def ticks_are(bubble: Locator, symbol: str, *, blue: bool = False) -> None:
    """Clock, one tick or two, once they are what they should be."""
    expect(bubble.locator("[data-ticks] use")).to_have_attribute("href", f"#i-{symbol}")
    icon = expect(bubble.locator("[data-ticks] svg"))
    (icon.to_have_class if blue else icon.not_to_have_class)(re.compile("ticks--read"))


def take(page: Page, person: Person, conversation: int) -> None:
    """Make sure it is theirs, on this page of theirs too."""
    head = page.locator(f"#head-{conversation}")
    if head.get_attribute("data-assignee") != str(person.number):
        page.locator("message-composer [data-action=take-over]").click()
    expect(head).to_have_attribute("data-assignee", str(person.number))
    expect(field(page)).to_be_visible()


def template(counter: Counter, name: str) -> int:
    return counter.one("SELECT id FROM whatsapp_messagetemplate WHERE name = %s AND language = 'de'", name)


def lenas(counter: Counter) -> int:
    return counter.one(
        "SELECT v.id FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id"
        " WHERE c.profile_name = 'Lena Hoffmann' ORDER BY v.id LIMIT 1"
    )
