"""What a file of rules held before: its versions, what differs between two, and bringing one back."""

from starlette.responses import RedirectResponse, Response

from postroom.flow.differ import differences
from postroom.flow.sheetwork import Faulty
from postroom.model.rulebooks import Version, VersionNumber
from postroom.web import ruleview
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_PAGE = 50


def versions(visit: Visit) -> Response:
    """All of a file, newest first."""
    ruleview.require(visit.user)
    sheet = ruleview.sheet_of(visit.room, visit.path["kind"], visit.path["name"])
    work = visit.room.rulework
    looked = work.look()
    found = work.versions.of(sheet, before=_number(visit.query.get("before", "")) or 0, limit=_PAGE)
    if not found:
        raise Missing("There is no version of this file.")
    return visit.page(
        "rule_versions.html",
        title=f"Versions of {sheet}",
        here="rules",
        sheet=sheet,
        versions=found,
        newest=looked.newest[sheet].number,
        seen=ruleview.seen(looked, sheet),
        older=f"?before={found[-1].number}" if len(found) == _PAGE else "",
        address=ruleview.address,
    )


def diff(visit: Visit) -> Response:
    """What differs between two versions of a file; without ``from``: what the version changed."""
    ruleview.require(visit.user)
    after = _version(visit, visit.query.get("to", ""))
    before = _version(visit, visit.query["from"]) if visit.query.get("from") else _before(visit, after)
    if before is not None and before.sheet != after.sheet:
        raise Missing("These are versions of two files.")
    looked = visit.room.rulework.look()
    return visit.page(
        "rule_diff.html",
        title=f"{after.sheet}: what changed",
        here="rules",
        sheet=after.sheet,
        before=before,
        after=after,
        lines=differences((before.text if before else "") or "", after.text or ""),
        is_newest=looked.newest[after.sheet].number == after.number,
        seen=ruleview.seen(looked, after.sheet),
        address=ruleview.address,
    )


def restore(visit: Visit) -> Response:
    """Let a file hold again what it held then."""
    ruleview.require(visit.user)
    version = _version(visit, visit.said("version"))
    try:
        visit.room.rulework.restore(
            version.number,
            seen={version.sheet: visit.said("seen")},
            by=visit.user.name,
            why=visit.said("why"),
            anyway=visit.said("anyway") == "yes",
        )
    except Faulty as error:
        return visit.page(
            "rules_checked.html", status=409, title="Not brought back", here="rules", checked=error.checked, address=ruleview.address
        )  # fmt: skip
    return RedirectResponse(f"{ruleview.address(version.sheet)}?saved=1", status_code=303)


def _before(visit: Visit, after: Version) -> Version | None:
    """The version before one."""
    found = visit.room.rulework.versions.of(after.sheet, before=after.number, limit=1)
    return found[0] if found else None


def _version(visit: Visit, said: str) -> Version:
    number = _number(said)
    found = visit.room.rulework.versions.version(VersionNumber(number)) if number is not None else None
    if found is None:
        raise Missing("There is no such version.")
    return found


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) < 16 else None


PAGES = (
    Page(path="/rules/diff", do=diff, role="lead"),
    Page(path="/rules/restore", do=restore, role="lead", method="POST"),
    Page(path="/rules/{kind}/{name}/versions", do=versions, role="lead"),
)
