"""The thread page: what each kind of message looks like, older pages, what a page missed, and what it costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import rendering, threads
from inbox.enums import AttachmentState, MessageKind, MessageStatus
from inbox.models import Activity, Attachment, Mention, Reaction
from tests import factories
from tests.cast import make_cast


def items_in(html: str) -> list[str]:
    return re.findall(r'<li class="[^"]*" id="((?:message|note|activity)-[^"]+)"', html)


class ThreadTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras = self.cast.claras
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.claras.pk}/"

    def shown(self, message, language="en") -> str:
        return rendering.render_message(message, language)

    def received(self, text="", **fields):
        return factories.inbound_message(self.claras, text, **fields)

    def file(self, message, **fields) -> Attachment:
        fields = {"kind": message.kind, "state": AttachmentState.READY, "is_inline": True, "size": 1000, **fields}
        return Attachment.objects.create(message=message, **fields)

    # --- order and pages ----------------------------------------------------------------------------------------------

    def test_messages_notes_and_lines_stand_in_one_order(self):
        start = timezone.now() - timedelta(minutes=10)
        reply = factories.outbound_message(self.claras, "Ja", by=self.cast.ben, at=start)
        note = factories.note(
            self.claras, "Liegt in Fach 7", by=self.cast.lea, occurred_at=start + timedelta(minutes=1)
        )
        line = Activity.objects.create(
            workspace=self.cast.workspace,
            conversation=self.claras,
            seq=self.claras.next_seq(),
            kind="closed",
            actor=self.cast.lea,
            occurred_at=start + timedelta(minutes=2),
        )
        first = self.claras.messages.order_by("seq").first()

        shown = items_in(self.client.get(self.url).content.decode())

        assert shown == [f"message-{reply.uid}", f"note-{note.uid}", f"activity-{line.pk}", f"message-{first.uid}"]

    def test_older_pages_follow_without_gap_or_repetition(self):
        start = timezone.now() - timedelta(hours=5)
        made = [self.received(f"Nummer {number}", at=start + timedelta(seconds=number // 2)) for number in range(95)]
        seen, url = [], self.url
        for _ in range(5):
            html = self.client.get(url).content.decode()
            seen = items_in(html) + seen
            older = re.search(r'class="messages__more" data-more="older" data-page="([^"]+)"', html)
            if older is None:
                break
            url = f"{self.url}messages/?{older[1]}"

        assert seen[:-1] == [f"message-{message.uid}" for message in made]

    def test_a_page_that_was_away_gets_what_it_missed_and_its_newest_as_they_are_now(self):
        known = self.claras.messages.get()
        missed = [self.received(f"Verpasst {number}") for number in range(2)]
        response = self.client.get(f"{self.url}messages/", {"after_seq": known.seq})

        html = response.content.decode()
        assert items_in(html) == [f"message-{message.uid}" for message in [known, *missed]]
        assert "<html" not in html

    def test_neighbours_of_one_author_form_a_block_and_days_part_them(self):
        yesterday = timezone.now() - timedelta(days=1)
        self.claras.messages.all().delete()
        for at in (yesterday, yesterday + timedelta(minutes=1), timezone.now()):
            self.received("Hallo", at=at)
        page = threads.thread_page(self.claras, self.cast.ben)

        assert [(item.first, item.last, item.day is not None) for item in page.items] == [
            (True, False, True), (False, True, False), (True, True, True)
        ]  # fmt: skip

    def test_a_held_reply_is_its_authors_alone(self):
        held = factories.outbound_message(self.claras, "Warte", by=self.cast.ben, status=MessageStatus.HELD)
        mine = self.client.get(self.url).content.decode()
        self.client.force_login(self.cast.lea)
        theirs = self.client.get(self.url).content.decode()

        assert f"message-{held.uid}" in mine
        assert f"message-{held.uid}" not in theirs

    def test_a_long_thread_costs_the_queries_of_a_short_one(self):
        def cost() -> int:
            self.client.get(self.url)
            with CaptureQueriesContext(connection) as captured:
                self.client.get(self.url)
            return len(captured)

        def talk(count):
            for number in range(count):
                quoted = self.received(f"Frage {number}", kind=MessageKind.IMAGE)
                self.file(quoted)
                Reaction.objects.create(message=quoted, agent=self.cast.lea, emoji="❤️", occurred_at=timezone.now())
                factories.outbound_message(self.claras, "Antwort", by=self.cast.lea, quoted=quoted)
                note = factories.note(self.claras, "@Ben schau", by=self.cast.lea)
                Mention.objects.create(note=note, conversation=self.claras, agent=self.cast.ben)

        talk(1)
        short = cost()
        talk(4)

        assert cost() == short

    # --- kinds --------------------------------------------------------------------------------------------------------

    def test_text_is_formatted_and_escaped(self):
        html = self.shown(self.received("*fett* <img src=x onerror=alert(1)>"))

        assert "<b>fett</b>" in html
        assert "<img src=x" not in html

    def test_a_picture_is_shown_once_it_is_here(self):
        message = self.received("Die Kurbel", kind=MessageKind.IMAGE)
        file = self.file(message, state=AttachmentState.PENDING)
        assert "File is loading" in self.shown(message)

        file.state = AttachmentState.READY
        file.save()

        assert f'src="/media/{file.token}/"' in self.shown(self.fresh(message))

    def fresh(self, message):
        return type(message).objects.get(pk=message.pk)

    def test_a_file_that_is_not_safe_to_show_is_a_download(self):
        message = self.received(kind=MessageKind.IMAGE)
        self.file(message, is_inline=False, file_name="bild.svg")

        html = self.shown(message)
        assert "<img" not in html
        assert 'download="bild.svg"' in html

    def test_a_file_that_did_not_come_says_so(self):
        gone, failed = self.received(kind=MessageKind.VIDEO), self.received(kind=MessageKind.DOCUMENT)
        self.file(gone, state=AttachmentState.EXPIRED)
        self.file(failed, state=AttachmentState.FAILED, file_name="rechnung.pdf")

        assert "No longer at WhatsApp" in self.shown(gone)
        assert "rechnung.pdf" in self.shown(failed)
        assert "The file could not be loaded." in self.shown(failed)

    def test_voice_document_sticker_and_video(self):
        expected = {
            MessageKind.VOICE: "<voice-player", MessageKind.DOCUMENT: 'class="doc"',
            MessageKind.STICKER: "bubble--sticker", MessageKind.VIDEO: "<video",
        }  # fmt: skip
        for kind, part in expected.items():
            message = self.received(kind=kind)
            self.file(message, file_name="datei.pdf")
            assert part in self.shown(message), kind

    def test_structured_kinds_show_what_they_hold(self):
        cases = {
            MessageKind.LOCATION: ({"latitude": 52.5, "longitude": 13.4, "name": "Ufer <7>"}, "Ufer &lt;7&gt;"),
            MessageKind.CONTACTS: ({"contacts": [{"name": "Ute", "phones": [{"phone": "+49 1"}]}]}, "+49 1"),
            MessageKind.BUTTON_REPLY: ({"id": "x"}, "Chose a button"),
            MessageKind.LIST_REPLY: ({"id": "x"}, "Chose from the list"),
            MessageKind.FLOW_REPLY: ({"fields": [["anlass", "Hochzeit"]]}, "Hochzeit"),
            MessageKind.ORDER: ({"items": [{"id": "A1", "quantity": 2, "total": "79.80", "currency": "EUR"}],
                                 "total": "79.80", "currency": "EUR"}, "€79.80"),
            MessageKind.UNSUPPORTED: ({"type": "poll_creation"}, ": a poll"),
            MessageKind.SYSTEM: ({"event": "number_changed", "new": "4917600000009"}, "+49 176 00000009"),
            MessageKind.WELCOME: ({}, "Opened the chat"),
        }  # fmt: skip
        for kind, (data, part) in cases.items():
            assert part in self.shown(self.received("Text", kind=kind, data=data)), kind

    def test_any_kind_without_its_data_is_still_a_bubble(self):
        for kind in MessageKind.values:
            for data in ({}, {"contacts": "x", "items": None, "fields": 3, "header": [], "buttons": "y"}):
                assert "<li" in self.shown(self.received("", kind=kind, data=data)), (kind, data)

    def test_quotes_forwards_edits_reactions_and_deletion(self):
        quoted = factories.outbound_message(self.claras, "Passt *14 Uhr*?", by=self.cast.lea)
        message = self.received("Ja", quoted=quoted, forwarded=2, edited_at=timezone.now())
        Reaction.objects.create(message=message, agent=self.cast.lea, emoji="👍", occurred_at=timezone.now())
        html = self.shown(message)
        for part in ("Lea", "Passt 14 Uhr?", "Forwarded many times", "edited", "👍"):
            assert part in html

        message.deleted_at = timezone.now()
        assert "This message was deleted" in self.shown(message)
        assert ">Ja" not in self.shown(message)
        lost = self.received("Und das?", quoted_wamid="wamid.unknown")
        assert "The quoted message is not available" in self.shown(lost)

    def test_an_ad_is_shown_without_loading_anything_from_it(self):
        referral = {
            "source_type": "ad",
            "source_url": "https://fb.me/x",
            "headline": "Frühjahrscheck",
            "image_url": "https://cdn.example/a.jpg",
        }
        html = self.shown(self.received("Hallo", data={"referral": referral}))

        assert "Frühjahrscheck" in html and "fb.me" in html
        assert "cdn.example" not in html

    # --- delivery -----------------------------------------------------------------------------------------------------

    def test_a_failed_message_says_why_and_what_helps(self):
        failed = factories.outbound_message(
            self.claras, "Zu spät", by=self.cast.ben, status=MessageStatus.FAILED, error_code=131047
        )
        german = self.shown(failed, "de")
        assert "Das Fenster war gerade zu." in german
        assert 'data-action="template"' in german

        failed.error_code = 131053
        assert f'data-url="/messages/{failed.pk}/resend/"' in self.shown(failed)
        failed.error_code = 131049
        assert "resend" not in self.shown(failed)

    def test_what_can_be_changed_goes_back_to_where_it_was_written(self):
        failed = factories.outbound_message(
            self.claras, '*So* "nicht"', by=self.cast.ben, status=MessageStatus.FAILED, error_code=131051
        )
        assert 'data-action="change" data-text="*So* &quot;nicht&quot;">Send it as text<' in self.shown(failed)

        failed.error_code, failed.kind = 131009, MessageKind.TEMPLATE
        failed.template = factories.template(self.cast.number, "rad_fertig")
        opened = f'data-action="template" data-template="{failed.template.pk}">Change it and send again<'
        assert opened in self.shown(failed)

        failed.kind = MessageKind.DOCUMENT
        assert "/resend/" in self.shown(failed) and ">Send again<" in self.shown(failed)
        failed.kind = MessageKind.LOCATION
        again = f'/build/location/?like={failed.pk}">Change it and send again<'
        assert again in self.shown(failed)

    def test_what_was_sent_again_offers_it_no_more(self):
        for status in (MessageStatus.FAILED, MessageStatus.UNKNOWN):
            first = factories.outbound_message(
                self.claras, "Ist fertig", by=self.cast.ben, status=status, error_code=-10, unknown_since=timezone.now()
            )
            button = f"/messages/{first.pk}/resend/"
            assert button in self.client.get(self.url).content.decode()
            factories.outbound_message(self.claras, "Ist fertig", by=self.cast.ben, resend_of=first)

            html = self.client.get(self.url).content.decode()
            assert button not in html
            assert html.count("Noch einmal gesendet · ") == 1
            first.delete()

    def test_doubt_is_shown_after_ten_minutes(self):
        now = timezone.now()
        fresh = factories.outbound_message(
            self.claras, "Angekommen?", by=self.cast.ben, status=MessageStatus.UNKNOWN, unknown_since=now
        )
        old = factories.outbound_message(
            self.claras,
            "Und das?",
            by=self.cast.ben,
            status=MessageStatus.UNKNOWN,
            unknown_since=now - timedelta(minutes=11),
        )
        assert re.search(r"<appear-at data-at=\"\d+\" hidden>", self.shown(fresh))
        assert re.search(r"<appear-at data-at=\"\d+\">", self.shown(old))

    def test_a_template_shows_its_name_footer_and_buttons(self):
        sent = factories.outbound_message(
            self.claras,
            "Dein Rad ist fertig.",
            by=self.cast.ben,
            kind=MessageKind.TEMPLATE,
            data={
                "name": "rad_fertig",
                "category": "UTILITY",
                "footer": "Radhaus",
                "header": {"kind": "text", "text": "Fertig"},
                "buttons": [{"type": "URL", "text": "Route"}, {"type": "QUICK_REPLY", "text": "Ich komme"}],
            },
        )
        html = self.shown(sent)
        for part in ("Rad fertig", "Utility", "Radhaus", "Fertig", "Route", "Ich komme"):
            assert part in html


@pytest.mark.django_db
def test_fragments_hold_no_word_about_their_reader():
    """What an event carries is the same for everybody: no token, no form, no "you"."""
    cast = make_cast()
    message = factories.outbound_message(cast.claras, "Ja", by=cast.ben)
    note = factories.note(cast.claras, "Ach so", by=cast.ben)
    fragments = [
        rendering.render_row(cast.claras, "de"), rendering.render_head(cast.claras, "de"),
        rendering.render_message(message, "de"), rendering.render_note(note, "de"),
    ]  # fmt: skip
    for html in fragments:
        assert "<form" not in html and "csrf" not in html.lower()
        assert re.search(r"\b(du|dein|deine|you|your)\b", re.sub(r"<[^>]+>", " ", html), re.IGNORECASE) is None
        assert 'datetime="' in html or "head-" in html
        assert re.search(r'datetime="[^"]*\+00:00"', html) or "head-" in html


@pytest.mark.django_db
def test_the_page_is_in_the_language_and_zone_of_its_reader():
    cast = make_cast()
    cast.ben.language, cast.ben.timezone = "en", "Asia/Tokyo"
    cast.ben.save()
    client = Client()
    client.force_login(cast.ben)
    html = client.get(f"/conversations/{cast.claras.pk}/").content.decode()

    message = cast.claras.messages.get()
    tokyo = message.occurred_at.astimezone(cast.ben.zone)
    assert f">{tokyo:%H:%M}</time>" in html
    assert "Message to Clara …" in html
