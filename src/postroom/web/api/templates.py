"""Templates of answers: listed, read, checked, filled in, changed, brought back."""

from typing import Annotated, Final

from msgspec import Meta
from starlette.responses import Response

from postroom.flow.sheetwork import Changes
from postroom.flow.templatetrial import Shown
from postroom.flow.templatework import Origin, Use, sheet_of
from postroom.model.mail import MailId
from postroom.model.notices import NoticeKind
from postroom.model.rulebooks import digest_of, normal_text
from postroom.web import answerform, templateview
from postroom.web.api import filehistory
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.rulefacts import (
    Archive,
    Back,
    Digest,
    OfDiff,
    OfVersion,
    RuleDiff,
    RulesChecked,
    RulesSaved,
    RuleVersions,
    VersionText,
    Why,
)
from postroom.web.api.shapes import Route
from postroom.web.area import TEMPLATES
from postroom.web.render import Missing
from postroom.web.seen import refuse_blind, seen

TemplateName = Annotated[str, Meta(min_length=1, max_length=100, examples=["appeal-received"])]
Content = Annotated[str, Meta(max_length=200_000, description="All that its file holds.")]


class OfTemplate(Input, frozen=True):
    """Which template."""

    name: TemplateName


class OfTemplateVersions(OfTemplate, frozen=True):
    """Which versions."""

    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class TemplateDraft(Input, frozen=True):
    """What its file would hold."""

    text: Content


class TemplateTrial(Input, frozen=True):
    """What to fill in, and for what."""

    text: Annotated[Content | None, Meta(description="What its file would hold; null for what it does.")] = None
    mail: Annotated[str, Meta(max_length=64, description="Id of a mail; empty for an example.")] = ""


class PutTemplate(Input, frozen=True):
    """What its file is to hold; null takes it away, and the shipped one of its name is there again."""

    text: Content | None
    seen: Annotated[Digest, Meta(description="The digest of the file that this one takes the place of.")] = ""
    why: Why = ""
    rename: Annotated[
        str, Meta(max_length=100, description="Its new name: the old file is taken away. Empty to leave it as it is.")
    ] = ""


class NoticeUse(Output, frozen=True):
    """A notice that is told by it."""

    route: Route
    kind: NoticeKind
    outcome: Annotated[str, Meta(description="How the case ended; empty for an acknowledgement.")]


class TemplateLine(Output, frozen=True):
    """One template."""

    name: str
    title: Annotated[str, Meta(description="Empty where its file has mistakes.")]
    origin: Annotated[Origin, Meta(description="changed: yours, in place of a shipped one.")]
    routes: Annotated[tuple[Route, ...], Meta(description="Desks that it is for; none: all.")]
    languages: tuple[str, ...]
    lacks: Annotated[tuple[str, ...], Meta(description="Languages that others for its desks have.")]
    asks: bool
    retired: bool
    sound: Annotated[bool, Meta(description="Its file has no mistakes.")]
    told: tuple[NoticeUse, ...]
    used: Annotated[int, Meta(description="Answers of the last 30 days that began as it.")]
    version: Annotated[int, Meta(description="Number of its last version; 0 where it has none.")]
    may_change: bool


class MissingTemplate(Output, frozen=True):
    """One that the settings name, and by which nobody is told anything."""

    name: str
    why: Annotated[str, Meta(examples=["is not there", "has mistakes", "is retired"])]
    told: tuple[NoticeUse, ...]


class TemplateList(Output, frozen=True):
    """Those that the key's owner may read, and those that are missing for their desks."""

    templates: tuple[TemplateLine, ...]
    missing: tuple[MissingTemplate, ...]


class TemplateText(Output, frozen=True):
    """What its file holds, or what is shipped under its name."""

    name: str
    origin: Origin
    text: str
    digest: Annotated[Digest, Meta(description="Of the file; empty where there is none.")]


class TextShown(Output, frozen=True):
    """A text as people would get it."""

    language: str
    text: str
    left: Annotated[tuple[str, ...], Meta(description="Placeholders that nobody knows: whoever answers writes there.")]
    told: Annotated[NoticeUse | None, Meta(description="The notice that it is; null for an answer of a person.")]
    why_not: Annotated[str, Meta(description="Why a notice would not be sent; empty where it would.")]


class TemplateShown(Output, frozen=True):
    """It in each language, then the notices that are told by it; nothing where it has mistakes."""

    texts: tuple[TextShown, ...]


def list_templates(call: Call[Nothing, Nothing]) -> TemplateList:
    """List the templates of answers for the desks of the key's owner."""
    missing = (
        MissingTemplate(name=one.name, why=one.why, told=tuple(map(_use, one.uses)))
        for one in templateview.missing(call.room, call.user)
    )
    return TemplateList(templates=tuple(map(_line, templateview.rows(call.room, call.user))), missing=tuple(missing))


def get_template(call: Call[OfTemplate, Nothing]) -> TemplateText:
    """What the file of a template holds."""
    looked, kept = templateview.opened(call.room, call.user, call.asked.name)
    if not templateview.is_there(looked, kept):
        raise Missing
    text = looked.texts.get(kept.sheet)
    return TemplateText(
        name=kept.name, origin=kept.origin, text=kept.text, digest="" if text is None else digest_of(text)
    )


def put_template(call: Call[OfTemplate, PutTemplate]) -> RulesSaved:
    """Give a template a text, or a new name, or take it away with null.

    Nothing changes when its file is not as it was `seen`, or when there are mistakes.
    """
    body, sheet = call.body, sheet_of(call.asked.name)
    looked, _ = templateview.opened(call.room, call.user, call.asked.name)
    changes: Changes = {sheet: body.text}
    if body.rename:
        changes = {sheet_of(body.rename): body.text} | ({sheet: None} if sheet in looked.texts else {})
    return filehistory.save(call, TEMPLATES, changes, {sheet: body.seen}, why=body.why)


def check_template(call: Call[OfTemplate, TemplateDraft]) -> RulesChecked:
    """What is wrong with a template, were this its file."""
    name = call.asked.name
    templateview.opened(call.room, call.user, name)
    return filehistory.checked(call.room.templatework.check(name, call.body.text))


def preview_template(call: Call[OfTemplate, TemplateTrial]) -> TemplateShown:
    """A template filled in with an example, or for a mail. Nothing is sent or kept."""
    room, user, body = call.room, call.user, call.body
    _, kept = templateview.opened(room, user, call.asked.name)
    draft = kept if body.text is None else room.templatework.drafted(kept.name, normal_text(body.text))[kept.name]
    if not body.mail:
        return TemplateShown(texts=tuple(map(_text, templateview.example(room, user, draft))))
    row, mail = seen(room, user.sight, MailId(body.mail))
    refuse_blind(room, user, row.id)
    to = answerform.answerable(room, user.sight, mail, room.read(mail))
    return TemplateShown(texts=tuple(map(_text, templateview.on_mail(room, user, draft, to))))


def list_template_versions(call: Call[OfTemplateVersions, Nothing]) -> RuleVersions:
    """Versions of a template, newest first, without their texts. Changes by hand are among them, as they were seen."""
    asked = call.asked
    return filehistory.versions(call, TEMPLATES, sheet_of(asked.name), after=asked.after, limit=asked.limit)


def get_template_version(call: Call[OfVersion, Nothing]) -> VersionText:
    """One version of a template with its text."""
    return filehistory.version(call, TEMPLATES)


def get_template_diff(call: Call[OfDiff, Nothing]) -> RuleDiff:
    """What differs between a version of a template and one before it."""
    return filehistory.diff(call, TEMPLATES)


def restore_template(call: Call[OfVersion, Back]) -> RulesSaved:
    """Let a template say again what it said in this version; what it says now stays as a version."""
    return filehistory.restore(call, TEMPLATES)


def get_templates_archive(call: Call[Nothing, Nothing]) -> Response:
    """All templates of the team in a ZIP file. The same texts give the same bytes."""
    return filehistory.archive(call, TEMPLATES)


def import_templates(call: Call[Nothing, Archive]) -> RulesSaved:
    """Bring in an archive. Templates that are not in it stay as they are; all of it is done, or nothing."""
    return filehistory.bring_in(call, TEMPLATES)


def _line(row: templateview.Row) -> TemplateLine:
    kept, template = row.kept, row.kept.template
    return TemplateLine(
        name=kept.name,
        title=template.title if template else "",
        origin=kept.origin,
        routes=tuple(sorted(template.routes)) if template else (),
        languages=tuple(template.texts) if template else (),
        lacks=row.lacks,
        asks=template is not None and template.asks,
        retired=template is not None and template.retired,
        sound=template is not None,
        told=tuple(map(_use, kept.uses)),
        used=row.used,
        version=row.version.number if row.version else 0,
        may_change=row.may_edit,
    )


def _use(use: Use) -> NoticeUse:
    return NoticeUse(route=use.route, kind=use.kind, outcome=use.outcome)


def _text(one: Shown) -> TextShown:
    told = _use(one.use) if one.use else None
    return TextShown(language=one.language, text=one.text, left=one.left, told=told, why_not=one.why_not)


_FILE: Final = (
    'title = "Which account?"\nroutes = ["appeals"]\n\n[text]\nen = """\nWhich account do you mean, {name}?\n"""\n'
)

OPERATIONS = (
    Operation(do=list_templates, path="/templates", scope="work"),
    Operation(do=get_template, path="/templates/files/{name}", scope="work"),
    Operation(
        do=put_template,
        path="/templates/files/{name}",
        scope="lead",
        method="PUT",
        example=PutTemplate(text=_FILE, why="asked for by the desk"),
    ),
    Operation(do=list_template_versions, path="/templates/files/{name}/versions", scope="work"),
    Operation(do=get_template_version, path="/templates/versions/{number}", scope="work"),
    Operation(do=get_template_diff, path="/templates/versions/{number}/diff", scope="work"),
    Operation(
        do=restore_template,
        path="/templates/versions/{number}/restore",
        scope="lead",
        method="POST",
        example=Back(why="people did not understand the new one"),
    ),
    Operation(
        do=check_template,
        path="/templates/files/{name}/check",
        scope="work",
        method="POST",
        example=TemplateDraft(text=_FILE),
    ),
    Operation(
        do=preview_template,
        path="/templates/files/{name}/preview",
        scope="work",
        method="POST",
        example=TemplateTrial(text=_FILE),
    ),
    Operation(do=get_templates_archive, path="/templates/archive", scope="lead", media="application/octet-stream"),
    Operation(
        do=import_templates,
        path="/templates/archive",
        scope="lead",
        method="POST",
        example=Archive(archive="UEsFBg==", dry_run=True),
    ),
)
