"""A stretch of the thread around a place: a hit, a quote, a date; and the pages that follow it both ways."""

import re
from datetime import datetime, timedelta

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import threads
from inbox.models import Activity
from tests import factories
from tests.cast import make_cast
from tests.inbox.test_views_thread import items_in


class PageTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras = self.cast.claras
        self.claras.messages.all().delete()
        self.client.force_login(self.cast.ben)
        self.url = f"/conversations/{self.claras.pk}/messages/"

    def talk(self, count, step=timedelta(minutes=1)):
        """Messages, notes and lines in turn, some at the same second."""
        start = timezone.now() - count * step
        ids = []
        for number in range(count):
            at = start + (number // 2) * step
            if number % 10 == 4:
                note = factories.note(self.claras, f"Notiz {number}", by=self.cast.ben, occurred_at=at)
                ids.append((f"note-{note.uid}", note.seq, at))
            elif number % 10 == 7:
                line = Activity.objects.create(
                    workspace=self.cast.workspace, conversation=self.claras, seq=self.claras.next_seq(), kind="closed",
                    actor=self.cast.ben, occurred_at=at,
                )  # fmt: skip
                ids.append((f"activity-{line.pk}", line.seq, at))
            else:
                message = factories.inbound_message(self.claras, f"Nummer {number}", at=at)
                ids.append((f"message-{message.uid}", message.seq, at))
        self.claras.save()
        return ids

    def more(self, html, way):
        found = re.search(f'data-more="{way}" data-page="([^"]+)"', html)
        return found and found[1]

    def page(self, query):
        return self.client.get(f"{self.url}?{query}").content.decode()

    def test_from_any_place_the_pages_both_ways_make_the_whole_thread(self):
        said = self.talk(130)
        for index in (0, 1, 64, 127, 129):
            first = html = self.page(f"around={said[index][1]}")
            shown = items_in(html)
            assert said[index][0] in shown
            while older := self.more(html, "older"):
                html = self.page(older)
                shown = items_in(html) + shown
                assert self.more(html, "newer") is None
            html = first
            while newer := self.more(html, "newer"):
                html = self.page(newer)
                shown += items_in(html)
                assert self.more(html, "older") is None

            assert shown == [item for item, _, _ in said]

    def test_a_place_in_the_middle_stands_in_the_middle(self):
        said = self.talk(100)
        shown = items_in(self.page(f"around={said[50][1]}"))

        assert shown == [item for item, _, _ in said[30:70]]

    def test_a_page_may_begin_or_end_at_any_entry_by_its_number(self):
        said = self.talk(100)

        assert items_in(self.page(f"before={said[60][1]}")) == [item for item, _, _ in said[20:60]]
        assert items_in(self.page(f"after={said[60][1]}")) == [item for item, _, _ in said[61:]]

    def test_a_day_begins_in_the_time_zone_of_who_asks(self):
        self.cast.ben.timezone = "Pacific/Auckland"  # half a day ahead of us
        self.cast.ben.save()
        midnight = datetime(2026, 3, 12, tzinfo=self.cast.ben.zone)
        before = factories.inbound_message(self.claras, "Noch gestern", at=midnight - timedelta(seconds=1))
        first = factories.inbound_message(self.claras, "Der erste", at=midnight)

        html = self.page("day=2026-03-12")

        assert items_in(html) == [f"message-{before.uid}", f"message-{first.uid}"]
        assert threads.page_around(self.claras, self.cast.ben, threads.Place(midnight, 0), 2).items[-1].thing == first

    def test_a_moment_after_the_last_word_shows_the_end(self):
        said = self.talk(60)
        at = int((timezone.now() + timedelta(days=9)).timestamp() * 1000)

        assert items_in(self.page(f"at={at}"))[-1] == said[-1][0]

    def test_nonsense_shows_the_newest(self):
        said = self.talk(50)
        for query in ("around=999999", "around=-1", "day=heute", "day=0001-01-01x", "at=1e9", "before=x.y", "newest=1"):
            assert items_in(self.page(query)) == [item for item, _, _ in said[-40:]], query

    def test_the_whole_page_opens_at_a_place_too(self):
        said = self.talk(100)
        html = self.client.get(f"/conversations/{self.claras.pk}/?around={said[10][1]}").content.decode()

        assert said[10][0] in items_in(html)
        assert f'data-around="{said[10][1]}"' in html

    def test_the_line_new_stands_above_the_first_unread_message_however_far_back(self):
        said = self.talk(100)
        messages = [seq for item, seq, _ in said if item.startswith("message-")]

        assert threads.first_unread_seq(self.claras, 55) == messages[-55]
        assert threads.first_unread_seq(self.claras, 0) is None

    def test_a_place_in_a_long_thread_costs_what_it_costs_in_a_short_one(self):
        def cost(seq):
            self.page(f"around={seq}")
            with CaptureQueriesContext(connection) as captured:
                self.page(f"around={seq}")
            return len(captured)

        short = cost(self.talk(40)[20][1])

        assert cost(self.talk(200)[100][1]) == short

    def test_a_stranger_finds_nothing(self):
        said = self.talk(5)
        self.client.force_login(self.cast.mallory)

        assert self.client.get(f"{self.url}?around={said[2][1]}").status_code == 404
