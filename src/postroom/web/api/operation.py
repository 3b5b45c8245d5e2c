"""An operation of the API, declared once: its route, its place in the document and its checks all come from here.

An operation is a plain synchronous function of a `Call`. Its annotations say what it takes and gives::

    def mail(call: Call[OfMail, Nothing]) -> MailFacts: ...

Parameters are the fields of ``OfMail``: those named in the path come from there, the others from the query. The body is
JSON of the second type. Fields of both are refused when they are not known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args, get_type_hints

import msgspec
from starlette.responses import Response

from postroom.model.people import SCOPES, ApiKey, Role, Scope, Sight, User
from postroom.web.room import Room

PREFIX = "/api/v1"

Method = Literal["GET", "POST", "PUT", "PATCH"]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What callers say."""


class Nothing(Input, frozen=True):
    """Of an operation without parameters, or without a body."""


NOTHING = Nothing()


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What callers are told. Fields are only ever added."""


class Done(Output, frozen=True):
    """It is done."""


Asked = TypeVar("Asked", bound=Input)
Body = TypeVar("Body", bound=Input)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Asked, Body]):
    """One request of a programme that is known."""

    room: Room
    #: in whose name, with no more of a role than the key's scope has
    user: User
    key: ApiKey
    asked: Asked
    body: Body
    #: seconds since the epoch
    now: float

    @property
    def sight(self) -> Sight:
        """What they may see."""
        return self.user.sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    #: its docstring is the operation's text: the first line the summary
    do: Callable[[Call[Any, Any]], Any]
    #: below `PREFIX`
    path: str
    #: least scope of a key that may
    scope: Scope
    method: Method = "GET"
    #: whether doing it again changes nothing more; where it is not, an Idempotency-Key is heard
    idempotent: bool = True
    #: status that a refusal of the use case is told with
    refused: Literal[409, 422] = 409
    #: what is given; other than JSON where the function returns a response of its own
    media: str = "application/json"
    #: of a body
    example: Input | None = None

    @property
    def name(self) -> str:
        """What client code calls it."""
        return self.do.__name__

    @property
    def role(self) -> Role:
        """Least role that may."""
        return SCOPES[self.scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an operation takes and gives."""

    asked: type[Input]
    body: type[Input]
    #: None for a response of its own
    gives: type[Output] | None


def shape(operation: Operation) -> Shape:
    """As the function's annotations say."""
    hints = get_type_hints(operation.do)
    gives = hints.pop("return")
    (call,) = hints.values()
    asked, body = get_args(call)
    return Shape(asked=asked, body=body, gives=None if gives is Response else gives)
