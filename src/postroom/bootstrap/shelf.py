"""The rules and phrases of an installation: read from the disk, put into force, kept for a judge that starts while they are wrong."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from postroom.bootstrap.accepted import RuleTexts, last_accepted
from postroom.config import Settings
from postroom.config.mistakes import Mistake
from postroom.config.settings import Judging as JudgingSettings
from postroom.decide.problems import Problem
from postroom.decide.rulebook import Rulebook
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName
from postroom.model.rulebooks import KINDS, SheetKind, SheetName, Texts, kind_of
from postroom.ports import Observer


def written(folders: Mapping[SheetKind, Path], *, but: Collection[SheetName] = ()) -> Texts:
    """What the files of folders hold on the disk now, ``but`` those. Raises `OSError`."""
    found = {sheet: path for sheet, path in _files(folders) if sheet not in but}
    return {sheet: path.read_text(encoding="utf-8", errors="replace") for sheet, path in found.items()}


def unreadable(folders: Mapping[SheetKind, Path]) -> Mapping[SheetName, str]:
    """What has the name of a file there, and why it is none."""
    return {
        sheet: "it is a link that leads to no file" if path.is_symlink() else "it is no file"
        for sheet, path in _files(folders)
        if path.is_dir() or not path.exists()
    }


def _files(folders: Mapping[SheetKind, Path]) -> Iterator[tuple[SheetName, Path]]:
    for kind, folder in folders.items():
        for path in sorted(folder.glob("*.toml")):
            yield SheetName(f"{kind}/{path.name}"), path


@dataclass(slots=True, kw_only=True)
class Shelf:
    """What is on disk, and what of it is in force."""

    settings: Settings
    #: folder that relative paths in the settings start from
    base: Path
    #: routes that rules may name
    routes: tuple[RouteName, ...]
    #: file of what was accepted last
    kept_at: Callable[[], Path]
    observer: Callable[[], Observer]
    _book: Rulebook | None = field(default=None, init=False)

    def folder_mistakes(self) -> Iterator[Mistake]:
        """Folders of rules and phrases that were named and are not there; those of the defaults need not be."""
        usual = JudgingSettings()
        for kind in ("rules", "phrases"):
            folder = getattr(self.settings.judging, kind)
            if folder != getattr(usual, kind) and not os.path.isdir(self.base / folder):  # noqa: PTH112 - never raises
                yield Mistake(
                    path=f"judging.{kind}",
                    message=f"there is no folder {self.base / folder}",
                    remedy="Make it, or correct its name",
                )

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the rules and phrases as they are on disk now. Raises `OSError`."""
        kinds: tuple[SheetKind, ...] = ("rules", "phrases")
        missing = self.unreadable(kinds)
        found = (*self.missing(missing), *self.drafted(self.written(kinds, but=missing)).compile()[1])
        return tuple(replace(one, file=self._opened_as(one.file)) for one in found)

    @property
    def book(self) -> Rulebook:
        """The rules and phrases in force. Raises `ConfigError` naming every error."""
        if self._book is None:
            self._book = self._on_disk().accept()
        return self._book

    def load(self) -> str:
        """Take the rules from disk into force; when they can't be, those before stay. Says why, ``""`` when they could.

        Before the first time those are what was accepted last, by whichever process of this installation. Raises
        `ConfigError`, or `OSError`, when there are none.
        """
        try:
            texts = self._on_disk()
            book = texts.accept()
        except (ConfigError, OSError) as error:
            if self._book is None:
                last = last_accepted(self.kept_at())
                if last is None:
                    raise
                self._book = last.accept()
            self.observer().note("rules-refused", error=str(error)[:500])
            return str(error)
        self._book = book
        self.observer().note("rules-loaded", rules=book.rules_version, phrases=book.phrases_version)
        try:
            texts.keep(self.kept_at())
        except (OSError, UnicodeError) as error:  # judging goes on: they are missed only where the next ones are wrong
            self.observer().note("store-trouble", error=f"can't keep the rules that were accepted: {error}"[:200])
        return ""

    def written(self, kinds: Sequence[SheetKind] = KINDS, *, but: Collection[SheetName] = ()) -> Texts:
        """What the team's files hold on the disk now, ``but`` those. Raises `OSError`."""
        return written({kind: self.folder(kind) for kind in kinds}, but=but)

    def unreadable(self, kinds: Sequence[SheetKind] = KINDS) -> Mapping[SheetName, str]:
        """What has the name of a file of the team's, and why it is none."""
        return unreadable({kind: self.folder(kind) for kind in kinds})

    def missing(self, unreadable: Mapping[SheetName, str]) -> tuple[Problem, ...]:
        """The same, as problems of those files: no rules are taken into force without them."""
        remedy = "put the file there that was meant, or take the name away"
        return tuple(
            Problem(file=self.file(sheet), line=1, column=1, severity="error", message=why, remedy=remedy)
            for sheet, why in unreadable.items()
        )

    def folder(self, kind: SheetKind) -> Path:
        """Where the team keeps its files of a kind."""
        return self.base / self._folder(kind)

    def drafted(self, texts: Texts) -> RuleTexts:
        """What would be in force if the team's files held these texts, with what is shipped. Examples are not of it."""
        rules, phrases = self.shipped("rules"), self.shipped("phrases")
        for sheet in sorted(texts):
            kind = kind_of(sheet)
            if kind != "examples":
                into = rules if kind == "rules" else phrases
                into[self.file(sheet)] = texts[sheet]
        brands = tuple(map(BrandName, self.settings.brand))
        return RuleTexts(rules=rules, phrases=phrases, routes=self.routes, brands=brands)

    def file(self, sheet: SheetName) -> str:
        """What a sheet's file is called in problems and rules: as in the settings, so that it does not depend on where all lies."""
        return str(Path(self._folder(kind_of(sheet))) / Path(sheet).name)

    def _folder(self, kind: SheetKind) -> str:
        judging = self.settings.judging
        return {"rules": judging.rules, "phrases": judging.phrases, "examples": f"{judging.rules}/examples"}[kind]

    def _on_disk(self) -> RuleTexts:
        """The texts, from folders that are all there. Raises `ConfigError`."""
        if errors := [f"  {m.path}: {m.message}" for m in self.folder_mistakes()]:
            raise ConfigError("the rules have mistakes:\n" + "\n".join(errors))
        return self.drafted(self.written(("rules", "phrases")))

    def shipped(self, kind: SheetKind) -> dict[str, str]:
        """File name -> text of what is shipped, by name; nothing where it is not wanted."""
        if not self.settings.judging.starter:
            return {}
        inside = "rules/examples" if kind == "examples" else kind
        folder = resources.files("postroom.starter").joinpath(inside)
        entries = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
        return {f"starter/{inside}/{one.name}": one.read_text(encoding="utf-8") for one in entries}

    def _opened_as(self, name: str) -> str:
        """Where a person finds a file of `_texts`."""
        path = self.base / name
        return str(path) if path.is_file() else name
