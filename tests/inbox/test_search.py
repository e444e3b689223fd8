"""Search: what is found by which words, by whom, in which order; and that documents follow what they are made of."""

import random
import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, Visibility
from inbox.enums import MessageKind, MessageStatus
from inbox.models import (
    Attachment,
    Conversation,
    Label,
    Mention,
    Message,
    SearchBacklog,
    SearchDocument,
    SearchKind,
)
from inbox.search import finding
from inbox.search.finding import find
from inbox.search.indexing import index_batch
from inbox.search.results import search
from inbox.search.wanted import Wanted
from inbox.search.words import distance, forms, words_of
from tests import factories
from tests.cast import make_cast


def index() -> None:
    while index_batch():
        pass


class SearchTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.claras, self.darios = self.cast.claras, self.cast.darios
        self.client.force_login(self.cast.ben)

    def said(self, text, conversation=None, **fields):
        message = factories.inbound_message(conversation or self.claras, text, **fields)
        index()
        return message

    def texts(self, query, agent=None, **filters):
        """The snippets found, newest first, their marks as [ ]."""
        results = search(agent or self.cast.ben, Wanted(text=query, **filters))
        html = [hit.html for group in results.groups for hit in group.hits]
        return [re.sub(r"</?mark>", lambda tag: "]" if "/" in tag[0] else "[", each) for each in html]

    # --- words --------------------------------------------------------------------------------------------------------

    def test_words_are_found_in_any_order_and_form_and_marked(self):
        self.said("Die Bremsen am roten Rad quietschen")

        assert self.texts("rad bremse") == ["Die [Bremsen] am roten [Rad] quietschen"]
        assert self.texts("Räder, rot") == ["Die Bremsen am [roten] [Rad] quietschen"]
        assert self.texts("quietschende") == ["Die Bremsen am roten Rad [quietschen]"]
        assert self.texts("bremse grün") == []

    def test_english_words_are_found_by_their_stems(self):
        self.said("Are you repairing cargo bikes?")

        assert self.texts("bike repair") == ["Are you [repairing] cargo [bikes]?"]

    def test_the_last_word_may_be_the_beginning_of_one(self):
        self.said("Die Rechnung kommt morgen")

        assert self.texts("morgen rech") == ["Die [Rechnung] kommt [morgen]"]
        assert self.texts("rech morgen") == []

    def test_umlauts_are_found_however_they_are_typed(self):
        self.said("Grüße vom Müller, schöne Straße")

        for query in ("müller", "mueller", "muller", "MÜLLER", "strasse", "straße", "grusse", "gruesse schoene"):
            assert len(self.texts(query)) == 1, query

    def test_a_slip_of_the_finger_is_forgiven_when_nothing_is_found_as_written(self):
        self.said("Die Rechnung kommt morgen")

        assert self.texts("rechnugn") == ["Die [Rechnung] kommt morgen"]
        assert self.texts("morgne rehcnung") == ["Die [Rechnung] kommt [morgen]"]
        assert self.texts("rechteck") == []
        assert search(self.cast.ben, Wanted(text="rechnugn")).found.is_corrected

    def test_numbers_and_references_are_found_by_their_parts(self):
        self.said("Auftrag FR-23-04127 vom 12.3.")

        assert self.texts("04127") == ["Auftrag FR-23-[04127] vom 12.3."]
        assert self.texts("fr-23-041") == ["Auftrag [FR]-[23]-[04127] vom 12.3."]

    def test_what_customers_write_is_escaped(self):
        self.said("<script>alert(1)</script> Rechnung & <b>mehr</b>")

        (snippet,) = self.texts("rechnung")
        assert snippet == "&lt;script&gt;alert(1)&lt;/script&gt; [Rechnung] &amp; &lt;b&gt;mehr&lt;/b&gt;"

    def test_a_long_text_is_shown_around_its_first_hit(self):
        self.said("Eins zwei drei vier. " * 30 + "Dann die Rechnung. " + "Und noch was. " * 30)
        (snippet,) = self.texts("rechnung")

        assert snippet.startswith("… ") and snippet.endswith(" …") and "[Rechnung]" in snippet
        assert len(snippet) < 200

    def test_notes_files_and_what_is_inside_a_message_are_found(self):
        factories.note(self.claras, "Tretlager liegt in Fach 7", by=self.cast.ben)
        document = factories.inbound_message(self.claras, "", kind=MessageKind.DOCUMENT)
        Attachment.objects.create(message=document, kind="document", file_name="Kostenvoranschlag_2026-0418.pdf")
        self.said("", kind=MessageKind.LOCATION, data={"name": "Lindenallee", "address": "Berlin", "latitude": 52.5})

        assert self.texts("tretlager") == ["[Tretlager] liegt in Fach 7"]
        assert self.texts("kostenvoranschlag 0418") == ["[Kostenvoranschlag]_2026-[0418].pdf"]
        assert self.texts("lindenallee") == ["[Lindenallee] · Berlin"]

    def test_a_card_is_found_by_its_firm_and_address_and_an_order_by_its_lines(self):
        card = {"name": "Jo Klein", "organization": "Speichenwerk", "emails": [{"email": "jo@speichen.example"}]}
        self.said("", kind=MessageKind.CONTACTS, data={"contacts": [card]})
        self.said("", kind=MessageKind.ORDER, data={"items": [{"id": "KETTE-11", "quantity": 2}]})

        assert len(self.texts("speichenwerk")) == len(self.texts("jo@speichen.example")) == 1
        assert self.texts("kette") == ["[KETTE]-11"]

        self.said("Nabendynamo", kind=MessageKind.ORDER, data={"items": None})
        assert self.texts("nabendynamo") == ["[Nabendynamo]"]

    def test_what_stands_on_the_cards_of_a_carousel_and_in_a_templates_header_is_found(self):
        cards = [{"header": {}, "body": "Das Stadtrad ab 799 €"}, {"header": {}, "body": "Das Rennrad ab 1.299 €"}]
        data = {"header": {"kind": "text", "text": "Frühlingsfest"}, "offer": {"text": "Nur kurz"}, "cards": cards}
        self.said("Neu bei uns:", kind=MessageKind.TEMPLATE, data=data)

        assert self.texts("rennrad") == [
            "… Nur kurz · Das Stadtrad ab 799 € · Das [Rennrad] ab 1.299 €"
        ]
        assert len(self.texts("frühlingsfest kurz")) == 1

    def test_templates_that_were_indexed_by_their_text_alone_are_indexed_anew(self):
        shown = self.said("Neu:", kind=MessageKind.TEMPLATE, data={"header": {"kind": "text", "text": "Fest"}})
        self.said("Alt:", kind=MessageKind.TEMPLATE, data={"header": {"kind": "image", "text": ""}, "buttons": []})

        with connection.cursor() as cursor:
            cursor.execute(import_module("inbox.migrations.0045_priced_and_found_anew").FOUND)

        assert list(SearchBacklog.objects.values_list("kind", "source")) == [(SearchKind.MESSAGE, shown.pk)]

    def test_nothing_typed_finds_nothing(self):
        for query in ("", "   ", "?!", "'", "\\", "\x00"):
            assert "hits__group" not in self.client.get("/search/", {"q": query}).content.decode()

    # --- filters and order --------------------------------------------------------------------------------------------

    def test_filters_narrow_and_nonsense_in_them_counts_as_not_said(self):
        old = self.said("Kette alt", at=timezone.now() - timedelta(days=40))
        self.said("Kette von Dario", self.darios)
        factories.outbound_message(self.claras, "Kette von Ben", by=self.cast.ben)
        factories.note(self.claras, "Kette Notiz", by=self.cast.lea)
        label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur")
        self.darios.labels.add(label)
        index()
        everything = {"[Kette] alt", "[Kette] von Dario", "[Kette] von Ben", "[Kette] Notiz"}

        assert set(self.texts("kette")) == everything
        assert self.texts("kette", kind="note") == ["[Kette] Notiz"]
        assert set(self.texts("kette", sender="customer")) == {"[Kette] alt", "[Kette] von Dario"}
        assert self.texts("kette", sender="me") == ["[Kette] von Ben"]
        assert self.texts("kette", sender=str(self.cast.lea.pk)) == ["[Kette] Notiz"]
        assert set(self.texts("kette", span="month")) == everything - {"[Kette] alt"}
        assert self.texts("kette", label_id=label.pk) == ["[Kette] von Dario"]
        assert set(self.texts("kette", team_id=self.cast.team.pk)) == everything
        assert self.texts("kette", number_id=self.cast.other_number.pk) == []
        assert "[Kette] von Dario" not in self.texts("kette", conversation_id=old.conversation_id)
        assert Wanted.of({"q": "kette", "kind": "x", "from": "0", "span": "1", "team": "-1"}) == Wanted("kette")

    def test_pages_follow_without_gap_or_repetition_whichever_way_is_taken(self):
        start = timezone.now() - timedelta(days=1)
        people = [factories.conversation(self.cast.number) for _ in range(30)]
        for number in range(90):
            factories.inbound_message(people[number % 30], f"Kette {number}", at=start + timedelta(minutes=number))
        index()
        by_words = self.pages("kette")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finding, "MANY", -1)
            patch.setattr(finding, "FEW", 0)
            by_time = self.pages("kette")
            patch.setattr(finding, "HITS_BY_TIME", 7)
            patch.setattr(finding, "REACH", 25)
            in_steps = self.pages("kette")

        expected = [person.pk for person in reversed(people)]
        assert by_words == expected
        assert by_time == expected
        assert in_steps == expected

    def pages(self, query):
        shown, after = [], None
        while True:
            found = find(self.cast.ben, Wanted(text=query), after=after, groups=8)
            shown += [place.conversation_id for place in found.places]
            if found.next is None:
                return shown
            after = finding.Cursor.of(str(found.next))

    def test_a_conversation_shows_its_newest_hits_and_how_many_more_there_are(self):
        start = timezone.now() - timedelta(hours=1)
        for number in range(5):
            factories.inbound_message(self.claras, f"Kette {number}", at=start + timedelta(minutes=number))
        index()
        (group,) = search(self.cast.ben, Wanted(text="kette")).groups

        assert [hit.text for hit in group.hits] == ["Kette 4", "Kette 3", "Kette 2"]
        assert (group.count, group.more) == (5, 2)
        inside = search(self.cast.ben, Wanted(text="kette", conversation_id=self.claras.pk))
        assert len(inside.groups[0].hits) == 5

    # --- documents follow ---------------------------------------------------------------------------------------------

    def test_an_edited_message_is_found_by_its_new_words_only(self):
        message = self.said("Bitte die Kette")
        message.text = "Bitte das Licht"
        message.save(update_fields=["text"])
        index()

        assert self.texts("kette") == []
        assert self.texts("licht") == ["Bitte das [Licht]"]

    def test_a_deleted_message_is_gone_at_once(self):
        message = self.said("Bitte die Kette")
        Message.objects.filter(pk=message.pk).update(deleted_at=timezone.now())
        assert self.texts("kette") == []
        index()

        assert not SearchDocument.objects.filter(message=message).exists()

    def test_a_held_reply_is_found_once_it_is_sent(self):
        held = factories.outbound_message(self.claras, "Kette", by=self.cast.ben, status=MessageStatus.HELD)
        index()
        assert self.texts("kette") == []
        Message.objects.filter(pk=held.pk).update(status=MessageStatus.QUEUED)
        index()

        assert self.texts("kette") == ["[Kette]"]

    def test_a_mark_does_not_make_a_document_anew(self):
        message = self.said("Kette")
        Message.objects.filter(pk=message.pk).update(status=MessageStatus.READ, read_at=timezone.now())

        assert not SearchBacklog.objects.exists()

    def test_a_message_that_moves_to_another_conversation_is_found_there(self):
        message = self.said("Kette")
        Message.objects.filter(pk=message.pk).update(conversation=self.darios, seq=99)
        assert self.texts("kette") == []  # never under the old one
        index()

        assert [group.conversation for group in search(self.cast.ben, Wanted(text="kette")).groups] == [self.darios]

    def test_the_command_fills_what_is_lacking_and_may_run_again(self):
        message = self.said("Kette")
        SearchDocument.objects.all().delete()
        call_command("index_search", batch=1, stdout=None)
        before = SearchDocument.objects.get(message=message).pk
        call_command("index_search", stdout=None)

        assert self.texts("kette") == ["[Kette]"]
        assert SearchDocument.objects.get(message=message).pk == before

    # --- people and pages ---------------------------------------------------------------------------------------------

    def test_people_are_found_by_their_names_in_any_order(self):
        html = self.client.get("/search/", {"q": "SOMMER cla"}).content.decode()

        assert f'id="row-{self.claras.pk}"' in html
        assert f'id="row-{self.darios.pk}"' not in html

    def test_people_are_found_although_their_names_are_mistyped(self):
        lena = factories.conversation(self.cast.number, factories.contact(self.cast.number, "Lena Hoffmann"))
        for query in ("Hoffmann, Lena", "hofman", "hoffmnan lena", "lenna hofmann"):
            html = self.client.get("/search/", {"q": query}).content.decode()
            assert f'id="row-{lena.pk}"' in html, query
            assert f'id="row-{self.claras.pk}"' not in html, query

    def test_a_name_and_a_word_find_what_this_person_said_of_it(self):
        self.said("Die Bremse quietscht", self.claras)
        self.said("Meine Bremse auch", self.darios)

        assert self.texts("sommer bremse") == ["Die [Bremse] quietscht"]
        assert self.texts("Bremsen Clara Som") == ["Die [Bremse] quietscht"]
        assert self.texts("sommer sattel") == []

    def test_a_name_that_is_also_a_word_is_read_both_ways(self):
        self.said("Im Sommer brauche ich neue Reifen", self.claras)

        assert self.texts("clara sommer reifen") == ["Im Sommer brauche ich neue [Reifen]"]
        assert self.texts("reifen sommer") == ["Im [Sommer] brauche ich neue [Reifen]"]

    def test_a_name_shows_nobody_what_they_may_not_see(self):
        self.said("Die Bremse quietscht", self.claras)
        stranger = factories.agent(self.cast.workspace, visibility=Visibility.OWN)
        assert self.texts("sommer bremse", agent=stranger) == []

    def test_a_hit_leads_to_its_place_in_the_thread(self):
        message = self.said("Kette")
        html = self.client.get("/search/", {"q": "kette"}).content.decode()

        assert f'href="/conversations/{self.claras.pk}/?around={message.seq}"' in html
        assert "<mark>Kette</mark>" in html

    def test_a_page_of_results_costs_the_queries_of_one_hit(self):
        def cost():
            self.client.get("/search/?q=kette")
            with CaptureQueriesContext(connection) as captured:
                self.client.get("/search/?q=kette")
            return len(captured)

        self.said("Kette und mehr")
        few = cost()
        for number in range(12):
            factories.inbound_message(factories.conversation(self.cast.number), f"Kette {number}")
        index()

        assert cost() == few


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_nobody_finds_what_they_may_not_see_and_everybody_what_they_may(seed):
    """Any mix of roles, sights, teams, assignments and mentions; found is what is visible, by each way of looking."""
    cast, rng = make_cast(), random.Random(seed)
    people = [cast.ada, cast.ben, cast.lea, cast.mallory] + [
        factories.agent(
            cast.workspace, f"Person {number}", role=rng.choice(Role.values), visibility=rng.choice(Visibility.values),
            teams=rng.sample([cast.team, cast.other_team], rng.randint(0, 2)), email=f"p{number}@radhaus.example",
        )  # fmt: skip
        for number in range(4)
    ]
    ours = [person for person in people if person.workspace_id == cast.workspace.pk]
    for number in range(24):
        own = number % 6
        team = rng.choice([cast.team, cast.other_team, None]) if own else None
        assignee = rng.choice([None, *ours]) if own else rng.choice([None, cast.mallory])
        conversation = factories.conversation(
            cast.number if own else cast.other_number, team=team, assignee=assignee
        )
        factories.inbound_message(conversation, f"Geheimnis {number}")
        if own and rng.random() < 0.4:
            note = factories.note(conversation, "Geheimnis notiert", by=cast.ada)
            Mention.objects.create(note=note, conversation=conversation, agent=rng.choice(ours))
    index()

    for many, few in ((8_000, 300), (-1, 300), (-1, 0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finding, "MANY", many)
            patch.setattr(finding, "FEW", few)
            for person in people:
                secrets = Conversation.objects.visible_to(person).filter(messages__text__startswith="Geheimnis")
                visible = set(secrets.values_list("pk", flat=True))
                found = find(person, Wanted(text="geheim"), groups=100)
                assert {place.conversation_id for place in found.places} == visible


@pytest.mark.parametrize(
    ("one", "other", "off"),
    [("kette", "kette", 0), ("ketet", "kette", 1), ("kete", "kette", 1), ("kettte", "kette", 1), ("kotte", "kette", 1),
     ("biek", "bike", 1), ("rehcnugn", "rechnung", 2), ("ganz", "anders", 3)],
)  # fmt: skip
def test_slips_are_counted(one, other, off):
    assert distance(one, other, 2) == off


def test_words_and_their_forms():
    assert words_of("Größe_XL: 2×, GRÖSSE xl\x00!") == ["größe", "xl", "2", "grösse"]
    assert forms("größe") == ("grosse", "groesse")
    assert forms("café") == ("cafe",)
