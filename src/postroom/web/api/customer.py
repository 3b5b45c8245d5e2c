"""What a helpdesk is told of a customer while an agent has his conversation open.

The helpdesk asks ``?email=&timestamp=`` and shows no key but ``Authorization: Bearer`` with the base64 of the HMAC-SHA256 over
the query as it stands in the address, made with a secret that both know. A question is good for five minutes.
"""

import hmac
from base64 import b64encode
from functools import partial
from typing import Annotated, Final
from urllib.parse import quote

from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from postroom.web.api.informing import Informing
from postroom.web.api.operation import Input, Output
from postroom.web.api.problem import Problem, encoded
from postroom.web.api.serving import paced, safely
from postroom.web.api.taking import parameters
from postroom.web.correspondence import counted
from postroom.web.room import Room
from postroom.web.visit import guarded
from postroom.web.words import machine

PATH: Final = "/customer-info"
_TOLERANCE: Final = 300.0


class OfCustomer(Input, frozen=True):
    """Whom, and when it is asked."""

    email: Annotated[str, Meta(min_length=3, max_length=320, examples=["ada@example.com"])]
    timestamp: Annotated[float, Meta(ge=0, le=1e11, description="Now, seconds since the epoch.", examples=[1767225600])]


class Customer(Output, frozen=True):
    """What there is to know of a customer, as helpdesks show it."""

    name: str | None
    value: float | None
    actions: Annotated[dict[str, str], Meta(description="What to click on -> where it leads.")]
    metadata: Annotated[dict[str, str], Meta(description="What to show, in this order.")]


class CustomerInfo(Output, frozen=True):
    """The answer to a helpdesk."""

    success: bool
    customer: Customer


def question(informing: Informing, request: Request, now: float) -> OfCustomer:
    """What a helpdesk asks that knows the secret. Raises `Problem`."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    query = request.scope["query_string"]
    wanted = b64encode(hmac.digest(informing.secret, query, "sha256"))
    if scheme.lower() != "bearer" or not hmac.compare_digest(wanted, said.strip().encode("latin-1")):
        raise Problem(
            401,
            "The question is not signed with the secret that was agreed on.",
            headers={"WWW-Authenticate": 'Bearer realm="postroom customer info"'},
        )
    asked = parameters(OfCustomer, {}, request.query_params.multi_items())
    if abs(asked.timestamp - now) > _TOLERANCE:
        raise Problem(401, "The question is older than five minutes, or one of the clocks is wrong.")
    return asked


def known(informing: Informing, email: str) -> CustomerInfo:
    """What there is to know. Raises `TryLater`."""
    metadata: dict[str, str] = {}
    account = informing.account(email)
    if account.state != "unknown":
        since = f" since {machine(account.since)}" if account.since is not None else ""
        metadata["Account"] = f"{account.state}{since}"
    found = counted(informing.views, informing.sight, email)
    if found.last_at is not None:
        metadata["Mails in this name"] = f"{found.mails}{' or more' if found.more else ''}"
        metadata["Last mail"] = machine(found.last_at)
        metadata["Last desk"] = found.last_desk
        metadata["Desks"] = ", ".join(f"{route} {n}" for route, n in found.desks.items())
    actions = {"Mails in postroom": f"{informing.url}/inbox?sender={quote(email, safe='@')}"} if informing.url else {}
    return CustomerInfo(success=True, customer=Customer(name=None, value=None, actions=actions, metadata=metadata))


class Place:
    """Its path, as an ASGI application; nothing where no secret was agreed on."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        request = Request(scope, receive)
        response = await run_in_threadpool(safely, self._room, partial(self._answer, request))
        await guarded(response)(scope, receive, send)

    def _answer(self, request: Request, headers: dict[str, str]) -> Response:
        informing = self._room.informing
        if informing is None:
            raise Problem(404, "No helpdesk is told of customers here: `pages.customer_info_secret_file` is not set.")
        if request.method not in ("GET", "HEAD"):
            raise Problem(405, "This takes GET, HEAD.", headers={"Allow": "GET, HEAD"})
        try:
            asked = question(informing, request, self._room.clock())
        except Problem:
            # Strangers must not use up what the helpdesk may ask.
            paced(self._room, ("stranger", request.client.host if request.client else ""))
            raise
        headers |= paced(self._room, ("customer-info",))
        return Response(encoded(known(informing, asked.email.strip())), media_type="application/json")
