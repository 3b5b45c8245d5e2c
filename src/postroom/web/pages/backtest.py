"""Rules tried on the past: asking for it, how far it is, what it came to."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from postroom.flow.backtest import change_facts, in_words, remarks
from postroom.flow.rulework import may_work
from postroom.flow.trials import Listed
from postroom.model.backtest import (
    MOST_DAYS,
    MOST_MAILS,
    Backtest,
    ChangeKind,
    Firing,
    Report,
    Shift,
    TestNumber,
    Which,
    Written,
)
from postroom.model.errors import Refused
from postroom.model.mail import RouteName
from postroom.model.people import ALL
from postroom.model.rulebooks import DraftId, SheetName
from postroom.web import ruleview
from postroom.web.figures import flows, loads
from postroom.web.render import Missing, brands
from postroom.web.seen import open_to
from postroom.web.visit import Page, Visit
from postroom.web.words import machine

_SHOWN: Final = 50
_FLOWS: Final = 12
_FIRINGS: Final = 25
_DAYS: Final = 14
_KINDS: Final[Mapping[ChangeKind, str]] = {
    "": "everything that differs",
    "moved": "those that move",
    "corrected": "those that people had moved",
    "fixed": "go where people said",
    "broken": "leave where people said",
    "urgent": "lose or gain an alarm",
    "beside": "only tags or the guess in review",
}
_COLUMNS: Final = ("mail", "received_at", "brand", "in_force", "tried", "guess_in_force", "guess_tried", "happened", "people_said",
    "word", "tags_in_force", "tags_tried", "urgent_in_force", "urgent_tried", "evidence")  # fmt: skip


def begin(visit: Visit) -> Response:
    """The form, and the tests that are kept."""
    draft = _number(visit.query.get("draft", ""))
    sight = visit.sight
    return visit.page(
        "backtest.html",
        title="Back-test",
        here="backtest",
        draft=draft,
        edited=_edited(visit, draft),
        names=_names(visit),
        address=ruleview.address,
        days=_DAYS,
        most_days=MOST_DAYS,
        most_mails=MOST_MAILS,
        mine=brands(visit),
        whole=sight.covers(ALL),
        tests=visit.room.trials.all(sight),
    )


def ask(visit: Visit) -> Response:
    """Have it done."""
    number = visit.room.trials.ask(
        visit.user, _number(visit.said("days")), visit.said("brand"), _number(visit.said("draft")), visit.now
    )
    return RedirectResponse(f"/backtest/{number}", status_code=303)


def cancel(visit: Visit) -> Response:
    """It need not be done any more."""
    test = _test(visit)
    if not visit.room.trials.cancel(visit.user, test.number, visit.now):
        raise Refused("This back-test has ended already.")
    return RedirectResponse(f"/backtest/{test.number}", status_code=303)


def one(visit: Visit) -> Response:
    """How far it is, or what it came to."""
    test = _test(visit)
    report = test.report
    around: dict[str, Any] = {
        "title": f"Back-test {test.number}",
        "here": "backtest",
        "test": test,
        "edited": _edited(visit, test.asked.draft),
        "names": _names(visit),
        "address": ruleview.address,
    }
    if report is None:
        return visit.page("backtest_open.html", **around)
    which = _which(visit)
    listed, after = visit.room.trials.page(
        test, visit.sight, which, after=_number(visit.query.get("after", "")), limit=_SHOWN
    )
    listed = _known(visit, listed)
    given = {"kind": which.kind, "source": which.source, "target": which.target}
    asked = urlencode({name: value for name, value in given.items() if value})
    return visit.page(
        "backtest_done.html",
        **around,
        report=report,
        words=in_words(report),
        remarks=remarks(report),
        flow_rows=report.flows[:_FLOWS],
        other_flows=sum(one.mails for one in report.flows[_FLOWS:]),
        flow_picture=Markup(flows(report.flows[:_FLOWS])) if report.moved else "",  # noqa: S704 - of our own tags
        load_picture=Markup(loads(report.loads, report.days)),  # noqa: S704 - of our own tags
        firings=_firings(report)[:_FIRINGS],
        other_firings=len(_firings(report)[_FIRINGS:]),
        listed=listed,
        evidence={one.place: _evidence(one.change.shifts) for one in listed},
        kinds=_KINDS,
        given=given,
        places=[load.route for load in report.loads],
        older=f"/backtest/{test.number}?{urlencode(given | {'after': after})}#mails" if after else "",
        files=f"?{asked}" if asked else "",
    )


def _names(visit: Visit) -> Mapping[int, str]:
    """Drafts that are kept, by number; none for those who may not write them."""
    return {one.id: one.name for one in visit.room.rulework.drafts.newest()} if may_work(visit.user) else {}


def _edited(visit: Visit, draft: int) -> list[SheetName]:
    """The files that a draft changes, for those who may go on writing them; none once it is saved, or kept no more."""
    if not draft or not may_work(visit.user):
        return []
    try:
        return sorted(visit.room.rulework.drafted(DraftId(draft))[1])
    except Refused:
        return []


def _firings(report: Report) -> list[tuple[Firing, Written | Literal[""]]]:
    """What is written otherwise, then what else was found in more or fewer mails."""
    named = {(one.source, one.name) for one in report.touched}
    rest: list[tuple[Firing, Written | Literal[""]]] = [
        (one, "") for one in report.firings if (one.source, one.name) not in named
    ]
    return [*((one, one.how) for one in report.touched), *rest]


def as_csv(visit: Visit) -> Response:
    """All mails that differ, for a spreadsheet."""
    return _file(visit, "csv", "text/csv; charset=utf-8", _csv)


def as_json(visit: Visit) -> Response:
    """The same for programmes."""
    return _file(visit, "json", "application/json", _json)


def _file(visit: Visit, ending: str, media: str, write: Callable[[Iterable[Listed]], str]) -> Response:
    test = _test(visit)
    content = write(_known(visit, tuple(visit.room.trials.every(test, visit.sight, _which(visit)))))
    name = f"backtest-{test.number}.{ending}"
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _csv(listed: Iterable[Listed]) -> str:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(_COLUMNS)
    for one in listed:
        change = one.change
        before, after = change.before, change.after
        cells = (
            change.mail_id, machine(one.row.received_at), one.row.brand, before.route, after.route, before.decided, after.decided,
            change.happened, change.said, change.word, " ".join(before.tags), " ".join(after.tags), " ".join(before.urgent),
            " ".join(after.urgent), "; ".join(_evidence(change.shifts)),
        )  # fmt: skip
        lines.writerow(map(_cell, cells))
    return out.getvalue()


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _json(listed: Iterable[Listed]) -> str:
    return json.dumps(
        [
            {**change_facts(one.change), "received_at": one.row.received_at, "brand": one.row.brand}
            for one in listed
        ]
    )  # fmt: skip


def _evidence(shifts: Iterable[Shift]) -> list[str]:
    """What differs, in words."""
    return [_shift(one) for one in shifts]


def _shift(one: Shift) -> str:
    what = " ".join(
        filter(None, (one.source, f"«{one.name}»" if one.name else "", f"for {one.route}" if one.route else ""))
    )
    if one.before is None:
        return f"new: {what}"
    return f"gone: {what}" if one.after is None else f"{what}: {one.before:.2f} → {one.after:.2f}"


def _known(visit: Visit, listed: Sequence[Listed]) -> tuple[Listed, ...]:
    """Without mails of which the visitor has a second look in hand: it tells what the first said."""
    known = open_to(visit.room, visit.user, [one.row.id for one in listed])
    return tuple(one for one in listed if one.row.id in known)


def _test(visit: Visit) -> Backtest:
    found = visit.room.trials.one(TestNumber(_number(visit.path["number"])), visit.sight)
    if found is None:
        raise Missing("There is no such back-test, or it is not for you.")
    return found


def _which(visit: Visit) -> Which:
    kind: ChangeKind = next((one for one in _KINDS if one == visit.query.get("kind")), "")
    return Which(
        source=RouteName(visit.query.get("source", "")), target=RouteName(visit.query.get("target", "")), kind=kind
    )


def _number(text: str) -> int:
    """A whole number; 0 for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else 0


PAGES = (
    Page(path="/backtest", do=begin, role="lead"),
    Page(path="/backtest", do=ask, role="lead", method="POST"),
    Page(path="/backtest/{number}", do=one, role="lead"),
    Page(path="/backtest/{number}/mails.csv", do=as_csv, role="lead"),
    Page(path="/backtest/{number}/mails.json", do=as_json, role="lead"),
    Page(path="/backtest/{number}/cancel", do=cancel, role="lead", method="POST"),
)
