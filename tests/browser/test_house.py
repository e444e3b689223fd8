"""The pages of whoever runs the house, in Chromium: the doctor answers in place, a failed job is tried again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import failing
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def clean_queues() -> Iterator[None]:
    yield
    failing.forget_jobs()


def test_the_doctor_answers_in_place_and_says_it_to_everybody(open_page, cast):
    cast.ada.language = "en"
    cast.ada.save()
    page = open_page(cast.ada, "/settings/installation/")
    expect(page.locator("#verdict")).to_be_empty()
    page.get_by_role("button", name="Look now").press("Enter")

    expect(page.get_by_role("status").filter(has_text="Something is broken.")).to_be_visible(timeout=60_000)
    expect(page.locator("#findings")).to_contain_text("No process receives")
    expect(page.get_by_role("button", name="Look now")).to_be_focused()
    assert found(page) == []


def test_a_failed_job_is_tried_again_by_keyboard(open_page, cast):
    cast.ada.language = "en"
    cast.ada.save()
    job_id = failing.failed_job("measure_storage")
    page = open_page(cast.ada, "/settings/jobs/")
    assert found(page) == []
    page.get_by_role("button", name="Try again: Measure how much space files take").press("Enter")

    expect(page.locator(".banner--good")).to_contain_text("is tried again")
    expect(page.get_by_text("No job has failed")).to_be_visible()
    assert failing.queue().get_job_ids() == [job_id]
