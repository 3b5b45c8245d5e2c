"""The API's endpoints. Order for every request: how large, who, how often, may they, what do they say, was it said before.

A browser's session counts for nothing here: only a key in ``Authorization: Bearer`` does, so no page elsewhere can make a
browser call.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from math import ceil
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from postroom.model.errors import Refused, TryLater
from postroom.model.people import ApiKey, User
from postroom.ports.answers import FORGOTTEN
from postroom.web.api import taking
from postroom.web.api.operation import Call, Operation, Shape, shape
from postroom.web.api.pace import Left
from postroom.web.api.problem import MEDIA, Problem, encoded, not_enough
from postroom.web.render import Missing
from postroom.web.room import Room
from postroom.web.turnstile import WHO
from postroom.web.visit import guarded

_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_FULL: Final = 3600
"""Seconds after which a caller whose answers fill what may be kept may ask again."""
_FORGOTTEN: Final = (
    "There was a request with this Idempotency-Key, and its answer was forgotten when somebody was erased: look whether it"
    " was done, then choose a new one."
)
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Place:
    """One path, with its methods, as an ASGI application."""

    def __init__(self, room: Room, operations: Sequence[Operation]) -> None:
        self._room = room
        self._operations = {one.method: (one, shape(one)) for one in operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        request = Request(scope, receive)
        await guarded(await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        found = self._operations.get("GET" if request.method == "HEAD" else request.method)  # type: ignore[call-overload]
        if found is None:
            allow = ", ".join(sorted({*self._operations, *(("HEAD",) if "GET" in self._operations else ())}))
            return Problem(405, f"This takes {allow}.", headers={"Allow": allow}).response
        try:
            content = await _content(request)
        except Problem as problem:
            return problem.response
        operation, form = found
        return await run_in_threadpool(
            safely, self._room, partial(_answered, self._room, operation, form, request, content)
        )


class Nowhere:
    """Every path that there is not, as an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        await guarded(Problem(404, "There is no such path; see /api/v1/.").response)(scope, receive, send)


def safely(room: Room, answer: Callable[[dict[str, str]], Response]) -> Response:
    """An answer, or what went wrong; with the headers that ``answer`` has put into its argument by then."""
    headers: dict[str, str] = {}
    try:
        response = answer(headers)
    except Problem as problem:
        response = problem.response
    except TryLater as error:
        response = _not_now(error).response
    except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; its words may be a mail's
        room.failed(error)
        response = Problem(500, "A bug in postroom: whoever runs it finds the place in its log.").response
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response


def _answered(
    room: Room, operation: Operation, form: Shape, request: Request, content: bytes, headers: dict[str, str]
) -> Response:
    key, user = _known(room, request)
    request.scope[WHO] = user.name
    headers |= paced(room, key.name)
    if not (user.is_at_least(operation.role) and key.covers(operation.scope)):
        raise not_enough(operation.scope, operation.role, key)
    call = Call(
        room=room,
        user=user,
        key=key,
        asked=taking.parameters(form.asked, request.path_params, request.query_params.multi_items()),
        body=taking.body(form.body, content, request.headers.get("content-type", "")),
        now=room.clock(),
    )
    idempotency_key = None if operation.idempotent else request.headers.get("idempotency-key")
    if idempotency_key is not None:
        return _once(call, operation, idempotency_key, _digest(request, content, user))
    return _done(operation, call)


def _done(operation: Operation, call: Call[Any, Any]) -> Response:
    """Do it. Raises `Problem` and `TryLater`."""
    try:
        given = operation.do(call)
    except Missing as error:
        raise Problem(404, str(error) or "There is no such thing, or it is not for you.") from error
    except Refused as error:
        raise Problem(operation.refused, _sentence(str(error))) from error
    return given if isinstance(given, Response) else _json(encoded(given))


def _once(call: Call[Any, Any], operation: Operation, idempotency_key: str, digest: bytes) -> Response:
    """Do it, unless it was done under this key: then what was answered is answered again."""
    if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Problem(422, "An Idempotency-Key has 1 to 200 letters, digits and signs of ASCII.")
    answers = call.room.answers
    key = sha256(call.key.key + idempotency_key.encode("ascii")).digest()
    try:
        kept = answers.begin(key, digest, call.now, owner=sha256(call.key.key).digest())
    except Refused as error:
        raise Problem(429, _sentence(str(error)), headers={"Retry-After": str(_FULL)}) from error
    if kept is not None:
        if kept.status == FORGOTTEN:
            raise Problem(409, _FORGOTTEN)
        return _again(kept.digest == digest, kept.status, kept.body)
    # What can't be noted of it changes nothing of what came of it, and the caller is told that.
    try:
        response = _done(operation, call)
    except Problem as problem:
        with suppress(TryLater):
            answers.finish(key, problem.status, problem.body)
        raise
    except BaseException:  # whatever it was: nothing was answered, and the same call may be made again
        with suppress(TryLater):
            answers.forget(key)
        raise
    with suppress(TryLater):
        answers.finish(key, response.status_code, bytes(response.body))
    return response


def _again(same: bool, status: int, body: bytes) -> Response:
    if not same:
        raise Problem(
            422,
            "This Idempotency-Key came with another request before, or what you may see and do has changed since: look"
            " whether it was done, then choose a new one.",
        )
    if not status:
        raise Problem(409, "The request with this Idempotency-Key is under way.", headers={"Retry-After": "1"})
    response = _json(body)
    response.status_code = status
    if status >= 400:
        response.headers["Content-Type"] = MEDIA
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _known(room: Room, request: Request) -> tuple[ApiKey, User]:
    """Whose call it is. Raises `Problem`; whoever tries keys is slowed down as well."""
    said = _BEARER.fullmatch(request.headers.get("authorization", ""))
    known = room.signing_in.by_key(said[1]) if said else None
    if known is not None:
        return known
    paced(room, ("stranger", request.client.host if request.client else ""))
    error = ', error="invalid_token"' if said else ""
    words = (
        "This key is not known, or has ended."
        if said
        else "Send a key, as Authorization: Bearer pr_…; an admin makes it."
    )
    raise Problem(401, words, headers={"WWW-Authenticate": f'Bearer realm="postroom"{error}'})


def paced(room: Room, who: Hashable) -> Mapping[str, str]:
    """Headers that tell how much is left (draft-ietf-httpapi-ratelimit-headers-10). Raises `Problem` when nothing is."""
    left = room.pace.take(who)
    headers = _told(left, room.pace.per_minute)
    if not left.allowed:
        raise Problem(
            429,
            f"That is more than {room.pace.per_minute} calls a minute. Wait {ceil(left.reset)} s.",
            headers={**headers, "Retry-After": str(ceil(left.reset))},
        )
    return headers


def _told(left: Left, per_minute: int) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"key";q={per_minute};w=60',
        "RateLimit": f'"key";r={left.remaining};t={ceil(left.reset)}',
    }


def _not_now(error: TryLater) -> Problem:
    return Problem(503, _sentence(str(error)), headers={"Retry-After": str(max(ceil(error.after or 1.0), 1))})


def _digest(request: Request, content: bytes, user: User) -> bytes:
    """Of what is asked, and of what the asker may see and do: an answer is given again only to whoever may read it still."""
    rights = repr((user.role, sorted(user.brands), sorted(user.routes), user.urgent))
    return sha256(b"\n".join((request.method.encode(), str(request.url).encode(), rights.encode(), content))).digest()


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")


async def _content(request: Request) -> bytes:
    """The body, if it is not too large. Raises `Problem`."""
    too_much = partial(Problem, 413, f"A body has at most {taking.MOST_BYTES} bytes.")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > 18 or int(told) > taking.MOST_BYTES):
        raise too_much()
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > taking.MOST_BYTES:
                raise too_much()
    except ClientDisconnect as error:
        raise Problem(400, "The body broke off.") from error
    return bytes(content)
