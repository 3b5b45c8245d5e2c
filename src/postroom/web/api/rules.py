"""Rules, phrases and examples: read, checked, tried, changed, brought back. For keys of who may see all desks and brands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from postroom.decide.asking import Part
from postroom.flow.facts import decision_facts
from postroom.flow.sheetwork import Changes
from postroom.model.rulebooks import DraftId, SheetName, digest_of
from postroom.model.rulebooks import Texts as RuleTexts
from postroom.web import ruleview
from postroom.web.api import filehistory
from postroom.web.api.mailfacts import DecisionFacts
from postroom.web.api.operation import Call, Nothing, Operation
from postroom.web.api.rulefacts import (
    Archive,
    AskedFacts,
    Back,
    Drafted,
    DraftFacts,
    DraftLine,
    Drafts,
    OfDiff,
    OfSheet,
    OfSheetVersions,
    OfShipped,
    OfVersion,
    PartFacts,
    Put,
    RuleDiff,
    RuleEntry,
    RuleFile,
    RuleFiles,
    RulesChecked,
    RulesSaved,
    RuleText,
    RuleVersions,
    Sketch,
    Some,
    Trial,
    TrialFacts,
    VersionText,
)
from postroom.web.api.shapes import told
from postroom.web.area import RULES
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


def get_shipped_rules(call: Call[OfShipped, Nothing]) -> RuleText:
    """What a file holds that postroom brings along, as it is in force beside the team's."""
    _may(call)
    sheet = SheetName(call.asked.file)
    text = call.room.rulework.sheets.shipped().get(sheet)
    if text is None:
        raise Missing
    return RuleText(sheet=sheet, text=text, digest=digest_of(text))


def put_rules(call: Call[OfSheet, Put]) -> RulesSaved:
    """Give a file a text, or take it away with null.

    Nothing changes when it is not as it was `seen`, when there are errors, or when example mails come out differently and
    `anyway` does not say that this is meant.
    """
    _may(call)
    sheet = SheetName(f"{call.asked.kind}/{call.asked.name}")
    body = call.body
    return filehistory.save(call, RULES, {sheet: body.text}, {sheet: body.seen}, why=body.why, anyway=body.anyway)


def check_rules(call: Call[Nothing, Some]) -> RulesChecked:
    """What is wrong with all files, were these texts among them; and how the example mails come out."""
    _may(call)
    return filehistory.checked(call.room.rulework.check(_named(call.body.texts)))


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
    asked = call.asked
    sheet = SheetName(f"{asked.kind}/{asked.name}")
    return filehistory.versions(call, RULES, sheet, after=asked.after, limit=asked.limit)


def get_version(call: Call[OfVersion, Nothing]) -> VersionText:
    """One version with its text."""
    return filehistory.version(call, RULES)


def get_rules_diff(call: Call[OfDiff, Nothing]) -> RuleDiff:
    """What differs between a version of a file and one before it."""
    return filehistory.diff(call, RULES)


def restore_rules(call: Call[OfVersion, Back]) -> RulesSaved:
    """Let a file hold again what it held in this version; what it holds now stays as a version."""
    return filehistory.restore(call, RULES)


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
    return filehistory.archive(call, RULES)


def import_rules(call: Call[Nothing, Archive]) -> RulesSaved:
    """Bring in an archive. Files that are not in it stay as they are; all of it is done, or nothing."""
    return filehistory.bring_in(call, RULES)


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


def _may(call: Call[Any, Any]) -> None:
    """Raises `Missing`."""
    ruleview.require(call.user)


def _named(texts: Mapping[str, str | None]) -> Changes:
    return {SheetName(sheet): text for sheet, text in texts.items()}


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
    Operation(do=get_shipped_rules, path="/rules/shipped", scope="lead"),
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
