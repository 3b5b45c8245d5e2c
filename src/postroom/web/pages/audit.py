"""The audit log: who did what, to read and to take along."""

from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response, StreamingResponse

from postroom.model.people import Deed
from postroom.web.visit import Page, Visit

_FILTERS = ("by", "what", "to")
_LINES = 100
_AT_ONCE = 1000


def audit(visit: Visit) -> Response:
    """Newest first."""
    given = {name: visit.query.get(name, "").strip() for name in _FILTERS}
    before = visit.query.get("before", "0")
    deeds = visit.room.journal.deeds(
        before=int(before) if before.isdecimal() and len(before) < 16 else 0, limit=_LINES, **given
    )
    older = f"/audit?{urlencode(given | {'before': deeds[-1].number})}" if len(deeds) == _LINES else ""
    return visit.page("audit.html", title="Audit log", here="audit", given=given, deeds=deeds, older=older)


def export(visit: Visit) -> Response:
    """All lines, newest first, as JSON Lines: their chain shows that none was changed or left out."""
    return StreamingResponse(
        _lines(visit),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="postroom-audit.jsonl"'},
    )


def _lines(visit: Visit) -> Iterator[bytes]:
    before = 0
    while deeds := visit.room.journal.deeds(before=before, limit=_AT_ONCE):
        yield b"".join(_line(deed) for deed in deeds)
        before = deeds[-1].number
        if before <= 1:
            return


def _line(deed: Deed) -> bytes:
    return msgspec.json.encode(deed) + b"\n"


PAGES = (Page(path="/audit", do=audit, role="admin"), Page(path="/audit.jsonl", do=export, role="admin"))
