"""Templates of answers: the list, and the editor of one, which shows what people would get."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from postroom.flow.differ import differences
from postroom.flow.sheetwork import Changes, Conflict, Looked
from postroom.flow.templates import PLACEHOLDERS, WRITTEN, Template, has_comments_below, head_of
from postroom.flow.templatework import Kept, may_add, may_edit, of_all, sheet_of
from postroom.model.errors import Refused
from postroom.model.mail import RouteName
from postroom.model.rulebooks import ANSWERS, normal_text, sheet_name
from postroom.ports.rulebooks import Checked
from postroom.web import answerform, mailview, ruleview, templateview
from postroom.web.pages.mail import opened as opened_mail
from postroom.web.render import Missing
from postroom.web.seen import refuse_blind
from postroom.web.visit import Page, Visit

_USUAL: Mapping[str, Any] = {"theirs": (), "clash": "", "wrong": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A template as a form shows it, whether it is one or not."""

    title: str
    routes: frozenset[RouteName]
    asks: bool
    retired: bool
    #: (language, words)
    texts: tuple[tuple[str, str], ...]
    #: comments that the file begins with
    head: str


def listed(visit: Visit) -> Response:
    """Those that the visitor may read, language by language."""
    found = templateview.rows(visit.room, visit.user)
    return visit.page(
        "templates.html",
        title="Templates",
        here="templates",
        rows=found,
        languages=templateview.languages(found),
        language_name=templateview.language_name,
        gone=templateview.gone(visit.room, visit.user),
        missing=templateview.missing(visit.room, visit.user),
        may_add=may_add(visit.user),
        of_all=of_all(visit.user),
        address=templateview.address,
    )


def new(visit: Visit) -> Response:
    """On to the editor of one that is not there yet."""
    sheet = sheet_of(visit.query.get("name", "").strip().removesuffix(".toml"))
    if sheet_name(sheet, ANSWERS) is None or not may_add(visit.user):
        raise Missing("No template can be called so: small letters, digits and hyphens, forty at most.")
    return RedirectResponse(templateview.address(sheet), status_code=303)


def opened(visit: Visit) -> Response:
    """The editor, with what the template says now."""
    looked, kept = templateview.opened(visit.room, visit.user, visit.path["name"])
    return _editor(visit, looked, kept, kept.text)


def done(visit: Visit) -> Response:
    """What a button of the editor does."""
    looked, kept = templateview.opened(visit.room, visit.user, visit.path["name"])
    sheet = kept.sheet
    if not _may_edit(visit, looked, kept):
        return _editor(visit, looked, kept, kept.text)
    try:
        content = normal_text(visit.said("text")) if "text" in visit.form else templateview.filled_in(visit.form, kept.name)  # fmt: skip
    except Refused as error:
        return _editor(visit, looked, kept, "", status=409, wrong=str(error))
    match visit.said("do"):
        case "save":
            return _save(visit, kept, content, {sheet: content})
        case "remove":
            return _save(visit, kept, content, {sheet: None})
        case "rename":
            other = sheet_of(visit.said("name").strip())
            moved: Changes = {other: content} | (
                {sheet: None} if kept.origin == "yours" and sheet in looked.texts else {}
            )
            return _save(visit, kept, content, moved)
        case "download":
            return mailview.download(sheet.partition("/")[2], content.encode("utf-8", "replace"))
    return _editor(visit, looked, kept, content)


def _save(visit: Visit, kept: Kept, content: str, changes: Changes) -> Response:
    room, sheet = visit.room, kept.sheet
    try:
        room.templatework.save(visit.user, changes, seen={sheet: visit.said("seen")}, why=visit.said("why"))
    except Conflict as error:
        theirs = differences(error.now or "", content)
        return _editor(visit, room.templatework.look()[0], kept, content, status=409, theirs=theirs, clash=error.sheet)
    except Refused as error:
        return _editor(visit, room.templatework.look()[0], kept, content, status=409, wrong=str(error))
    written = [one for one, text in changes.items() if text is not None]
    if not written:
        return RedirectResponse("/templates", status_code=303)
    return RedirectResponse(f"{templateview.address(written[0])}?saved=1", status_code=303)


def _editor(visit: Visit, looked: Looked, kept: Kept, content: str, *, status: int = 200, **facts: Any) -> Response:
    work, user = visit.room.templatework, visit.user
    may = _may_edit(visit, looked, kept)
    checked, draft, wrong = _looked_at(visit, kept, content)
    facts = {**_USUAL, **facts}
    broken = bool(content) and draft.template is None and not visit.form
    as_file = may and ("text" in visit.form or "as" in visit.query or broken)
    problems = templateview.placed(checked, content) if as_file else checked
    rows, shown, not_shown = _shown(visit, draft)
    desks = [one for one in work.shelf.routes if user.sight.routes is None or one in user.sight.routes]
    fields = _fields(visit, visit.form if may else {}, draft.template, content, desks)
    return visit.page(
        "template_editor.html",
        status=status,
        title=kept.name,
        here="templates",
        kept=kept,
        sheet=kept.sheet,
        is_there=templateview.is_there(looked, kept),
        may_edit=may,
        content=content,
        as_file=as_file,
        drops_comments=may and not as_file and kept.template is not None and has_comments_below(kept.text),
        lines=ruleview.lines(content, ruleview.here(problems, kept.sheet)),
        fields=fields,
        desks=[*desks, *sorted(fields.routes - set(desks))],
        language_name=templateview.language_name,
        seen=ruleview.seen(looked, kept.sheet),
        version=looked.newest.get(kept.sheet),
        hindrance=work.files.sheets.hindrance(kept.sheet),
        problems=ruleview.here(problems, kept.sheet),
        mails=rows,
        shown=shown,
        not_shown=not_shown,
        chosen=_chosen(visit),
        placeholders=PLACEHOLDERS,
        by_hand=WRITTEN,
        saved=visit.query.get("saved") == "1",
        given={name: visit.said(name) for name in ("why", "name")},
        address=templateview.address,
        **{**facts, "wrong": facts["wrong"] or wrong},
    )


def _looked_at(visit: Visit, kept: Kept, content: str) -> tuple[Checked, Kept, str]:
    """What is wrong with a text, the template that it makes, and why neither can be told."""
    work = visit.room.templatework
    if not content:
        return Checked(), kept, ""
    try:
        checked = work.check(kept.name, content)
    except Refused as error:
        return Checked(), kept, str(error)
    return checked, work.drafted(kept.name, content)[kept.name], ""


def _shown(visit: Visit, draft: Kept) -> tuple[list[Any], Any, str]:
    """Mails to look at it with, what people would get, and why that can't be shown."""
    rows = list(templateview.mails(visit.room, visit.sight, draft.template))
    chosen = _chosen(visit)
    try:
        if not chosen or draft.template is None:
            return rows, templateview.example(visit.room, visit.user, draft), ""
        one = opened_mail(visit, chosen)
        refuse_blind(visit.room, visit.user, one.row.id)
        to = answerform.answerable(visit.room, visit.sight, one.mail, one.message)
        return rows, templateview.on_mail(visit.room, visit.user, draft, to), ""
    except (Missing, Refused) as error:
        return rows, (), str(error)


def _may_edit(visit: Visit, looked: Looked, kept: Kept) -> bool:
    return may_edit(visit.user, kept) if templateview.is_there(looked, kept) else may_add(visit.user)


def _chosen(visit: Visit) -> str:
    return visit.said("with") or visit.query.get("with", "")


def _fields(
    visit: Visit, form: Mapping[str, tuple[str, ...]], template: Template | None, content: str, desks: list[RouteName]
) -> Fields:
    if form and "text" not in form:
        texts = zip(form.get("language", ()), form.get("words", ()), strict=False)
        return Fields(
            title=visit.said("title"),
            routes=frozenset(map(RouteName, form.get("route", ()))),
            asks="asks" in form,
            retired="retired" in form,
            texts=tuple((code, words) for code, words in texts if code.strip() or words.strip()),
            head=visit.said("head"),
        )
    if template is None:
        own = frozenset(desks) if visit.sight.routes is not None else frozenset[RouteName]()
        return Fields(title="", routes=own, asks=False, retired=False, texts=(("en", ""),), head="")
    return Fields(
        title=template.title,
        routes=template.routes,
        asks=template.asks,
        retired=template.retired,
        texts=tuple(template.texts.items()),
        head=head_of(content),
    )


PAGES = (
    Page(path="/templates", do=listed, role="agent"),
    Page(path="/templates/new", do=new, role="lead"),
    Page(path="/templates/file/{name}", do=opened, role="agent"),
    Page(path="/templates/file/{name}", do=done, role="agent", method="POST"),
)
