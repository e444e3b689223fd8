"""The template picker: what it offers and why not the rest, its form and preview, and sending from it."""

import re
import uuid
from datetime import timedelta

from django.core.files.base import ContentFile
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox.actions import consent
from inbox.actions.templates_for import templates_for
from inbox.enums import ConsentState
from inbox.models import Consent, Message
from tests import factories
from tests.cast import make_cast
from whatsapp.models import TemplateHeaderMedia

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)  # fmt: skip
IMAGE_HEADER = {"type": "HEADER", "format": "IMAGE"}
BODY = {"type": "BODY", "text": "Hallo {{1}}, *fertig* seit {{2}}.", "example": {"body_text": [["Clara", "Montag"]]}}


class PickerTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras = self.cast.claras
        self.claras.last_customer_message_at = timezone.now() - timedelta(days=2)  # the window is closed
        self.claras.save()
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.claras.pk}/templates/"

    def send(self, template, **values):
        return self.client.post(self.url, {"uid": uuid.uuid4(), "template": template.pk, **values})

    def test_it_lists_what_can_be_sent_and_why_the_rest_cannot(self):
        factories.template(self.cast.number, "rad_fertig", components=[BODY])
        factories.template(self.cast.number, "neu", status="PENDING")
        factories.template(self.cast.number, "werbung", category="MARKETING")
        factories.template(self.cast.other_number, "fremd")
        html = self.client.get(self.url).content.decode()

        assert html.count('role="option"') == 3
        assert html.count('aria-disabled="true" data-category') == 2
        assert "Wartet auf Freigabe durch WhatsApp" in html
        assert "Clara" in html and "Rad fertig" in html and "Fremd" not in html

    def test_the_form_begins_with_what_is_known_and_the_preview_shows_it(self):
        template = factories.template(self.cast.number, "rad_fertig", components=[BODY])
        html = self.client.get(self.url, {"template": template.pk}).content.decode()

        assert 'name="body.1" data-field="body.1" value="Clara"' in html
        assert '<span class="var" data-var="body.1"' in html
        assert '<span class="var var--empty" data-var="body.2"' in html
        assert "<b>fertig</b>" in html
        assert "<html" not in html

    def test_header_and_text_are_told_apart_and_what_both_have_is_asked_for_once(self):
        template = factories.template(self.cast.number, "termin_bestaetigen", components=[
            {"type": "HEADER", "format": "TEXT", "text": "Termin am {{datum}}"},
            {"type": "BODY", "text": "Dein Termin ist am {{datum}} um {{uhrzeit}}."},
        ])  # fmt: skip
        html = self.client.get(self.url, {"template": template.pk}).content.decode()

        assert re.findall(r'<h4 class="picker__group">(.*?)</h4>', html) == ["Überschrift", "Text"]
        assert re.findall(r'<input class="input" id="[^"]*" name="([^"]*)"', html) == ["header.datum", "body.uhrzeit"]
        assert html.count('data-var="header.datum"') == 2
        assert "auch im Text" in html

        assert self.send(template, **{"header.datum": "9. Mai", "body.uhrzeit": "14:00"}).status_code == 200
        message = Message.objects.get(direction="out")
        assert message.text == "Dein Termin ist am 9. Mai um 14:00."
        assert message.data["values"] == {"header.datum": "9. Mai", "body.datum": "9. Mai", "body.uhrzeit": "14:00"}

    def test_titles_are_the_names_as_people_write_them(self):
        for name in ("termin_bestaetigen", "neue_statue", "leasing_ende"):
            factories.template(self.cast.number, name)
        html = self.client.get(self.url).content.decode()

        assert set(re.findall(r'<span class="pick__name">(.*?)</span>', html)) == {
            "Termin bestätigen", "Neue statue", "Leasing ende"
        }  # fmt: skip

    def test_that_a_template_opens_no_window_is_said_while_none_is_open(self):
        template = factories.template(self.cast.number, "rad_fertig", components=[BODY])
        closed = self.client.get(self.url, {"template": template.pk}).content.decode()
        self.claras.last_customer_message_at = timezone.now()
        self.claras.save()
        is_open = self.client.get(self.url, {"template": template.pk}).content.decode()

        assert "Eine Vorlage öffnet kein Fenster" in closed and "Eine Vorlage öffnet kein Fenster" not in is_open

    def test_a_refused_post_gives_the_reason_that_the_picker_gives(self):
        for status in ("PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "NEW_TO_US"):
            template = factories.template(self.cast.number, f"neu_{status.lower()}", status=status)
            [choice] = [
                each for each in templates_for(self.claras).unavailable if each.template.pk == template.pk
            ]
            answer = self.send(template)

            assert answer.status_code in (409, 422)
            assert answer.json()["sentence"] == f"{choice.reason}."

    def test_what_cannot_be_sent_has_no_form(self):
        pending = factories.template(self.cast.number, "neu", status="PENDING")
        foreign = factories.template(self.cast.other_number, "fremd")

        assert self.client.get(self.url, {"template": pending.pk}).status_code == 404
        assert self.client.get(self.url, {"template": foreign.pk}).status_code == 404

    def test_a_filled_template_goes_out_although_the_window_is_closed(self):
        template = factories.template(self.cast.number, "rad_fertig", components=[BODY])
        response = self.send(template, **{"body.1": "Clara", "body.2": "heute"})

        message = Message.objects.get(direction="out")
        assert response.status_code == 200
        assert message.text == "Hallo Clara, *fertig* seit heute."
        assert f'id="message-{message.uid}"' in response.json()["html"]
        assert not self.claras.service_window.is_open(timezone.now())

    def test_what_is_missing_is_named_field_by_field(self):
        template = factories.template(self.cast.number, "rad_fertig", components=[BODY])
        response = self.send(template, **{"body.1": "Clara"})

        assert response.status_code == 422
        assert response.json()["fields"] == {"body.2": "Fehlt noch zum Senden"}
        assert not Message.objects.filter(direction="out").exists()

    def test_pending_foreign_and_unagreed_ones_are_refused_past_the_screen(self):
        pending = factories.template(self.cast.number, "neu", status="PENDING", examples=(), body="Hallo")
        marketing = factories.template(self.cast.number, "werbung", category="MARKETING", examples=(), body="Hallo")
        foreign = factories.template(self.cast.other_number, "fremd", examples=(), body="Hallo")

        answers = [self.send(template) for template in (pending, marketing, foreign)]

        assert [answer.status_code for answer in answers] == [422, 422, 422]
        assert all(answer.json()["sentence"] for answer in answers)
        assert not Message.objects.filter(direction="out").exists()

    def test_marketing_is_offered_and_sent_once_the_customer_agreed(self):
        marketing = factories.template(self.cast.number, "werbung", category="MARKETING", examples=(), body="Hallo")
        consent.record_consent(
            self.cast.clara, ConsentState.GIVEN, source=Consent.Source.AGENT, occurred_at=timezone.now(), note="Theke"
        )

        assert self.send(marketing).status_code == 200

    def test_a_media_header_takes_its_default_file_or_another(self):
        template = factories.template(
            self.cast.number, "bild", components=[IMAGE_HEADER, {"type": "BODY", "text": "Da"}]
        )
        assert self.send(template).json()["fields"].keys() == {"header.file"}
        TemplateHeaderMedia.objects.create(
            template=template,
            phone_number=self.cast.number,
            file=ContentFile(PNG, "kopf.png"),
            file_name="kopf.png",
            mime_type="image/png",
            size=len(PNG),
        )

        shown = self.client.get(f"{self.url}{template.pk}/header/")
        assert (shown.status_code, shown["Content-Type"], shown["X-Content-Type-Options"]) == (
            200,
            "image/png",
            "nosniff",
        )
        assert self.send(template).status_code == 200
        own = ContentFile(PNG, "eigenes.png")
        assert self.send(template, header=own).status_code == 200
        names = Message.objects.filter(direction="out").order_by("pk").values_list("attachments__file_name", flat=True)
        assert list(names) == ["kopf.png", "eigenes.png"]

    def test_many_templates_cost_the_queries_of_one(self):
        def cost() -> int:
            self.client.get(self.url)
            with CaptureQueriesContext(connection) as captured:
                self.client.get(self.url)
            return len(captured)

        factories.template(self.cast.number, "eins")
        one = cost()
        for name in ("zwei", "drei", "vier"):
            factories.template(self.cast.number, name)

        assert cost() == one
