"""Teams, and who may change what about them."""


from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership, Role
from tests import factories
from tests.accounts.people_case import PeopleTestCase


class TeamTests(PeopleTestCase):
    def test_admin_makes_a_team_with_people(self) -> None:
        self.client.post(reverse("settings-team-new"), {
            "name": "Verkauf", "strategy": "round_robin", "sticky": "on", "handback_minutes": 45, "guard_minutes": 60,
            "member": [self.cast.ben.pk, self.cast.lea.pk], "lead": [self.cast.lea.pk],
        })

        team = self.cast.workspace.teams.get(name="Verkauf")
        self.assertEqual((team.strategy, team.sticky, team.handback_minutes), ("round_robin", True, 45))
        members = dict(team.memberships.values_list("agent__name", "is_lead"))
        self.assertEqual(members, {"Ben Brandt": False, "Lea Lenz": True})

    def test_two_teams_cannot_have_one_name(self) -> None:
        response = self.client.post(reverse("settings-team-new"), {
            "name": "werkstatt", "strategy": "manual", "handback_minutes": 30, "guard_minutes": 60,
        })

        self.assertEqual(response.status_code, 422)

    def test_lead_sets_members_of_the_own_team_but_not_its_name_or_leads(self) -> None:
        lea, team = Client(), self.cast.team
        lea.force_login(self.cast.lea)
        tom = factories.agent(self.cast.workspace, "Tom Tietz")
        boss = factories.agent(self.cast.workspace, "Bo Boss", role=Role.LEAD, leads=[team])

        lea.post(reverse("settings-team", args=[team.pk]), {
            "name": "Übernommen", "strategy": "round_robin", "handback_minutes": 10, "guard_minutes": 60,
            "member": [tom.pk],
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
            "name": "Werkstatt", "strategy": "manual", "handback_minutes": 30, "guard_minutes": 60,
            "member": [self.cast.mallory.pk],
        })

        self.assertFalse(Membership.objects.filter(agent=self.cast.mallory, team=self.cast.team).exists())

    def test_there_is_one_default_team(self) -> None:
        self.client.post(reverse("settings-team-default", args=[self.cast.other_team.pk]))

        self.assertEqual(
            list(self.cast.workspace.teams.filter(is_default=True)), [self.cast.other_team]
        )

    def test_a_limit_is_set_on_the_team_page_or_the_persons_and_emptied_again(self) -> None:
        team, ben = self.cast.team, self.cast.ben
        form = {"name": "Werkstatt", "strategy": "least_busy", "handback_minutes": 30, "guard_minutes": 60,
                "member": [ben.pk, self.cast.lea.pk], "lead": [self.cast.lea.pk]}

        self.client.post(reverse("settings-team", args=[team.pk]), form | {f"limit-{ben.pk}": "3"})
        self.assertEqual(team.memberships.get(agent=ben).capacity, 3)
        entry = AuditEntry.objects.get(verb="team.limit")
        self.assertEqual((entry.subject, entry.data), ("Werkstatt", {"name": "Ben Brandt", "from": None, "to": 3}))

        self.client.post(reverse("settings-team", args=[team.pk]), form)
        self.assertEqual(team.memberships.get(agent=ben).capacity, 3)
        self.client.post(
            reverse("settings-person", args=[ben.pk]), self.person_form(ben) | {f"limit-{team.pk}": ""}
        )
        self.assertIsNone(team.memberships.get(agent=ben).capacity)

    def test_a_limit_that_is_no_number_is_refused_and_kept_on_the_page(self) -> None:
        self.cast.ada.language = "en"
        self.cast.ada.save()
        response = self.client.post(reverse("settings-team", args=[self.cast.team.pk]), {
            "name": "Werkstatt", "strategy": "least_busy", "handback_minutes": 30, "guard_minutes": 60,
            "member": [self.cast.ben.pk], f"limit-{self.cast.ben.pk}": "many",
        })

        self.assertContains(response, "Ben Brandt: choose a limit between 0 and 200", status_code=422)
        self.assertContains(response, 'value="many"', status_code=422)

    def test_a_lead_sets_limits_in_the_own_team(self) -> None:
        lea = Client()
        lea.force_login(self.cast.lea)
        lea.post(reverse("settings-team", args=[self.cast.team.pk]), {
            "strategy": "least_busy", "handback_minutes": 30, "guard_minutes": 60,
            "member": [self.cast.ben.pk], f"limit-{self.cast.ben.pk}": "2",
        })

        self.assertEqual(self.cast.team.memberships.get(agent=self.cast.ben).capacity, 2)
