"""What people do on the thread page, through its addresses: write, note, assign, close, snooze, label, record."""

import json
import uuid
from datetime import timedelta
from unittest.mock import patch

from django.test import TestCase
from django.utils import timezone

from accounts.models import Availability
from inbox.actions import consent
from inbox.enums import ConsentState, ConversationStatus, DraftKind, MessageStatus
from inbox.models import Consent, Conversation, Draft, Label, Message, Note, ReadCursor
from tests import factories
from tests.cast import make_cast

HX = {"HX-Request": "true"}


class ActionTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras = self.cast.claras
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.claras.pk}/"

    def reload(self):
        self.claras.refresh_from_db()
        return self.claras

    def reply(self, text="Ja", **fields):
        return self.client.post(f"{self.url}messages/", {"uid": uuid.uuid4(), "text": text, **fields})

    # --- replies ------------------------------------------------------------------------------------------------------

    def test_a_reply_is_queued_and_answered_with_its_bubble(self):
        uid = uuid.uuid4()
        response = self.reply("Ja, *komm* vorbei", uid=uid)

        message = Message.objects.get(uid=uid)
        assert (message.status, message.author, message.text) == (
            MessageStatus.QUEUED,
            self.cast.ben,
            "Ja, *komm* vorbei",
        )
        assert response.json()["uid"] == str(uid)
        assert f'id="message-{uid}"' in response.json()["html"]
        assert self.reload().assignee == self.cast.ben

    def test_what_was_merged_away_in_the_same_moment_is_not_found(self):
        with patch("inbox.actions.replying.lock_for_writing", side_effect=Conversation.DoesNotExist):
            assert self.reply().status_code == 404

    def test_the_same_uid_twice_is_one_message(self):
        uid = uuid.uuid4()
        first, second = self.reply(uid=uid), self.reply(uid=uid)

        assert first.json()["uid"] == second.json()["uid"]
        assert Message.objects.filter(uid=uid).count() == 1

    def test_a_reply_into_a_closed_window_is_refused_with_a_sentence(self):
        self.claras.last_customer_message_at = timezone.now() - timedelta(hours=25)
        self.claras.save()
        response = self.reply()

        assert response.status_code == 409
        assert response.json()["code"] == "window_closed"
        assert response.json()["sentence"] == "Das 24-Stunden-Fenster ist zu. Wähle eine Vorlage."
        assert not Message.objects.filter(direction="out").exists()

    def test_too_long_empty_and_nameless_replies_are_refused(self):
        assert [
            self.reply("x" * 4097).status_code,
            self.reply("  ").status_code,
            self.reply(uid="keine").status_code,
        ] == [422] * 3
        assert not Message.objects.filter(direction="out").exists()

    def test_what_nobody_could_see_is_not_sent_and_a_pasted_nul_stops_nothing(self):
        refused = self.reply("\u200b \u2060")
        assert (refused.status_code, refused.json()["sentence"]) == (422, "Schreib zuerst etwas.")

        assert self.reply("Bis\x00 gleich").status_code in (200, 201)
        assert Message.objects.get(direction="out").text == "Bis gleich"

    def test_a_quote_of_this_thread_is_kept_and_of_another_is_dropped(self):
        own, foreign = self.claras.messages.get(), self.cast.darios.messages.get()
        self.reply("Zu deiner Frage", quoted=own.uid)
        self.reply("Und dazu", quoted=foreign.uid)

        assert list(Message.objects.filter(direction="out").order_by("pk").values_list("quoted", flat=True)) == [
            own.pk,
            None,
        ]

    def test_a_reply_behind_a_colleagues_is_held_until_its_author_decides(self):
        seen = self.claras.seq
        factories.outbound_message(self.claras, "Schon *erledigt*", by=self.cast.lea)
        held = self.reply("Mach ich", seen_seq=seen)
        message = Message.objects.get(author=self.cast.ben)

        assert held.status_code == 409
        assert "<b>erledigt</b>" in held.json()["dialog"] and "Mach ich" in held.json()["dialog"]
        sent = self.client.post(f"/messages/{message.pk}/held/")
        assert sent.status_code == 200
        assert Message.objects.get(pk=message.pk).status == MessageStatus.QUEUED

    def test_a_held_reply_can_go_back_into_the_composer(self):
        seen = self.claras.seq
        factories.outbound_message(self.claras, "Schon erledigt", by=self.cast.lea)
        self.reply("Mach ich", seen_seq=seen)
        message = Message.objects.get(author=self.cast.ben)

        assert self.client.delete(f"/messages/{message.pk}/held/").json()["text"] == "Mach ich"
        assert not Message.objects.filter(pk=message.pk).exists()

    def test_send_again_sends_a_new_message(self):
        failed = factories.outbound_message(
            self.claras, "Hallo", by=self.cast.ben, status=MessageStatus.FAILED, error_code=131000
        )
        uid = uuid.uuid4()
        response = self.client.post(f"/messages/{failed.pk}/resend/", {"uid": uid})

        assert response.status_code == 200
        assert Message.objects.get(uid=uid).resend_of == failed

    # --- notes and drafts ---------------------------------------------------------------------------------------------

    def test_a_note_is_a_note_and_never_a_message(self):
        response = self.client.post(f"{self.url}notes/", {"uid": uuid.uuid4(), "text": "@Lea schau mal"})

        assert Note.objects.get().author == self.cast.ben
        assert '<span class="mention">@Lea</span>' in response.json()["html"]
        assert not Message.objects.filter(direction="out").exists()

    def test_those_who_may_see_it_can_be_mentioned(self):
        names = [person["name"] for person in self.client.get(f"{self.url}notes/").json()["people"]]

        assert names == ["Ada Admin", "Lea Lenz"]

    def test_a_draft_is_there_after_a_reload_and_for_its_author_alone(self):
        self.client.post(f"{self.url}draft/", {"kind": "reply", "text": "Mitten im <Satz>"})
        assert "Mitten im &lt;Satz&gt;</textarea>" in self.client.get(self.url).content.decode()

        self.client.force_login(self.cast.lea)
        assert "Mitten im" not in self.client.get(self.url).content.decode()

    def test_a_reply_uses_its_draft_up_and_a_refused_one_keeps_it(self):
        self.client.post(f"{self.url}draft/", {"kind": "reply", "text": "Ja"})
        self.reply("x" * 5000)
        assert Draft.objects.filter(kind=DraftKind.REPLY).exists()

        self.reply("Ja")
        assert not Draft.objects.filter(kind=DraftKind.REPLY).exists()

    # --- who, when, what ----------------------------------------------------------------------------------------------

    def test_the_assign_menu_shows_how_full_people_are(self):
        self.cast.lea.capacity = 1
        self.cast.lea.save()
        self.claras.assignee = self.cast.lea
        self.claras.save()
        html = self.client.get(f"{self.url}assignment/").content.decode()

        assert "1/1" in html and "voll" in html
        assert "Ben Brandt" in html and "Werkstatt" in html and "Mallory" not in html

    def test_a_full_colleague_is_asked_about_in_the_menu(self):
        self.cast.lea.capacity = 0
        self.cast.lea.save()
        asks = f'hx-get="{self.url}assignment/?agent={self.cast.lea.pk}"'
        assert asks in self.client.get(f"{self.url}assignment/").content.decode()

        html = self.client.get(f"{self.url}assignment/", {"agent": self.cast.lea.pk}).content.decode()
        assert "Lea hat 0 von 0. Trotzdem zuweisen?" in html
        assert f'hx-post="{self.url}assignment/"' in html and "Ben Brandt" not in html

    def test_taking_over_assigning_and_giving_back(self):
        self.client.post(f"{self.url}assignment/", headers=HX)
        assert self.reload().assignee == self.cast.ben

        response = self.client.post(
            f"{self.url}assignment/", {"agent": self.cast.lea.pk, "seen_assignee": self.cast.ben.pk}, headers=HX
        )
        assert self.reload().assignee == self.cast.lea
        assert json.loads(response["HX-Trigger"])["conversation:changed"]["version"] == self.claras.version

        self.client.delete(f"{self.url}assignment/", headers=HX)
        assert self.reload().assignee is None

    def test_who_was_slower_is_told_and_changes_nothing(self):
        self.claras.assignee = self.cast.lea
        self.claras.save()
        response = self.client.post(
            f"{self.url}assignment/", {"agent": self.cast.ben.pk, "seen_assignee": ""}, headers=HX
        )

        assert response.status_code == 409
        assert response["HX-Reswap"] == "none"
        assert "Lea" in response["HX-Trigger"]
        assert self.reload().assignee == self.cast.lea

    def test_nobody_of_another_workspace_can_be_given_anything(self):
        response = self.client.post(f"{self.url}assignment/", {"agent": self.cast.mallory.pk})

        assert response.status_code == 422
        assert self.reload().assignee is None

    def test_giving_it_out_of_ones_own_sight_takes_it_off_the_screen(self):
        response = self.client.post(f"{self.url}assignment/", {"team": self.cast.other_team.pk}, headers=HX)

        assert response.status_code == 204
        assert "conversation:gone" in response["HX-Trigger"]

    def test_closing_offers_to_undo_and_undoing_reopens(self):
        response = self.client.post(f"{self.url}closure/", {"outcome": "Termin vereinbart"}, headers=HX)
        assert self.reload().status == ConversationStatus.CLOSED
        undo = json.loads(response["HX-Trigger"])["toast"]["undo"]
        assert self.claras.cases.get().outcome == "Termin vereinbart"
        assert "Termin vereinbart" in self.client.get(f"{self.url}closure/").content.decode()

        assert self.client.delete(undo).status_code == 200
        assert self.reload().status == ConversationStatus.OPEN
        assert self.claras.cases.get().closed_at is None
        assert self.client.delete(undo).status_code == 404  # once

    def test_closing_what_the_customer_has_just_written_to_is_refused(self):
        seen = self.reload().inbound_count
        factories.inbound_message(self.claras, "Ach ja, noch etwas")
        response = self.client.post(f"{self.url}closure/", {"seen_inbound": seen}, headers=HX)

        assert response.status_code == 409
        assert self.reload().status == ConversationStatus.OPEN

    def test_snoozing_until_a_moment_of_the_agents_own_zone(self):
        self.cast.ben.timezone = "Asia/Tokyo"
        self.cast.ben.save()
        self.client.post(f"{self.url}snooze/", {"until": "tomorrow"})
        until = self.reload().snoozed_until.astimezone(self.cast.ben.zone)
        assert (until.hour, until.minute) == (9, 0)

        wanted = (timezone.now() + timedelta(days=3)).astimezone(self.cast.ben.zone).replace(hour=15, minute=30)
        self.client.post(f"{self.url}snooze/", {"at": f"{wanted:%Y-%m-%dT%H:%M}"})
        assert self.reload().snoozed_until.astimezone(self.cast.ben.zone).strftime("%H:%M") == "15:30"

        self.client.delete(f"{self.url}snooze/")
        assert self.reload().status == ConversationStatus.OPEN

    def test_a_snooze_into_the_past_or_to_nowhere_is_refused(self):
        assert self.client.post(f"{self.url}snooze/", {"at": "2020-01-01T10:00"}).status_code == 422
        assert self.client.post(f"{self.url}snooze/", {"until": "never"}).status_code == 422

    def test_reading_up_to_a_message_and_marking_unread(self):
        self.client.post(f"{self.url}read/", {"count": 1})
        assert ReadCursor.objects.get().read_count == 1

        self.client.delete(f"{self.url}read/")
        assert ReadCursor.objects.get().read_count == 0

    def test_labels_are_put_on_and_taken_off_and_foreign_ones_are_not(self):
        ours = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        theirs = Label.objects.create(workspace=self.cast.other_workspace, name="Fremd")
        response = self.client.post(f"{self.url}labels/", {"add": [ours.pk]})
        assert list(self.claras.labels.all()) == [ours]
        self.assertContains(response, "Reparatur")

        assert self.client.post(f"{self.url}labels/", {"add": [theirs.pk]}).status_code == 422
        assert list(self.claras.labels.all()) == [ours]
        self.client.post(f"{self.url}labels/", {"remove": [ours.pk]})
        assert not self.claras.labels.exists()

    def test_a_lead_makes_a_label_on_the_fly_and_an_agent_does_not(self):
        assert self.client.post(f"{self.url}labels/", {"new": "Lastenrad"}).status_code == 403
        assert not Label.objects.exists()

        self.client.force_login(self.cast.lea)
        self.client.post(f"{self.url}labels/", {"new": " Lasten  rad "})
        assert [label.name for label in self.claras.labels.all()] == ["Lasten rad"]

    def test_a_recorded_consent_has_its_evidence_and_can_be_withdrawn(self):
        said = {"state": "given", "note": "Formular an der Theke", "wording": "Ja, ich möchte Angebote"}
        response = self.client.post(f"{self.url}consent/", said)

        row = Consent.objects.get()
        assert (row.source, row.note, row.wording, row.recorded_by) == (
            Consent.Source.AGENT, "Formular an der Theke", "Ja, ich möchte Angebote", self.cast.ben
        )  # fmt: skip
        self.assertContains(response, "Werbung: ja")
        assert consent.marketing_state(self.cast.clara) == ConsentState.GIVEN

        self.client.post(f"{self.url}consent/", {"state": "withdrawn", "note": "Am Telefon"})
        assert consent.marketing_state(self.cast.clara) == ConsentState.WITHDRAWN

    def test_a_consent_without_its_where_or_in_the_future_is_not_recorded(self):
        tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"

        assert self.client.post(f"{self.url}consent/", {"state": "given"}).status_code == 422
        assert (
            self.client.post(
                f"{self.url}consent/", {"state": "given", "note": "x", "occurred_at": tomorrow}
            ).status_code
            == 422
        )
        assert not Consent.objects.exists()

    def test_the_switch_in_the_rail_says_available_or_away(self):
        response = self.client.post("/availability/", {"here": "rail"}, headers=HX)
        self.cast.ben.refresh_from_db()
        assert self.cast.ben.availability == Availability.AWAY
        self.assertContains(response, "Abwesend")

        self.client.post("/availability/", {"here": "rail", "available": "1"}, headers=HX)
        self.cast.ben.refresh_from_db()
        assert self.cast.ben.availability == Availability.AVAILABLE


class ComposerTests(TestCase):
    """Which of its faces the composer shows."""

    def setUp(self):
        self.cast = make_cast()
        self.client.force_login(self.cast.ben)

    def mode(self) -> str:
        html = self.client.get(f"/conversations/{self.cast.claras.pk}/composer/").content.decode()
        return html.split('data-mode="')[1].split('"')[0]

    def test_open_locked_taken_and_read_only(self):
        claras = self.cast.claras
        assert self.mode() == "open"
        claras.last_customer_message_at = timezone.now() - timedelta(hours=24)
        claras.save()
        assert self.mode() == "locked"
        claras.assignee = self.cast.lea
        claras.save()
        assert self.mode() == "taken"
        self.cast.clara.kind = "group"
        self.cast.clara.save()
        assert self.mode() == "readonly"

    def test_nothing_calls_a_reply_free_unless_the_rate_table_does(self):
        html = self.client.get(f"/conversations/{self.cast.claras.pk}/").content.decode().lower()

        assert "kostenlos" not in html and "freie antwort" not in html
