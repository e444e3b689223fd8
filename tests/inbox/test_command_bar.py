"""The command bar: what it offers to whom, found by which letters, and what choosing means."""

import html
import json
import re
from datetime import timedelta

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from inbox import commands
from inbox.actions.saved_filters import save_filter
from inbox.enums import BlockState, ConversationStatus
from inbox.filters import Filter
from inbox.models import Label
from inbox.search.indexing import index_batch
from tests import factories
from tests.cast import make_cast


class CommandBarTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras = self.cast.claras
        self.cast.ben.language = "en"
        self.cast.ben.save()
        self.client.force_login(self.cast.ben)

    def options(self, query="", **asked):
        """Key (or id) of each option → what choosing it does."""
        page = self.client.get("/command-bar/", {"q": query, **asked}).content.decode()
        found = re.findall(r'id="bar-([^"]+)"[^>]*?data-do=(?:"([^"]*)"|\'([^\']*)\')', page)
        return {key: json.loads(html.unescape(one or other)) for key, one, other in found}

    def first(self, query, **asked):
        return next(iter(self.options(query, **asked)))

    def test_german_and_english_names_are_found_whichever_language_is_read(self):
        here = {"conversation": self.claras.pk}
        for query, key in {
            "zuweisen mir": "assign-me", "assign me": "assign-me", "schließen": "close", "schliess": "close",
            "close": "close", "dunkel": "theme-dark", "dark": "theme-dark", "abmelden": "sign-out",
            "morgen": "snooze-tomorrow", "tomorrow": "snooze-tomorrow", "tasten": "keys", "shortcuts": "keys",
            "lea": f"assign-{self.cast.lea.pk}", "schlummer": "snooze-hour",
        }.items():  # fmt: skip
            offered = list(self.options(query, **here))
            assert key in offered, (query, offered)

    def test_words_in_any_order_and_a_few_letters_are_enough(self):
        here = {"conversation": self.claras.pk}

        assert self.first("lea assign", **here) == f"assign-{self.cast.lea.pk}"
        assert "close" in self.options("clse", **here)
        assert self.first("reop", **here) != "reopen"  # it is open

    def test_what_cannot_be_done_now_is_not_offered(self):
        about = {"reply", "close", "assign-me", "snooze-hour", "unread"}
        able = {command.key for command in commands.commands_for(self.cast.ben, self.claras)}
        assert about <= able and "reopen" not in able and "unassign" not in able

        assert not about & {command.key for command in commands.commands_for(self.cast.ben, None)}
        self.claras.status, self.claras.assignee = ConversationStatus.CLOSED, self.cast.ben
        able = {command.key for command in commands.commands_for(self.cast.ben, self.claras)}
        assert {"reopen", "unassign"} <= able and not {"close", "assign-me", "snooze-hour"} & able

    def test_a_reply_is_offered_only_where_one_can_be_written(self):
        def able(agent=self.cast.ben):
            return {command.key for command in commands.commands_for(agent, self.claras)}

        assert {"reply", "template", "files", "voice", "later"} <= able()
        self.claras.last_customer_message_at = timezone.now() - timedelta(days=2)
        assert {"template", "note"} <= able() and not {"reply", "files", "later"} & able()
        self.claras.assignee = self.cast.lea
        assert "note" in able() and not {"reply", "template", "files"} & able()

    def test_blocking_is_offered_while_whatsapp_takes_it_and_asks_first(self):
        def offered():
            able = commands.commands_for(self.cast.ben, self.claras)
            return {each.key: each.do for each in able if each.key in ("block", "spam", "unblock")}

        assert set(offered()) == {"block", "spam"} and "Clara" in offered()["spam"]["confirm"]
        self.claras.block_state = BlockState.BLOCKED
        assert set(offered()) == {"unblock"}
        self.claras.block_state = BlockState.NONE
        self.claras.last_customer_message_at = timezone.now() - timedelta(days=2)
        assert offered() == {}

    def test_what_is_selected_is_done_at_once(self):
        assert not any(key.startswith("all-") for key in self.options("close", selected=0))
        offered = self.options("zuweisen lea", selected=2)
        assert next(iter(offered)) == f"all-assign-{self.cast.lea.pk}"
        do = offered[f"all-assign-{self.cast.lea.pk}"]
        rows = ",".join(f"{each.pk}:9" for each in (self.claras, self.cast.darios))
        self.client.post(do["send"], do["values"] | ({"rows": rows} if do["rows"] else {}))

        self.claras.refresh_from_db()
        assert self.claras.assignee == self.cast.lea

    def test_lists_people_and_labels_are_places(self):
        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        saved = save_filter(Filter(view="all", window="soon"), name="Eilig", by=self.cast.ben)
        foreign = save_filter(Filter(view="all"), name="Fremd", by=self.cast.lea)

        assert self.options("eilig")[f"filter-{saved.pk}"] == {"list": f"/?view=all&window=soon&saved={saved.pk}"}
        assert f"filter-{foreign.pk}" not in self.options("fremd")
        assert self.options("reparatur")[f"labelled-{label.pk}"] == {"list": f"/?view=all&label={label.pk}"}
        assert self.options("lea")[f"held-{self.cast.lea.pk}"] == {"list": f"/?view=all&assignee={self.cast.lea.pk}"}
        assert self.options("kontakte")["contacts"] == {"go": "/contacts/"}
        assert "sort-closing" in self.options("reihenfolge", selected=0)
        assert "sort-closing" not in self.options("reihenfolge")  # a page without a list

    def test_what_only_leads_and_admins_do_is_offered_to_them_alone(self):
        for agent, offered in ((self.cast.ada, True), (self.cast.ben, False)):
            able = {command.key for command in commands.commands_for(agent, self.claras)}
            assert ({"contact-import", "contact-merge", "board"} <= able) is offered
            assert "contact-edit" in able

    def test_settings_are_offered_to_who_may_open_them(self):
        def places(agent):
            able = commands.commands_for(agent, None)
            return {each.do["go"] for each in able if "go" in each.do and not each.key.endswith("practice")}

        for agent in (self.cast.ada, self.cast.lea, self.cast.ben):
            self.client.force_login(agent)
            for place in places(agent):
                assert self.client.get(place, follow=True).status_code == 200, (agent.name, place)
        assert reverse("settings-audit") in places(self.cast.ada) - places(self.cast.lea) - places(self.cast.ben)

    def test_a_conversation_out_of_sight_offers_nothing_about_it(self):
        foreign = factories.conversation(self.cast.number, team=self.cast.other_team)

        assert "close" not in self.options("close", conversation=foreign.pk)
        assert f"c{foreign.pk}" not in self.options(recent=f"c{foreign.pk}")

    def test_labels_are_put_on_and_taken_off(self):
        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        offered = self.options("reparatur", conversation=self.claras.pk)[f"label-add-{label.pk}"]
        self.client.post(offered["send"], offered["values"])
        assert list(self.claras.labels.all()) == [label]

        offered = self.options("reparatur", conversation=self.claras.pk)[f"label-remove-{label.pk}"]
        self.client.post(offered["send"], offered["values"])
        assert not self.claras.labels.exists()

    def test_people_and_messages_are_found_beside_commands(self):
        message = factories.inbound_message(self.claras, "Die Kette springt")
        while index_batch():
            pass

        assert self.options("sommer")[f"c{self.claras.pk}"] == {"open": f"/conversations/{self.claras.pk}/"}
        found = [do for key, do in self.options("kette").items() if key.startswith("hit-")]
        assert found == [{"open": f"/conversations/{self.claras.pk}/?around={message.seq}"}]
        assert self.options("kette & mehr")["all"] == {"list": "/search/?q=kette+%26+mehr"}

    def test_what_was_chosen_last_comes_first(self):
        offered = list(self.options(recent=f"theme-dark,c{self.cast.darios.pk},nonsense,c999999999"))

        assert offered[:2] == [f"c{self.cast.darios.pk}", "theme-dark"]
        assert offered.count("theme-dark") == 1

    def test_a_break_begins_and_ends(self):
        for typed, key, now in (("pause", "break", "away"), ("verfügbar", "available", "available")):
            offered = self.options(typed)
            self.client.post(offered[key]["send"], offered[key].get("values", {}))
            self.cast.ben.refresh_from_db()
            assert self.cast.ben.availability == now

    def test_appearance_and_language_are_set_at_once(self):
        url = reverse("profile-preference")
        assert self.client.post(url, {"theme": "dark"}).status_code == 204
        assert self.client.post(url, {"language": "de"}).status_code == 204
        for wrong in ({"theme": "pink"}, {"language": "xx"}, {"language": ""}, {"role": "admin"}, {}):
            assert self.client.post(url, wrong).status_code == 400, wrong

        self.cast.ben.refresh_from_db()
        assert (self.cast.ben.theme, self.cast.ben.language, self.cast.ben.role) == ("dark", "de", "agent")
