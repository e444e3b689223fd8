"""A conversation on paper and as a text file: complete, in order, in the agent's language, and only for who sees it."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from accounts.models import AuditEntry
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
