"""Rules tried on the past: those of files or of a draft against those in force; and the process that does it for the pages."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from postroom.adapters.store.backtests import SqliteBacktests
from postroom.adapters.store.rulebooks import SqliteDrafts
from postroom.bootstrap.accepted import RuleTexts, last_accepted
from postroom.bootstrap.house import House
from postroom.bootstrap.runs import Run
from postroom.flow.backtest import Backtesting
from postroom.flow.trials import Trials
from postroom.model.backtest import Asked, Change, Report, TestNumber
from postroom.model.errors import ConfigError, PostroomError, Refused, TryLater
from postroom.model.mail import BrandName
from postroom.model.rulebooks import KINDS, DraftId, SheetKind, SheetName, Texts, kind_of
from postroom.ports import Observer
from postroom.ports.backtests import BacktestRuns

Tell = Callable[[int, int], bool]

_TOLD: Final = 1.0
"""Seconds between two notes of how far it is."""
_AGAIN: Final = 60.0
_SIZE: Final = 4_000_000
"""Bytes of one file of rules or phrases that are read."""


def in_force(house: House) -> RuleTexts:
    """What the judges took into force last; where none ever ran, what is on the disk. Raises `ConfigError`, `OSError`."""
    last = last_accepted(house.rules.kept_at())
    if last is None:
        return house.rules.drafted(house.rules.written(("rules", "phrases")))
    return replace(house.rules.drafted({}), rules=last.rules, phrases=last.phrases)


def drafted(house: House, draft: int) -> RuleTexts:
    """The texts of a draft; those on the disk for 0. Raises `Refused` for a draft that is not kept any more, `OSError`."""
    if not draft:
        return house.rules.drafted(house.rules.written(("rules", "phrases")))
    found = SqliteDrafts(house.store.units).get(DraftId(draft))
    if found is None or any(kind_of(sheet) not in KINDS for sheet in found.texts):
        raise Refused("this draft is not kept any more: make it again from the page of the rules")
    return house.rules.drafted(found.texts)


def in_folders(house: House, rules: Path | None, phrases: Path | None) -> RuleTexts:
    """The texts on the disk, with those of other folders in the place of the team's. Raises `ConfigError`, `OSError`."""
    kinds: tuple[tuple[SheetKind, Path | None], ...] = (("rules", rules), ("phrases", phrases))
    texts: dict[SheetName, str] = {}
    for kind, folder in kinds:
        texts |= house.rules.written((kind,)) if folder is None else _texts(kind, folder)
    return house.rules.drafted(texts)


def try_rules(house: House, tried: RuleTexts, asked: Asked, tell: Tell) -> tuple[Report, tuple[Change, ...]] | None:
    """What these texts would have done; None when it was told to stop. Raises `ConfigError` for rules with mistakes, `TryLater`."""
    now = in_force(house)
    book = now.accept()
    run = Backtesting(
        store=house.store,
        views=house.views,
        trust=house.trust,
        policy=house.policy,
        in_force=book,
        tried=book if tried == now else tried.accept(),
        gone=SqliteBacktests(house.store.units).gone,
        tell=tell,
    )
    return run.run(asked, asked.at)


def work_off(house: House) -> bool:
    """Do what was asked for in the pages; whether there was anything. Raises only for bugs, which it has written down before."""
    runs: BacktestRuns = SqliteBacktests(house.store.units)
    test = runs.begin(time.time())
    if test is None:
        return False
    try:
        found = try_rules(house, drafted(house, test.asked.draft), test.asked, _Telling(runs, test.number))
        if found is not None:
            runs.finish(test.number, *found, time.time())
    except (PostroomError, OSError) as error:
        runs.give_up("failed", str(error), time.time())
    except BaseException:  # whatever it was, who asked must not wait for it for ever; it is raised on
        runs.give_up("failed", "a bug in postroom: whoever runs it finds the place in its log", time.time())
        raise
    return True


def trials(house: House) -> Trials:
    """What people ask and read of it."""
    return Trials(
        backtests=SqliteBacktests(house.store.units),
        views=house.views,
        brands=tuple(map(BrandName, house.settings.brand)),
    )


def trying(house: House, command: Sequence[str]) -> "Trying":
    """What a server has running for the pages; what ran when the one before it ended is lost."""
    runs = SqliteBacktests(house.store.units)
    with suppress(TryLater):
        runs.give_up("lost", "", time.time())
    return Trying(command=command, runs=runs, observer=house.observer, clock=time.time)


@dataclass(slots=True)
class _Telling:
    """Writes down how far it is, not too often."""

    runs: BacktestRuns
    number: TestNumber
    _next: float = 0.0

    def __call__(self, done: int, total: int) -> bool:
        now = time.monotonic()
        if now < self._next:
            return True
        self._next = now + _TOLD
        return self.runs.advance(self.number, done, total)


@dataclass(slots=True, kw_only=True)
class Trying:
    """Starts a process for each back-test that was asked for. Call `tick` every few seconds."""

    #: works off what was asked for
    command: Sequence[str]
    runs: BacktestRuns
    observer: Observer
    clock: Callable[[], float]
    _run: Run | None = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)

    def tick(self) -> None:
        """Begin what waits, tell of what has ended. Raises `TryLater`."""
        if self._run is not None:
            code = self._run.process.poll()
            if code is not None:
                self._run.said.close()
                self._run = None
                self._ended(code)
        elif self.clock() >= self._not_before and self.runs.waiting():
            try:
                self._run = Run.start(self.command, logs=True)
            except OSError as error:
                self._failed(error.strerror or type(error).__name__)

    def stop(self) -> None:
        """End what runs: it is lost."""
        if self._run is None:
            return
        self._run.stop()
        self._run = None
        with suppress(TryLater):
            self.runs.give_up("lost", "", self.clock())

    def _ended(self, code: int) -> None:
        left = self.runs.give_up("failed", f"its process ended with code {code}", self.clock())
        if left or code:
            self._failed(f"its process ended with code {code}")

    def _failed(self, error: str) -> None:
        self._not_before = self.clock() + _AGAIN
        self.observer.note("backtest-failed", error=error)


def _texts(kind: SheetKind, folder: Path) -> Texts:
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}")
    return {SheetName(f"{kind}/{path.name}"): _text(path) for path in sorted(folder.glob("*.toml"))}


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_SIZE + 1)
    if len(content) > _SIZE:
        raise ConfigError(f"{path} is too large for rules or phrases")
    return content.decode("utf-8", "replace")
