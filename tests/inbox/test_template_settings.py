"""The settings pages of templates, for admins: the list, one template, sync, header files."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEntry
from inbox.actions.template_care import restrict_to, set_favourite
from tests import factories
from tests.cast import Cast, make_cast
from tests.fake_graph import FakeGraph, graph_error, response
from tests.signing_in import browser
from whatsapp.models import MessageTemplate, TemplateHeaderMedia
from whatsapp.rates import load_preset

pytestmark = pytest.mark.django_db
IMAGE_HEADER = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hallo"}]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def names(client: Client, **query: str) -> list[str]:
    return [row.template.name for row in client.get(reverse("settings-templates"), query).context["listed"].rows]


def picture() -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (60, 30), "red").save(file, "JPEG")
    return SimpleUploadedFile("rad.jpg", file.getvalue(), content_type="image/jpeg")


def test_the_list_shows_this_workspaces_templates_with_state_and_reason(cast):
    factories.template(cast.number, "rad_fertig")
    factories.template(cast.number, "rad_fertig", language="en")
    factories.template(cast.number, "sommer", status="REJECTED", rejected_reason="PROMOTIONAL")
    factories.template(cast.number, "weg", removed_at=timezone.now())
    factories.template(cast.other_number, "fremd")

    page = browser(cast.ada).get(reverse("settings-templates"))

    assert sorted(row.template.name for row in page.context["listed"].rows) == ["rad_fertig", "sommer"]
    assert "Reads like advertising." in page.content.decode()
    assert "Change the category to Marketing" in page.content.decode()
    assert [(tab, count) for tab, _words, count in page.context["listed"].tabs] == [
        ("approved", 1), ("pending", 0), ("rejected", 1), ("paused", 0)
    ]  # fmt: skip


def test_languages_in_different_states_stand_in_one_line_and_in_both_tabs(cast):
    factories.template(cast.number, "rad_fertig")
    factories.template(cast.number, "rad_fertig", language="en", status="PENDING")
    client = browser(cast.ada)

    row = client.get(reverse("settings-templates")).context["listed"].rows[0]

    assert [(state.tab, state.languages) for state in row.states] == [("approved", ["de"]), ("pending", ["en"])]
    assert names(client, tab="pending") == names(client, tab="approved") == ["rad_fertig"]
    assert names(client, tab="rejected") == []


def test_the_list_says_price_last_use_teams_and_favourite(cast):
    load_preset()
    cast.number.display_number = "4915550100100"
    cast.number.save()
    template = factories.template(cast.number, "rad_fertig", last_used_at=timezone.now())
    restrict_to(template, [cast.team], by=cast.ada)
    set_favourite(template, by=cast.ada, on=True)
    factories.template(cast.number, "anders")
    client = browser(cast.ada)

    row = client.get(reverse("settings-templates"), {"sort": "last"}).context["listed"].rows[0]

    assert (row.template.name, row.price, row.teams) == ("rad_fertig", "€0.0456", ["Werkstatt"])
    assert row.last_used_at is not None
    assert names(client, favourites="1") == ["rad_fertig"]


def test_the_list_comes_in_pages(cast):
    for index in range(53):
        factories.template(cast.number, f"t{index:02}")
    client = browser(cast.ada)

    assert len(names(client)) == 50
    assert names(client, page="2", sort="name") == ["t50", "t51", "t52"]
    assert names(client, page="99", sort="name") == names(client, page="2", sort="name")
    assert len(names(client, page="x")) == 50


def test_the_list_is_narrowed_by_state_words_category_and_language(cast):
    factories.template(cast.number, "rad_fertig")
    factories.template(cast.number, "frühling", category="MARKETING", status="PAUSED", language="en")
    client = browser(cast.ada)

    assert names(client, tab="paused") == ["frühling"]
    assert names(client, search="FRUEHL") == ["frühling"]
    assert names(client, category="UTILITY") == ["rad_fertig"]
    assert names(client, language="en") == ["frühling"]
    assert names(client, search="%' OR 1=1 --") == []


def test_it_counts_what_was_sent_and_read_in_30_days(cast):
    template = factories.template(cast.number, "rad_fertig")
    for status in ("read", "delivered", "failed"):
        factories.outbound_message(cast.claras, kind="template", template=template, status=status)

    row = browser(cast.ada).get(reverse("settings-templates")).context["listed"].rows[0]

    assert (row.sent, row.read_percent) == (2, 50)


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_for_one_and_for_many(cast, django_assert_max_num_queries, count):
    for index in range(count):
        factories.template(cast.number, f"t{index}", status=["APPROVED", "PENDING"][index % 2])
    client = browser(cast.ada)

    with django_assert_max_num_queries(24):
        client.get(reverse("settings-templates"))


def test_one_template_is_shown_with_its_samples(cast):
    template = factories.template(cast.number, "rad_fertig", body="Hallo {{1}}, <b>fertig</b>", examples=("Lena",))

    content = browser(cast.ada).get(reverse("settings-template", args=[template.pk])).content.decode()

    assert '<span class="var">Lena</span>' in content
    assert "<b>fertig</b>" not in content


def test_other_workspaces_get_nothing(cast):
    template = factories.template(cast.number, "rad_fertig", components=IMAGE_HEADER)
    client = browser(cast.mallory)

    for address in (
        reverse("settings-template", args=[template.pk]),
        reverse("settings-template-header", args=[template.pk, cast.number.pk]),
        reverse("settings-template", args=[2**70]),
    ):
        assert client.get(address).status_code == 404
    posted = client.post(reverse("settings-template-header", args=[template.pk, cast.number.pk]), {"header": picture()})
    assert posted.status_code == 404
    assert client.post(reverse("settings-number-resume", args=[cast.number.pk])).status_code == 404
    for name in ("seen", "teams", "favourite"):
        assert client.post(reverse(f"settings-template-{name}", args=[template.pk])).status_code == 404


def test_agents_and_leads_find_none_of_it(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_HEADER)
    pages = [reverse("settings-templates"), reverse("settings-template", args=[template.pk])]
    posts = [
        reverse("settings-templates-sync"), reverse("settings-template-seen", args=[template.pk]),
        reverse("settings-template-teams", args=[template.pk]),
        reverse("settings-template-header", args=[template.pk, cast.number.pk]),
    ]  # fmt: skip

    for client in (browser(cast.ben), browser(cast.lea)):
        assert [client.get(page).status_code for page in pages] == [404, 404]
        assert [client.post(address).status_code for address in posts] == [404] * len(posts)
    assert [browser(cast.ada).get(page).status_code for page in pages] == [200, 200]
    assert graph.calls == []


def test_the_sync_button_fetches_and_says_so(cast, graph: FakeGraph):
    graph.answers = [response(200, {"data": [{
        "id": "1", "name": "neu", "language": "de", "status": "APPROVED", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hallo"}],
    }]})]  # fmt: skip

    page = browser(cast.ada).post(reverse("settings-templates-sync"), follow=True)

    assert MessageTemplate.objects.get().name == "neu"
    assert "Synced with Meta. 1 changed." in page.content.decode()


def test_a_failed_sync_says_why_and_keeps_the_list(cast, graph: FakeGraph):
    factories.template(cast.number, "rad_fertig")
    graph.answers = [graph_error(190, 401)]

    page = browser(cast.ada).post(reverse("settings-templates-sync"), follow=True).content.decode()

    assert "The connection to Meta has expired." in page
    assert "rad_fertig" in page
    again = browser(cast.ada).get(reverse("settings-templates")).content.decode()
    assert "The last sync with Meta failed. The connection to Meta has expired." in " ".join(again.split())


def test_an_admin_chooses_the_header_file(cast):
    template = factories.template(cast.number, components=IMAGE_HEADER)
    client, address = browser(cast.ada), reverse("settings-template-header", args=[template.pk, cast.number.pk])
    assert client.get(address).status_code == 404

    client.post(address, {"header": picture()})

    header = TemplateHeaderMedia.objects.get()
    assert (header.template, header.file_name, header.mime_type) == (template, "rad.jpg", "image/jpeg")
    shown = client.get(address)
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert AuditEntry.objects.filter(verb="template.header").count() == 1


def test_a_file_of_the_wrong_kind_is_refused_in_words(cast):
    template = factories.template(cast.number, components=IMAGE_HEADER)
    file = SimpleUploadedFile("x.jpg", b"<script>alert(1)</script>", content_type="image/jpeg")

    page = browser(cast.ada).post(
        reverse("settings-template-header", args=[template.pk, cast.number.pk]), {"header": file}, follow=True
    )

    assert "Choose an image in JPEG or PNG format." in page.content.decode()
    assert not TemplateHeaderMedia.objects.exists()


def test_an_admin_lets_a_stopped_number_send_again(cast):
    account = cast.number.business_account
    account.sending_stopped_at, account.sending_stopped_code = timezone.now(), 190
    account.save()

    browser(cast.ada).post(reverse("settings-number-resume", args=[cast.number.pk]))

    account.refresh_from_db()
    assert account.sending_stopped_at is None
    assert AuditEntry.objects.filter(verb="number.resumed").count() == 1


def test_whoever_writes_replies_is_told_that_the_number_sends_nothing(cast):
    account = cast.number.business_account
    account.sending_stopped_at, account.sending_stopped_code = timezone.now(), 190
    account.save()

    banners = [browser(who).get(reverse("inbox")).content.decode() for who in (cast.ben, cast.ada)]

    assert ['data-warning="stopped"' in page for page in banners] == [True, True]
    assert ["Replies wait until an admin has fixed it." in page for page in banners] == [True, False]
    address = reverse("settings-number-one", args=[cast.number.pk])
    assert [f'href="{address}">Have a look' in page for page in banners] == [False, True]


def test_two_stops_at_once_are_both_named(cast):
    account, number = cast.number.business_account, cast.number
    for where, code in ((number, 133010), (account, 190)):
        where.sending_stopped_at, where.sending_stopped_code = timezone.now(), code
        where.save()

    pages = [browser(who).get(reverse("inbox")).content.decode() for who in (cast.ben, cast.ada)]
    pages.append(browser(cast.ada).get(reverse("settings-number")).content.decode())

    for page in pages:
        assert "This number is not ready to send. The connection to Meta has expired." in page
    assert pages[1].count('data-warning="stopped"') == 1
