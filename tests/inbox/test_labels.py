"""The list of labels: who keeps it, what merging and deleting do to conversations, and what pages hear of it."""

import pytest
from django.test import TestCase

from accounts.models import AuditEntry
from inbox.actions.conversations import change_labels
from inbox.actions.labels import change_label, create_label, move_label, remove_label
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Event, Label
from inbox.models.label import in_order
from tests.cast import make_cast


class LabelTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.repair = create_label(self.cast.workspace, name="Reparatur", by=self.cast.lea)
        self.hire = create_label(self.cast.workspace, name="Verleih", by=self.cast.ada)

    def names(self):
        return [label.name for label in in_order(self.cast.workspace.labels)]

    def test_a_name_is_there_once_however_it_is_written(self):
        with pytest.raises(InboxRuleViolation):
            create_label(self.cast.workspace, name=" reparatur ", by=self.cast.lea)
        with pytest.raises(InboxRuleViolation):
            change_label(self.hire, name="REPARATUR", hue=1, by=self.cast.lea)
        assert create_label(self.cast.other_workspace, name="Reparatur", by=self.cast.mallory).pk

        assert self.names() == ["Reparatur", "Verleih"]

    def test_one_that_is_gone_meanwhile_is_said_in_words(self):
        self.client.force_login(self.cast.ben)
        gone = self.repair.pk
        remove_label(self.repair, by=self.cast.lea)
        for path, said in (
            (f"/conversations/{self.cast.claras.pk}/labels/", {"add": gone}),
            ("/bulk/", {"do": "label", "add": gone, "rows": f"{self.cast.claras.pk}:9"}),
        ):
            answer = self.client.post(path, said, headers={"Accept": "application/json"})
            assert answer.status_code == 422 and answer.json()["sentence"].startswith("Dieses Label gibt es nicht mehr")

    def test_new_labels_get_different_colours(self):
        made = [create_label(self.cast.workspace, name=str(number), by=self.cast.lea) for number in range(6)]

        assert sorted(label.hue for label in [self.repair, self.hire, *made]) == list(range(1, 9))

    def test_agents_and_strangers_keep_no_labels(self):
        for person in (self.cast.ben, self.cast.mallory):
            for act in (
                lambda by: create_label(self.cast.workspace, name="Neu", by=by),
                lambda by: change_label(self.repair, name="Neu", hue=2, by=by),
                lambda by: move_label(self.repair, up=False, by=by),
                lambda by: remove_label(self.repair, by=by),
            ):
                with pytest.raises(NotAllowed):
                    act(person)

        assert self.names() == ["Reparatur", "Verleih"]

    def test_labels_stand_where_the_lead_put_them(self):
        sales = create_label(self.cast.workspace, name="Verkauf", by=self.cast.lea)
        move_label(sales, up=True, by=self.cast.lea)
        assert self.names() == ["Reparatur", "Verkauf", "Verleih"]

        move_label(self.repair, up=True, by=self.cast.lea)  # as high as it goes
        move_label(self.repair, up=False, by=self.cast.lea)
        assert self.names() == ["Verkauf", "Reparatur", "Verleih"]

    def test_merged_labels_are_one_on_every_conversation(self):
        change_labels(self.cast.claras, add=[self.repair, self.hire], by=self.cast.ben)
        change_labels(self.cast.darios, add=[self.repair], by=self.cast.ben)
        remove_label(self.repair, into=self.hire, by=self.cast.lea)

        assert list(self.cast.claras.labels.all()) == list(self.cast.darios.labels.all()) == [self.hire]
        assert self.names() == ["Verleih"]

    def test_a_deleted_label_leaves_its_conversations(self):
        change_labels(self.cast.claras, add=[self.repair, self.hire], by=self.cast.ben)
        remove_label(self.repair, by=self.cast.lea)

        assert list(self.cast.claras.labels.all()) == [self.hire]
        assert AuditEntry.objects.filter(verb="label.deleted", subject="Reparatur", actor=self.cast.lea).exists()

    def test_another_workspaces_label_takes_nothing_over(self):
        foreign = Label.objects.create(workspace=self.cast.other_workspace, name="Fremd")
        with pytest.raises(InboxRuleViolation):
            remove_label(self.repair, into=foreign, by=self.cast.lea)

        assert "Reparatur" in self.names()

    def test_whatever_happens_to_a_label_is_one_event_for_everybody(self):
        change_labels(self.cast.claras, add=[self.repair], by=self.cast.ben)
        change_labels(self.cast.darios, add=[self.repair], by=self.cast.ben)
        Event.objects.all().delete()
        gone = self.repair.pk
        change_label(self.hire, name="Verleih & Co", hue=7, by=self.cast.lea)
        remove_label(self.repair, into=self.hire, by=self.cast.lea)

        hire = {"id": self.hire.pk, "name": "Verleih & Co", "hue": 7}
        assert [
            (event.kind, event.payload["label"], event.payload["becomes"]) for event in Event.objects.order_by("id")
        ] == [("label", self.hire.pk, hire), ("label", gone, hire)]


class PageTests(TestCase):
    def setUp(self):
        self.cast = make_cast()
        self.label = Label.objects.create(workspace=self.cast.workspace, name="Reparatur", hue=4)
        self.client.force_login(self.cast.lea)

    def test_the_page_counts_who_bears_a_label_in_few_queries(self):
        self.cast.claras.labels.add(self.label)
        self.client.get("/settings/labels/")
        with self.assertNumQueries(6):
            self.client.get("/settings/labels/")
        Label.objects.create(workspace=self.cast.workspace, name="Verleih")
        with self.assertNumQueries(6):
            response = self.client.get("/settings/labels/")

        counted = [(label.name, count) for label, count in response.context["labels"]]
        assert counted == [("Reparatur", 1), ("Verleih", 0)]

    def test_made_renamed_moved_and_merged_by_hand(self):
        self.client.post("/settings/labels/", {"name": "Verleih", "hue": 7})
        hire = Label.objects.get(name="Verleih")
        self.client.post(f"/settings/labels/{hire.pk}/", {"name": "Miete", "hue": 2})
        self.client.post(f"/settings/labels/{hire.pk}/place/", {"to": "up"})
        assert [(label.name, label.hue) for label in in_order(self.cast.workspace.labels)] == [
            ("Miete", 2), ("Reparatur", 4)
        ]  # fmt: skip

        self.client.post(f"/settings/labels/{hire.pk}/removal/", {"into": self.label.pk})
        assert [label.name for label in in_order(self.cast.workspace.labels)] == ["Reparatur"]

    def test_a_name_that_is_taken_is_said_at_the_field_and_kept_there(self):
        response = self.client.post("/settings/labels/", {"name": "reparatur", "hue": 3})

        assert response.status_code == 422
        self.assertContains(response, 'value="reparatur"', status_code=422)
        self.assertContains(response, 'id="label-name-error"', status_code=422)
