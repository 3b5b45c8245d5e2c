"""Calls that schemathesis makes up from the document of the API, as it allows and as it doesn't: none fails in the server, and each answer is documented."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from postroom.web.api.operation import Operation
from postroom.web.api.table import OPERATIONS
from tests.api_house import programme
from tests.pages_house import APPEAL, HOST, REFUND, SETTINGS, UNSURE, installation

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CALLS = settings(
    max_examples=int(os.environ.get("API_CALLS", "3")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CASES = SETTINGS.replace("[route.appeals]\n", "[route.appeals]\ncases = true\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The API of a house with some mail, in the hands of an admin's programme."""

    schema: Any
    headers: dict[str, str]
    #: for parameters in a path: something that is there
    there: dict[str, Any]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with installation(Path(tmp_path_factory.mktemp("house")), CASES, api_per_minute=1_000_000) as here:
        mails = here.receive(APPEAL, REFUND, UNSURE)
        here.room.casework.catch_up()
        key = programme(here, "root", "admin").token
        yield Served(
            schema=schemathesis.openapi.from_asgi("/api/v1/openapi.json", here.app, headers={"host": HOST}),
            headers={"host": HOST, "authorization": f"Bearer {key}"},
            there={"id": mails[0], "case": 1, "name": "root", "number": 0},
        )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_no_call_fails_in_the_server(api: Served, operation: Operation, mode: GenerationMode) -> None:
    made_up = api.schema[f"/api/v1{operation.path}"][operation.method].as_strategy(generation_mode=mode)

    @CALLS
    @given(case=made_up, of_what_is_there=st.booleans())
    def calls(case: Any, of_what_is_there: bool) -> None:
        if of_what_is_there:
            case.path_parameters = {name: api.there.get(name, value) for name, value in case.path_parameters.items()}
        case.call_and_validate(headers=api.headers, checks=CHECKS)

    calls()


def test_what_a_call_that_failed_looks_like(api: Served) -> None:
    """Not all answers pass these checks."""
    case = api.schema["/api/v1/me"]["GET"].Case()
    answer = case.call(headers=api.headers)
    case.validate_response(answer, checks=CHECKS)
    answer.status_code = 500
    with pytest.raises(FailureGroup):
        case.validate_response(answer, checks=CHECKS)
