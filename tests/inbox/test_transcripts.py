"""A conversation on paper, as text and with its files: complete, in order, in the agent's language, for who sees it."""

import io
import uuid
import zipfile
from datetime import timedelta
from unittest import mock

from django.core.files.base import ContentFile
from django.test import TestCase
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import archives
from inbox.models import Attachment
from tests import factories
from tests.cast import make_cast


class TranscriptTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        now = timezone.now()
        factories.outbound_message(self.cast.claras, "Ja, ab 14 Uhr.", by=self.cast.lea, at=now + timedelta(minutes=1))
        photo = factories.inbound_message(self.cast.claras, "", kind="image", at=now + timedelta(minutes=2))
        Attachment.objects.create(message=photo, kind="image", mime_type="image/jpeg", file_name="rad.jpg")
        factories.note(self.cast.claras, "Stammkundin <b>", by=self.cast.lea, occurred_at=now + timedelta(minutes=3))
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.cast.claras.pk}"

    def test_the_text_file_holds_everything_in_order_and_is_noted(self):
        answer = self.client.post(f"{self.url}/export/")
        text = answer.content.decode()

        said = ("Clara Sommer: Ist mein Rad fertig?", "Lea Lenz: Ja, ab", "[rad.jpg]")
        places = [text.index(words) for words in said]
        assert places == sorted(places)
        assert "Stammkundin" not in text
        assert "Exportiert von Ben Brandt" in text
        assert answer["Content-Disposition"].startswith('attachment; filename="clara-sommer-')
        assert AuditEntry.objects.get().verb == "conversation.exported"

    def test_notes_come_along_when_asked_for(self):
        text = self.client.post(f"{self.url}/export/", {"notes": "1"}).content.decode()
        assert "Lea Lenz (Interne Notiz): Stammkundin <b>" in text

        page = self.client.get(f"{self.url}/print/?notes=1")
        self.assertContains(page, "Stammkundin &lt;b&gt;")
        self.assertNotContains(self.client.get(f"{self.url}/print/"), "Stammkundin")

    def test_what_stands_in_cards_orders_forms_and_questions_is_there_in_words(self):
        card = {"name": "Jo Klein", "organization": "Rad AG", "phones": [{"phone": "030 1"}]}
        slides = [{"body": "Das Stadtrad", "buttons": [{"text": "Ansehen"}]}, {"body": "Das Rennrad"}]
        received = {
            "contacts": {"contacts": [card]},
            "order": {"items": [{"id": "KETTE", "quantity": 2, "total": "30.00", "currency": "EUR"}]},
            "flow_reply": {"fields": [["Termin", "Montag"]]},
            "system": {"event": "number_changed", "new": "4930901820"}, "welcome": {},
            "location": {"name": "Lager", "latitude": 52.5, "longitude": 13.4},
        }
        sent = {
            "interactive": {"sections": [
                {"title": "Montag", "rows": [{"title": "Mo 9:00", "description": "früh"}]},
                {"title": "Dienstag", "rows": [{"title": "Di 9:00"}]},
            ]},
            "template": {
                "header": {"text": "Fest"}, "footer": "Radhaus", "buttons": [{"text": "Ja"}], "cards": slides
            },
        }  # fmt: skip
        for kind, data in received.items():
            factories.inbound_message(self.cast.claras, "Bitte" if kind == "order" else "", kind=kind, data=data)
        for kind, data in sent.items():
            factories.outbound_message(self.cast.claras, "Neu:", by=self.cast.lea, kind=kind, data=data)
        text = self.client.post(f"{self.url}/export/").content.decode().replace("\r\n", "\n").replace("\xa0", " ")

        for words in (
            "Jo Klein, Rad AG, 030 1", "Bitte\n2 × KETTE: 30,00 €\nSumme: 30,00 €", "Termin: Montag",
            "Lager, 52.500000, 13.400000",
            "Neue Telefonnummer: +49 30 901820", "Hat den Chat zum ersten Mal geöffnet",
            "Neu:\nMontag\n• Mo 9:00 – früh\nDienstag\n• Di 9:00",
            "Fest\nNeu:\nKarte 1: Das Stadtrad [Ansehen]\nKarte 2: Das Rennrad\nRadhaus\n[Ja]",
        ):
            assert words in text

    def test_it_says_what_an_answer_answers_and_where_a_message_came_from(self):
        asked = factories.outbound_message(self.cast.claras, "Welches *Rad*?", by=self.cast.ben)
        ad = {"source_type": "ad", "source_url": "https://fb.me/x", "headline": "Frühlingsfest"}
        for text, fields in {
            "Das rote": {"quoted": asked, "quoted_wamid": "x"}, "Das alte": {"quoted_wamid": "gone"},
            "Lies mal": {"forwarded": 1}, "Hallo": {"data": {"referral": ad}},
            "Noch da?": {"data": {"referred_product": {"product_retailer_id": "KETTE"}}},
            "Doch um 11": {"edited_at": timezone.now()},
        }.items():  # fmt: skip
            factories.inbound_message(self.cast.claras, text, **fields)
        for kind, data in {"unsupported": {"type": "poll_creation"}, "text": {}, "location": {"latitude": 0}}.items():
            factories.inbound_message(self.cast.claras, "", kind=kind, data=data)
        text = self.client.post(f"{self.url}/export/").content.decode().replace("\r\n", "\n")

        for words in (
            "> Welches Rad?\nDas rote", "> Die zitierte Nachricht ist nicht verfügbar\nDas alte",
            "(Weitergeleitet)\nLies mal", "(Aus einer Anzeige · fb.me · Frühlingsfest)\nHallo",
            "(Fragt nach Produkt KETTE)\nNoch da?", "Doch um 11 (bearbeitet)", "Nicht unterstützt: eine Umfrage",
            "Leere Nachricht", ": Geteilter Standort",
        ):  # fmt: skip
            assert words in text, words

    def test_it_speaks_the_agents_language(self):
        self.cast.ben.language = "en"
        self.cast.ben.save()

        assert "Exported by Ben Brandt" in self.client.post(f"{self.url}/export/").content.decode()

    def test_the_page_costs_the_same_for_many_messages(self):
        def cost():
            self.client.get(f"{self.url}/print/")
            with self.assertNumQueries(8):
                return self.client.get(f"{self.url}/print/")

        cost()
        for number in range(5):
            factories.inbound_message(self.cast.claras, str(number))
        self.assertContains(cost(), "rad.jpg")


class ArchiveTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.cast.claras.pk}/export/"

    def file(self, name: str, body: bytes, **fields) -> Attachment:
        message = factories.inbound_message(self.cast.claras, "", kind="document", **fields)
        return Attachment.objects.create(
            message=message, kind="document", mime_type="application/pdf", file_name=name, size=len(body),
            state="ready", file=ContentFile(body, name=uuid.uuid4().hex),
        )  # fmt: skip

    def unpacked(self, **said) -> dict[str, bytes]:
        answer = self.client.post(self.url, {"form": "zip", **said})
        assert answer["Content-Type"] == "application/zip" and answer.streaming
        packed = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
        assert packed.testzip() is None
        return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}

    def test_it_holds_the_text_a_page_and_the_files_and_is_noted(self):
        self.file("Angebot.pdf", b"eins")
        self.file("../../Angebot: <neu>.pdf", b"zwei" * 300_000)
        factories.note(self.cast.claras, "Stammkundin", by=self.cast.lea)
        found = self.unpacked()

        files = {name: body for name, body in found.items() if name.startswith("files/")}
        today = timezone.localdate(timezone=self.cast.ben.zone)
        assert files == {
            f"files/0001 {today} Angebot.pdf": b"eins", f"files/0002 {today} Angebot_ _neu_.pdf": b"zwei" * 300_000
        }  # fmt: skip
        text = next(body for name, body in found.items() if name.endswith(".txt")).decode()
        page = next(body for name, body in found.items() if name.endswith(".html")).decode()
        assert f"[files/0001 {today} Angebot.pdf]" in text and "Ist mein Rad fertig?" in text
        assert f'href="files/0001%20{today}%20Angebot.pdf"' in page and "Ist mein Rad fertig?" in page
        assert "Stammkundin" not in text + page
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.actor) == ("conversation.archived", self.cast.ben)
        assert entry.data == {"files": 2, "contact": self.cast.clara.pk}
        assert any(b"Stammkundin" in body for body in self.unpacked(notes="1").values())

    def test_what_has_gone_was_deleted_or_has_no_room_is_left_out_and_counted(self):
        gone = self.file("weg.pdf", b"weg")
        gone.file.storage.delete(gone.file.name)
        self.file("geloescht.pdf", b"x", deleted_at=timezone.now())
        self.file("alt.pdf", b"x" * 60)
        self.file("neu.pdf", b"y" * 60)
        with mock.patch.object(archives, "MOST_BYTES", 100):
            found = self.unpacked()

        today = timezone.localdate(timezone=self.cast.ben.zone)
        assert [name for name in found if name.startswith("files/")] == [f"files/0001 {today} neu.pdf"]
        page = next(body for name, body in found.items() if name.endswith(".html")).decode()
        assert "2 Dateien sind nicht in diesem Archiv" in page and "geloescht" not in page

    def test_a_stranger_gets_nothing(self):
        self.client.force_login(self.cast.mallory)
        assert self.client.post(self.url, {"form": "zip"}).status_code == 404
        assert not AuditEntry.objects.filter(verb="conversation.archived").exists()
