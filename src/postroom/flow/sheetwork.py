"""What people do with files of the team in the pages and by the API: look, check, save, bring back. Start at `Sheetwork.save`.

The files are the truth; the store keeps what they held, when, and by whom. What is saved is written down in the store first,
with its line in the audit log, and then put into the file: a crash in between leaves a version that the file does not hold,
and the next look writes down what it holds instead. So no change by a person is ever without its deed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from postroom.model.deeds import unnamed
from postroom.model.errors import Refused
from postroom.model.people import Deed
from postroom.model.rulebooks import (
    KINDS,
    MAX_TEXT,
    MAX_TOTAL,
    Draft,
    DraftId,
    How,
    SheetKind,
    SheetName,
    Texts,
    Version,
    VersionNumber,
    digest_of,
    kind_of,
    normal_text,
    sheet_name,
)
from postroom.ports.rulebooks import Checked, Checker, Drafts, Sheets, Versions

Changes = Mapping[SheetName, str | None]
"""Sheets with the texts that they get; None for one that is taken away."""

_MAX_WHY: Final = 500
_MAX_NAME: Final = 80


class Conflict(Refused):
    """A file was changed by somebody else since it was looked at."""

    def __init__(self, sheet: SheetName, now: str | None) -> None:
        super().__init__(f"{sheet} was changed meanwhile by somebody else: nothing was saved")
        self.sheet = sheet
        #: what it holds; None when it is gone
        self.now = now


class Faulty(Refused):
    """The texts have errors, or examples come out differently and nobody said that this is meant."""

    def __init__(self, checked: Checked) -> None:
        said = "; ".join(str(one) for one in checked.errors[:3]) or "examples come out differently than they say"
        super().__init__(f"nothing was saved: {said}")
        self.checked = checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The files at a moment, and the last version of each sheet that there ever was."""

    texts: Texts
    newest: Mapping[SheetName, Version]

    @property
    def last(self) -> VersionNumber:
        """Number of the last version of all."""
        return max((one.number for one in self.newest.values()), default=VersionNumber(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheetwork:
    """Works with the team's files of some kinds."""

    sheets: Sheets
    versions: Versions
    drafts: Drafts
    bench: Checker
    clock: Callable[[], float]
    kinds: tuple[SheetKind, ...] = KINDS
    #: what deeds call them
    called: str = "rules"
    #: bytes of one file
    largest: int = MAX_TEXT
    _writing: Lock = field(default_factory=Lock, init=False, repr=False)

    def look(self) -> Looked:
        """The files as they are; what was changed by hand is written down as a version. Raises `TryLater`."""
        with self._writing:
            return self._look()

    def check(self, changes: Changes) -> Checked:
        """What is to be said of the files with these changes. Raises `Refused` for what can't be one, `TryLater`."""
        return self.bench.check(self._changed(changes))

    def draft(self, changes: Changes, by: str, name: str = "") -> DraftId:
        """Keep the files with these changes as a draft; without a name it has those of the files. Raises as `check`."""
        named = " ".join(name.split())[:_MAX_NAME] or ", ".join(sorted(changes))[:_MAX_NAME]
        return self.drafts.keep(self._changed(changes), by, self.clock(), named)

    def open_drafts(self) -> tuple[tuple[Draft, Changes], ...]:
        """The newest drafts that change anything of the files as they are, and what. Raises `TryLater`."""
        texts = self.sheets.texts()
        some = ((draft, _changes(draft, texts)) for draft in self.drafts.newest() if self._ours(draft))
        return tuple((draft, changes) for draft, changes in some if changes)

    def save(
        self,
        changes: Changes,
        *,
        seen: Mapping[SheetName, str],
        by: str,
        why: str = "",
        how: How = "saved",
        anyway: bool = False,
    ) -> Checked:
        """Change the files; on return it is done for certain, and the judges have been told.

        ``seen`` has the digest of each of these sheets as it was when the change was thought of, ``""`` or nothing for one
        that was not there. ``anyway``: also if examples come out differently that did not before. Asked again, as nobody heard
        that it was done, it is done.

        Raises `Conflict`, `Faulty`, and `Refused` when nothing would change or a file can't be written: then nothing has
        changed; and `TryLater`.
        """
        before = self.sheets.texts()
        changes = self._fit(changes, before)
        if changes and all(
            before.get(sheet) == text and seen.get(sheet, "") != _digest(text) for sheet, text in changes.items()
        ):
            return self.bench.check(before)
        _compare(changes, seen, before)
        checked = self._checked(before, changes, anyway=anyway)
        with self._writing:
            looked = self._look()
            _compare(changes, seen, looked.texts)
            new = {sheet: text for sheet, text in sorted(changes.items()) if looked.texts.get(sheet) != text}
            if not new:
                raise Refused("nothing would change")
            for sheet in new:
                if hindrance := self.sheets.hindrance(sheet):
                    raise Refused(hindrance)
            self._write(new, looked, by=by, why=" ".join(why.split())[:_MAX_WHY], how=how)
        self.sheets.tell()
        return checked

    def restore(
        self, number: VersionNumber, *, seen: Mapping[SheetName, str], by: str, why: str, anyway: bool
    ) -> Checked:
        """Let a sheet hold again what it held then, as a new version. Raises as `save`, also where it is not kept any more."""
        version = self.versions.version(number)
        if version is None or version.erased:
            raise Refused("this version is not kept any more")
        return self.save(
            {version.sheet: version.text},
            seen=seen,
            by=by,
            why=why or f"version {number}",
            how="restored",
            anyway=anyway,
        )

    def drafted(self, draft: DraftId) -> tuple[Draft, Changes]:
        """A draft, and what it changes of the files as they are. Raises `Refused` when it is not kept any more."""
        found = self.drafts.get(draft)
        if found is None or not self._ours(found):
            raise Refused("this draft is not kept any more: begin again")
        return found, _changes(found, self.sheets.texts())

    def _ours(self, draft: Draft) -> bool:
        return all(kind_of(sheet) in self.kinds for sheet in draft.texts)

    def _changed(self, changes: Changes) -> Texts:
        texts = self.sheets.texts()
        return _changed(texts, self._fit(changes, texts))

    def _checked(self, before: Texts, changes: Changes, *, anyway: bool) -> Checked:
        """Raises `Faulty` for an error in what changes, or one that was not there before; examples count likewise."""
        checked = self.bench.check(_changed(before, changes))
        if checked.errors or (checked.different and not anyway):
            was = self.bench.check(before)
            known = {(one.file, one.message) for one in was.errors}
            if any(one.file in changes or (one.file, one.message) not in known for one in checked.errors):
                raise Faulty(checked)
            if not anyway and {(one.file, one.name) for one in checked.different} - {
                (one.file, one.name) for one in was.different
            }:
                raise Faulty(checked)
        return checked

    def _fit(self, changes: Changes, known: Collection[SheetName]) -> Changes:
        """Changes with texts as files hold them. Raises `Refused` for a name that no file has or gets, or a text that is too long."""
        for sheet, text in changes.items():
            if sheet not in known and sheet_name(sheet, self.kinds) is None:
                names = " or ".join(f"{kind}/NAME.toml" for kind in self.kinds)
                raise Refused(f"«{sheet[:100]}» is no name: {names}, of letters, digits, - and _")
            if text is not None and len(text.encode("utf-8", "replace")) > self.largest:
                raise Refused(f"a file has at most {self.largest} bytes: make two of it")
        return {sheet: None if text is None else _sound(normal_text(text)) for sheet, text in changes.items()}

    def _look(self) -> Looked:
        texts, newest = self.sheets.texts(), self.versions.newest()
        looked = Looked(texts=texts, newest=newest)
        found = [
            self._version(sheet, texts.get(sheet), how="on-disk")
            for sheet in sorted({*texts, *newest})
            if _digest(texts.get(sheet)) != (newest[sheet].digest if sheet in newest else "")
        ]
        if not found:
            return looked
        self.versions.note(found, [], after=looked.last)
        return replace(looked, newest=self.versions.newest())

    def _write(self, new: Changes, looked: Looked, *, by: str, why: str, how: How) -> None:
        versions = [
            self._version(sheet, text, by=by, why=why, how=how if text is not None else "removed")
            for sheet, text in new.items()
        ]
        deeds = [
            Deed(
                at=one.at,
                by=by,
                what=f"{self.called}-{one.how}",
                to=one.sheet,
                detail=f"{one.digest[:12]} {unnamed(why)}".strip(),
            )
            for one in versions
        ]
        self.versions.note(versions, deeds, after=looked.last)
        self.sheets.put(new)

    def _version(self, sheet: SheetName, text: str | None, *, how: How, by: str = "", why: str = "") -> Version:
        return Version(sheet=sheet, how=how, at=self.clock(), by=by, why=why, digest=_digest(text), text=text)


def _digest(text: str | None) -> str:
    return "" if text is None else digest_of(text)


def _changes(draft: Draft, texts: Texts) -> Changes:
    """What a draft has otherwise than the files."""
    return {sheet: text for sheet, text in draft.texts.items() if texts.get(sheet) != text}


def _changed(texts: Texts, changes: Changes) -> Texts:
    """Raises `Refused` when all of it is too much."""
    found = {sheet: text for sheet, text in {**texts, **changes}.items() if text is not None}
    if sum(map(len, found.values())) > MAX_TOTAL:
        raise Refused(f"these files have at most {MAX_TOTAL} characters, all together")
    return found


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _compare(changes: Changes, seen: Mapping[SheetName, str], texts: Texts) -> None:
    """Raises `Conflict` for the first sheet that is not as it was seen."""
    for sheet in changes:
        if _digest(texts.get(sheet)) != seen.get(sheet, ""):
            raise Conflict(sheet, texts.get(sheet))
