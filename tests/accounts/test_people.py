"""Inviting, changing and deactivating people, and what nobody may do to whom."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts import actions
from accounts.errors import LastAdmin
from accounts.models import Agent, AuditEntry, Invitation, Membership, Role, Visibility
from accounts.signals import agent_deactivated
from tests import factories
from tests.cast import make_cast

NEW_PASSWORD = "ein-neues-langes-passwort"


class PeopleTestCase(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.client.force_login(self.cast.ada)

    def person_form(self, agent: Agent, **changes: object) -> dict:
        data = {"name": agent.name, "role": agent.role, "visibility": agent.visibility, "capacity": agent.capacity}
        data["member"] = [str(pk) for pk in agent.memberships.values_list("team_id", flat=True)]
        return data | changes


class InvitationTests(PeopleTestCase):
    def invite(self, **changes: object) -> str:
        data = {"email": "neu@radhaus.example", "name": "Nele Neu", "role": "agent", "teams": [self.cast.team.pk]}
        response = self.client.post(reverse("settings-invite"), data | changes)
        return response.context["new_link"]

    def path(self, link: str) -> str:
        return link.removeprefix("http://127.0.0.1:8000")

    def test_invited_person_chooses_a_password_and_is_in(self) -> None:
        path = self.path(self.invite())
        guest = Client()
        self.assertContains(guest.get(path), "neu@radhaus.example")

        response = guest.post(path, {"name": "Nele Neu", "password": NEW_PASSWORD})

        self.assertRedirects(response, "/", fetch_redirect_response=False)
        nele = Agent.objects.get(email="neu@radhaus.example")
        self.assertEqual(guest.session["_auth_user_id"], str(nele.pk))
        self.assertEqual((nele.role, nele.workspace, nele.name), ("agent", self.cast.workspace, "Nele Neu"))
        self.assertEqual(list(nele.teams.all()), [self.cast.team])

    def test_link_works_once(self) -> None:
        path = self.path(self.invite())
        Client().post(path, {"name": "Nele", "password": NEW_PASSWORD})

        self.assertEqual(Client().get(path).status_code, 410)
        self.assertEqual(Client().post(path, {"name": "Eve", "password": NEW_PASSWORD}).status_code, 410)
        self.assertEqual(Agent.objects.filter(email="neu@radhaus.example").count(), 1)

    def test_link_ends_after_seven_days_and_looks_like_one_that_never_was(self) -> None:
        path = self.path(self.invite())
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        expired, unknown = Client().get(path), Client().get(reverse("invitation", args=["x" * 43]))

        self.assertEqual((expired.status_code, unknown.status_code), (410, 410))

    def test_second_invitation_ends_the_first(self) -> None:
        first, second = self.path(self.invite()), self.path(self.invite())

        self.assertEqual(Client().get(first).status_code, 410)
        self.assertEqual(Client().get(second).status_code, 200)

    def test_withdrawn_invitation_is_void(self) -> None:
        path = self.path(self.invite())

        self.client.post(reverse("settings-invitation-withdrawal", args=[Invitation.objects.get().pk]))

        self.assertEqual(Client().get(path).status_code, 410)

    def test_only_a_hash_of_the_token_is_kept(self) -> None:
        token = self.path(self.invite()).rstrip("/").rpartition("/")[2]

        self.assertNotIn(token, str(Invitation.objects.values()))
        self.assertNotIn(token, str(AuditEntry.objects.values()))

    def test_weak_password_is_refused_and_the_link_stays(self) -> None:
        path = self.path(self.invite())

        weak = ("kurz", "1qaz2wsx3edc", "neu@radhaus.example", "passwordpassword", "aaaaaaaaaaaaaa", "123456789012")
        for password in weak:
            self.assertEqual(Client().post(path, {"name": "Nele", "password": password}).status_code, 422, password)
        self.assertEqual(Client().get(path).status_code, 200)

    def test_role_comes_from_the_invitation_whatever_the_form_says(self) -> None:
        path = self.path(self.invite())

        Client().post(path, {
            "name": "Nele", "password": NEW_PASSWORD, "role": "admin", "visibility": "all", "workspace": "1",
            "email": "evil@radhaus.example",
        })

        nele = Agent.objects.get(email="neu@radhaus.example")
        self.assertEqual((nele.role, nele.visibility), (Role.AGENT, Visibility.TEAM))

    @override_settings(EMAIL_HOST="mail.example", BASE_URL="https://tresen.example")
    def test_mail_has_the_link_with_our_own_host(self) -> None:
        self.invite()

        self.assertEqual(mail.outbox[0].to, ["neu@radhaus.example"])
        self.assertIn("https://tresen.example/accounts/invitation/", mail.outbox[0].body)

    def test_teams_of_another_workspace_cannot_be_given(self) -> None:
        foreign = self.cast.other_workspace.teams.get()

        response = self.client.post(reverse("settings-invite"), {
            "email": "neu@radhaus.example", "role": "agent", "teams": [foreign.pk],
        })

        self.assertEqual(response.status_code, 422)
        self.assertFalse(Invitation.objects.exists())


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


class TeamTests(PeopleTestCase):
    def test_admin_makes_a_team_with_people(self) -> None:
        self.client.post(reverse("settings-team-new"), {
            "name": "Verkauf", "strategy": "round_robin", "sticky": "on", "handback_minutes": 45,
            "member": [self.cast.ben.pk, self.cast.lea.pk], "lead": [self.cast.lea.pk],
        })

        team = self.cast.workspace.teams.get(name="Verkauf")
        self.assertEqual((team.strategy, team.sticky, team.handback_minutes), ("round_robin", True, 45))
        members = dict(team.memberships.values_list("agent__name", "is_lead"))
        self.assertEqual(members, {"Ben Brandt": False, "Lea Lenz": True})

    def test_two_teams_cannot_have_one_name(self) -> None:
        response = self.client.post(reverse("settings-team-new"), {
            "name": "werkstatt", "strategy": "manual", "handback_minutes": 30,
        })

        self.assertEqual(response.status_code, 422)

    def test_lead_sets_members_of_the_own_team_but_not_its_name_or_leads(self) -> None:
        lea, team = Client(), self.cast.team
        lea.force_login(self.cast.lea)
        tom = factories.agent(self.cast.workspace, "Tom Tietz")
        boss = factories.agent(self.cast.workspace, "Bo Boss", role=Role.LEAD, leads=[team])

        lea.post(reverse("settings-team", args=[team.pk]), {
            "name": "Übernommen", "strategy": "round_robin", "handback_minutes": 10, "member": [tom.pk],
            "lead": [tom.pk],
        })

        team.refresh_from_db()
        self.assertEqual((team.name, team.strategy, team.handback_minutes), ("Werkstatt", "round_robin", 10))
        self.assertEqual(
            set(team.memberships.values_list("agent", "is_lead")),
            {(tom.pk, False), (boss.pk, True), (self.cast.lea.pk, True)},
        )

    def test_team_one_does_not_lead_is_missing(self) -> None:
        lea = Client()
        lea.force_login(self.cast.lea)

        foreign = lea.get(reverse("settings-team", args=[self.cast.other_team.pk]))
        missing = lea.get(reverse("settings-team", args=[99_999_999]))

        self.assertEqual((foreign.status_code, missing.status_code), (404, 404))
        self.assertEqual(foreign.content, missing.content)

    def test_people_of_another_workspace_cannot_become_members(self) -> None:
        self.client.post(reverse("settings-team", args=[self.cast.team.pk]), {
            "name": "Werkstatt", "strategy": "manual", "handback_minutes": 30, "member": [self.cast.mallory.pk],
        })

        self.assertFalse(Membership.objects.filter(agent=self.cast.mallory, team=self.cast.team).exists())

    def test_there_is_one_default_team(self) -> None:
        self.client.post(reverse("settings-team-default", args=[self.cast.other_team.pk]))

        self.assertEqual(
            list(self.cast.workspace.teams.filter(is_default=True)), [self.cast.other_team]
        )


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
