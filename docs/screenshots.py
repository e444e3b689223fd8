"""The pictures of the README, made by the product: `make screenshots`.

Starts everything that `make run` starts, in a folder of its own, lets two colleagues sign in, and photographs Lena
Hoffmann's conversation in German: light, dark, and on a telephone.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.stack import open_port, running_stack
from config import browser as chromium

FOLDER = Path(__file__).resolve().parent
CUSTOMER = "Lena Hoffmann"
LIMIT = 400_000  # bytes
DESK = {"viewport": {"width": 1440, "height": 900}}
TELEPHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def signed_in(browser: Browser, url: str, name: str, **options: object) -> BrowserContext:
    """A German-speaking browser of this person."""
    context = browser.new_context(locale="de", timezone_id="Europe/Berlin", reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.locator("#id_email").fill(f"{name}@radhaus.example")
    page.locator("#id_password").fill("radhaus-demo")
    page.keyboard.press("Enter")
    page.locator("#main").wait_for()
    page.close()
    return context


def opened(context: BrowserContext, url: str) -> Page:
    """Her conversation, with fonts and pictures there and nobody's pointer over anything."""
    page = context.new_page()
    page.goto(f"{url}/?view=all")
    row = page.locator("#rows > .row").filter(has=page.locator(".row__name", has_text=CUSTOMER))
    row.locator(".row__link").click()
    page.locator("message-composer").wait_for()
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # the colleague's face arrives by the socket
    return page


def photograph(page: Page, name: str) -> None:
    path = FOLDER / name
    page.screenshot(path=path)
    if path.stat().st_size > LIMIT:
        sys.exit(f"{name} has {path.stat().st_size} bytes; more than {LIMIT} is too much for a README.")
    print(f"docs/{name}: {path.stat().st_size // 1000} kB")


def main() -> None:
    """Write docs/screenshot.png, docs/screenshot-dark.png and docs/screenshot-mobile.png."""
    port = open_port()
    url = f"http://127.0.0.1:{port}"
    with running_stack(port, {"DATABASE_URL": "", "REDIS_URL": ""}), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        colleague = opened(signed_in(browser, url, "jonas", **DESK), url)
        context = signed_in(browser, url, "mara", **DESK)
        page = opened(context, url)
        photograph(page, "screenshot.png")
        page.emulate_media(color_scheme="dark")
        photograph(page, "screenshot-dark.png")
        mobile = opened(signed_in(browser, url, "mara", **TELEPHONE), url)
        photograph(mobile, "screenshot-mobile.png")
        colleague.close()
        browser.close()


if __name__ == "__main__":
    main()
