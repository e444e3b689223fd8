"""The list page: views, filters, counts, paging, and what it costs."""

import re
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Visibility
from inbox import queries
from inbox.enums import ConversationStatus
from inbox.filters import VIEWS
from inbox.models import Follower, Label, Mention, ReadCursor
from tests import factories
from tests.cast import make_cast


def rows_in(response) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li class="row[^"]*" id="row-(\d+)"', response.content.decode())]


class ListTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras, self.darios = self.cast.claras, self.cast.darios
        self.client.force_login(self.cast.ben)

    def take(self, conversation, agent=None, **fields):
        conversation.assignee = agent
        for name, value in fields.items():
            setattr(conversation, name, value)
        conversation.save()

    def test_each_view_shows_its_conversations_newest_first(self):
        self.take(self.claras, self.cast.ben)
        closed = factories.conversation(self.cast.number, status=ConversationStatus.CLOSED)
        snoozed = factories.conversation(self.cast.number, status=ConversationStatus.SNOOZED)
        note = factories.note(self.darios, "@Ben bitte", by=self.cast.lea)
        Mention.objects.create(note=note, conversation=self.darios, agent=self.cast.ben)
        Follower.objects.create(conversation=self.claras, agent=self.cast.ben)

        shown = {view: rows_in(self.client.get("/", {"view": view})) for view in VIEWS}

        assert shown == {
            "mine": [self.claras.pk],
            "unassigned": [self.darios.pk],
            "all": [self.darios.pk, self.claras.pk],
            "mentions": [self.darios.pk],
            "following": [self.claras.pk],
            "closed": [closed.pk],
            "snoozed": [snoozed.pk],
        }

    def test_another_team_and_another_workspace_are_not_in_it(self):
        foreign = factories.conversation(self.cast.number, team=self.cast.other_team)
        elsewhere = factories.conversation(self.cast.other_number)
        self.client.force_login(self.cast.ada)
        assert foreign.pk in rows_in(self.client.get("/", {"view": "all"}))

        self.client.force_login(self.cast.ben)
        shown = rows_in(self.client.get("/", {"view": "all"}))

        assert foreign.pk not in shown
        assert elsewhere.pk not in shown

    def test_who_sees_only_their_own_gets_no_colleagues_conversations(self):
        self.cast.ben.visibility = Visibility.OWN
        self.cast.ben.save()
        self.take(self.claras, self.cast.lea)

        assert rows_in(self.client.get("/", {"view": "all"})) == [self.darios.pk]

    def test_team_and_label_narrow_it(self):
        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur", hue=4)
        self.claras.labels.add(label)
        other = factories.conversation(self.cast.number, team=self.cast.other_team)
        self.client.force_login(self.cast.ada)

        assert rows_in(self.client.get("/", {"view": "all", "team": self.cast.other_team.pk})) == [other.pk]
        assert rows_in(self.client.get("/", {"view": "all", "label": label.pk})) == [self.claras.pk]

    def test_a_username_finds_its_person_and_nobody_without_one(self):
        self.cast.clara.username = "Clara.faehrt"
        self.cast.clara.save()

        assert rows_in(self.client.get("/", {"q": "@clara.f"})) == [self.claras.pk]
        assert rows_in(self.client.get("/", {"q": "@dario.f"})) == []

    def test_a_word_that_too_many_have_finds_the_same_people(self):
        self.cast.clara.username, self.cast.clara.name_key = "o_clara", "clara sommer"
        self.cast.clara.save()
        found = rows_in(self.client.get("/", {"q": "o"}))
        with mock.patch.object(queries, "RARE", 1):
            assert rows_in(self.client.get("/", {"q": "o"})) == found == [self.darios.pk, self.claras.pk]

    def test_a_name_or_a_part_of_the_number_finds_it_open_or_closed(self):
        self.take(self.claras, status=ConversationStatus.CLOSED)
        digits = self.cast.clara.phone[-6:]

        assert rows_in(self.client.get("/", {"q": "SOMMER"})) == [self.claras.pk]
        assert rows_in(self.client.get("/", {"q": digits})) == [self.claras.pk]
        assert rows_in(self.client.get("/", {"q": "niemand"})) == []
        self.assertContains(self.client.get("/", {"q": "niemand"}), "niemand")

    def test_pages_follow_each_other_without_gap_or_repetition(self):
        at = timezone.now() - timedelta(hours=1)
        made = [
            factories.conversation(self.cast.number, last_message_at=at if index % 3 else at - timedelta(minutes=index))
            for index in range(23)
        ]
        seen, after, pages = [], None, 0
        while True:
            page = queries.list_page(self.cast.ben, queries.Filter(view="all"), after=after, size=5)
            seen += [row.conversation.pk for row in page.rows]
            pages += 1
            if page.next is None:
                break
            after = queries.Cursor.of(str(page.next))

        assert pages == 5
        assert len(seen) == len(set(seen)) == 25
        assert set(seen) == {conversation.pk for conversation in [*made, self.claras, self.darios]}

    def test_the_next_page_is_rows_alone(self):
        cursor = queries.Cursor(timezone.now() + timedelta(minutes=1), 1)
        response = self.client.get("/", {"view": "all", "after": str(cursor)})

        assert rows_in(response) == [self.darios.pk, self.claras.pk]
        self.assertNotContains(response, "<html")
        assert self.client.get("/", {"after": "nonsense"}).status_code == 400

    def test_htmx_gets_the_list_alone(self):
        response = self.client.get("/?view=mine", headers={"HX-Request": "true", "HX-Target": "list"})

        self.assertContains(response, 'data-view="mine"')
        self.assertNotContains(response, "<html")

    def test_the_working_view_is_remembered_and_the_archive_is_not(self):
        hx = {"HX-Request": "true", "HX-Target": "list"}
        self.client.get("/?view=mine", headers=hx)
        self.client.get("/?view=closed", headers=hx)

        self.assertContains(self.client.get("/"), 'data-view="mine"')

    def test_unread_is_counted_for_each_agent_alone(self):
        factories.inbound_message(self.claras, "Noch etwas")
        ReadCursor.objects.create(agent=self.cast.lea, conversation=self.claras, read_count=2)
        row = f'id="row-{self.claras.pk}-unread"'

        self.assertContains(
            self.client.get("/", {"view": "all"}),
            f'<span class="unread" {row} aria-label="2 ungelesen">2</span>',
            html=True,
        )
        self.client.force_login(self.cast.lea)
        self.assertContains(
            self.client.get("/", {"view": "all"}), f'<span class="unread" {row} hidden></span>', html=True
        )

    def test_counts_are_mine_and_what_waits_in_my_teams(self):
        self.take(self.claras, self.cast.ben)
        factories.conversation(self.cast.number, team=self.cast.other_team)
        note = factories.note(self.darios, "@Ben bitte", by=self.cast.lea)
        Mention.objects.create(note=note, conversation=self.darios, agent=self.cast.ben)

        assert self.client.get("/counts/").json() == {"mine": 1, "unassigned": 1, "mentions": 1, "unread": 1}

    def test_what_customers_call_themselves_is_text(self):
        self.cast.clara.profile_name = '<script>alert("x")</script>'
        self.cast.clara.save()

        response = self.client.get("/", {"view": "all"})

        self.assertContains(response, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;")
        self.assertNotContains(response, "<script>alert")

    def test_no_inline_style_or_handler_stands_in_the_page(self):
        html = self.client.get(f"/conversations/{self.claras.pk}/").content.decode()

        assert re.search(r"<[^>]+\s(style|on\w+|hx-on[:\w-]*)=", html) is None
        assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", html))

    def test_three_rows_cost_the_queries_of_one(self):
        def cost() -> int:
            self.client.get("/", {"view": "all"})
            with CaptureQueriesContext(connection) as captured:
                self.client.get("/", {"view": "all"})
            return len(captured)

        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        self.darios.delete()
        self.claras.labels.add(label)
        self.take(self.claras, self.cast.ben)
        one = cost()
        for name in ("Nina", "Emil"):
            conversation = factories.conversation(self.cast.number, factories.contact(self.cast.number, name))
            factories.inbound_message(conversation, "Hallo")
            conversation.labels.add(label)
            self.take(conversation, self.cast.lea)

        assert cost() == one
