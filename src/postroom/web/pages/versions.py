"""What a file of the team held before: its versions, what differs between two, and bringing one back."""

from functools import partial

from starlette.responses import RedirectResponse, Response

from postroom.flow.differ import differences
from postroom.flow.sheetwork import Faulty
from postroom.flow.templatework import sheet_of
from postroom.model.rulebooks import SheetName, Version, VersionNumber
from postroom.web import ruleview
from postroom.web.area import RULES, TEMPLATES, Area
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_PAGE = 50


def of_rules(visit: Visit) -> Response:
    """All of a file of rules."""
    ruleview.require(visit.user)
    return _versions(visit, RULES, ruleview.sheet_of(visit.room, visit.path["kind"], visit.path["name"]))


def of_template(visit: Visit) -> Response:
    """All of a template."""
    sheet = sheet_of(visit.path["name"])
    TEMPLATES.see(visit.room, visit.user, sheet)
    return _versions(visit, TEMPLATES, sheet)


def _versions(visit: Visit, area: Area, sheet: SheetName) -> Response:
    """Newest first."""
    work = area.files(visit.room)
    looked = work.look()
    found = work.versions.of(sheet, before=_number(visit.query.get("before", "")) or 0, limit=_PAGE)
    if not found:
        raise Missing("There is no version of this file.")
    return visit.page(
        "files_versions.html",
        title=f"Versions of {sheet}",
        here=area.name,
        area=area,
        sheet=sheet,
        versions=found,
        newest=looked.newest[sheet].number,
        older=f"?before={found[-1].number}" if len(found) == _PAGE else "",
    )


def diff(area: Area, visit: Visit) -> Response:
    """What differs between two versions of a file; without ``from``: what the version changed."""
    after = _version(visit, area, visit.query.get("to", ""))
    work = area.files(visit.room)
    if visit.query.get("from"):
        before: Version | None = _version(visit, area, visit.query["from"])
    else:
        before = next(iter(work.versions.of(after.sheet, before=after.number, limit=1)), None)
    if before is not None and before.sheet != after.sheet:
        raise Missing("These are versions of two files.")
    looked = work.look()
    return visit.page(
        "files_diff.html",
        title=f"{after.sheet}: what changed",
        here=area.name,
        area=area,
        sheet=after.sheet,
        before=before,
        after=after,
        lines=differences((before.text if before else "") or "", after.text or ""),
        is_newest=looked.newest[after.sheet].number == after.number,
        seen=ruleview.seen(looked, after.sheet),
    )


def restore(area: Area, visit: Visit) -> Response:
    """Let a file hold again what it held then."""
    version = _version(visit, area, visit.said("version"))
    if not version.erased:
        area.require(visit.room, visit.user, {version.sheet: version.text})
    try:
        area.files(visit.room).restore(
            version.number,
            seen={version.sheet: visit.said("seen")},
            by=visit.user.name,
            why=visit.said("why"),
            anyway=visit.said("anyway") == "yes",
        )
    except Faulty as error:
        return visit.page(
            "files_checked.html", status=409, title="Not brought back", here=area.name, area=area, checked=error.checked
        )
    return RedirectResponse(f"{area.address(version.sheet)}?saved=1", status_code=303)


def _version(visit: Visit, area: Area, said: str) -> Version:
    """One that the visitor may see. Raises `Missing`."""
    return area.version(visit.room, visit.user, VersionNumber(_number(said) or 0))


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) < 16 else None


def _pages(area: Area) -> tuple[Page, ...]:
    return (
        Page(path=f"/{area.name}/diff", do=partial(diff, area), role=area.role),
        Page(path=f"/{area.name}/restore", do=partial(restore, area), role="lead", method="POST"),
    )


PAGES = (
    *_pages(RULES),
    *_pages(TEMPLATES),
    Page(path="/rules/{kind}/{name}/versions", do=of_rules, role="lead"),
    Page(path="/templates/file/{name}/versions", do=of_template, role="agent"),
)
