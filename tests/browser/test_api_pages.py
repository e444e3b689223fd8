"""The pages about the API in Chromium: whoever needs assistive technology, or has a narrow screen, gets all of them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import api_tokens
from accounts.models import Scope
from inbox.models import OutgoingDelivery, OutgoingEvent, OutgoingWebhook
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCROLLS_SIDEWAYS = """() => [...document.querySelectorAll('html, .page__scroll')]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.className || each.localName)"""


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("de", "light")])
def test_nothing_stands_in_the_way_on_the_pages_about_the_api(open_page, web, cast, language, scheme):
    cast.ada.language = language
    cast.ada.save()
    shop = factories.number(cast.workspace, team=cast.team, name="Laden")
    now = timezone.now()
    for name, days, teams in (("CRM der Werkstatt", 90, None), ("Verleih", -1, [cast.team, cast.other_team])):
        api_tokens.create_token(
            name=name, scopes=tuple(Scope), expires_at=now + timedelta(days=days), by=cast.ada, teams=teams
        )
    webhook = OutgoingWebhook.objects.create(
        workspace=cast.workspace, url="https://crm.example.com/hooks/tresen/eingang", events=list(OutgoingEvent),
        all_numbers=False, failing_since=now,
    )  # fmt: skip
    webhook.numbers.add(shop)
    for state, error, status in (("waiting", "slow", None), ("delivered", "", 200), ("failed", "refused", 503)):
        OutgoingDelivery.objects.create(
            webhook=webhook, event="conversation.assigned", subject_id=cast.claras.pk, state=state, tries=2,
            error=error, answer_status=status, milliseconds=5000,
        )  # fmt: skip
    page = open_page(cast.ada, reverse("settings-api"), color_scheme=scheme, reduced_motion="reduce")
    problems = []
    for name, args in (
        ("settings-api", []), ("settings-api-token-new", []), ("settings-webhook-new", []),
        ("settings-webhook", [webhook.pk]), ("api-docs", []),
    ):  # fmt: skip
        page.goto(web.url + reverse(name, args=args))
        page.evaluate("document.querySelectorAll('.page details').forEach((each) => { each.open = true })")
        for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
            page.set_viewport_size(size)
            problems += [(name, size["width"], each) for each in found(page) + page.evaluate(SCROLLS_SIDEWAYS)]

    assert problems == []
