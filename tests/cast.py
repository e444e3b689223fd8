"""The same people in every test: the name says what is allowed before the setup is read.

Ada is an admin, Ben an agent of team Werkstatt, Lea leads Werkstatt, Mallory is the admin of another workspace.
Clara and Dario are customers of our number; each has an open conversation in Werkstatt with one message that waits.
"""

from dataclasses import dataclass

from accounts.models import Agent, Role, Team, Workspace
from inbox.models import Contact, Conversation
from tests import factories
from whatsapp.models import PhoneNumber


@dataclass
class Cast:
    workspace: Workspace
    team: Team  # Werkstatt, the default team; gets what comes in at `number`
    other_team: Team  # Verleih, in which Ben and Lea are not
    number: PhoneNumber
    ada: Agent
    ben: Agent
    lea: Agent
    clara: Contact
    dario: Contact
    claras: Conversation  # Clara's conversation, unassigned
    darios: Conversation
    other_workspace: Workspace
    other_number: PhoneNumber
    mallory: Agent


def make_cast() -> Cast:
    """Everybody, fresh. Call it in a test that may use the database (or in setUpTestData)."""
    workspace = factories.workspace()
    team = factories.team(workspace, "Werkstatt", is_default=True)
    other_team = factories.team(workspace, "Verleih")
    number = factories.number(workspace, team=team)
    clara = factories.contact(number, "Clara Sommer")
    dario = factories.contact(number, "Dario Conti")
    claras = factories.conversation(number, clara)
    darios = factories.conversation(number, dario)
    factories.inbound_message(claras, "Ist mein Rad fertig?")
    factories.inbound_message(darios, "Habt ihr Lastenräder?")
    other_workspace = factories.workspace("Fremd GmbH")
    other_workspaces_team = factories.team(other_workspace, "Alle", is_default=True)
    return Cast(
        workspace=workspace, team=team, other_team=other_team, number=number,
        ada=factories.agent(workspace, "Ada Admin", role=Role.ADMIN, email="ada@radhaus.example"),
        ben=factories.agent(workspace, "Ben Brandt", teams=[team], email="ben@radhaus.example"),
        lea=factories.agent(workspace, "Lea Lenz", role=Role.LEAD, leads=[team], email="lea@radhaus.example"),
        clara=clara, dario=dario, claras=claras, darios=darios,
        other_workspace=other_workspace, other_number=factories.number(other_workspace, team=other_workspaces_team),
        mallory=factories.agent(
            other_workspace, "Mallory Fremd", role=Role.ADMIN, leads=[other_workspaces_team],
            email="mallory@fremd.example",
        ),
    )
