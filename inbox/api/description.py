"""The API described: as an OpenAPI document for programs, and as what the page of the documentation shows of it.

The endpoints say what they take and give; what holds for all of them (refusals, the Idempotency-Key) is added here.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.api.problems import MEDIA_TYPE
from inbox.api.repeating import HEADER, LONGEST_KEY
from inbox.api.service import api

PREFIX = "/api/v1/"
REFUSALS = {
    "401": "No token, or one that opens nothing.", "403": "The token may not do this.",
    "422": "Something in the request does not fit.", "429": "Too many requests: see Retry-After.",
}  # fmt: skip
WITH_OBJECT = {"404": "It does not exist, or not for this token."}
WITH_BODY = {
    "400": "The body is no JSON.", "409": "Against a rule at the moment, or the key was used with another request.",
    "413": "The body is too large.",
}  # fmt: skip
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
KEY = {
    "name": HEADER, "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "description": "A name of your own for this request: sent again with it, it is answered the same and done once.",
}  # fmt: skip


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX), default=str))
    made["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            changes = method != "get"
            refusals = REFUSALS | (WITH_OBJECT if "{" in path else {}) | (WITH_BODY if changes else {})
            for status, words in sorted(refusals.items()):
                operation["responses"][status] = {
                    "description": words,
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            if changes:
                operation["parameters"].append(KEY)
    return made


@dataclass
class Row:
    """A field or a parameter."""

    name: str
    kind: str
    is_required: bool
    words: str


@dataclass
class Operation:
    method: str
    path: str
    summary: str
    words: str
    scope: str
    status: str
    gives: str  # the name of the shape it answers with
    parameters: list[Row] = field(default_factory=list)
    body: list[Row] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return f"{self.method}-{self.path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}".lower()


@dataclass
class Shape:
    name: str
    words: str
    rows: list[Row]


def operations() -> dict[str, list[Operation]]:
    """By what they are about, in the order in which they are declared."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            groups.setdefault(said["tags"][0], []).append(_operation(method.upper(), path, said))
    return groups


def shapes() -> list[Shape]:
    """What is answered with, and what that consists of; a page of a list is explained once, in words."""
    schemas = document()["components"]["schemas"]
    named = {_last(name): each for name, each in schemas.items() if not name.startswith("Page_")}
    return [Shape(name, said.get("description", ""), list(_rows(said))) for name, said in named.items()
            if said.get("properties") and not name.endswith(("In", "Change"))]  # fmt: skip


def _operation(method: str, path: str, said: Mapping[str, Any]) -> Operation:
    status, answer = next((code, each) for code, each in said["responses"].items() if str(code).startswith("2"))
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        method, path, said["summary"], said.get("description", ""), said.get("x-scope", ""), str(status), _kind(schema),
        [Row(each["name"], _kind(each["schema"]), each.get("required", False), _words(each)) for each in
         said["parameters"]],
        list(_rows(_resolved(body))),
    )  # fmt: skip


def _rows(schema: Mapping[str, Any]) -> Iterator[Row]:
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        yield Row(name, _kind(each), name in required, _words(each))


def _words(said: Mapping[str, Any]) -> str:
    return str(said.get("description") or said.get("schema", {}).get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a word or two."""
    if "$ref" in schema:
        name = _last(schema["$ref"].rpartition("/")[2])
        if name.startswith("Page_"):
            return f"page of {name.removeprefix('Page_').strip('_')}"
        return " | ".join(map(str, _resolved(schema)["enum"])) if "enum" in _resolved(schema) else name
    if choices := schema.get("anyOf"):
        return " | ".join(_kind(each) for each in choices)
    if "enum" in schema:
        return " | ".join(str(each) or '""' for each in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]
