"""Posts that no page of ours makes: the answer is a refusal in words, and nothing is left behind that breaks a page."""

import uuid

from django.test import TestCase

from inbox.enums import MessageStatus
from inbox.models import Consent, Message
from tests import factories
from tests.cast import make_cast


class HostilePostTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.cast.claras.pk}/"

    def test_a_position_beyond_all_numbers_is_refused(self):
        answer = self.client.post(
            f"{self.url}messages/", {"uid": uuid.uuid4(), "text": "Hallo", "seen_seq": str(10**20)}
        )

        assert answer.status_code == 422
        assert not Message.objects.filter(text="Hallo").exists()

    def test_a_consent_from_before_whatsapp_is_refused_and_the_conversation_still_opens(self):
        for at in ("0001-01-01T00:00", "0026-11-20T10:00", "2008-12-31T23:00"):
            answer = self.client.post(f"{self.url}consent/", {"state": "given", "note": "Theke", "occurred_at": at})
            assert answer.status_code == 422, at
            assert "field__error" in answer.content.decode(), at

        assert not Consent.objects.exists()
        assert self.client.get(self.url).status_code == 200

    def test_a_colleagues_held_reply_is_not_shown_to_somebody_who_guesses_its_number(self):
        held = factories.outbound_message(
            self.cast.claras, "Noch geheim", by=self.cast.lea, status=MessageStatus.HELD, seen_seq=0
        )

        answer = self.client.get(f"/messages/{held.pk}/held/")

        assert answer.status_code == 403
        assert "Noch geheim" not in answer.content.decode()

    def test_the_held_dialog_is_only_for_what_is_held(self):
        sent = factories.outbound_message(self.cast.claras, "Längst weg", by=self.cast.ben)

        assert self.client.get(f"/messages/{sent.pk}/held/").status_code == 422

    def test_the_uid_of_somebody_elses_message_neither_sends_nor_shows_it(self):
        held = factories.outbound_message(
            self.cast.claras, "Noch geheim", by=self.cast.lea, status=MessageStatus.HELD, seen_seq=0
        )
        customers = Message.objects.get(conversation=self.cast.claras, direction="in")

        for message in (held, customers):
            answer = self.client.post(f"{self.url}messages/", {"uid": message.uid, "text": "Hallo"})
            assert answer.status_code == 422
            assert message.text not in answer.content.decode()

    def test_what_a_colleague_holds_back_cannot_be_quoted(self):
        held = factories.outbound_message(
            self.cast.claras, "Noch geheim", by=self.cast.lea, status=MessageStatus.HELD, seen_seq=0
        )

        answer = self.client.post(
            f"{self.url}messages/", {"uid": uuid.uuid4(), "text": "Hallo", "quoted": held.uid}
        )

        assert answer.status_code == 200
        assert "Noch geheim" not in answer.content.decode()
