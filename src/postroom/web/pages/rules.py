"""Rules, phrases and examples: the list of files, and the editor of one."""

from collections.abc import Mapping
from typing import Any, get_args

from starlette.responses import RedirectResponse, Response

from postroom.flow.differ import differences
from postroom.flow.sheetwork import Changes, Conflict, Faulty, Looked
from postroom.model.errors import Refused
from postroom.model.judgement import AccountState
from postroom.model.rulebooks import KINDS, Draft, DraftId, SheetName, normal_text
from postroom.ports.rulebooks import Checked
from postroom.web import mailview, ruleview
from postroom.web.area import RULES
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_DIGITS = 16
_ACCOUNTS = get_args(AccountState)


def listed(visit: Visit) -> Response:
    """All files with what they hold."""
    ruleview.require(visit.user)
    work = visit.room.rulework
    work.bench.wake()
    looked = work.look()
    return visit.page(
        "rules.html",
        title="Rules",
        here="rules",
        sheets=ruleview.sheets(visit.room, looked),
        unreadable=work.sheets.unreadable(),
        shipped=ruleview.shipped(work.sheets.shipped()),
        gone=sorted(name for name, one in looked.newest.items() if not one.digest),
        in_force=work.sheets.in_force(looked.texts),
        drafts=work.open_drafts(),
        kinds=KINDS,
        address=ruleview.address,
        checked=None,
        said=visit.query.get("said", "")[:200],
    )


def check_all(visit: Visit) -> Response:
    """What is wrong with the files as they are, and how their examples come out."""
    ruleview.require(visit.user)
    work = visit.room.rulework
    checked = work.check({})
    return visit.page("files_checked.html", title="Rules checked", here="rules", area=RULES, checked=checked)


def new(visit: Visit) -> Response:
    """On to the editor of a file that is not there yet."""
    ruleview.require(visit.user)
    name = visit.query.get("name", "").strip().removesuffix(".toml")
    sheet = ruleview.sheet_of(visit.room, visit.query.get("kind", ""), f"{name}.toml")
    return RedirectResponse(ruleview.address(sheet), status_code=303)


def shipped(visit: Visit) -> Response:
    """A file that postroom brings along: to read, as it is in force beside the team's."""
    ruleview.require(visit.user)
    file = SheetName(visit.query.get("file", ""))
    text = visit.room.rulework.sheets.shipped().get(file)
    if text is None:
        raise Missing
    return visit.page("rules_shipped.html", title=file, here="rules", text=text, lines=ruleview.lines(text, ()))


def opened(visit: Visit) -> Response:
    """The editor, with what the file holds, or a draft of it."""
    sheet = _sheet(visit)
    visit.room.rulework.bench.wake()
    looked = visit.room.rulework.look()
    text = looked.texts.get(sheet, ruleview.beginning(sheet))
    asked = visit.query.get("draft", "")
    if asked.isascii() and asked.isdecimal() and len(asked) < _DIGITS and int(asked):
        changes = visit.room.rulework.drafted(DraftId(int(asked)))[1]
        return _editor(visit, sheet, looked, changes.get(sheet) or text)
    # Whoever comes back from a back-test comes to the address that they began at.
    mine = None if asked else _own_draft(visit, sheet)
    if mine is not None and sheet not in looked.texts:
        text = mine.texts[sheet]
    return _editor(visit, sheet, looked, text, mine=mine)


def _own_draft(visit: Visit, sheet: SheetName) -> Draft | None:
    """The visitor's newest draft that has this file otherwise than it is."""
    found = visit.room.rulework.open_drafts()
    return next((draft for draft, changes in found if draft.by == visit.user.name and sheet in changes), None)


def done(visit: Visit) -> Response:
    """What a button of the editor does."""
    sheet = _sheet(visit)
    work, text = visit.room.rulework, visit.said("text")
    match visit.said("do"):
        case "save":
            return _save(visit, sheet, {sheet: text})
        case "remove":
            return _save(visit, sheet, {sheet: None})
        case "download":
            return mailview.download(sheet.partition("/")[2], normal_text(text).encode("utf-8", "replace"))
        case "draft":
            return RedirectResponse(
                f"/backtest?draft={work.draft({sheet: text}, visit.user.name, visit.said('why'))}", status_code=303
            )
        case "try":
            return _try(visit, sheet, text)
    try:
        checked = work.check({sheet: text})
    except Refused as error:
        return _editor(visit, sheet, work.look(), text, wrong=str(error), status=409)
    return _editor(visit, sheet, work.look(), text, checked=checked)


def _save(visit: Visit, sheet: SheetName, changes: Changes) -> Response:
    work, text = visit.room.rulework, visit.said("text")
    try:
        work.save(
            changes,
            seen={sheet: visit.said("seen")},
            by=visit.user.name,
            why=visit.said("why"),
            anyway=visit.said("anyway") == "yes",
        )
    except Conflict as error:
        theirs = differences(error.now or "", normal_text(text))
        return _editor(visit, sheet, work.look(), text, theirs=theirs, gone=error.now is None, status=409)
    except Faulty as error:
        return _editor(visit, sheet, work.look(), text, checked=error.checked, kept_out=True, status=409)
    except Refused as error:
        return _editor(visit, sheet, work.look(), text, wrong=str(error), status=409)
    if changes[sheet] is None:
        return RedirectResponse("/rules", status_code=303)
    return RedirectResponse(f"{ruleview.address(sheet)}?saved=1", status_code=303)


def _try(visit: Visit, sheet: SheetName, text: str) -> Response:
    room, said = visit.room, visit.said
    try:
        mail = ruleview.pasted(
            said("mail"),
            brand=said("brand"),
            brands=room.brands,
            sender=said("from"),
            subject=said("subject"),
            authenticated="authenticated" in visit.form,
            account=said("account", "unknown"),
        )
        tried = room.rulework.judge(mail, {sheet: text}, sheet)
    except Refused as error:
        return _editor(visit, sheet, room.rulework.look(), text, wrong=str(error), status=409)
    message = room.read(room.pasted(mail))
    now, then = ruleview.outcomes(room, message, tried)
    checked = None if then is not None else room.rulework.check({sheet: text})
    facts: dict[str, Any] = {"tried": tried, "by_now": now, "by_then": then, "message": message}
    return _editor(visit, sheet, room.rulework.look(), text, checked=checked, **facts)


def _editor(
    visit: Visit,
    sheet: SheetName,
    looked: Looked,
    text: str,
    *,
    status: int = 200,
    checked: Checked | None = None,
    **facts: Any,
) -> Response:
    work = visit.room.rulework
    is_there = sheet in looked.texts
    usual: Mapping[str, Any] = {
        "wrong": "",
        "theirs": (),
        "mine": None,
        "gone": False,
        "kept_out": False,
        "tried": None,
        "by_now": None,
        "by_then": None,
        "message": None,
    }
    text = normal_text(text)
    here = ruleview.here(checked, sheet)
    return visit.page(
        "rule_editor.html",
        status=status,
        title=sheet,
        here="rules",
        sheet=sheet,
        is_there=is_there,
        text=text,
        unsaved=bool(visit.form) and text != normal_text(looked.texts.get(sheet, "")),
        seen=ruleview.seen(looked, sheet),
        lines=ruleview.lines(text, here),
        entries=ruleview.entries(visit.room, sheet, text),
        version=looked.newest.get(sheet),
        in_force=work.sheets.in_force(looked.texts),
        hindrance=work.sheets.hindrance(sheet),
        checked=checked,
        problems=here,
        others=ruleview.elsewhere(checked, sheet),
        saved=visit.query.get("saved") == "1",
        accounts=_ACCOUNTS,
        given={name: visit.said(name) for name in ("mail", "brand", "from", "subject", "account", "why")}
        | {"authenticated": "authenticated" in visit.form},
        address=ruleview.address,
        **{**usual, **facts},
    )


def _sheet(visit: Visit) -> SheetName:
    ruleview.require(visit.user)
    return ruleview.sheet_of(visit.room, visit.path["kind"], visit.path["name"])


PAGES = (
    Page(path="/rules", do=listed, role="lead"),
    Page(path="/rules/checked", do=check_all, role="lead"),
    Page(path="/rules/new", do=new, role="lead"),
    Page(path="/rules/shipped", do=shipped, role="lead"),
    Page(path="/rules/{kind}/{name}", do=opened, role="lead"),
    Page(path="/rules/{kind}/{name}", do=done, role="lead", method="POST"),
)
