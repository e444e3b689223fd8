"""Changing and deactivating people, and what nobody may do to whom."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts import actions
from accounts.errors import LastAdmin
from accounts.models import Agent, AuditEntry, Invitation, Role
from accounts.signals import agent_deactivated
from tests import factories
from tests.accounts.people_case import PeopleTestCase


class PersonTests(PeopleTestCase):
    def test_admin_changes_role_sight_capacity_and_teams(self) -> None:
        ben = self.cast.ben

        self.client.post(reverse("settings-person", args=[ben.pk]), self.person_form(
            ben, name="Benno", role="lead", visibility="all", capacity=3,
            member=[self.cast.team.pk, self.cast.other_team.pk], lead=[self.cast.other_team.pk],
        ))

        ben.refresh_from_db()
        self.assertEqual((ben.name, ben.role, ben.visibility, ben.capacity), ("Benno", "lead", "all", 3))
        self.assertEqual(
            dict(ben.memberships.values_list("team__name", "is_lead")), {"Werkstatt": False, "Verleih": True}
        )

    def test_fields_that_are_not_in_the_form_stay(self) -> None:
        ben, before = self.cast.ben, Agent.objects.filter(pk=self.cast.ben.pk).values().get()

        self.client.post(reverse("settings-person", args=[ben.pk]), self.person_form(
            ben, email="evil@x.example", password="x", workspace=self.cast.other_workspace.pk, is_active="",
            session_epoch=99, is_staff="1", is_superuser="1",
        ))

        self.assertEqual(Agent.objects.filter(pk=ben.pk).values().get(), before)

    def test_lead_mark_is_only_for_leads(self) -> None:
        self.client.post(reverse("settings-person", args=[self.cast.ben.pk]), self.person_form(
            self.cast.ben, lead=[self.cast.team.pk]
        ))

        self.assertEqual(list(self.cast.ben.memberships.values_list("is_lead", flat=True)), [False])

    def test_new_role_ends_the_sessions(self) -> None:
        ben = Client()
        ben.force_login(self.cast.ben)
        self.assertEqual(ben.get(reverse("profile")).status_code, 200)

        self.client.post(
            reverse("settings-person", args=[self.cast.ben.pk]), self.person_form(self.cast.ben, role="lead")
        )

        self.assertEqual(ben.get(reverse("profile")).status_code, 302)

    def test_deactivated_person_is_out_at_once_and_work_goes_back(self) -> None:
        ben, heard = Client(), []
        ben.force_login(self.cast.ben)

        def hear(sender: object, agent: Agent, by: Agent, **kwargs: object) -> None:
            heard.append((agent, by))

        agent_deactivated.connect(hear, weak=False, dispatch_uid="t")
        self.addCleanup(agent_deactivated.disconnect, dispatch_uid="t")

        self.client.post(reverse("settings-person-deactivation", args=[self.cast.ben.pk]))

        self.assertEqual(ben.get(reverse("profile")).status_code, 302)
        self.assertEqual(heard, [(self.cast.ben, self.cast.ada)])
        signing_in = Client().post("/accounts/login/", {"email": "ben@radhaus.example", "password": factories.PASSWORD})
        self.assertEqual(signing_in.status_code, 422)

    def test_deactivated_person_keeps_no_conversation(self) -> None:
        conversation = self.cast.claras
        conversation.assignee = self.cast.ben
        conversation.save()

        self.client.post(reverse("settings-person-deactivation", args=[self.cast.ben.pk]))

        conversation.refresh_from_db()
        self.assertIsNone(conversation.assignee)

    def test_reactivated_person_may_sign_in_again(self) -> None:
        url = reverse("settings-person-deactivation", args=[self.cast.ben.pk])
        self.client.post(url)

        self.client.post(url, {"undo": "1"})

        signing_in = Client().post("/accounts/login/", {"email": "ben@radhaus.example", "password": factories.PASSWORD})
        self.assertEqual(signing_in.status_code, 302)

    def test_failing_hand_back_keeps_the_person_active(self) -> None:
        def fail(sender: object, **kwargs: object) -> None:
            raise RuntimeError

        agent_deactivated.connect(fail, weak=False, dispatch_uid="t")
        self.addCleanup(agent_deactivated.disconnect, dispatch_uid="t")

        with pytest.raises(RuntimeError):
            actions.deactivate_agent(self.cast.ben, by=self.cast.ada)

        self.cast.ben.refresh_from_db()
        self.assertTrue(self.cast.ben.is_active)

    def test_signing_out_everywhere_ends_sessions_and_open_links(self) -> None:
        ben = Client()
        ben.force_login(self.cast.ben)
        link = actions.create_reset_link(self.cast.ben, by=self.cast.ada)

        self.client.post(reverse("settings-person-sessions", args=[self.cast.ben.pk]))

        self.assertEqual(ben.get(reverse("profile")).status_code, 302)
        self.assertEqual(Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code, 410)

    def test_an_open_session_alone_makes_nobody_a_password_link(self) -> None:
        url = reverse("settings-person-reset-link", args=[self.cast.ben.pk])
        self.assertContains(self.client.post(url), "/accounts/password-reset/")
        self.prove(time.time() - 3600)
        self.assertIn(reverse("confirm"), self.client.post(url)["Location"])
        self.assertEqual(AuditEntry.objects.filter(verb="person.reset_link").count(), 1)

    def test_an_open_session_alone_makes_nobody_an_admin(self) -> None:
        ben, new = self.cast.ben, {"email": "neu@radhaus.example", "name": "Nele", "role": "admin"}
        url = reverse("settings-person", args=[ben.pk])
        self.prove(time.time() - 3600)

        promoting = self.client.post(url, self.person_form(ben, role="admin"))
        inviting = self.client.post(reverse("settings-invite"), new)

        self.assertIn(reverse("confirm"), promoting["Location"])
        self.assertIn(reverse("confirm"), inviting["Location"])
        ben.refresh_from_db()
        self.assertEqual((ben.role, Invitation.objects.count()), ("agent", 0))
        as_lead = self.client.post(url, self.person_form(ben, role="lead"))
        self.assertEqual(as_lead["Location"], reverse("settings-people"))
        self.prove(time.time())
        self.client.post(url, self.person_form(ben, role="admin"))
        ben.refresh_from_db()
        self.assertEqual(ben.role, "admin")

    def test_last_admin_stays(self) -> None:
        ada, url = self.cast.ada, reverse("settings-person", args=[self.cast.ada.pk])

        demoting = self.client.post(url, self.person_form(ada, role="agent", name="Andere"))
        leaving = self.client.post(reverse("settings-person-deactivation", args=[ada.pk]))

        self.assertEqual((demoting.status_code, leaving.status_code), (409, 409))
        ada.refresh_from_db()
        self.assertEqual((ada.role, ada.is_active, ada.name), ("admin", True, "Ada Admin"))

    def test_deactivated_admins_do_not_count(self) -> None:
        factories.agent(self.cast.workspace, "Ex", role=Role.ADMIN, is_active=False)

        response = self.client.post(reverse("settings-person-deactivation", args=[self.cast.ada.pk]))

        self.assertEqual(response.status_code, 409)

    def test_people_of_another_workspace_are_missing(self) -> None:
        for name in ("settings-person", "settings-person-deactivation", "settings-person-sessions",
                     "settings-person-reset-link"):
            foreign = self.client.post(reverse(name, args=[self.cast.mallory.pk]), {})
            missing = self.client.post(reverse(name, args=[99_999_999]), {})
            self.assertEqual(foreign.status_code, 404, name)
            self.assertEqual(foreign.content, missing.content, name)
        self.cast.mallory.refresh_from_db()
        self.assertTrue(self.cast.mallory.is_active)

    def test_privileged_acts_leave_a_line_that_cannot_be_changed(self) -> None:
        self.client.post(
            reverse("settings-person", args=[self.cast.ben.pk]), self.person_form(self.cast.ben, role="lead")
        )

        entry = AuditEntry.objects.get(verb="person.role_changed")
        self.assertEqual((entry.actor, entry.subject), (self.cast.ada, "ben@radhaus.example"))
        self.assertEqual(entry.data, {"from": "agent", "to": "lead"})
        for attempt in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(verb="x")):
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()

    def test_log_of_acts_says_in_words_who_did_what(self) -> None:
        self.client.post(
            reverse("settings-person", args=[self.cast.ben.pk]),
            self.person_form(self.cast.ben, role="lead", capacity=3),
        )

        with translation.override("en"):
            self.cast.ada.language = "en"
            self.cast.ada.save()
            page = self.client.get(reverse("settings-audit"))

        self.assertContains(page, "changed the role of <b>ben@radhaus.example</b>")
        self.assertContains(page, "before: Agent · after: Team lead")
        self.assertContains(page, "Capacity: 3")

    def test_list_takes_as_many_queries_for_many_people_as_for_few(self) -> None:
        self.client.get(reverse("settings-people"))
        with CaptureQueriesContext(connection) as few:
            self.client.get(reverse("settings-people"))
        for number in range(5):
            factories.agent(self.cast.workspace, f"Neu {number}", teams=[self.cast.team])

        with self.assertNumQueries(len(few)):
            self.client.get(reverse("settings-people"))


class RoleTests(PeopleTestCase):
    def test_agents_are_refused_in_words_and_leads_may_look_only(self) -> None:
        ben, lea = Client(), Client()
        ben.force_login(self.cast.ben)
        lea.force_login(self.cast.lea)

        self.assertContains(ben.get(reverse("settings-people")), 'class="empty"', status_code=403)
        self.assertNotContains(lea.get(reverse("settings-people")), reverse("settings-invite"))
        for name, args in (("settings-person", [self.cast.ben.pk]), ("settings-audit", []), ("settings-team-new", [])):
            self.assertEqual(lea.get(reverse(name, args=args)).status_code, 403, name)

    def test_lead_cannot_promote_anybody_and_the_try_is_noted(self) -> None:
        lea, url = Client(), reverse("settings-person", args=[self.cast.lea.pk])
        lea.force_login(self.cast.lea)

        response = lea.post(url, self.person_form(self.cast.lea, role="admin"))

        self.assertEqual(response.status_code, 403)
        self.cast.lea.refresh_from_db()
        self.assertEqual(self.cast.lea.role, Role.LEAD)
        self.assertEqual(AuditEntry.objects.get(verb="access.refused").actor, self.cast.lea)
        lea.post(url, self.person_form(self.cast.lea, role="admin"))
        self.assertEqual(AuditEntry.objects.filter(verb="access.refused").count(), 1)  # once an hour says it all

    def test_own_profile_takes_no_rights(self) -> None:
        ben = Client()
        ben.force_login(self.cast.ben)
        before = Agent.objects.filter(pk=self.cast.ben.pk).values().get()

        ben.post(reverse("profile"), {
            "name": "Ben Brandt", "language": "de", "timezone": "Europe/Berlin", "theme": "", "enter_sends": "on",
            "single_keys": "on", "role": "admin", "visibility": "all", "capacity": "200", "is_active": "1",
            "teams": [self.cast.other_team.pk], "email": "ada2@radhaus.example", "workspace": "1", "is_staff": "1",
        })

        self.assertEqual(Agent.objects.filter(pk=self.cast.ben.pk).values().get(), before)
        self.assertEqual(list(self.cast.ben.teams.all()), [self.cast.team])


class TwoAdminsTests(TransactionTestCase):
    def test_two_admins_who_remove_each_other_at_once_leave_one(self) -> None:
        workspace = factories.workspace()
        pair = [factories.agent(workspace, name, role=Role.ADMIN) for name in ("Ada", "Ines")]
        start, refused = threading.Barrier(2), []

        def remove(actor: Agent, other: Agent) -> None:
            start.wait()
            try:
                actions.deactivate_agent(Agent.objects.get(pk=other.pk), by=actor)
            except LastAdmin:
                refused.append(actor)
            connection.close()

        threads = [threading.Thread(target=remove, args=pair), threading.Thread(target=remove, args=pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(len(refused), 1)
        self.assertEqual(Agent.objects.filter(role=Role.ADMIN, is_active=True).count(), 1)
