"""The list in Chromium: filters decided in the page, other orders kept live, many conversations at once."""

import itertools
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox import events, queries
from inbox.actions.conversations import close_conversation
from inbox.actions.labels import remove_label
from inbox.actions.saved_filters import change_filter, delete_filter, save_filter
from inbox.event_payloads import snapshots
from inbox.filters import SINCE, VIEWS, WINDOWS, Filter
from inbox.models import Conversation, Follower, Label, Mention, SavedFilter
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILTER_JS = Path(settings.BASE_DIR, "static/js/lib/filter.js").read_text().replace("export ", "")


@pytest.fixture
def bens(open_page, cast):
    """Ben, in English, with his tab wherever a test wants it."""
    cast.ben.language = "en"
    cast.ben.save()
    return lambda path="/?view=all", **options: open_page(cast.ben, path, **options)


def order(page: Page) -> list[int]:
    return page.locator("#rows > .row").evaluate_all("rows => rows.map(row => Number(row.dataset.conversation))")


@pytest.mark.parametrize("seed", range(2))
def test_a_page_decides_as_the_database_does(browser: Browser, cast, seed):
    """Every filter over random conversations: what the page works out from facts is what the list would hold."""
    chance, now = random.Random(seed), timezone.now()
    labels = [Label.objects.create(workspace=cast.workspace, name=name) for name in "ab"]
    for number in range(40):
        contact = factories.contact(cast.number, language=chance.choice(["de", "en", ""]))
        conversation = factories.conversation(
            cast.number, contact, team=chance.choice([cast.team, cast.other_team, None]),
            assignee=chance.choice([None, cast.ada, cast.ben]),
            status=chance.choice(["open", "open", "closed", "snoozed"]),
            needs_answer=chance.random() < 0.5, last_message_at=now - timedelta(hours=chance.randrange(1, 900)),
            last_customer_message_at=chance.choice([None, now - timedelta(minutes=chance.randrange(1600))]),
            window_refused_at=chance.choice([None, None, now]),
        )  # fmt: skip
        conversation.labels.add(*chance.sample(labels, number % 3))
        if number % 5 == 0:
            Follower.objects.create(conversation=conversation, agent=cast.ada)
            note = factories.note(conversation, by=cast.ben)
            Mention.objects.create(note=note, conversation=conversation, agent=cast.ada)
    saids = [{"view": view} for view in VIEWS] + [
        {"view": view, name: value}
        for view, (name, value) in itertools.product(["all", "mine", "closed"], [
            *(("window", window) for window in WINDOWS), *(("since", since) for since in SINCE),
            ("label", str(labels[0].pk)), ("team", str(cast.team.pk)), ("number", str(cast.number.pk)),
            ("waiting", "1"), ("language", "en"), ("assignee", "me"), ("assignee", "none"),
            ("assignee", str(cast.ben.pk)),
        ])
    ]  # fmt: skip
    with transaction.atomic():
        facts = {pk: each.facts() for pk, each in snapshots(Conversation.objects.values_list("pk", flat=True)).items()}
    cases, expected = [], []
    for said in saids:
        wanted = Filter.of(said)
        listed = {row.conversation.pk for row in queries.list_page(cast.ada, wanted, size=100).rows}
        for pk, each in facts.items():
            cases.append([wanted.for_page, each, cast.ada.pk, int(timezone.now().timestamp() * 1000)])
            expected.append(pk in listed)
    page = browser.new_page()
    decided = page.evaluate(f"cases => {{ {FILTER_JS}\n return cases.map(each => isIn(...each)); }}", cases)
    page.close()

    wrong = [case[:2] for case, is_in, should in zip(cases, decided, expected, strict=True) if is_in != should]
    assert wrong == []
    assert 0.05 < sum(expected) / len(expected) < 0.6


def test_rows_move_to_where_the_chosen_order_wants_them(bens, cast):
    now = timezone.now()
    Conversation.objects.filter(pk=cast.claras.pk).update(waiting_since=now - timedelta(hours=1))
    Conversation.objects.filter(pk=cast.darios.pk).update(waiting_since=now - timedelta(hours=2))
    page = bens("/?view=all&sort=waiting")
    assert order(page) == [cast.darios.pk, cast.claras.pk]
    with transaction.atomic():
        Conversation.objects.filter(pk=cast.claras.pk).update(waiting_since=now - timedelta(hours=3))
        events.conversation_changed(Conversation.objects.get(pk=cast.claras.pk))

    expect(page.locator("#rows > .row").first).to_have_id(f"row-{cast.claras.pk}")


def test_a_narrowed_list_loses_and_gains_conversations_live_and_is_kept_by_name(bens, cast):
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
    page = bens()
    page.keyboard.press("f")
    page.locator(".filter-form [name=label]").select_option(str(label.pk))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".chips")).to_contain_text("Reparatur")
    expect(page.locator("#rows > .row")).to_have_count(0)
    expect(page.locator("drop-menu[data-key=F] > button")).to_be_focused()
    page.mouse.move(700, 300)  # under a pointer nothing moves
    with transaction.atomic():
        cast.claras.labels.add(label)
        events.conversation_changed(cast.claras)
    expect(page.locator("#rows > .row")).to_have_id(f"row-{cast.claras.pk}")

    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name").fill("Repairs")
    page.keyboard.press("Enter")
    expect(page.locator(".pane--list .pane__title")).to_have_text("Repairs")
    page.get_by_role("button", name="More views").click()
    expect(page.locator(f"[data-count=saved-{SavedFilter.objects.get().pk}]")).to_have_text("1")


def test_many_are_selected_by_key_closed_at_once_and_brought_back(bens, cast):
    nina = factories.conversation(cast.number, factories.contact(cast.number, "Nina"))
    page = bens()
    page.locator(".row__link").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.locator("bulk-bar [data-count]")).to_have_text("2 selected")
    assert found(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("bulk-bar")).to_be_hidden()

    page.locator(f"#row-{nina.pk} .row__check").check(force=True)
    page.locator("bulk-bar [data-all]").check(force=True)
    expect(page.locator("bulk-bar [data-count]")).to_have_text("3 selected")
    with transaction.atomic():  # what a colleague does meanwhile
        close_conversation(cast.darios, by=cast.lea)
    expect(page.locator("bulk-bar [data-count]")).to_have_text("2 selected")
    page.keyboard.press("e")
    expect(page.locator("#rows > .row")).to_have_count(0)
    expect(page.locator(".toast button")).to_be_visible()
    page.keyboard.press("z")

    expect(page.locator("#rows > .row")).to_have_count(2)
    assert set(order(page)) == {cast.claras.pk, nina.pk}


def test_the_focus_stays_with_its_row_and_goes_to_the_next_when_that_leaves(bens, cast):
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
    page = bens()
    clara, dario = (page.locator(f"#row-{each.pk} .row__link") for each in (cast.claras, cast.darios))
    clara.focus()
    with transaction.atomic():
        events.message_created(factories.inbound_message(cast.claras, "Hallo?"))
    expect(page.locator("#rows > .row").first).to_have_id(f"row-{cast.claras.pk}")
    expect(clara).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("l")
    page.locator("bulk-bar [role=combobox]").fill(label.name)
    page.keyboard.press("Enter")
    expect(page.locator("bulk-bar")).to_be_hidden()
    expect(clara).to_be_focused()
    with transaction.atomic():
        close_conversation(cast.claras, by=cast.lea)

    expect(clara).to_have_count(0)
    expect(dario).to_be_focused()


def test_a_row_says_who_is_looking_at_it(bens, open_page, cast):
    page = bens()
    leas = open_page(cast.lea, f"/conversations/{cast.claras.pk}/")
    expect(page.locator(f"#row-{cast.claras.pk} .row__viewers")).to_have_text("LL")
    leas.locator(f"#row-{cast.darios.pk} .row__link").click()

    expect(page.locator(f"#row-{cast.darios.pk} .row__viewers")).to_have_text("LL")
    expect(page.locator(f"#row-{cast.claras.pk} .row__viewers")).to_be_hidden()


def test_a_label_renamed_or_gone_is_so_on_every_screen(bens, cast):
    from inbox.actions.labels import change_label

    label = Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=4)
    cast.claras.labels.add(label)
    page = bens(f"/conversations/{cast.claras.pk}/")
    shown = page.locator(f"#row-{cast.claras.pk} .label, #labels .label")
    change_label(label, name="Werkstatt", hue=7, by=cast.lea)
    expect(shown).to_have_text(["Werkstatt", "Werkstatt"])
    remove_label(label, by=cast.lea)

    expect(shown).to_have_count(0)


def test_a_teams_filter_that_its_lead_changes_is_so_on_a_page_that_shows_it(bens, cast):
    repairs, rentals = (Label.objects.create(workspace=cast.workspace, name=name) for name in ("Repairs", "Rentals"))
    cast.claras.labels.add(repairs)
    cast.darios.labels.add(rentals)
    kept = save_filter(Filter(view="all", label_id=repairs.pk), name="Workshop", team=cast.team, by=cast.lea)
    page = bens(f"/?saved={kept.pk}")
    title, rows = page.locator(".pane--list .pane__title"), page.locator("#rows > .row")
    expect(title).to_have_text("Workshop")
    page.locator("#search").fill("half a word")
    change_filter(kept, Filter(view="all", label_id=repairs.pk), name="Garage", team=cast.team, by=cast.lea)
    expect(title).to_have_text("Garage")
    expect(page.locator("view-counts .menu")).to_contain_text("Garage")

    change_filter(kept, Filter(view="all", label_id=rentals.pk), name="Garage", team=cast.team, by=cast.lea)
    expect(rows).to_have_id(f"row-{cast.darios.pk}")
    remove_label(rentals, into=repairs, by=cast.lea)
    expect(rows).to_have_count(2)
    expect(page.locator("#search")).to_have_value("half a word")
    delete_filter(kept, by=cast.lea)
    expect(title).to_have_text("Inbox")
    expect(rows).to_have_count(2)


def test_a_page_that_nobody_touches_marks_what_it_asks_for_by_itself(bens):
    page = bens()
    resync = "document.dispatchEvent(new CustomEvent('tresen:resync', { detail: { list: true } }))"
    is_list = lambda request: "/?view=all" in request.url  # noqa: E731
    with page.expect_request(is_list) as fresh:
        page.evaluate(resync)
    page.evaluate("const now = Date.now; Date.now = () => now() + 120_000")
    with page.expect_request(is_list) as forgotten:
        page.evaluate(resync)
    page.locator("#search").click()
    with page.expect_request(is_list) as touched:
        page.evaluate(resync)

    marks = [info.value.headers.get("x-automatic") for info in (fresh, forgotten, touched)]
    assert marks == [None, "1", None]
