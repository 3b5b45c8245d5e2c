"""What a server does by itself now and then, each in a process of its own: learning, and erasing what is over its time.

With a warning when nobody has learned for long, or must soon. Needs no model to be loaded.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from postroom.bootstrap.runs import Run
from postroom.ports import Observer

#: days within which what was erased must be out of the model in force
ERASED_WITHIN: Final = 30.0
#: within the folder of models: written at the end of each `postroom learn` that changed, or could have changed, something
TRIED: Final = "tried"

_DAY: Final = 86_400.0
_SOON: Final = 7.0
"""Days before, from which on a person is told."""
_AGAIN: Final = 3600.0
"""Seconds until a run that failed is tried again."""


@dataclass(slots=True, kw_only=True)
class Schedule:
    """Starts `postroom learn` when it is due. Call `tick` every few seconds."""

    #: runs `postroom learn --json`
    command: Sequence[str]
    #: 0 for never
    every_days: float
    #: of the models
    folder: Path
    #: whether what was learned judges at all
    counts: bool
    observer: Observer
    clock: Callable[[], float]
    #: when something was first erased since a moment; None for never
    erased: Callable[[float], float | None] = lambda _since: None
    _run: Run | None = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)

    def tick(self) -> None:
        """Start what is due, tell of what has ended. A run that can't be started or understood has failed, no more."""
        if self._run is not None:
            if self._run.process.poll() is not None:
                run, self._run = self._run, None
                self._ended(run)
        elif self.every_days and self.clock() >= max(self._not_before, self._tried() + self.every_days * _DAY):
            try:
                self._run = Run.start(self.command)
            except OSError as error:  # no room for one more process now, or the interpreter was replaced
                self._failed(error=error.strerror or type(error).__name__)

    def warnings(self) -> dict[str, str]:
        """What a person should know: that the model in force may know for too long what was erased, now or soon."""
        if not self.counts or not self._learned():
            return {}
        days = (self.clock() - self._tried()) / _DAY
        if days < ERASED_WITHIN:
            return self._soon()
        return {
            "learning": f"a learned model is in force, and the last `postroom learn` ended {days:.0f} days ago: what was"
            f" erased must be out of it within {ERASED_WITHIN:.0f}; run it, or set learning.every_days"
        }

    def _soon(self) -> dict[str, str]:
        first = self.erased(self._tried())
        left = ERASED_WITHIN if first is None else ERASED_WITHIN - (self.clock() - first) / _DAY
        if left > _SOON:
            return {}
        return {
            "learning": f"a learned model is in force, and what was erased since the last `postroom learn` must be out of it in"
            f" {max(left, 0.0):.0f} days; run it, or set learning.every_days"
        }

    def stop(self) -> None:
        """End a run that is under way: it changes nothing before its very end."""
        if self._run is not None:
            self._run.stop()
        self._run = None

    def _ended(self, run: Run) -> None:
        facts = _facts(run.output())
        if run.process.returncode:
            self._failed(code=run.process.returncode)
        elif facts is None:
            self._failed(error="what it said can't be read")
        else:
            self.observer.note("learned", outcome=facts[0], model=facts[1])

    def _failed(self, *, code: int = 0, error: str = "") -> None:
        self._not_before = self.clock() + _AGAIN
        if error:
            self.observer.note("learn-failed", error=error)
        else:
            self.observer.note("learn-failed", code=code)

    def _tried(self) -> float:
        """When a run last came to its end; 0.0 for never."""
        try:
            return (self.folder / TRIED).stat().st_mtime
        except OSError:
            return 0.0

    def _learned(self) -> bool:
        """Whether the model in force is one that was learned, as far as that can be told."""
        try:
            turns = json.loads((self.folder / "current").read_bytes())
            return bool(turns) and turns[-1]["version"] != "shipped"
        except (OSError, ValueError, LookupError, TypeError):
            return False


@dataclass(slots=True, kw_only=True)
class Tidying:
    """Starts `postroom retain` once a day, and when an erasure did not come to its end. Call `tick` every few seconds."""

    #: runs `postroom retain --json`
    command: Sequence[str]
    #: whether mail is kept for a time only
    wanted: bool
    #: its time is when a run last came to its end
    mark: Path
    #: when the oldest erasure that is not done was begun, seconds since the epoch; None for none. May raise `TryLater`
    unfinished: Callable[[], float | None]
    observer: Observer
    clock: Callable[[], float]
    _run: Run | None = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)

    def tick(self) -> None:
        """Start what is due, tell of what has ended."""
        if self._run is not None:
            if self._run.process.poll() is not None:
                run, self._run = self._run, None
                self._ended(run)
        elif self.clock() >= self._not_before and self._due():
            try:
                self._run = Run.start(self.command)
            except OSError as error:
                self._failed(error.strerror or type(error).__name__)

    def stop(self) -> None:
        """End a run that is under way: the next goes on."""
        if self._run is not None:
            self._run.stop()
        self._run = None

    def _due(self) -> bool:
        if self.wanted and self.clock() >= self._last() + _DAY:
            return True
        begun = self.unfinished()
        # Whoever asked for it may be at it at this moment.
        return begun is not None and self.clock() >= begun + _AGAIN

    def _last(self) -> float:
        try:
            return self.mark.stat().st_mtime
        except OSError:
            return 0.0

    def _ended(self, run: Run) -> None:
        said = run.output()
        try:
            mails = int(json.loads(said)["mails"])
        except (ValueError, LookupError, TypeError):
            self._failed(f"code {run.process.returncode}" if run.process.returncode else "what it said can't be read")
        else:
            # Each day it is long since the last, or what is unfinished waits for something.
            self._not_before = self.clock() + _AGAIN
            self.observer.note("erased", mails=mails)

    def _failed(self, error: str) -> None:
        self._not_before = self.clock() + _AGAIN
        self.observer.note("erase-failed", error=error)


def _facts(said: bytes) -> tuple[str, str] | None:
    """Outcome and model (``""`` for none) of a run; None where that can't be told."""
    try:
        facts = json.loads(said)
        return str(facts["outcome"]), str(facts["model"] or "")
    except (ValueError, LookupError, TypeError):
        return None
