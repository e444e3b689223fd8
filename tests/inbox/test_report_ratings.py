"""Customer satisfaction in the reports: figures against a plain count, comments, who may see them."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from inbox.demo.builder import DemoWorkspace
from inbox.demo.ratings import give_ratings
from inbox.demo.weeks import DemoWeeks
from inbox.enums import MessageStatus
from inbox.models import Case, Label, Satisfaction
from inbox.reports.ratings import ratings_of
from inbox.reports.wanted import Scope, Wanted
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 16, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.darios.team = cast.other_team
    cast.darios.save()
    return cast


def asked(cast, conversation, *, days: float = 1, **said) -> Satisfaction:
    at = NOW - timedelta(days=days)
    team = conversation.team
    case = Case.objects.create(workspace=cast.workspace, conversation=conversation, closed_at=at, team=team)
    if said.get("score"):
        said.setdefault("answered_at", at + timedelta(minutes=5))
    if said.get("comment"):
        said.setdefault("commented_at", at + timedelta(minutes=6))
    return Satisfaction.objects.create(
        workspace=cast.workspace, conversation=conversation, case=case, team=team, asked_at=at, **said
    )


def wanted(agent, **said) -> Wanted:
    return Wanted.of({name: str(value) for name, value in said.items()}, Scope.of(agent), NOW)


def client_of(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def test_the_figures_equal_a_plain_count(cast):
    dice = Random(7)
    rows = [
        asked(cast, dice.choice([cast.claras, cast.darios]), days=dice.uniform(0, 40),
              score=dice.choice([5, 5, 3, 1, None]), comment=dice.choice(["", "", "Gut"]))
        for _ in range(60)
    ]  # fmt: skip
    for agent, period in ((cast.ada, "7"), (cast.ada, "30"), (cast.lea, "30")):
        choice = wanted(agent, period=period)
        start, end = choice.span.bounds(choice.scope.zone)
        teams = {team.pk for team in choice.scope.teams}
        mine = [row for row in rows if start <= row.asked_at < end and row.team_id in teams]
        scores = [row.score for row in mine if row.score]

        found = ratings_of(choice, choice.span)

        assert found.asked == len(mine) and found.answered == len(scores)
        assert found.scores == {score: scores.count(score) for score in (5, 3, 1)}
        assert found.average == pytest.approx(sum(scores) / len(scores))
        assert found.comments == sum(1 for row in mine if row.comment)


def test_a_question_that_never_arrived_asked_nobody(cast):
    failed = factories.outbound_message(cast.claras, status=MessageStatus.FAILED)
    asked(cast, cast.claras, question=failed)
    asked(cast, cast.claras, score=5)
    choice = wanted(cast.ada)
    found = ratings_of(choice, choice.span)
    assert (found.asked, found.response_percent) == (1, 100.0)


def test_number_and_label_narrow_them(cast):
    asked(cast, cast.claras, score=5)
    asked(cast, cast.darios, score=1)
    label = Label.objects.create(workspace=cast.workspace, name="Garantie", hue=1)
    cast.darios.labels.add(label)
    for said, score in (({"label": label.pk}, {5: 0, 3: 0, 1: 1}), ({"number": cast.number.pk}, {5: 1, 3: 0, 1: 1})):
        choice = wanted(cast.ada, **said)
        assert ratings_of(choice, choice.span).scores == score


def test_the_page_shows_them_and_leads_to_what_was_said(cast):
    asked(cast, cast.claras, score=1, comment="Zu <langsam>\nund teuer")
    asked(cast, cast.darios, score=5, comment="Prima")
    page = client_of(cast.ada).get(reverse("reports")).content.decode()
    assert "3,0 von 5" in page and "2 von 2 haben geantwortet" in page
    assert "Zu &lt;langsam&gt; und teuer" in page and "Prima" in page

    bad = client_of(cast.ada).get(reverse("report-conversations"), {"figure": "rated", "why": "1"}).content.decode()
    assert "Zu &lt;langsam&gt; und teuer" in bad and "Prima" not in bad


def test_a_lead_reads_only_what_their_teams_customers_said(cast):
    asked(cast, cast.claras, score=1, comment="Für die Werkstatt")
    asked(cast, cast.darios, score=5, comment="Für den Verleih")
    client = client_of(cast.lea)
    for page in (client.get(reverse("reports")), client.get(reverse("report-conversations"), {"figure": "rated"})):
        assert "Für die Werkstatt" in page.content.decode() and "Für den Verleih" not in page.content.decode()
    assert client_of(cast.ben).get(reverse("report-conversations"), {"figure": "rated"}).status_code == 404


def test_many_comments_come_a_page_at_a_time(cast):
    for index in range(60):
        asked(cast, cast.claras, days=1 + index / 100, score=5, comment=f"Nr{index:02d}.")
    client = client_of(cast.ada)
    first = client.get(reverse("report-conversations"), {"figure": "rated", "why": "comments"})
    assert first.content.decode().count("Nr") == 50
    second = client.get(first.context["next"], headers={"HX-Request": "true"}).content.decode()
    assert second.count("Nr") == 10 and "Nr59." in second


def test_the_demos_customers_have_said_something():
    demo = DemoWorkspace()
    demo.build()
    DemoWeeks(demo).write()
    give_ratings(demo.teams["sales"])

    choice = Wanted.of({"period": "90"}, Scope.of(demo.people["admin"]), NOW)
    found = ratings_of(choice, choice.span)

    assert found.asked > 20 and all(found.scores.values()) and found.comments > 3
