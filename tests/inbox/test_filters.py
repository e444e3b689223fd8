"""What narrows and orders the list, what is kept by name, and that its numbers are right without asking each time."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, Visibility
from inbox import events, filter_counts, queries
from inbox.actions.conversations import close_conversation
from inbox.actions.following import follow, unfollow
from inbox.actions.labels import remove_label
from inbox.actions.notes import add_note
from inbox.actions.saved_filters import change_filter, delete_filter, move_filter, save_filter
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.filter_words import saved_filters
from inbox.filters import Cursor, Filter
from inbox.models import Conversation, Event, Label, Mention, SavedFilter
from inbox.visibility import rights_of
from tests import factories
from tests.cast import make_cast

HOUR = timedelta(hours=1)


def listed(agent, wanted, size=7):
    """All pages of a list, one after the other."""
    found, after = [], None
    while True:
        page = queries.list_page(agent, wanted, after=after, size=size)
        found += [row.conversation.pk for row in page.rows]
        if page.next is None:
            return found
        after = Cursor.of(str(page.next))


class ConditionTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.now = timezone.now()

    def shown(self, agent=None, **said):
        wanted = Filter.of({"view": "all", **said})
        return {
            row.conversation.contact.profile_name.split(" ")[0]
            for row in queries.list_page(agent or self.cast.ada, wanted).rows
        }

    def other(self, name, **fields):
        contact = factories.contact(self.cast.number, name, language=fields.pop("language", ""))
        return factories.conversation(self.cast.number, contact, **fields)

    def test_the_window_narrows_it(self):
        Conversation.objects.all().delete()
        for name, left in (("Long", 20), ("Soon", 3.5), ("Urgent", 0.5), ("Shut", -1)):
            self.other(name, last_customer_message_at=self.now - (24 - left) * HOUR)
        self.other("Never")
        self.other("Refused", last_customer_message_at=self.now - HOUR, window_refused_at=self.now)

        assert self.shown(window="open") == {"Long", "Soon", "Urgent"}
        assert self.shown(window="soon") == {"Soon", "Urgent"}
        assert self.shown(window="urgent") == {"Urgent"}
        assert self.shown(window="closed") == {"Shut", "Never", "Refused"}

    def test_each_condition_narrows_it_and_all_of_them_together(self):
        second = factories.number(self.cast.workspace, team=self.cast.team)
        emil = factories.conversation(
            second, factories.contact(second, "Emil", language="en"), assignee=self.cast.ben, needs_answer=False
        )
        self.other("Nina", last_message_at=self.now - timedelta(days=9), assignee=self.cast.lea, needs_answer=True)
        label = Label.objects.create(workspace=self.cast.workspace, name="Rad")
        emil.labels.add(label)

        assert self.shown(number=str(second.pk)) == {"Emil"}
        assert self.shown(language="en") == {"Emil"}
        assert self.shown(waiting="1") == {"Clara", "Dario", "Nina"}
        assert self.shown(assignee=str(self.cast.lea.pk)) == {"Nina"}
        assert self.shown(assignee="none") == {"Clara", "Dario"}
        assert self.shown(assignee="me", agent=self.cast.ben) == {"Emil"}
        assert self.shown(since="week") == {"Clara", "Dario", "Emil"}
        assert self.shown(label=str(label.pk), assignee=str(self.cast.ben.pk), language="en", since="day") == {"Emil"}
        assert self.shown(label=str(label.pk), waiting="1") == set()

    def test_nonsense_narrows_nothing(self):
        assert self.shown(window="ajar", team="x", assignee="-1", since="ever", sort="up") == {"Clara", "Dario"}


class OrderTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        Conversation.objects.all().delete()
        chance, now = random.Random(4), timezone.now()
        for _ in range(40):
            moment = now - chance.randrange(50) * HOUR  # several at the very same
            factories.conversation(
                self.cast.number, last_message_at=now - chance.randrange(9) * HOUR,
                last_customer_message_at=chance.choice([None, moment, moment]),
                waiting_since=chance.choice([None, moment]),
            )  # fmt: skip

    def expected(self, key):
        return [each.pk for each in sorted(Conversation.objects.all(), key=key)]

    def test_who_waits_longest_comes_first_and_who_does_not_wait_last(self):
        assert listed(self.cast.ada, Filter(view="all", sort="waiting")) == self.expected(
            lambda each: (0, each.waiting_since.timestamp(), each.pk)
            if each.waiting_since
            else (1, -each.last_message_at.timestamp(), -each.pk)
        )

    def test_whose_window_closes_soonest_comes_first_and_the_closed_ones_last(self):
        now = timezone.now()
        closes = {
            each.pk: each.service_window.closes_at
            for each in Conversation.objects.select_related("workspace")
            if each.service_window.is_open(now)
        }
        assert len(closes) > 5

        assert listed(self.cast.ada, Filter(view="all", sort="closing")) == self.expected(
            lambda each: (0, closes[each.pk].timestamp(), each.pk)
            if each.pk in closes
            else (1, -each.last_message_at.timestamp(), -each.pk)
        )

    def test_a_page_costs_the_same_however_much_there_is(self):
        def cost(size):
            with CaptureQueriesContext(connection) as captured:
                queries.list_page(self.cast.ada, Filter(view="all", sort="waiting"), size=size)
            return len(captured)

        assert cost(30) == cost(35) <= 5

    def test_each_view_remembers_its_order(self):
        self.client.force_login(self.cast.ada)
        self.client.get("/?view=all&sort=waiting")

        assert self.client.get("/?view=all").context["filter"].order == "waiting"
        assert self.client.get("/?view=mine").context["filter"].order == "newest"
        self.client.get("/?view=all&sort=newest")
        assert self.client.get("/?view=all").context["filter"].order == "newest"


class ComingBackTests(TestCase):
    """Beside an open conversation, and after a search, stands the list that one came from."""

    def test_the_list_says_which_it_is(self):
        cast = make_cast()
        self.client.force_login(cast.ben)
        for view, heading in (
            ("mine", "Posteingang"), ("all", "Posteingang"), ("closed", "Geschlossen"), ("mentions", "Erwähnungen"),
            ("snoozed", "Zurückgestellt"), ("following", "Ich folge"),
        ):  # fmt: skip
            page = self.client.get("/", {"view": view})
            self.assertContains(page, f'truncate">{heading}</h2>')

    def test_a_reloaded_conversation_and_a_search_keep_the_list(self):
        cast = make_cast()
        self.client.force_login(cast.ben)
        said = {"view": "all", "window": "open", "sort": "closing"}
        self.client.get("/", said)
        self.client.get("/", {"view": "all"}, headers={"X-Automatic": "1"})  # a page nobody is at
        for path in (f"/conversations/{cast.claras.pk}/", f"/conversations/{cast.claras.pk}/contact/"):
            assert self.client.get(path).context["filter"].parameters == said
        self.assertContains(self.client.get("/search/?q=clara"), 'href="/?view=all&amp;window=open&amp;sort=closing"')

        assert self.client.get("/").context["filter"].window == ""  # the inbox itself begins unnarrowed

    def test_what_was_only_visited_is_left_for_a_conversation_that_is_not_in_it(self):
        cast = make_cast()
        close_conversation(cast.darios, by=cast.ben)
        self.client.force_login(cast.ben)
        self.client.get("/", {"view": "closed"})

        shown = [self.client.get(f"/conversations/{each.pk}/").context["filter"] for each in (cast.darios, cast.claras)]
        assert [each.view for each in shown] == ["closed", "all"]


class SavedTests(TestCase):
    def setUp(self):
        self.cast = make_cast()

    def names(self, agent):
        return [saved.name for saved in saved_filters(agent)]

    def test_ones_own_is_ones_own_and_a_teams_is_the_teams(self):
        save_filter(Filter(view="all", window="soon"), name="Meins", by=self.cast.ben)
        save_filter(Filter(view="all"), name="Für alle", team=self.cast.team, by=self.cast.lea)
        save_filter(Filter(view="all"), name="Verleih", team=self.cast.other_team, by=self.cast.ada)

        assert self.names(self.cast.ben) == ["Meins", "Für alle"]
        assert self.names(self.cast.lea) == ["Für alle"]
        assert self.names(self.cast.ada) == ["Verleih", "Für alle"]
        assert self.names(self.cast.mallory) == []

    def test_only_who_leads_a_team_keeps_its_filters(self):
        with pytest.raises(NotAllowed):
            save_filter(Filter(), name="Für alle", team=self.cast.team, by=self.cast.ben)
        with pytest.raises(NotAllowed):
            save_filter(Filter(), name="Für alle", team=self.cast.other_team, by=self.cast.lea)
        shared = save_filter(Filter(), name="Für alle", team=self.cast.team, by=self.cast.lea)
        for act in (
            lambda: change_filter(shared, Filter(), name="Neu", team=self.cast.team, by=self.cast.ben),
            lambda: change_filter(shared, Filter(), name="Neu", team=self.cast.other_team, by=self.cast.lea),
            lambda: move_filter(shared, up=True, by=self.cast.ben),
            lambda: delete_filter(shared, by=self.cast.ben),
        ):
            with pytest.raises(NotAllowed):
                act()

        assert SavedFilter.objects.get().name == "Für alle"

    def test_the_same_name_keeps_the_new_conditions(self):
        save_filter(Filter(view="all", window="soon"), name="Eilig", by=self.cast.ben)
        save_filter(Filter(view="all", window="urgent", search="x"), name=" Eilig ", by=self.cast.ben)

        assert SavedFilter.objects.get().parameters == {"view": "all", "window": "urgent"}

    def test_arranged_and_deleted(self):
        first, second, third = (
            save_filter(Filter(view="all"), name=name, by=self.cast.ben) for name in ("Eins", "Zwei", "Drei")
        )
        move_filter(third, up=True, by=self.cast.ben)
        delete_filter(second, by=self.cast.ben)
        with pytest.raises(InboxRuleViolation):
            change_filter(third, Filter(), name="Eins", team=None, by=self.cast.ben)

        assert self.names(self.cast.ben) == [first.name, "Drei"]

    def test_changed_shared_and_no_longer_shared(self):
        save_filter(Filter(view="all"), name="Schon da", team=self.cast.team, by=self.cast.lea)
        kept = save_filter(Filter(view="all", window="soon"), name="Eilig", by=self.cast.lea)
        wanted = Filter(view="mine", waiting=True, search="x", saved_id=kept.pk)
        change_filter(kept, wanted, name=" Sehr  eilig", team=self.cast.team, by=self.cast.lea)

        assert self.names(self.cast.ben) == ["Schon da", "Sehr eilig"]
        assert SavedFilter.objects.get(pk=kept.pk).parameters == {"view": "mine", "waiting": "1"}
        change_filter(kept, wanted, name="Meins", team=None, by=self.cast.ada)  # now only for who changes it
        assert (self.names(self.cast.ben), self.names(self.cast.ada)) == (["Schon da"], ["Meins", "Schon da"])

    def test_a_name_shows_what_it_stands_for_now_and_nothing_without_it(self):
        kept = save_filter(Filter(view="all", window="soon"), name="Eilig", team=self.cast.team, by=self.cast.lea)
        address = f"/?view=all&window=soon&saved={kept.pk}"  # of Ben's page, or his bookmark
        self.client.force_login(self.cast.ben)
        change_filter(kept, Filter(view="mine", waiting=True), name="Offen", team=self.cast.team, by=self.cast.lea)
        page = self.client.get(address).context

        assert (page["saved"].name, page["filter"].parameters) == (
            "Offen", {"view": "mine", "waiting": "1", "saved": str(kept.pk)}
        )  # fmt: skip
        delete_filter(kept, by=self.cast.lea)
        page = self.client.get(address).context
        assert (page["saved"], page["filter"].parameters) == (None, {"view": "all", "window": "soon"})

    def test_a_filter_asks_for_the_label_its_own_was_merged_into(self):
        old, new = (Label.objects.create(workspace=self.cast.workspace, name=name) for name in ("Reparatur", "Neu"))
        self.cast.claras.labels.add(old)
        kept = save_filter(Filter(view="all", label_id=old.pk), name="Räder", by=self.cast.ben)
        remove_label(old, into=new, by=self.cast.lea)

        kept.refresh_from_db()
        assert kept.parameters == {"view": "all", "label": str(new.pk)}
        assert [saved.count for saved in saved_filters(self.cast.ben)] == [1]

    def test_kept_opened_and_managed_by_hand(self):
        self.client.force_login(self.cast.ben)
        answer = self.client.post("/filters/?view=all&window=soon&sort=closing", {"name": "Eilig"})
        saved = SavedFilter.objects.get()
        assert f"saved={saved.pk}" in answer["HX-Location"]

        page = self.client.get(f"/?view=all&window=soon&sort=closing&saved={saved.pk}")
        assert page.context["saved"] == saved
        self.assertContains(page, "Eilig")
        url = f"/settings/filters/{saved.pk}/"
        self.assertContains(page, f'href="{url}"')
        self.assertContains(self.client.get(url), '<option value="soon" selected>')
        said = {"name": "Sehr eilig", "view": "mine", "window": "urgent", "language": "de"}
        self.client.post(url, said)
        self.assertContains(self.client.get("/settings/filters/"), "Sehr eilig")
        assert SavedFilter.objects.get().parameters == {"view": "mine", "window": "urgent", "language": "de"}
        refused = self.client.post(url, said | {"name": " ", "window": "open"})
        self.assertContains(refused, '<option value="open" selected>', status_code=422)  # as chosen
        self.client.post(f"/settings/filters/{saved.pk}/removal/")
        assert not SavedFilter.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_saved_filters_are_what_the_lists_hold(seed):
    """Counted for all at once in buckets; counted one by one through the list of each agent."""
    chance = random.Random(seed)
    cast = make_cast()
    people = [cast.ada, cast.ben, cast.lea] + [
        factories.agent(
            cast.workspace, f"Person {number}", role=chance.choice([Role.AGENT, Role.LEAD]),
            visibility=chance.choice(Visibility.values), teams=chance.sample([cast.team, cast.other_team], number % 3),
        )
        for number in range(5)
    ]  # fmt: skip
    labels = [Label.objects.create(workspace=cast.workspace, name=name) for name in "ab"]
    now = timezone.now()
    for number in range(60):
        contact = factories.contact(cast.number, language=chance.choice(["de", "en", ""]))
        conversation = factories.conversation(
            cast.number, contact, team=chance.choice([cast.team, cast.other_team, None]),
            assignee=chance.choice([None, None, *people]), status=chance.choice(["open", "open", "closed", "snoozed"]),
            needs_answer=chance.random() < 0.5, last_message_at=now - chance.randrange(1, 12) * timedelta(days=1),
            last_customer_message_at=now - chance.randrange(30) * HOUR,
        )  # fmt: skip
        conversation.labels.add(*chance.sample(labels, number % 3))
        if number % 4 == 0:
            note = factories.note(conversation, by=cast.ada)
            for person in chance.sample(people, 2):
                Mention.objects.create(note=note, conversation=conversation, agent=person)
    saids = itertools.product(
        ["mine", "unassigned", "all", "snoozed"],
        [{}, {"label": str(labels[0].pk)}, {"window": "soon"}, {"window": "closed", "waiting": "1"}, {"assignee": "me"},
         {"language": "en", "since": "week"}, {"team": str(cast.team.pk), "assignee": "none"}],
    )  # fmt: skip
    saved = [
        SavedFilter.objects.create(
            workspace=cast.workspace, owner=cast.ada, team=chance.choice([cast.team, cast.other_team]),
            name=str(number), parameters={"view": view, **said},
        )
        for number, (view, said) in enumerate(saids)
    ]  # fmt: skip
    expected = {
        person.pk: {
            f"saved-{each.pk}": len(listed(person, Filter.of(each.parameters), size=100))
            for each in saved
            if filter_counts.is_offered(each, rights_of(person))
        }
        for person in people
    }
    with CaptureQueriesContext(connection) as captured:
        counted = filter_counts.counts_for(
            cast.workspace.pk, list(map(rights_of, people)), fresh=True
        )

    assert counted == expected
    assert len(captured) == 4 + len(people)  # once for all, and each person's rights
    assert len({number for numbers in expected.values() for number in numbers.values()}) > 5


class FollowTests(TestCase):
    def setUp(self):
        self.cast = make_cast()

    def following(self, agent):
        return listed(agent, Filter(view="following"))

    def test_one_follows_by_hand_or_by_being_mentioned_until_one_has_enough(self):
        follow(self.cast.darios, by=self.cast.ben)
        add_note(self.cast.claras, by=self.cast.lea, text="@Ben schau mal", uid="0" * 32)
        assert set(self.following(self.cast.ben)) == {self.cast.claras.pk, self.cast.darios.pk}

        unfollow(self.cast.darios, by=self.cast.ben)
        assert self.following(self.cast.ben) == [self.cast.claras.pk]

    def test_following_opens_no_door(self):
        follow(self.cast.claras, by=self.cast.ben)
        Conversation.objects.filter(pk=self.cast.claras.pk).update(team=self.cast.other_team)

        assert self.following(self.cast.ben) == []

    def test_who_follows_is_told_of_a_message_as_long_as_they_see_it(self):
        follow(self.cast.claras, by=self.cast.ben)
        follow(self.cast.claras, by=self.cast.lea)
        Conversation.objects.filter(pk=self.cast.claras.pk).update(assignee=self.cast.lea)
        self.cast.ben.visibility = Visibility.OWN
        self.cast.ben.save()
        for person in (self.cast.ben, self.cast.lea):
            message = factories.inbound_message(Conversation.objects.get(pk=self.cast.claras.pk), "Noch etwas")
            events.message_created(message)
            told = Event.objects.filter(kind="message").latest("id").payload["tell"]
            assert (str(self.cast.ben.pk) in told) == (person == self.cast.lea)
            self.cast.ben.visibility = Visibility.TEAM
            self.cast.ben.save()

    def test_the_panel_says_who_follows_and_offers_it(self):
        self.client.force_login(self.cast.ben)
        answer = self.client.post(f"/conversations/{self.cast.claras.pk}/following/")
        self.assertContains(answer, "Ben")
        self.assertContains(answer, "hx-delete")
        self.client.delete(f"/conversations/{self.cast.claras.pk}/following/")

        assert not self.cast.claras.followers.exists()
