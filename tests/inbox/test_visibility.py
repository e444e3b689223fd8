"""Who sees which conversation: the query and the question say the same, and it is what the rules say."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Agent, Membership, Role, Visibility
from inbox.models import Conversation, Mention
from inbox.visibility import ConversationFacts, Rights, facts_of, may_see, rights_by_agent, rights_of, visible_q_for
from tests import factories
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


def seen_by(agent: Agent) -> set[int]:
    return set(Conversation.objects.visible_to(agent).values_list("pk", flat=True))


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def many(cast):
    """One conversation of every sort: each team or none, each holder or none, with or without a mention of Ben."""
    lonely = factories.team(cast.workspace, "Büro")
    other_agent = factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team, lonely])
    for team in (None, cast.team, cast.other_team, lonely):
        for assignee in (None, cast.ben, other_agent):
            for mentions_ben in (False, True):
                conversation = factories.conversation(cast.number, team=team, assignee=assignee)
                if mentions_ben:
                    note = factories.note(conversation, "@Ben", by=cast.ada)
                    Mention.objects.create(note=note, conversation=conversation, agent=cast.ben)
    factories.conversation(cast.other_number)
    return cast


def set_visibility(agent: Agent, visibility: str) -> None:
    Agent.objects.filter(pk=agent.pk).update(visibility=visibility)
    agent.refresh_from_db()


def test_admins_see_their_whole_workspace_and_nothing_else(many):
    assert seen_by(many.ada) == set(
        Conversation.objects.filter(workspace=many.workspace).values_list("pk", flat=True)
    )


def test_own_means_mine_and_unassigned_of_my_teams_and_where_i_am_mentioned(many):
    set_visibility(many.ben, Visibility.OWN)

    for conversation in Conversation.objects.filter(workspace=many.workspace):
        mine = conversation.assignee_id == many.ben.pk
        waits_for_us = conversation.team_id == many.team.pk and conversation.assignee_id is None
        mentioned = conversation.mentions.filter(agent=many.ben).exists()
        assert (conversation.pk in seen_by(many.ben)) == (mine or waits_for_us or mentioned)


def test_team_means_everything_of_my_teams_beside_mine_and_mentions(many):
    set_visibility(many.ben, Visibility.TEAM)

    for conversation in Conversation.objects.filter(workspace=many.workspace):
        mine = conversation.assignee_id == many.ben.pk or conversation.team_id == many.team.pk
        mentioned = conversation.mentions.filter(agent=many.ben).exists()
        assert (conversation.pk in seen_by(many.ben)) == (mine or mentioned)


def test_all_means_the_workspace_and_a_stranger_sees_none_of_it(many):
    set_visibility(many.ben, Visibility.ALL)

    assert seen_by(many.ben) == seen_by(many.ada)
    assert not seen_by(many.ben) & seen_by(many.mallory)


def test_a_lead_sees_all_of_the_led_team_whatever_their_own_setting_and_what_has_no_team(many):
    set_visibility(many.lea, Visibility.OWN)

    expected = Conversation.objects.filter(workspace=many.workspace, team=many.team)
    homeless = Conversation.objects.filter(workspace=many.workspace, team=None)
    assert seen_by(many.lea) == set((expected | homeless).values_list("pk", flat=True))


def test_somebody_deactivated_sees_nothing(many):
    Agent.objects.filter(pk=many.ada.pk).update(is_active=False)
    many.ada.refresh_from_db()

    assert seen_by(many.ada) == set()


def test_rights_of_everybody_at_once_are_the_rights_of_each(many):
    together = rights_by_agent(many.workspace.pk)

    assert together == {agent.pk: rights_of(agent) for agent in many.workspace.agents.filter(is_active=True)}


def test_query_and_question_agree_for_every_agent_and_conversation(many):
    """Every role and visibility, with every combination of membership in the two teams."""
    person = factories.agent(many.workspace, "Paula Prüf")
    conversations = list(Conversation.objects.all())
    Mention.objects.create(
        note=factories.note(conversations[0], "@Paula", by=many.ada), conversation=conversations[0], agent=person
    )
    facts = {conversation.pk: facts_of(conversation) for conversation in conversations}
    for role in Role.values:
        for visibility in Visibility.values:
            for memberships in ([], [(many.team, False)], [(many.team, True), (many.other_team, False)]):
                Agent.objects.filter(pk=person.pk).update(role=role, visibility=visibility)
                Membership.objects.filter(agent=person).delete()
                for team, leads in memberships:
                    Membership.objects.create(team=team, agent=person, is_lead=leads)
                fresh = Agent.objects.get(pk=person.pk)

                assert seen_by(fresh) == {pk for pk, fact in facts.items() if may_see(rights_of(fresh), fact)}



@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    role=st.sampled_from(Role.values), visibility=st.sampled_from(Visibility.values), is_active=st.booleans(),
    chosen=st.data(),
)
def test_query_and_question_agree_for_arbitrary_rights(db_rows, role, visibility, is_active, chosen):
    teams, agents, facts = db_rows
    team_ids = frozenset(chosen.draw(st.sets(st.sampled_from(teams))))
    rights = Rights(
        agent_id=chosen.draw(st.sampled_from(agents)),
        workspace_id=chosen.draw(st.sampled_from(sorted(facts_spaces(facts)))),
        role=role, visibility=visibility, team_ids=team_ids,
        led_team_ids=frozenset(chosen.draw(st.sets(st.sampled_from(sorted(team_ids))))) if team_ids else frozenset(),
        is_active=is_active,
    )

    by_query = set(Conversation.objects.filter(visible_q_for(rights)).values_list("pk", flat=True))

    assert by_query == {pk for pk, fact in facts.items() if may_see(rights, fact)}


def facts_spaces(facts: dict[int, ConversationFacts]) -> set[int]:
    return {fact.workspace_id for fact in facts.values()}


@pytest.fixture
def db_rows(many):
    facts = {conversation.pk: facts_of(conversation) for conversation in Conversation.objects.all()}
    teams = [team.pk for team in many.workspace.teams.all()]
    return teams, [agent.pk for agent in many.workspace.agents.all()], facts
