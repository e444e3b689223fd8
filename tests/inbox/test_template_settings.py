"""The settings pages of templates: everybody reads, admins sync, choose header files and let sending go on."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEntry
from tests import factories
from tests.cast import Cast, make_cast
from tests.fake_graph import FakeGraph, graph_error, response
from whatsapp.models import MessageTemplate, TemplateHeaderMedia

pytestmark = pytest.mark.django_db
IMAGE_HEADER = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hallo"}]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def browser(agent) -> Client:
    agent.language = "en"
    agent.save()
    client = Client()
    client.force_login(agent)
    return client


def names(client: Client, **query: str) -> list[str]:
    return [row.template.name for row in client.get(reverse("settings-templates"), query).context["rows"]]


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

    page = browser(cast.ben).get(reverse("settings-templates"))

    assert sorted(row.template.name for row in page.context["rows"]) == ["rad_fertig", "sommer"]
    assert "Reads like advertising" in page.content.decode()
    assert [(tab, count) for tab, _words, count in page.context["tabs"]] == [
        ("", 2), ("approved", 1), ("pending", 0), ("rejected", 1), ("paused", 0)
    ]  # fmt: skip


def test_the_list_is_narrowed_by_state_words_category_and_language(cast):
    factories.template(cast.number, "rad_fertig")
    factories.template(cast.number, "frühling", category="MARKETING", status="PAUSED", language="en")
    client = browser(cast.ben)

    assert names(client, tab="paused") == ["frühling"]
    assert names(client, search="FRUEHL") == ["frühling"]
    assert names(client, category="UTILITY") == ["rad_fertig"]
    assert names(client, language="en") == ["frühling"]
    assert names(client, search="%' OR 1=1 --") == []


def test_it_counts_what_was_sent_and_read_in_30_days(cast):
    template = factories.template(cast.number, "rad_fertig")
    for status in ("read", "delivered", "failed"):
        factories.outbound_message(cast.claras, kind="template", template=template, status=status)

    row = browser(cast.ben).get(reverse("settings-templates")).context["rows"][0]

    assert (row.sent, row.read_percent) == (2, 50)


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_for_one_and_for_many(cast, django_assert_max_num_queries, count):
    for index in range(count):
        factories.template(cast.number, f"t{index}", status=["APPROVED", "PENDING"][index % 2])
    client = browser(cast.ada)

    with django_assert_max_num_queries(14):
        client.get(reverse("settings-templates"))


def test_one_template_is_shown_with_its_samples(cast):
    template = factories.template(cast.number, "rad_fertig", body="Hallo {{1}}, <b>fertig</b>", examples=("Lena",))

    content = browser(cast.ben).get(reverse("settings-template", args=[template.pk])).content.decode()

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


def test_only_admins_sync_upload_and_resume(cast, graph: FakeGraph):
    template = factories.template(cast.number, components=IMAGE_HEADER)
    client = browser(cast.ben)

    for address in (
        reverse("settings-templates-sync"), reverse("settings-number-resume", args=[cast.number.pk]),
        reverse("settings-template-header", args=[template.pk, cast.number.pk]),
    ):  # fmt: skip
        assert client.post(address).status_code == 403
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
    assert [f'href="{reverse("settings-number")}">Have a look' in page for page in banners] == [False, True]


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
