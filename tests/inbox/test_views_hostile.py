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

    def test_a_consent_from_before_our_time_is_refused_and_the_conversation_still_opens(self):
        for at in ("0001-01-01T00:00", "0026-11-20T10:00", "1999-12-31T23:59"):
            answer = self.client.post(f"{self.url}consent/", {"state": "given", "note": "Theke", "occurred_at": at})
            assert answer.status_code == 422, at
            assert "zu lange her" in answer.content.decode() or "too long ago" in answer.content.decode()

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
