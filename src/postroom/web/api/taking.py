"""What callers send, read strictly: any bytes give typed input or a `Problem` that says where it is wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import inspect

from postroom.web.api.operation import Input, Nothing
from postroom.web.api.problem import Fault, Problem

MOST_BYTES: Final = 1_000_000

_Some = TypeVar("_Some", bound=Input)

_PLACE: Final = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")


def parameters(kind: type[_Some], path: Mapping[str, str], query: Sequence[tuple[str, str]]) -> _Some:
    """Parameters of path and query. Raises `Problem`."""
    known = {one.encode_name: isinstance(one.type, inspect.VarTupleType) for one in fields(kind)}
    given: dict[str, list[str]] = {name: [value] for name, value in path.items()}
    for name, value in query:
        if name not in known or name in path:
            raise _wrong_parameter(name, f"there is no parameter {name[:100]!r} here")
        given.setdefault(name, []).append(value)
    for name, values in given.items():
        if len(values) > 1 and not known[name]:
            raise _wrong_parameter(name, "give it once")
    told = {name: values if known[name] else values[0] for name, values in given.items()}
    try:
        return msgspec.convert(told, kind, strict=False)
    except msgspec.ValidationError as error:
        words, steps = _apart(str(error))
        raise _wrong_parameter(steps[0] if steps else "", words) from error


def body(kind: type[_Some], content: bytes, media_type: str) -> _Some:
    """The body. Raises `Problem`."""
    if kind is Nothing:
        if content.strip() not in (b"", b"{}"):
            raise wrong_body("this takes none: leave it empty", "")
        return kind()
    if not content and not media_type:  # as of whoever has nothing to say
        content, media_type = b"{}", "application/json"
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "Send the body as application/json.")
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        words, steps = _apart(str(error))
        raise wrong_body(words, _pointer(steps)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"The body is no JSON: {error}.") from error
    except RecursionError as error:
        raise Problem(400, "The body is nested deeper than anything that is taken here.") from error


def fields(kind: type[Input]) -> Sequence[inspect.Field]:
    """Of a struct, with their types."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType), kind
    return info.fields


def wrong_body(words: str, pointer: str) -> Problem:
    """Something in the body is not as it should be."""
    return Problem(422, f"The body, at {pointer or 'its top'}: {words}.", Fault(detail=words, pointer=pointer))


def _wrong_parameter(name: str, words: str) -> Problem:
    known = name[:100]
    return Problem(422, f"The parameter {known!r}: {words}.", Fault(detail=words, parameter=known))


def _apart(words: str) -> tuple[str, list[str]]:
    """What is wrong, and the steps to where it is."""
    found = _PLACE.search(words)
    if found is None:
        return words, []
    return words[: found.start()], [name or number for name, number in _STEP.findall(found[1])]


def _pointer(steps: Sequence[str]) -> str:
    """RFC 6901."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
