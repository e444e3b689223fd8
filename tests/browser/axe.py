"""What axe finds on a page that has come to rest."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Colours are measured as they are in the end, not while something fades in.
AT_REST = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect?.getComputedTiming().endTime !== Infinity)
  .map((each) => each.finished.catch(() => {})))"""


def found(page: Page, impacts: tuple[str, ...] = ("minor", "moderate", "serious", "critical")) -> list[str]:
    """Each violation with the element it is about, short."""
    page.evaluate(AT_REST)
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:160]}"
        for each in violations
        if each["impact"] in impacts
        for node in each["nodes"]
    ]
