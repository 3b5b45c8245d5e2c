"""The document tells all that there is, in the form that OpenAPI 3.1 wants."""

import json
import re
from typing import Any

import msgspec
import pytest

from postroom.model.people import SCOPES
from postroom.web.api.document import document
from postroom.web.api.operation import Nothing, Operation, shape
from postroom.web.api.table import OPERATIONS
from postroom.web.api.taking import fields
from tests.api_house import Programme, told

DOCUMENT = document(OPERATIONS)


def every(value: Any) -> Any:
    """All objects in a document."""
    if isinstance(value, dict):
        yield value
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for inner in value:
            yield from every(inner)


def test_every_operation_is_there_once() -> None:
    named = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert sorted(named) == sorted([*(one.name for one in OPERATIONS), "get_customer_info"])
    assert len(set(named)) == len(named)


def test_what_is_referred_to_is_there_and_no_parameter_is() -> None:
    for one in every(DOCUMENT):
        if isinstance(reference := one.get("$ref"), str):
            found: Any = DOCUMENT
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            assert "$ref" not in json.dumps(operation["parameters"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_operation_is_declared_as_a_whole(operation: Operation) -> None:
    form = shape(operation)
    named = set(re.findall(r"{(\w+)}", operation.path))
    assert named <= {one.encode_name for one in fields(form.asked) if one.required}
    assert operation.do.__doc__
    assert operation.scope in SCOPES
    assert (form.body is Nothing) == (operation.example is None)
    if operation.example is not None:
        assert isinstance(operation.example, form.body)
        assert msgspec.json.decode(msgspec.json.encode(operation.example), type=form.body) == operation.example
    told = DOCUMENT["paths"][f"/api/v1{operation.path}"][operation.method.lower()]
    assert told["summary"]
    assert told["security"] == [{"key": [operation.scope]}]
    assert {"200", "401", "429", "503"} <= set(told["responses"])
    for parameter in told["parameters"]:
        assert parameter["in"] in ("path", "query", "header")
        assert parameter["schema"].keys() & {"type", "anyOf", "enum"}
    assert ("Idempotency-Key" in json.dumps(told["parameters"])) == (not operation.idempotent)


def test_a_body_may_be_left_out_where_all_that_it_may_say_is_optional() -> None:
    required = {
        one["operationId"]: one["requestBody"]["required"]
        for path in DOCUMENT["paths"].values()
        for one in path.values()
        if "requestBody" in one
    }
    assert (required["take_back_verdict"], required["moved_elsewhere"]) == (False, True)


def test_reading_is_done_with_get_and_changing_is_not() -> None:
    for operation in OPERATIONS:
        reads = operation.name.startswith(("get_", "list_", "count_"))
        assert reads == (operation.method == "GET")


def test_whoever_asks_gets_it_and_its_page(root: Programme) -> None:
    stranger = Programme(here=root.here, token="")
    found = told(stranger.get("/openapi.json"))
    assert found["openapi"].startswith("3.1.")
    assert found["servers"] == [{"url": "http://127.0.0.1:8026"}]
    assert found["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    page = stranger.get("/")
    assert page.status == 200
    for operation in OPERATIONS:
        assert f"{operation.method} /api/v1{operation.path}" in page.words
    assert stranger.get("").status == 308
