"""The audit log: who did what, to read and to take along."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response, StreamingResponse

from postroom.flow.savedviews import day, day_end
from postroom.model.people import Deed
from postroom.web.visit import Page, Visit

_FILTERS = ("by", "what", "to", "since", "until")
_MAIL = re.compile("[0-9a-hjkmnp-tv-z]{26}")
_CASE = re.compile("case ([0-9]{1,15})")
_LINES = 100
_AT_ONCE = 1000


def audit(visit: Visit) -> Response:
    """Newest first."""
    given, before = _given(visit), visit.query.get("before", "0")
    deeds = visit.room.journal.deeds(
        before=int(before) if before.isdecimal() and len(before) < 16 else 0, limit=_LINES, **_wanted(given)
    )
    asked = {name: value for name, value in given.items() if value}
    older = f"/audit?{urlencode(asked | {'before': deeds[-1].number})}" if len(deeds) == _LINES else ""
    return visit.page(
        "audit.html",
        title="Audit log",
        here="audit",
        given=given,
        deeds=deeds,
        older=older,
        file=f"/audit.jsonl?{urlencode(asked)}" if asked else "/audit.jsonl",
        asked=bool(asked),
        places={deed.to: place(deed.to) for deed in deeds},
    )


def place(to: str) -> str:
    """The page of what something was done to; ``""`` where it has none."""
    if _MAIL.fullmatch(to):
        return f"/mail/{to}"
    found = _CASE.fullmatch(to)
    return f"/case/{found[1]}" if found else ""


def _given(visit: Visit) -> dict[str, str]:
    return {name: visit.query.get(name, "").strip() for name in _FILTERS}


def _wanted(given: Mapping[str, str]) -> dict[str, Any]:
    """What the journal is asked for: days are those of UTC, as the page shows times. Raises `Refused` for what is no date."""
    since, until = given["since"], given["until"]
    return {**given, "since": day(since) if since else None, "until": day_end(until) if until else None}


def export(visit: Visit) -> Response:
    """The lines that match, newest first, as JSON Lines: if these are all, their chain shows that none was changed or left out."""
    return StreamingResponse(
        _lines(visit, _wanted(_given(visit))),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="postroom-audit.jsonl"'},
    )


def _lines(visit: Visit, wanted: Mapping[str, Any]) -> Iterator[bytes]:
    before = 0
    while deeds := visit.room.journal.deeds(before=before, limit=_AT_ONCE, **wanted):
        yield b"".join(_line(deed) for deed in deeds)
        before = deeds[-1].number
        if before <= 1:
            return


def _line(deed: Deed) -> bytes:
    return msgspec.json.encode(deed) + b"\n"


PAGES = (Page(path="/audit", do=audit, role="admin"), Page(path="/audit.jsonl", do=export, role="admin"))
