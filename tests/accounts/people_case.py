"""What tests of the people pages share: the cast, with Ada signed in."""

import time

from django.test import TestCase

from accounts.models import Agent
from tests.cast import make_cast
from tests.signing_in import prove

NEW_PASSWORD = "ein-neues-langes-passwort"


class PeopleTestCase(TestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.client.force_login(self.cast.ada)
        self.prove(time.time())

    def prove(self, at: float) -> None:
        prove(self.client, at)

    def person_form(self, agent: Agent, **changes: object) -> dict:
        data = {"name": agent.name, "role": agent.role, "visibility": agent.visibility, "capacity": agent.capacity}
        data["member"] = [str(pk) for pk in agent.memberships.values_list("team_id", flat=True)]
        return data | changes
