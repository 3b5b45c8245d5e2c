"""What went wrong, as RFC 9457 has it (application/problem+json)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from postroom.model.people import ApiKey, Role, Scope
from postroom.web.api.operation import Output

MEDIA = "application/problem+json"


class Fault(Output, frozen=True):
    """One thing that is wrong with what was sent."""

    detail: Annotated[str, Meta(description="What is wrong, and what would be right.")]
    #: RFC 6901
    pointer: Annotated[str, Meta(description="JSON pointer to it in the body.")] | UnsetType = UNSET
    parameter: Annotated[str, Meta(description="Name of the parameter.")] | UnsetType = UNSET


class ProblemDetails(Output, frozen=True):
    """What went wrong (RFC 9457)."""

    title: Annotated[str, Meta(description="The status in words.", examples=["Not Found"])]
    status: Annotated[int, Meta(description="The HTTP status.", examples=[404])]
    detail: Annotated[str, Meta(description="What went wrong here, and what to do.")]
    type: Annotated[str, Meta(description="Always about:blank: the status says what kind of problem it is.")] = (
        "about:blank"
    )
    errors: Annotated[tuple[Fault, ...], Meta(description="What is wrong with what was sent, where that is it.")] = ()


class Problem(Exception):
    """Ends a call with a status of 4xx or 5xx."""

    def __init__(self, status: int, detail: str, *faults: Fault, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        """As it is told."""
        return encoded(
            ProblemDetails(
                title=HTTPStatus(self.status).phrase, status=self.status, detail=self.detail, errors=self.faults
            )
        )

    @property
    def response(self) -> Response:
        """The answer."""
        return Response(self.body, status_code=self.status, media_type=MEDIA, headers=self.headers)


def not_enough(scope: Scope, role: Role, key: ApiKey, why: str = "") -> Problem:
    """That a key has not the scope, or its user not the role, that something takes (RFC 6750 §3.1)."""
    return Problem(
        403,
        f"{why}This takes the scope {scope}, of a user with the role {role}; the key has the scope {key.scope}.",
        headers={"WWW-Authenticate": f'Bearer realm="postroom", error="insufficient_scope", scope="{scope}"'},
    )


def encoded(value: object) -> bytes:
    """JSON of any value of ours; halves of characters, from mail that was no text, become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sound(msgspec.to_builtins(value)))


def _sound(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_sound(key): _sound(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_sound(inner) for inner in value]
        case _:
            return value
