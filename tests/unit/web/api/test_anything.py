"""Whatever is sent, the API does not break: tried for every operation of the document, with what it allows and what it does not."""

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.web.api.document import document
from postroom.web.api.table import OPERATIONS
from tests.api_house import Programme, programme
from tests.pages_house import APPEAL, REFUND, Installation, installation

DOCUMENT = document(OPERATIONS)
CALLS = [(path, method, told) for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()]
LISTED = {200, 400, 401, 403, 404, 405, 409, 413, 415, 422}


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programme]:
    with installation(tmp_path_factory.mktemp("anything"), api_per_minute=10_000_000) as here:
        here.receive(APPEAL, REFUND)
        failures: list[Exception] = []
        object.__setattr__(here.room, "failed", failures.append)
        yield programme(here, "root", "admin")
        assert failures == []


def of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, or nearly."""
    if "$ref" in schema:
        return of(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of(*map(of, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string":
            return st.text(max_size=min(schema.get("maxLength", 40) + 1, 40)) | st.sampled_from(
                ["appeals", "root", "\x00", "\"", "*", "a*", "NEAR(a b)", "'", "{}", "%", "\u202e", "a" * 400]
            )  # fmt: skip
        case "integer":
            return st.integers(-3, 300) | st.integers(-(2**70), 2**70)
        case "number":
            return st.floats() | st.integers(-(2**70), 2**70)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(of(schema["items"]) if schema.get("items") else st.text(), max_size=4)
        case "object":
            named = schema.get("properties", {})
            return st.fixed_dictionaries({}, optional={name: of(inner) for name, inner in named.items()})
        case _:
            return JUNK


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    """In a query."""
    return quote(json.dumps(value) if not isinstance(value, str) else value.encode("utf-8", "replace"), safe="")


@pytest.mark.parametrize(("path", "method", "told"), CALLS, ids=lambda one: one if isinstance(one, str) else "")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_input_gets_an_answer(
    caller: Programme, path: str, method: str, told: dict[str, Any], data: st.DataObject
) -> None:
    ids = st.sampled_from(_mails(caller.here))
    address, query = path, []
    for parameter in told["parameters"]:
        given_value = of(parameter["schema"])
        if parameter["in"] == "path":
            found = data.draw(given_value | (ids if parameter["name"] == "id" else given_value))
            address = address.replace(f"{{{parameter['name']}}}", str(found).replace("/", "").replace("?", "") or "x")
        elif parameter["in"] == "query" and data.draw(st.booleans()):
            query.append(f"{written(parameter['name'])}={written(data.draw(given_value))}")
    if data.draw(st.integers(0, 9)) == 0:
        query.append(data.draw(st.text(alphabet="&=%;abc\x7f", max_size=20)))
    body = b""
    if "requestBody" in told:
        schema = told["requestBody"]["content"]["application/json"]["schema"]
        value = data.draw(of(schema) | JUNK)
        body = json.dumps(value).encode() if data.draw(st.integers(0, 9)) else data.draw(st.binary(max_size=60))
    answer = caller.ask(
        method.upper(), address.removeprefix("/api/v1") + (f"?{'&'.join(query)}" if query else ""), body
    )
    assert answer.status in LISTED
    assert str(answer.status) in told["responses"]
    if answer.status >= 400:
        assert json.loads(answer.text)["status"] == answer.status
    elif answer.headers["content-type"] == "application/json":
        assert isinstance(json.loads(answer.text), dict)


def _mails(here: Installation) -> list[str]:
    return [*here.house.store.newest(5), "0" * 26]


def test_a_query_that_is_no_text_is_refused_and_not_more(caller: Programme) -> None:
    rand = random.Random(4)
    for _ in range(50):
        junk = bytes(rand.choice(b"%&=;+aF0\xff\x80") for _ in range(30)).decode("latin-1").encode("utf-8").decode()
        answer = caller.get(f"/mails?{junk}")
        assert answer.status in (200, 422)
