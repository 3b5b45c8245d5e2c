"""What operations on rules and on templates have in common: versions, what differs, bringing one back, archives."""

import binascii
from base64 import b64decode
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from postroom.flow.differ import differences
from postroom.flow.sheetpack import pack, unpack
from postroom.flow.sheetwork import Changes, Faulty
from postroom.model.rulebooks import How, SheetName, Version, VersionNumber, digest_of
from postroom.ports.rulebooks import Checked
from postroom.web import mailview
from postroom.web.api.operation import Call, Nothing
from postroom.web.api.problem import Fault, Problem
from postroom.web.api.rulefacts import (
    Archive,
    Back,
    DiffLine,
    OfDiff,
    OfVersion,
    RuleDiff,
    RuleExample,
    RuleProblem,
    RulesChecked,
    RulesSaved,
    RuleVersions,
    VersionFacts,
    VersionText,
)
from postroom.web.area import Area
from postroom.web.render import Missing


def versions(call: Call[Any, Nothing], area: Area, sheet: SheetName, *, after: int, limit: int) -> RuleVersions:
    """Of one file, newest first. Raises `Missing`."""
    area.see(call.room, call.user, sheet)
    work = area.files(call.room)
    work.look()
    found = work.versions.of(sheet, before=after, limit=limit)
    if not found and not after:
        raise Missing
    return RuleVersions(
        versions=tuple(VersionFacts(**_facts(one)) for one in found),
        after=found[-1].number if len(found) == limit else 0,
    )


def version(call: Call[OfVersion, Nothing], area: Area) -> VersionText:
    """One with its text. Raises `Missing`."""
    found = area.version(call.room, call.user, VersionNumber(call.asked.number))
    return VersionText(**_facts(found), text=found.text)


def diff(call: Call[OfDiff, Nothing], area: Area) -> RuleDiff:
    """What differs between two of one file. Raises `Missing`."""
    after = area.version(call.room, call.user, VersionNumber(call.asked.number))
    if call.asked.before:
        before = area.version(call.room, call.user, VersionNumber(call.asked.before))
    else:
        earlier = area.files(call.room).versions.of(after.sheet, before=after.number, limit=1)
        before = next(iter(earlier), replace(after, text=None))
    if before.sheet != after.sheet:
        raise Missing("These are versions of two files.")
    lines = differences(before.text or "", after.text or "")
    return RuleDiff(
        sheet=after.sheet,
        lines=tuple(DiffLine(mark=one.mark, before=one.before, after=one.after, text=one.text) for one in lines),
    )


def restore(call: Call[OfVersion, Back], area: Area) -> RulesSaved:
    """Bring one back. Raises `Missing`, `Problem`, and `Refused`."""
    found = area.version(call.room, call.user, VersionNumber(call.asked.number))
    body = call.body
    if not found.erased:
        area.require(call.room, call.user, {found.sheet: found.text})
    try:
        done = area.files(call.room).restore(
            found.number, seen={found.sheet: body.seen}, by=call.user.name, why=body.why, anyway=body.anyway
        )
    except Faulty as error:
        raise faulty(error) from error
    return RulesSaved(changed={found.sheet: found.digest}, checked=checked(done))


def archive(call: Call[Any, Any], area: Area) -> Response:
    """All files in one. Raises `Missing`."""
    area.see_all(call.user)
    return mailview.download(f"postroom-{area.name}.zip", pack(area.files(call.room).look().texts))


def bring_in(call: Call[Nothing, Archive], area: Area) -> RulesSaved:
    """All files of one. Raises `Missing`, `Problem`, and `Refused`."""
    area.see_all(call.user)
    body, work = call.body, area.files(call.room)
    try:
        content = b64decode(body.archive, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "The archive is no base64.", Fault(detail=str(error), pointer="/archive")) from error
    texts, now = unpack(content, area.kinds), work.look().texts
    changes = {sheet: text for sheet, text in texts.items() if now.get(sheet) != text}
    if body.dry_run:
        before = {str(sheet): digest_of(now[sheet]) if sheet in now else "" for sheet in changes}
        return RulesSaved(changed=before, checked=checked(work.check(changes)))
    seen = {SheetName(sheet): digest for sheet, digest in body.seen.items()}
    return save(call, area, changes, seen, why=body.why, how="imported", anyway=body.anyway)


def save(
    call: Call[Any, Any],
    area: Area,
    changes: Changes,
    seen: dict[SheetName, str],
    *,
    why: str,
    how: How = "saved",
    anyway: bool = False,
) -> RulesSaved:
    """Change files. Raises `Problem` with all that is wrong, and `Refused`."""
    area.require(call.room, call.user, changes)
    work = area.files(call.room)
    try:
        done = work.save(changes, seen=seen, by=call.user.name, why=why, how=how, anyway=anyway)
    except Faulty as error:
        raise faulty(error) from error
    texts = work.sheets.texts()
    digests = {str(sheet): digest_of(texts[sheet]) if sheet in texts else "" for sheet in changes}
    return RulesSaved(changed=digests, checked=checked(done))


def faulty(error: Faulty) -> Problem:
    """With every error, or every example that comes out differently."""
    found = error.checked
    faults = [Fault(detail=str(one)) for one in found.errors]
    faults += [Fault(detail=f"{one.file}:{one.line}: {one.name}: {'; '.join(one.differences)}") for one in found.different]  # fmt: skip
    return Problem(422, "Nothing was saved.", *faults[:100])


def checked(found: Checked) -> RulesChecked:
    """What is to be said of files."""
    return RulesChecked(
        problems=tuple(
            RuleProblem(
                file=one.file,
                line=one.line,
                column=one.column,
                severity=one.severity,
                message=one.message,
                remedy=one.remedy,
                field=one.field,
            )
            for one in found.problems
        ),
        examples=len(found.examples),
        different=tuple(
            RuleExample(name=one.name, file=one.file, line=one.line, differences=one.differences)
            for one in found.different
        ),
    )


def _facts(one: Version) -> dict[str, Any]:
    return {
        "number": one.number,
        "sheet": one.sheet,
        "how": one.how,
        "at": one.at,
        "by": one.by,
        "why": one.why,
        "digest": one.digest,
    }
