"""Trying rules out says what routing would really have done; and a decision says who was passed over for it."""

import pytest
from django.urls import reverse

from accounts.models import Availability, Membership, RoutingStrategy, Team
from inbox.actions import assignment
from inbox.actions.availability import set_availability
from inbox.actions.conversations import close_conversation
from inbox.models import RoutingDecision, RoutingRule
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import colleague, holder, route
from tests.inbox.test_rules_pages import rule_of, tried
from tests.inbox.writing import agent_writes, customer_writes

pytestmark = pytest.mark.django_db


@pytest.fixture
def why(client, cast):
    """The page of the latest decision about Clara, as Lea reads it, in English."""
    cast.lea.language = "en"
    cast.lea.save()
    client.force_login(cast.lea)

    def read(conversation=None):
        decisions = RoutingDecision.objects.filter(conversation=conversation or cast.claras)
        return client.get(reverse("decision", args=[decisions.latest("pk").pk])).content.decode()

    return read


def waits_again(cast, conversation, text="Noch etwas"):
    """The case is closed, and the customer writes once more."""
    conversation.refresh_from_db()
    close_conversation(conversation, by=cast.ada)
    conversation.assignee = None
    conversation.save()
    customer_writes(conversation, text)
    route(cast)


def test_what_a_person_has_put_somewhere_no_rule_would_have_moved(cast, people):
    people.here(colleague(cast, "Vera Verleih", teams=[cast.other_team]))
    assignment.assign(cast.claras, to_team=cast.other_team, by=cast.lea)
    route(cast)
    rule_of(cast, target="team", team=cast.team)

    assert tried(cast) == (2, {})


def test_who_has_as_much_as_the_team_may_give_them_is_not_said_to_have_been_free(cast, cora, why):
    Membership.objects.filter(agent=cast.ben, team=cast.team).update(capacity=0)
    assignment.claim(cast.darios, by=cora)  # Ben has less to do than she
    route(cast)
    assert holder(cast.claras) == cora
    rule_of(cast, target="own", manner="least_busy")

    assert tried(cast) == (1, {})
    assert "full in this team" in why()


def test_somebody_named_who_was_not_there_or_full_changes_nothing(cast, cora, why):
    cora.capacity = 0
    cora.save()
    nele = colleague(cast, "Nele Neu")
    for rule in (rule_of(cast, target="agent", agent=cora), rule_of(cast, target="agent", agent=nele)):
        RoutingRule.objects.exclude(pk=rule.pk).update(is_active=False)
        RoutingRule.objects.filter(pk=rule.pk).update(is_active=True)
        RoutingDecision.objects.all().delete()
        for each in (cast.claras, cast.darios):
            each.refresh_from_db()
            each.assignee = None
            each.ruled_until = None
            each.save()
        assert set(route(cast).values()) == {"least_busy"}
        assert f"The rule names {rule.agent.first_name}, who was not there or had no room." in why()
        RoutingRule.objects.all().update(is_active=False)
        assert tried(cast) == (2, {})
        RoutingRule.objects.filter(pk=rule.pk).update(is_active=True)
        assert tried(cast) == (2, {})


def test_the_last_person_is_known_and_who_would_have_had_their_turn(cast, cora):
    agent_writes(cast.claras, cora)
    Team.objects.filter(pk=cast.team.pk).update(sticky=False)
    assignment.claim(cast.darios, by=cora)
    waits_again(cast, cast.claras)
    assert holder(cast.claras) == cast.ben
    rule = rule_of(cast, target="own", manner="sticky", conditions={"customer": "known"})

    assert tried(cast)[1]["Clara Sommer"].startswith("Cora Kern")

    RoutingRule.objects.filter(pk=rule.pk).update(manner="round_robin")
    looked_at, names = tried(cast)
    assert (looked_at, set(names)) == (1, set())  # neither has had a turn, and Ben came first


def test_in_turn_is_told_from_whose_turn_it_was(cast, cora, clock):
    cast.ben.capacity = 20  # relative to that he has the least to do each time
    cast.ben.save()
    route(cast)
    assert {holder(cast.claras), holder(cast.darios)} == {cast.ben, cora}
    clock.shift(60)
    third = factories.conversation(cast.number, factories.contact(cast.number, "Nina Neu"))
    factories.inbound_message(third)
    route(cast)
    clock.shift(60)
    fourth = factories.conversation(cast.number, factories.contact(cast.number, "Otto Neu"))
    factories.inbound_message(fourth)
    route(cast)
    assert (holder(third), holder(fourth)) == (cast.ben, cast.ben)
    rule_of(cast, target="own", manner="round_robin")

    assert list(tried(cast)[1]) == ["Otto Neu"]


def test_only_what_was_said_since_they_waited_counts(cast, clock):
    customer_writes(cast.claras, "Ich möchte mieten")
    agent_writes(cast.claras, cast.ben)
    clock.shift(600)
    waits_again(cast, cast.claras, "Danke")
    rule_of(cast, target="own", manner="queue", conditions={"keywords": ["mieten"]})

    assert "Clara Sommer" not in tried(cast)[1]


def test_the_rules_that_were_in_force_change_nothing(cast, cora, people, clock):
    """Whatever manner decided, trying the same list again finds no difference."""
    people.here(colleague(cast, "Vera Verleih", teams=[cast.other_team]))
    rule_of(cast, target="team", team=cast.other_team, manner="round_robin", conditions={"keywords": ["mieten"]})
    rule_of(cast, target="agent", agent=cora, conditions={"keywords": ["cora"]})
    rule_of(cast, target="own", manner="sticky", conditions={"customer": "known"})
    rule_of(cast, target="own", manner="queue", conditions={"keywords": ["zeit"]})
    texts = ["Hallo", "Kann ich mieten?", "Cora bitte", "Hat Zeit", "Hallo", "Cora bitte", "Hallo", "Kann ich mieten?"]
    for number, text in enumerate(texts):
        new = factories.conversation(cast.number, factories.contact(cast.number, f"Kunde {number}"))
        customer_writes(new, text)
        route(cast)
        clock.shift(70)
        if number == 4:
            set_availability(cora, Availability.AWAY, by=cora)
        if number == 5:
            set_availability(cora, Availability.AVAILABLE, by=cora)
            agent_writes(cast.claras, cast.ben)
            waits_again(cast, cast.claras)

    looked_at, names = tried(cast)

    assert (looked_at >= 10, names) == (True, {})
    assert {"person", "queue", "round_robin", "least_busy", "sticky"} == set(
        RoutingDecision.objects.values_list("reason", flat=True)
    )


def test_a_team_by_hand_waits_for_the_person_named_and_says_so(cast, why):
    Team.objects.filter(pk=cast.team.pk).update(strategy=RoutingStrategy.MANUAL)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    rule_of(cast, target="agent", agent=cast.ben)
    route(cast)

    page = why()

    assert "Why nobody?" in page and "The rule names Ben, who was not there or had no room." in page
    assert "Werkstatt takes its work by hand." in page


def test_it_says_who_put_it_back_and_who_knew_the_customer(cast, cora, why):
    agent_writes(cast.claras, cora)
    customer_writes(cast.claras, "Und?")
    assignment.take_over(cast.claras, by=cast.ben)
    assignment.release(cast.claras, by=cast.ben)
    set_availability(cora, Availability.AWAY, by=cora)
    route(cast)

    page = why()

    assert "Ben had it just before, and others come first now." in page
    assert "Cora, who answered this customer last, was not there or had no room." in page
