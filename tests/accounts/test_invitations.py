"""Invitations: one link, one person, once."""

from datetime import timedelta

from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agent, AuditEntry, Invitation, Role, Visibility
from tests.accounts.people_case import NEW_PASSWORD, PeopleTestCase


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
