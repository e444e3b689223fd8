"""The API keeps what its own description promises: schemathesis asks it everything that the document allows, and more.

Bounded: some thousand requests are for a long night, a few hundred are for every day.
"""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from inbox.api import description
from tests import factories
from tests.cast import make_cast
from tests.inbox.api_client import System

# What it may find wrong; left out is what needs several requests or a second sign-in.
WANTED = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
]  # fmt: skip
EXAMPLES = 12


@pytest.fixture
def asking(db, settings):
    """A system with every scope, and a document that knows ids which exist."""
    settings.API_RATE_PER_MINUTE = 100_000
    for signal in (request_started, request_finished):  # as Django's own client: the test's connection stays
        signal.disconnect(close_old_connections)
    cast = make_cast()
    factories.template(cast.number)
    system = System(cast.ada)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), headers=system.headers())
    yield cast, system, schema
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_api_answers_as_its_description_says(asking):
    cast, system, schema = asking
    known = {
        "contact_id": cast.clara.pk, "conversation_id": cast.claras.pk, "message_id": cast.claras.messages.get().pk
    }  # fmt: skip
    checks = [check for check in CHECKS.get_all() if check.__name__ in WANTED]
    assert len(checks) == len(WANTED)
    asked = []
    headers = {**system.headers(), "Accept-Encoding": "identity"}  # in this process nothing is unpacked on the way

    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(1)
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), finds=st.booleans())
        def ask(case, finds):
            if finds and case.path_parameters:
                case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
            response = case.call(headers=headers)
            asked.append((case.method, case.path, response.status_code))
            case.validate_response(response, checks=checks, headers=headers)

        ask()

    assert len({path for _method, path, _status in asked}) == len(description.document()["paths"])
    answered = {(method, path) for method, path, status in asked if status < 300}
    assert ("GET", "/api/v1/contacts") in answered
    assert ("POST", "/api/v1/conversations/{conversation_id}/messages") in answered


def test_the_description_is_for_tokens_only(client, db):
    assert client.get("/api/v1/openapi.json").status_code == 401


def test_every_operation_says_which_scope_it_needs_and_how_it_refuses():
    for path, methods in description.document()["paths"].items():
        for method, operation in methods.items():
            assert operation["security"], path
            assert "x-scope" in operation, path
            assert {"401", "403", "422", "429"} <= set(operation["responses"]), path
            if method != "get":
                assert any(each["name"] == "Idempotency-Key" for each in operation["parameters"]), path


def test_the_page_of_the_documentation_knows_every_operation_and_shape():
    shown = [each for group in description.operations().values() for each in group]
    assert len(shown) == sum(len(methods) for methods in description.document()["paths"].values())
    assert {"Contact", "Conversation", "Message", "Template"} <= {shape.name for shape in description.shapes()}
    sending = next(each for each in shown if each.path.endswith("/messages") and each.method == "POST")
    assert [row.name for row in sending.body] == ["text", "quoted_id"]
