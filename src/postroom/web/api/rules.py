"""Rules, phrases and examples: read, checked, tried, changed, brought back. For keys of who may see all desks and brands."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from postroom.decide.asking import Part
from postroom.flow.differ import differences
from postroom.flow.facts import decision_facts
from postroom.flow.rulework import Changes, Faulty
from postroom.flow.sheetpack import pack, unpack
from postroom.model.rulebooks import DraftId, How, SheetName, Version, VersionNumber, digest_of
from postroom.model.rulebooks import Texts as RuleTexts
from postroom.ports.rulebooks import Checked
from postroom.web import mailview, ruleview
from postroom.web.api.operation import Call, Nothing, Operation
from postroom.web.api.problem import Fault, Problem
from postroom.web.api.rulefacts import (
    Archive,
    AskedFacts,
    Back,
    DiffLine,
    Drafted,
    DraftFacts,
    DraftLine,
    Drafts,
    OfDiff,
    OfSheet,
    OfSheetVersions,
    OfVersion,
    PartFacts,
    Put,
    RuleDiff,
    RuleEntry,
    RuleExample,
    RuleFile,
    RuleFiles,
    RuleProblem,
    RulesChecked,
    RulesSaved,
    RuleText,
    RuleVersions,
    Sketch,
    Some,
    Trial,
    TrialFacts,
    VersionFacts,
    VersionText,
)
from postroom.web.api.shapes import DecisionFacts, told
from postroom.web.render import Missing


def list_rules(call: Call[Nothing, Nothing]) -> RuleFiles:
    """List all files of rules, phrases and examples with what they hold."""
    _may(call)
    work = call.room.rulework
    looked = work.look()
    shipped = work.sheets.shipped()
    return RuleFiles(
        files=(
            *_files(looked.texts, ruleview.sheets(call.room, looked)),
            *_files(shipped, ruleview.shipped(shipped)),
        ),
        unreadable=tuple(work.sheets.unreadable()),
        in_force=work.sheets.in_force(looked.texts),
    )


def get_rules(call: Call[OfSheet, Nothing]) -> RuleText:
    """What a file holds."""
    _may(call)
    sheet = SheetName(f"{call.asked.kind}/{call.asked.name}")
    texts = call.room.rulework.look().texts
    if sheet not in texts:
        raise Missing
    return RuleText(sheet=sheet, text=texts[sheet], digest=digest_of(texts[sheet]))


def put_rules(call: Call[OfSheet, Put]) -> RulesSaved:
    """Give a file a text, or take it away with null.

    Nothing changes when it is not as it was `seen`, when there are errors, or when example mails come out differently and
    `anyway` does not say that this is meant.
    """
    _may(call)
    sheet = SheetName(f"{call.asked.kind}/{call.asked.name}")
    return _save(call, {sheet: call.body.text}, {sheet: call.body.seen}, call.body)


def check_rules(call: Call[Nothing, Some]) -> RulesChecked:
    """What is wrong with all files, were these texts among them; and how the example mails come out."""
    _may(call)
    return _checked(call.room.rulework.check(_named(call.body.texts)))


def try_rules(call: Call[Nothing, Trial]) -> TrialFacts:
    """Where a mail goes, and would go by these texts. Thread and history are not looked up."""
    _may(call)
    body, room = call.body, call.room
    mail = ruleview.pasted(
        body.mail,
        brand=body.brand,
        brands=room.brands,
        sender=body.sender,
        subject=body.subject,
        authenticated=body.authenticated,
        account=body.account,
    )
    tried = room.rulework.judge(mail, _named(body.texts), SheetName(body.sheet))
    now, then = (
        None if one is None else told(DecisionFacts, decision_facts("", one)) for one in (tried.now, tried.then)
    )
    asked = tuple(
        AskedFacts(rule=one.rule, line=one.line, silent=one.silent, condition=_part(one.condition))
        for one in tried.asked
    )
    return TrialFacts(now=now, then=then, asked=asked)


def list_versions(call: Call[OfSheetVersions, Nothing]) -> RuleVersions:
    """Versions of a file, newest first, without their texts. Changes by hand are among them, as they were seen."""
    _may(call)
    asked = call.asked
    work = call.room.rulework
    work.look()
    found = work.versions.of(SheetName(f"{asked.kind}/{asked.name}"), before=asked.after, limit=asked.limit)
    if not found and not asked.after:
        raise Missing
    return RuleVersions(
        versions=tuple(VersionFacts(**_version(one)) for one in found),
        after=found[-1].number if len(found) == asked.limit else 0,
    )


def get_version(call: Call[OfVersion, Nothing]) -> VersionText:
    """One version with its text."""
    _may(call)
    found = _found(call, call.asked.number)
    return VersionText(**_version(found), text=found.text)


def get_rules_diff(call: Call[OfDiff, Nothing]) -> RuleDiff:
    """What differs between a version of a file and one before it."""
    _may(call)
    after = _found(call, call.asked.number)
    if call.asked.before:
        before = _found(call, call.asked.before)
    else:
        before = next(
            iter(call.room.rulework.versions.of(after.sheet, before=after.number, limit=1)), replace(after, text=None)
        )
    if before.sheet != after.sheet:
        raise Missing("These are versions of two files.")
    lines = differences(before.text or "", after.text or "")
    return RuleDiff(
        sheet=after.sheet,
        lines=tuple(DiffLine(mark=one.mark, before=one.before, after=one.after, text=one.text) for one in lines),
    )


def restore_rules(call: Call[OfVersion, Back]) -> RulesSaved:
    """Let a file hold again what it held in this version; what it holds now stays as a version."""
    _may(call)
    version = _found(call, call.asked.number)
    body = call.body
    try:
        checked = call.room.rulework.restore(
            version.number, seen={version.sheet: body.seen}, by=call.user.name, why=body.why, anyway=body.anyway
        )
    except Faulty as error:
        raise _faulty(error) from error
    return RulesSaved(changed={version.sheet: version.digest}, checked=_checked(checked))


def keep_draft(call: Call[Nothing, Sketch]) -> Drafted:
    """Keep these texts, with all other files as they are, as a draft for a back-test."""
    _may(call)
    return Drafted(number=call.room.rulework.draft(_named(call.body.texts), call.user.name, call.body.name))


def list_drafts(call: Call[Nothing, Nothing]) -> Drafts:
    """Drafts that are not saved yet. Each is kept for a month."""
    _may(call)
    return Drafts(
        drafts=tuple(
            DraftLine(number=draft.id, name=draft.name, at=draft.at, by=draft.by, changes=tuple(sorted(changes)))
            for draft, changes in call.room.rulework.open_drafts()
        )
    )


def get_draft(call: Call[OfVersion, Nothing]) -> DraftFacts:
    """A draft: what all files would hold. It is kept for a month."""
    _may(call)
    found = call.room.rulework.drafts.get(DraftId(call.asked.number))
    if found is None:
        raise Missing
    return DraftFacts(
        number=found.id,
        name=found.name,
        at=found.at,
        by=found.by,
        texts={str(n): text for n, text in found.texts.items()},
    )


def get_rules_archive(call: Call[Nothing, Nothing]) -> Response:
    """All files of the team in a ZIP file. The same texts give the same bytes."""
    _may(call)
    return mailview.download("postroom-rules.zip", pack(call.room.rulework.look().texts))


def import_rules(call: Call[Nothing, Archive]) -> RulesSaved:
    """Bring in an archive. Files that are not in it stay as they are; all of it is done, or nothing."""
    _may(call)
    body, work = call.body, call.room.rulework
    try:
        content = b64decode(body.archive, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "The archive is no base64.", Fault(detail=str(error), pointer="/archive")) from error
    texts, now = unpack(content), work.look().texts
    changes = {sheet: text for sheet, text in texts.items() if now.get(sheet) != text}
    if body.dry_run:
        before = {str(sheet): digest_of(now[sheet]) if sheet in now else "" for sheet in changes}
        return RulesSaved(changed=before, checked=_checked(work.check(changes)))
    return _save(call, changes, {SheetName(sheet): digest for sheet, digest in body.seen.items()}, body, how="imported")


def _files(texts: RuleTexts, sheets: Sequence[ruleview.Sheet]) -> Iterator[RuleFile]:
    for one in sheets:
        yield RuleFile(
            sheet=one.name,
            digest=digest_of(texts[one.name]),
            shipped=one.version is None,
            version=one.version.number if one.version else 0,
            holds=tuple(
                RuleEntry(name=held.name, does=held.does, comment=held.comment, line=held.line)
                for held, _ in one.entries
            ),
        )


def _save(
    call: Call[Any, Any], changes: Changes, seen: Mapping[SheetName, str], said: Put | Archive, how: How = "saved"
) -> RulesSaved:
    try:
        checked = call.room.rulework.save(
            changes, seen=seen, by=call.user.name, why=said.why, how=how, anyway=said.anyway
        )
    except Faulty as error:
        raise _faulty(error) from error
    texts = call.room.rulework.sheets.texts()
    digests = {str(sheet): digest_of(texts[sheet]) if sheet in texts else "" for sheet in changes}
    return RulesSaved(changed=digests, checked=_checked(checked))


def _faulty(error: Faulty) -> Problem:
    """With every error, or every example that comes out differently."""
    checked = error.checked
    faults = [Fault(detail=str(one)) for one in checked.errors]
    faults += [Fault(detail=f"{one.file}:{one.line}: {one.name}: {'; '.join(one.differences)}") for one in checked.different]  # fmt: skip
    return Problem(422, "Nothing was saved.", *faults[:100])


def _may(call: Call[Any, Any]) -> None:
    """Raises `Missing`."""
    ruleview.require(call.user)


def _named(texts: Mapping[str, str | None]) -> Changes:
    return {SheetName(sheet): text for sheet, text in texts.items()}


def _found(call: Call[Any, Any], number: int) -> Version:
    found = call.room.rulework.versions.version(VersionNumber(number))
    if found is None:
        raise Missing("There is no such version.")
    return found


def _version(one: Version) -> dict[str, Any]:
    return {
        "number": one.number,
        "sheet": one.sheet,
        "how": one.how,
        "at": one.at,
        "by": one.by,
        "why": one.why,
        "digest": one.digest,
    }


def _checked(checked: Checked) -> RulesChecked:
    return RulesChecked(
        problems=tuple(
            RuleProblem(
                file=one.file,
                line=one.line,
                column=one.column,
                severity=one.severity,
                message=one.message,
                remedy=one.remedy,
            )
            for one in checked.problems
        ),
        examples=len(checked.examples),
        different=tuple(
            RuleExample(name=one.name, file=one.file, line=one.line, differences=one.differences)
            for one in checked.different
        ),
    )


def _part(part: Part) -> PartFacts:
    return PartFacts(
        text=part.text,
        holds=part.holds,
        error=part.error,
        joined=part.joined,
        parts=tuple(map(_part, part.parts)),
    )


OPERATIONS = (
    Operation(do=list_rules, path="/rules", scope="lead"),
    Operation(do=get_rules, path="/rules/files/{kind}/{name}", scope="lead"),
    Operation(
        do=put_rules,
        path="/rules/files/{kind}/{name}",
        scope="lead",
        method="PUT",
        example=Put(text='[[rule]]\nname = "press"\nwhen = \'subject == "Press"\'\nroute = "general"\n'),
    ),
    Operation(do=list_versions, path="/rules/files/{kind}/{name}/versions", scope="lead"),
    Operation(do=get_version, path="/rules/versions/{number}", scope="lead"),
    Operation(do=get_rules_diff, path="/rules/versions/{number}/diff", scope="lead"),
    Operation(
        do=restore_rules,
        path="/rules/versions/{number}/restore",
        scope="lead",
        method="POST",
        example=Back(why="the new one went too far"),
    ),
    Operation(
        do=check_rules,
        path="/rules/check",
        scope="lead",
        method="POST",
        example=Some(texts={"rules/press.toml": "[[rule]]\n"}),
    ),
    Operation(
        do=try_rules,
        path="/rules/try",
        scope="lead",
        method="POST",
        example=Trial(texts={}, mail="My account was blocked, please look at it again.", subject="Blocked"),
    ),
    Operation(
        do=keep_draft,
        path="/rules/drafts",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Sketch(texts={"rules/press.toml": None}, name="without press"),
    ),
    Operation(do=list_drafts, path="/rules/drafts", scope="lead"),
    Operation(do=get_draft, path="/rules/drafts/{number}", scope="lead"),
    Operation(do=get_rules_archive, path="/rules/archive", scope="lead", media="application/octet-stream"),
    Operation(
        do=import_rules, path="/rules/archive", scope="lead", method="POST", example=Archive(archive="UEsFBg==", dry_run=True)
    ),
)  # fmt: skip
