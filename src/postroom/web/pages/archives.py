"""All files of the team, of rules or of templates, as one archive: taken along, and brought in from one, looked at first."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from starlette.responses import RedirectResponse, Response

from postroom.flow.differ import Line, differences
from postroom.flow.sheetpack import pack, unpack
from postroom.flow.sheetwork import Changes, Conflict, Faulty, Sheetwork
from postroom.model.errors import Refused
from postroom.model.rulebooks import DraftId, SheetName, digest_of
from postroom.ports.rulebooks import Checked
from postroom.web import mailview
from postroom.web.area import RULES, TEMPLATES, Area
from postroom.web.visit import Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One file that would change."""

    sheet: SheetName
    is_new: bool
    lines: tuple[Line, ...]
    #: digest of what it holds now
    seen: str


def export(area: Area, visit: Visit) -> Response:
    """All of the team's files."""
    area.see_all(visit.user)
    return mailview.download(f"postroom-{area.name}.zip", pack(area.files(visit.room).look().texts))


def look(area: Area, visit: Visit) -> Response:
    """What an archive would change: nothing does yet."""
    area.see_all(visit.user)
    texts = unpack(visit.files.get("archive", b""), area.kinds)
    return _shown(visit, area, area.files(visit.room).draft(texts, visit.user.name), set(texts))


def bring_in(area: Area, visit: Visit) -> Response:
    """Do it, if the files are still as they were when it was looked at."""
    area.see_all(visit.user)
    work = area.files(visit.room)
    draft = _draft(visit.said("draft"))
    seen = dict(zip(visit.form.get("sheet", ()), visit.form.get("seen", ()), strict=False))
    _, changes = work.drafted(draft)
    wanted = {sheet: text for sheet, text in changes.items() if sheet in seen}
    try:
        work.save(
            wanted,
            seen={SheetName(sheet): digest for sheet, digest in seen.items()},
            by=visit.user.name,
            why=visit.said("why") or "from an archive",
            how="imported",
            anyway=visit.said("anyway") == "yes",
        )
    except Conflict as error:
        return _shown(visit, area, draft, set(wanted), wrong=f"{error}. Look at it again.")
    except Faulty as error:
        return _shown(visit, area, draft, set(wanted), checked=error.checked)
    return RedirectResponse(f"/{area.name}", status_code=303)


def _shown(
    visit: Visit,
    area: Area,
    draft: DraftId,
    sheets: Collection[SheetName],
    *,
    wrong: str = "",
    checked: Checked | None = None,
) -> Response:
    """What the draft changes of these sheets; others may have been changed on the disk since it was kept."""
    work = area.files(visit.room)
    _, found = work.drafted(draft)
    changes = {sheet: text for sheet, text in found.items() if sheet in sheets}
    if not changes:
        raise Refused("Nothing would change: the files hold all of it already.")
    return visit.page(
        "files_import.html",
        status=409 if wrong or checked else 200,
        title="Bring in an archive",
        here=area.name,
        area=area,
        draft=draft,
        changed=_changed(work, changes),
        checked=checked or work.check(changes),
        wrong=wrong,
    )


def _changed(work: Sheetwork, changes: Changes) -> list[Changed]:
    texts = work.look().texts
    return [
        Changed(
            sheet=sheet,
            is_new=sheet not in texts,
            lines=differences(texts.get(sheet, ""), text or ""),
            seen=digest_of(texts[sheet]) if sheet in texts else "",
        )
        for sheet, text in sorted(changes.items())
    ]


def _draft(said: str) -> DraftId:
    if not (said.isdecimal() and len(said) < 16):
        raise Refused("This form is damaged: choose the archive again.")
    return DraftId(int(said))


def _pages(area: Area) -> tuple[Page, ...]:
    base = f"/{area.name}"
    return (
        Page(path=f"{base}/export", do=partial(export, area), role="lead"),
        Page(path=f"{base}/import", do=partial(look, area), role="lead", method="POST"),
        Page(path=f"{base}/import/confirm", do=partial(bring_in, area), role="lead", method="POST"),
    )


PAGES = (*_pages(RULES), *_pages(TEMPLATES))
