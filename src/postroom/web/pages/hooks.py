"""Outgoing webhooks: who is told of what, how each call went, and calling again."""

from typing import get_args
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.hooks import CallId, CallState, HookEvent
from postroom.model.people import Deed
from postroom.web.visit import Page, Visit

_SHOWN = 100
_STATES: tuple[CallState, ...] = ("waiting", "done", "given-up")


def hooks(visit: Visit) -> Response:
    """All hooks, and the newest calls."""
    room = visit.room
    hook, before = visit.query.get("hook", ""), visit.query.get("before", "0")
    state = next((one for one in _STATES if one == visit.query.get("state", "")), None)
    found = room.hooks.calls(
        hook=hook, state=state, before=int(before) if before.isdecimal() and len(before) < 16 else 0, limit=_SHOWN
    )
    given = {"hook": hook, "state": state or ""}
    return visit.page(
        "hooks.html",
        title="Webhooks",
        here="hooks",
        hooks=room.known_hooks,
        counts=room.hooks.counts(),
        calls=found,
        states=_STATES,
        events=get_args(HookEvent),
        given=given,
        older=f"/hooks?{urlencode(given | {'before': found[-1].id})}" if len(found) == _SHOWN else "",
    )


def replay(visit: Visit) -> Response:
    """Make calls again: those that were ticked."""
    numbers = [CallId(int(one)) for one in visit.form.get("call", ()) if one.isdecimal() and len(one) < 16]
    deed = Deed(at=visit.now, by=visit.user.name, what="calls-replayed")
    if not visit.room.hooks.replay(numbers, deed):
        raise Refused("Tick the calls that are to be made again, of hooks that are still set up.")
    back = {name: visit.said(name) for name in ("hook", "state") if visit.said(name)}
    return RedirectResponse(f"/hooks?{urlencode(back)}" if back else "/hooks", status_code=303)


PAGES = (Page(path="/hooks", do=hooks, role="admin"), Page(path="/hooks", do=replay, role="admin", method="POST"))
