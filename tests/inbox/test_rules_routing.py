"""Rules at work: what waits is judged, put into its queue and given to whom the rule says, and says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import RoutingStrategy, Skill, WorkingHours
from inbox.actions import assignment, rules
from inbox.actions.bookkeeping import register_customer_message
from inbox.actions.contact_book import change_contact
from inbox.actions.conversations import change_labels, close_conversation
from inbox.actions.ruling import judge_waiting
from inbox.actions.undo import keep, remembering, take_back
from inbox.activity_lines import line_of
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Activity, Case, ContactField, Conversation, Label, RoutingDecision, RoutingRule
from inbox.rules.matching import Conditions, FieldCondition
from inbox.rules.stored import Rulebook
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import NOON, colleague, holder, route
from tests.inbox.writing import customer_writes

pytestmark = pytest.mark.django_db


def make(cast, *, by=None, name="", is_active=True, target="team", team=None, agent=None, manner="least_busy",
         skill=None, **asked) -> RoutingRule:  # fmt: skip
    """A rule; with a team or an agent it goes there."""
    rule = RoutingRule(
        workspace=cast.workspace, name=name, is_active=is_active, target=target, team=team, agent=agent, manner=manner,
        skill=skill, conditions=Conditions(**asked).stored(),
    )  # fmt: skip
    return rules.create_rule(rule, by=by or cast.ada)


def place(conversation):
    found = Conversation.objects.select_related("team", "assignee").get(pk=conversation.pk)
    return found.team, found.assignee


def line(conversation, kind="assigned"):
    with translation.override("en"):
        return str(line_of(Activity.objects.filter(conversation=conversation, kind=kind).latest("pk")).html)


@pytest.fixture
def dora(cast, people):
    """Works in the other team, and is there."""
    person = colleague(cast, "Dora Dahl", teams=[cast.other_team])
    people.here(person)
    return person


@pytest.fixture
def repair(cast):
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
    cast.claras.labels.add(label)
    return label


def test_a_rule_moves_it_to_its_team_and_the_line_says_which(cast, dora, repair):
    make(cast, team=cast.other_team, labels=frozenset({repair.pk}))

    assert set(route(cast).values()) == {"least_busy"}

    assert place(cast.claras) == (cast.other_team, dora)
    assert place(cast.darios) == (cast.team, cast.ben)
    assert line(cast.claras).endswith("rule 1: Label Reparatur") and "rule" not in line(cast.darios)
    decision = RoutingDecision.objects.get(conversation=cast.claras)
    assert decision.facts["rule"]["name"] == "Label Reparatur" and decision.facts["rule"]["from"] == cast.team.pk
    assert Case.objects.get(conversation=cast.claras).team == cast.other_team


def test_the_first_that_holds_wins_switched_off_and_broken_ones_are_skipped(cast, dora):
    gone = colleague(cast, "Gus Gone")
    make(cast, is_active=False, agent=gone, target="agent")
    make(cast, agent=gone, target="agent")
    make(cast, name="Zweite", team=cast.other_team)
    make(cast, name="Dritte", team=cast.team)
    gone.is_active = False
    gone.save()

    route(cast)

    assert holder(cast.claras) == holder(cast.darios) == dora
    assert line(cast.claras).endswith("rule 3: Zweite")


def test_a_person_gets_it_whatever_their_team_and_else_the_team_does(cast, dora):
    make(cast, target="agent", agent=dora)
    dora.capacity = 1
    dora.save()

    assert sorted(route(cast).values()) == ["least_busy", "person"]
    assert {holder(cast.claras), holder(cast.darios)} == {dora, cast.ben}


def test_a_person_without_room_does_not_block_a_team_by_hand(cast, people):
    cast.team.strategy = RoutingStrategy.MANUAL
    cast.team.save()
    cora = colleague(cast)
    make(cast, target="agent", agent=cora, customer="known")
    Conversation.objects.filter(pk=cast.claras.pk).update(last_agent=cora)

    assert route(cast) == {cast.claras.pk: "nobody_free"}
    people.here(cora)
    assert route(cast) == {cast.claras.pk: "person"}
    assert holder(cast.darios) is None


def test_in_turn_and_the_last_person_override_the_ways_of_the_team(cast, cora):
    Conversation.objects.filter(pk=cast.claras.pk).update(last_agent=cora)
    make(cast, target="own", manner="sticky", customer="known")
    make(cast, target="own", manner="round_robin")
    cast.team.sticky = False
    cast.team.save()

    assert route(cast) == {cast.claras.pk: "sticky", cast.darios.pk: "round_robin"}
    assert holder(cast.claras) == cora and holder(cast.darios) == cast.ben


def test_by_skill_means_whoever_has_it_and_else_anybody_of_the_team(cast, people):
    cora = colleague(cast, capacity=1)
    people.here(cora)
    skill = Skill.objects.create(workspace=cast.workspace, name="Türkisch")
    skill.agents.add(cora)
    make(cast, target="own", manner="skill", skill=skill)

    assert sorted(route(cast).values()) == ["least_busy", "skill"]
    [skilled] = Conversation.objects.filter(assignee=cora)
    assert "has the skill Türkisch" in line(skilled)


def test_a_rule_may_leave_it_to_be_taken_by_hand(cast, dora):
    make(cast, name="Alles andere", target="own", manner="queue")

    assert route(cast) == {}
    assert place(cast.claras) == (cast.team, None)
    assert "rule 1: Alles andere" in line(cast.claras, "queued")
    assert RoutingDecision.objects.get(conversation=cast.claras).reason == "queue"
    assert route(cast) == {} and Activity.objects.filter(kind="queued").count() == 2


def test_a_rule_can_give_out_what_its_team_leaves_to_people(cast):
    cast.team.strategy = RoutingStrategy.MANUAL
    cast.team.save()
    make(cast, target="own", keywords=("rad",))

    assert route(cast) == {cast.claras.pk: "least_busy"}
    assert holder(cast.darios) is None


def test_who_waits_in_vain_is_told_by_which_rule(cast):
    make(cast, name="Verleih", team=cast.other_team)

    assert set(route(cast).values()) == {"nobody_free"}
    assert place(cast.claras) == (cast.other_team, None)
    assert line(cast.claras, "nobody_free").endswith("rule 1: Verleih")


def test_capacity_holds_and_equal_people_get_equal_shares(cast, people):
    agents = [cast.ben, *(colleague(cast, f"Kim{at} Test", capacity=8) for at in range(3))]
    people.here(*agents)
    make(cast, target="own", manner="least_busy", keywords=("hallo",))
    for at in range(40):
        factories.inbound_message(factories.conversation(cast.number), "Hallo", at=NOON - timedelta(minutes=at))

    route(cast)

    held = [Conversation.objects.filter(assignee=agent).count() for agent in agents]
    assert held == [8, 8, 8, 8]


def test_what_the_customer_adds_is_judged_as_if_no_rule_had_been_there(cast, people):
    make(cast, name="Verleih", team=cast.other_team, keywords=("mieten",))
    make(cast, name="Zurück", team=cast.team, teams=frozenset({cast.team.pk}), keywords=("rad",))
    people.seen.clear()
    route(cast)
    assert place(cast.claras) == (cast.team, None)

    customer_writes(cast.claras, "Oder kann ich eins MIETEN?")
    route(cast)

    assert place(cast.claras) == (cast.other_team, None)
    assert Conversation.objects.get(pk=cast.claras.pk).team_before_rule == cast.team


def test_a_label_a_card_and_the_rules_themselves_are_looked_at_again(cast, dora, repair, people):
    people.gone(dora, NOON - timedelta(hours=1))
    people.gone(cast.ben, NOON - timedelta(hours=1))
    field = ContactField.objects.create(workspace=cast.workspace, name="Vertrag")
    by_label = make(cast, team=cast.other_team, labels=frozenset({repair.pk}))
    make(cast, team=cast.other_team, field=FieldCondition(field.pk, "equals", "Gold"))
    route(cast)
    assert place(cast.claras)[0] == cast.other_team and place(cast.darios)[0] == cast.team

    change_labels(cast.claras, remove=[repair], by=cast.ada)
    change_contact(cast.dario, fields={str(field.pk): "gold"}, by=cast.ada)
    route(cast)
    assert place(cast.claras)[0] == cast.team and place(cast.darios)[0] == cast.other_team

    change_labels(cast.claras, add=[repair], by=cast.ada)
    rules.delete_rule(by_label, by=cast.ada)
    for rule in RoutingRule.objects.all():
        rules.switch_rule(rule, on=False, by=cast.ada)
    route(cast)
    assert place(cast.claras)[0] == place(cast.darios)[0] == cast.team


def test_where_a_person_has_put_it_no_rule_moves_it_until_it_is_closed(cast, people):
    people.seen.clear()
    make(cast, team=cast.other_team)
    route(cast)
    assert place(cast.claras)[0] == cast.other_team

    assignment.assign(cast.claras, to_team=cast.team, by=cast.ada)
    customer_writes(cast.claras, "Hallo?")
    route(cast)
    assert place(cast.claras)[0] == cast.team

    close_conversation(cast.claras, by=cast.ada)
    customer_writes(cast.claras, "Noch etwas")
    route(cast)
    assert place(cast.claras)[0] == cast.other_team


def test_taking_a_move_back_gives_the_rules_the_word_again(cast, people):
    people.seen.clear()
    make(cast, team=cast.other_team)
    route(cast)
    step = remembering(cast.claras, lambda each: assignment.assign(each, to_team=cast.team, by=cast.ada))

    take_back(keep([step], by=cast.ada), by=cast.ada)
    route(cast)

    found = Conversation.objects.get(pk=cast.claras.pk)
    assert (found.team, found.team_before_rule, found.placed_by_hand) == (cast.other_team, cast.team, False)


def test_hours_are_asked_again_when_they_begin(cast, clock):
    WorkingHours.objects.create(workspace=cast.workspace, weekly=[[[13 * 60 + 30, 18 * 60]]] * 7)
    make(cast, name="Zu", target="own", manner="queue", hours="outside")
    assert route(cast) == {}

    clock.shift(timedelta(minutes=20))
    assert route(cast) == {}
    clock.shift(timedelta(minutes=20))
    assert len(route(cast)) == 2


def test_the_language_is_the_cards_else_what_it_sounds_like_and_is_kept(cast, dora):
    make(cast, team=cast.other_team, languages=frozenset({"tr"}))
    cast.dario.language = "de"
    cast.dario.save()
    for conversation in (cast.claras, cast.darios):
        customer_writes(conversation, "Merhaba, bisikletim hazır mı?")

    route(cast)

    assert holder(cast.claras) == dora and holder(cast.darios) == cast.ben
    assert Conversation.objects.get(pk=cast.claras.pk).guessed_language == "tr"
    assert Conversation.objects.get(pk=cast.darios.pk).guessed_language == ""


def test_ads_numbers_and_whether_somebody_is_known(cast, dora, people):
    second = factories.number(cast.workspace, team=cast.team)
    there = factories.conversation(second, factories.contact(second, "Nina Neu"))
    factories.inbound_message(there)
    Conversation.objects.filter(pk=cast.darios.pk).update(referral={"source_type": "ad"})
    close_conversation(cast.claras, by=cast.ada)
    customer_writes(cast.claras, "Hallo")
    make(cast, name="Nummer", team=cast.other_team, numbers=frozenset({second.pk}))
    make(cast, name="Anzeige", team=cast.other_team, from_ad=True)
    make(cast, name="Bekannt", team=cast.other_team, customer="known")

    route(cast)

    names = dict(RoutingDecision.objects.values_list("conversation", "facts__rule__name"))
    assert names == {there.pk: "Nummer", cast.darios.pk: "Anzeige", cast.claras.pk: "Bekannt"}


def test_judging_asks_as_many_questions_for_many_as_for_few(cast, repair):
    make(cast, name="A", team=cast.team, labels=frozenset({repair.pk}), languages=frozenset({"tr"}))
    make(cast, name="B", team=cast.team, keywords=("kette",), customer="known", hours="outside")
    counts = []
    for more in (0, 20):
        for _ in range(more):
            factories.inbound_message(factories.conversation(cast.number))
        with CaptureQueriesContext(connection) as queries:
            assert judge_waiting(cast.workspace.pk, Rulebook.of(cast.workspace.pk), cast.team, NOON)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 20
    assert not Conversation.objects.filter(ruled_until=None).exists()


def test_merging_labels_carries_the_rules_along(cast, dora, repair):
    from inbox.actions.labels import remove_label

    service = Label.objects.create(workspace=cast.workspace, name="Service")
    rule = make(cast, team=cast.other_team, labels=frozenset({repair.pk}))

    remove_label(repair, into=service, by=cast.ada)
    route(cast)

    assert RoutingRule.objects.get(pk=rule.pk).conditions == {"labels": [service.pk]}
    assert holder(cast.claras) == dora


def test_leads_change_what_gives_work_to_their_teams_and_nothing_else(cast, dora):
    theirs = {"teams": frozenset({cast.team.pk})}
    own = make(cast, by=cast.lea, team=cast.team, name="Eigene", **theirs)
    foreign = make(cast, team=cast.other_team, name="Fremde")
    second = make(cast, by=cast.lea, target="agent", agent=cast.ben, name="Ben", **theirs)

    for act in (
        lambda: rules.switch_rule(foreign, on=False, by=cast.lea),
        lambda: rules.delete_rule(foreign, by=cast.lea),
        lambda: make(cast, by=cast.lea, team=cast.other_team, **theirs),
        lambda: make(cast, by=cast.lea, team=cast.team),  # would bring them everybody's work
        lambda: make(cast, by=cast.lea, target="own", **theirs),
        lambda: make(cast, by=cast.lea, target="agent", agent=dora, **theirs),
        lambda: make(cast, by=cast.ben, team=cast.team, **theirs),
        lambda: rules.switch_rule(own, on=False, by=cast.mallory),
    ):
        with pytest.raises(NotAllowed):
            act()
    own.team = cast.other_team  # theirs before, not afterwards
    with pytest.raises(NotAllowed):
        rules.change_rule(own, by=cast.lea)
    with pytest.raises(InboxRuleViolation, match="eines anderen Teams"):
        rules.move_rule(second, 0, by=cast.lea)
    rules.move_rule(second, 0, by=cast.ada)
    assert list(RoutingRule.objects.values_list("name", flat=True)) == ["Ben", "Eigene", "Fremde"]
    rules.move_rule(RoutingRule.objects.get(name="Eigene"), 0, by=cast.lea)
    assert list(RoutingRule.objects.values_list("name", flat=True)) == ["Eigene", "Ben", "Fremde"]


def test_a_message_while_nobody_routes_is_registered_with_its_question(cast):
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    conversation.ruled_until = NOON + timedelta(days=1)
    conversation.save()
    message = factories.bare_row(conversation, "Hallo", timezone.now(), inbound=True)

    register_customer_message(conversation, message, timezone.now())

    assert Conversation.objects.get(pk=conversation.pk).ruled_until is None
