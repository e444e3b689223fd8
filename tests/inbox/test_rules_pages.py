"""The pages of the rules: reading, making, arranging, trying out, and why somebody got it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Skill
from inbox.actions import assignment
from inbox.models import Activity, Conversation, Label, RoutingDecision, RoutingRule
from inbox.rules.lines import lines_of
from inbox.rules.matching import Conditions
from inbox.rules.stored import in_force, rules_of
from inbox.rules.trial import try_out
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import NOON, colleague, route

pytestmark = pytest.mark.django_db


@pytest.fixture
def repair(cast):
    return Label.objects.create(workspace=cast.workspace, name="Reparatur")


def rule_of(cast, **fields) -> RoutingRule:
    fields.setdefault("conditions", {})
    return RoutingRule.objects.create(workspace=cast.workspace, **fields)


def said(cast, **more):
    return {"goes_to": f"team:{cast.team.pk}", "manner": "least_busy", "is_active": "on", "fits_all": "on", **more}


def order(cast):
    return list(rules_of(cast.workspace.pk).values_list("name", flat=True))


def test_a_rule_is_made_with_the_form_and_says_what_it_does(client, cast, repair):
    cast.ada.language = "en"
    cast.ada.save()
    client.force_login(cast.ada)

    answer = client.post(reverse("settings-rule-new"), said(
        cast, labels=[repair.pk], languages=["tr"], keywords="Kette, groesse , Kette", customer="known",
        hours="outside", manner="round_robin",
    ))  # fmt: skip

    assert answer.status_code == 302
    rule = RoutingRule.objects.get()
    assert rule.conditions == {
        "labels": [repair.pk], "languages": ["tr"], "keywords": ["Kette", "groesse"], "customer": "known",
        "hours": "outside",
    }  # fmt: skip
    page = client.get(reverse("settings-rules")).content.decode()
    assert (
        "If the label Reparatur is set and it is written in Turkish and we know the customer and it is outside "
        "business hours and it says “Kette” or “groesse” → Werkstatt, in turn"
    ) in page
    assert client.get(reverse("settings-rule", args=[rule.pk])).status_code == 200


def test_the_same_sentence_in_german(client, cast, repair):
    rule_of(cast, target="team", team=cast.team, conditions=Conditions(labels=frozenset({repair.pk})).stored())
    rule_of(cast, target="own", manner="queue")
    client.force_login(cast.ada)

    page = client.get(reverse("settings-rules")).content.decode()

    assert "Wenn das Label Reparatur gesetzt ist → Werkstatt, am wenigsten belegt" in page
    assert "Alles andere → bleibt in der Warteschlange" in page


def test_of_two_who_change_a_rule_the_second_learns_it(client, cast):
    rule = rule_of(cast, target="team", team=cast.team, name="Alt")
    client.force_login(cast.ada)
    url = reverse("settings-rule", args=[rule.pk])
    seen = rule.changed_at.isoformat()
    assert f'value="{seen}"' in client.get(url).content.decode().replace("&#43;", "+").replace("&#x2B;", "+")
    later = NOON + timedelta(seconds=9)
    RoutingRule.objects.filter(pk=rule.pk).update(name="Leas", changed_by=cast.lea, changed_at=later)

    answer = client.post(url, said(cast, name="Adas", seen=seen))

    assert answer.status_code == 422
    assert "Lea" in answer.content.decode() and 'value="Adas"' in answer.content.decode()
    assert order(cast) == ["Leas"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"goes_to": ""}, "goes_to"), ({"goes_to": "team:999999"}, "goes_to"), ({"manner": "skill"}, "skill"),
        ({"keywords": "***"}, "keywords"), ({"labels": ["999999"]}, "labels"), ({"name": "x" * 81}, "name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_and_nothing_is_lost(client, cast, wrong, field):
    client.force_login(cast.ada)

    answer = client.post(reverse("settings-rule-new"), said(cast, keywords="Kette", customer="new") | wrong)

    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert answer.context["form"]["customer"].value() == "new"
    assert not RoutingRule.objects.exists()


def test_somebody_elses_label_cannot_be_asked_for(client, cast):
    foreign = Label.objects.create(workspace=cast.other_workspace, name="Fremd")
    client.force_login(cast.ada)

    assert client.post(reverse("settings-rule-new"), said(cast, labels=[foreign.pk])).status_code == 422


def test_leads_are_offered_their_own_teams_and_people_only(client, cast):
    rule = rule_of(cast, target="team", team=cast.other_team, name="Fremde")
    client.force_login(cast.lea)

    page = client.get(reverse("settings-rule-new"))
    offered = [value for _group, options in page.context["form"].fields["goes_to"].choices for value, _words in options]
    assert offered == [f"team:{cast.team.pk}", f"agent:{cast.ben.pk}", f"agent:{cast.lea.pk}"]
    assert client.post(reverse("settings-rule-new"), said(cast)).status_code == 302
    assert client.post(reverse("settings-rule-new"), said(cast, goes_to="own")).status_code == 422
    assert client.get(reverse("settings-rule", args=[rule.pk])).status_code == 200
    assert client.post(reverse("settings-rule", args=[rule.pk]), said(cast)).status_code == 403
    assert client.post(reverse("settings-rule-switch", args=[rule.pk])).status_code == 403
    assert RoutingRule.objects.get(pk=rule.pk).is_active


def test_rules_of_leads_are_about_conversations_of_their_teams(client, cast):
    client.force_login(cast.lea)

    assert client.post(reverse("settings-rule-new"), said(cast)).status_code == 302
    theirs = RoutingRule.objects.get()
    assert theirs.conditions == {"teams": [cast.team.pk]}  # and not what waits elsewhere
    assert client.post(reverse("settings-rule-new"), said(cast, teams=[cast.other_team.pk])).status_code == 422
    everybodys = rule_of(cast, target="team", team=cast.team, conditions={"keywords": ["Kette"]})
    foreign = rule_of(cast, target="team", team=cast.team, conditions={"teams": [cast.team.pk, cast.other_team.pk]})
    for rule in (everybodys, foreign):
        assert client.post(reverse("settings-rule", args=[rule.pk]), said(cast)).status_code == 403
        assert client.post(reverse("settings-rule-removal", args=[rule.pk])).status_code == 403


def test_a_rule_for_everything_is_asked_about_first(client, cast):
    client.force_login(cast.ada)
    everything = said(cast)
    del everything["fits_all"]

    asked = client.post(reverse("settings-rule-new"), everything)
    assert asked.status_code == 422 and "fits_all" in asked.context["form"].errors
    assert not RoutingRule.objects.exists()
    assert client.post(reverse("settings-rule-new"), everything | {"customer": "new"}).status_code == 302
    assert client.post(reverse("settings-rule-new"), said(cast)).status_code == 302


def test_rules_change_places_are_switched_and_deleted(client, cast):
    first, second, third = (
        rule_of(cast, target="team", team=cast.team, name=name, position=at, conditions={"teams": [cast.team.pk]})
        for at, name in enumerate("ABC")
    )
    client.force_login(cast.lea)

    client.post(reverse("settings-rule-place", args=[third.pk]), {"to": "up"})
    assert order(cast) == ["A", "C", "B"]
    client.post(reverse("settings-rule-place", args=[first.pk]), {"to": "2"})
    assert order(cast) == ["C", "B", "A"]
    for to in ("up", "-1", "x", ""):
        client.post(reverse("settings-rule-place", args=[third.pk]), {"to": to})
    assert order(cast) == ["C", "B", "A"]
    answer = client.post(reverse("settings-rule-switch", args=[second.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 200 and not RoutingRule.objects.get(pk=second.pk).is_active
    client.post(reverse("settings-rule-removal", args=[first.pk]))
    assert order(cast) == ["C", "B"]


def test_a_broken_rule_says_what_is_wrong(cast, repair):
    gone = colleague(cast, "Gus Gone", is_active=False)
    rule_of(cast, target="agent", agent=gone)
    rule_of(cast, target="own", manner="skill")
    rule_of(cast, target="own", conditions=Conditions(labels=frozenset({999_999})).stored())
    whole = rule_of(cast, target="own", conditions=Conditions(labels=frozenset({repair.pk})).stored())

    problems = [line.problem for line in lines_of(cast.ada)]

    assert all(problems[:3]) and not problems[3]
    assert [rule.pk for rule in in_force(rules_of(cast.workspace.pk))][-1] == whole.pk


def decided(cast, name, text, agent, *, ago=timedelta(hours=2), **fields):
    conversation = factories.conversation(cast.number, factories.contact(cast.number, name))
    at = timezone.now() - ago
    factories.inbound_message(conversation, text, at=at - timedelta(seconds=5))
    fields.setdefault("reason", "least_busy" if agent else "nobody_free")
    RoutingDecision.objects.create(
        workspace=cast.workspace, conversation=conversation, team=cast.team, agent=agent, created_at=at, **fields
    )
    return conversation


def tried(cast, seen_by=None):
    found = try_out(in_force(rules_of(cast.workspace.pk)), seen_by=seen_by or cast.ada)
    names = {each.conversation.contact.profile_name: each.would for each in found.differences}
    return found.looked_at, names


def test_trying_out_shows_who_would_have_gone_elsewhere(cast, repair):
    cora = colleague(cast)
    labelled = decided(cast, "Label", "Hallo", cast.ben)
    labelled.labels.add(repair)
    decided(cast, "Wort", "Kann ich eins mieten?", cast.ben)
    decided(cast, "Gleich", "Hallo", cast.ben)
    decided(cast, "Ben", "Ben bitte", cast.ben)
    decided(cast, "Cora", "Cora bitte", cora)
    decided(cast, "Alt", "Kann ich eins mieten?", cast.ben, ago=timedelta(days=8))
    rule_of(cast, target="team", team=cast.other_team, conditions={"labels": [repair.pk]})
    rule_of(cast, target="own", manner="queue", conditions={"keywords": ["mieten"]})
    rule_of(cast, target="agent", agent=cast.ben, conditions={"keywords": ["bitte"]})

    looked_at, names = tried(cast)

    assert looked_at == 5 and set(names) == {"Label", "Wort", "Cora"}
    assert names["Label"].startswith("Verleih") and names["Cora"].startswith("Ben Brandt")


def test_one_wait_is_one_case_and_what_became_of_it_counts(cast):
    conversation = decided(cast, "Warte", "Hallo", None, ago=timedelta(hours=3))
    RoutingDecision.objects.create(
        workspace=cast.workspace, conversation=conversation, team=cast.team, agent=cast.ben, reason="least_busy",
        created_at=NOON - timedelta(hours=1),
    )  # fmt: skip
    rule_of(cast, target="agent", agent=cast.ben)

    assert tried(cast) == (1, {})


def test_by_skill_and_by_load_are_told_from_who_was_there(cast):
    cora = colleague(cast)
    skill = Skill.objects.create(workspace=cast.workspace, name="Türkisch")
    skill.agents.add(cora)
    there = [
        {"agent": cast.ben.pk, "load": 1, "capacity": 8, "idle_minutes": 3},
        {"agent": cora.pk, "load": 4, "capacity": 8, "idle_minutes": 9},
    ]
    decided(cast, "Merve", "Merhaba", cast.ben, facts={"candidates": there})
    decided(cast, "Tom", "Hallo", cora, reason="sticky", facts={"candidates": there})
    rule_of(cast, target="own", manner="skill", skill=skill, conditions={"keywords": ["merhaba"]})
    rule_of(cast, target="own", manner="least_busy")

    _looked_at, names = tried(cast)

    assert names["Merve"].startswith("Cora Kern") and names["Tom"].startswith("Ben Brandt")


def test_trying_out_shows_only_what_the_viewer_may_see_and_writes_nothing(cast, django_assert_max_num_queries):
    elsewhere = decided(cast, "Fremd", "Hallo", None)
    Conversation.objects.filter(pk=elsewhere.pk).update(team=cast.other_team)
    for at in range(8):
        decided(cast, f"Kunde {at}", "Hallo", cast.ben)
    rule_of(cast, target="own", manner="queue")

    with django_assert_max_num_queries(14):
        looked_at, names = tried(cast, seen_by=cast.lea)

    assert looked_at == 8 and "Fremd" not in names
    assert tried(cast, seen_by=cast.mallory) == (0, {})


def test_a_draft_is_tried_without_being_stored(client, cast):
    decided(cast, "Nina Neu", "Kann ich eins mieten?", cast.ben)
    stored = rule_of(cast, target="team", team=cast.team, name="Alt", is_active=False)
    client.force_login(cast.ada)
    draft = said(cast, goes_to=f"team:{cast.other_team.pk}", keywords="mieten", name="Verleih")

    for rule in ("", stored.pk):
        page = client.post(reverse("settings-rules-trial"), draft | {"rule": rule}).content.decode()
        assert "Nina Neu" in page and "Verleih" in page

    assert client.post(reverse("settings-rules-trial"), {"goes_to": ""}).status_code == 422
    assert "Nina Neu" not in client.get(reverse("settings-rules-trial")).content.decode()
    assert list(RoutingRule.objects.values_list("name", "is_active")) == [("Alt", False)]


def test_why_shows_the_figures_to_leads_and_the_reason_to_colleagues(client, cast, cora):
    rule = rule_of(cast, target="own", manner="least_busy", name="Alle")
    route(cast)
    decision = RoutingDecision.objects.filter(conversation=cast.claras).get()
    chosen = decision.agent
    other = cora if chosen == cast.ben else cast.ben
    url = reverse("decision", args=[decision.pk])

    client.force_login(cast.lea)
    page = client.get(url).content.decode()
    assert chosen.name in page and other.name in page and reverse("settings-rule", args=[rule.pk]) in page
    client.force_login(other)
    page = client.get(url).content.decode()
    assert chosen.first_name in page and f">{chosen.name}" not in page and "Alle" in page
    assert reverse("settings-rule", args=[rule.pk]) not in page
    client.force_login(cast.mallory)
    assert client.get(url).status_code == 404


def test_a_lead_of_another_team_who_sees_it_learns_the_reason_without_figures(client, cast):
    route(cast)
    other = factories.agent(cast.workspace, "Lutz Lead", role="lead", visibility="all", leads=[cast.other_team])
    client.force_login(other)

    answer = client.get(reverse("decision", args=[RoutingDecision.objects.filter(agent=cast.ben).first().pk]))

    assert answer.context["why"].considered == [] and answer.context["why"].hidden_count == 1


def test_the_thread_offers_the_reason_of_each_automatic_assignment(client, cast):
    route(cast)
    assignment.take_over(cast.darios, by=cast.ada)
    client.force_login(cast.ada)
    decision = RoutingDecision.objects.get(conversation=cast.claras)

    assert reverse("decision", args=[decision.pk]) in client.get(
        reverse("conversation", args=[cast.claras.pk])
    ).content.decode()
    assert Activity.objects.get(conversation=cast.darios, kind="taken_over").data.get("decision") is None
    board = client.get(reverse("board")).content.decode()
    assert board.count("popovertarget=\"why\"") == 2


def test_skills_are_kept_by_admins(client, cast):
    client.force_login(cast.ada)
    client.post(reverse("settings-skill-new"), {"name": " Türkisch ", "agents": [cast.ben.pk, cast.mallory.pk]})
    assert not Skill.objects.exists()
    client.post(reverse("settings-skill-new"), {"name": " Türkisch ", "agents": [cast.ben.pk]})
    skill = Skill.objects.get()
    assert (skill.name, list(skill.agents.all())) == ("Türkisch", [cast.ben])
    rule = rule_of(cast, target="own", manner="skill", skill=skill)

    assert client.post(reverse("settings-skill-new"), {"name": "türkisch"}).status_code == 422
    client.post(reverse("settings-skill-removal", args=[skill.pk]))

    assert RoutingRule.objects.get(pk=rule.pk).is_broken
