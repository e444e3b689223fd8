"""What people get when something of ours broke."""

from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg_pool import PoolTimeout

from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_cast().ben)
    return client


@pytest.mark.parametrize("error", [OperationalError("the database system is starting up"), PoolTimeout("after 5 s")])
def test_a_database_that_is_away_is_a_moments_trouble(ben, error):
    with patch("inbox.queries.list_page", side_effect=error):
        answer = ben.get("/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert "in ein paar Sekunden" in answer.content.decode()


def test_anything_else_is_our_fault(ben):
    with patch("inbox.queries.list_page", side_effect=ValueError("ours")):
        answer = ben.get("/")

    assert answer.status_code == 500
    assert "Der Fehler ist notiert" in answer.content.decode()
