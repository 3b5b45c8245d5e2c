"""Learning by itself, in a process of its own, and a warning when nobody has learned for long. Needs no model to be loaded."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from postroom.ports import Observer

#: days within which what was erased must be out of the model in force
ERASED_WITHIN: Final = 30.0
#: within the folder of models: written at the end of each `postroom learn` that changed, or could have changed, something
TRIED: Final = "tried"

_DAY: Final = 86_400.0
_AGAIN: Final = 3600.0
"""Seconds until a run that failed is tried again."""
_PATIENCE: Final = 10.0
_SAID: Final = 1 << 20
"""Bytes that are read of what a run says; it says a few hundred."""


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
    _run: "_Run | None" = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)

    def tick(self) -> None:
        """Start what is due, tell of what has ended. A run that can't be started or understood has failed, no more."""
        if self._run is not None:
            if self._run.process.poll() is not None:
                run, self._run = self._run, None
                self._ended(run)
        elif self.every_days and self.clock() >= max(self._not_before, self._tried() + self.every_days * _DAY):
            try:
                self._run = _Run.start(self.command)
            except OSError as error:  # no room for one more process now, or the interpreter was replaced
                self._failed(error=error.strerror or type(error).__name__)

    def warnings(self) -> dict[str, str]:
        """What a person should know: that the model in force may know for too long what was erased."""
        days = (self.clock() - self._tried()) / _DAY
        if not self.counts or days < ERASED_WITHIN or not self._learned():
            return {}
        return {
            "learning": f"a learned model is in force, and the last `postroom learn` ended {days:.0f} days ago: what was"
            f" erased must be out of it within {ERASED_WITHIN:.0f}; run it, or set learning.every_days"
        }

    def stop(self) -> None:
        """End a run that is under way: it changes nothing before its very end."""
        if self._run is None:
            return
        process = self._run.process
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._run.said.close()
        self._run = None

    def _ended(self, run: "_Run") -> None:
        with run.said as said:
            said.seek(0)
            facts = _facts(said.read(_SAID))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One under way. It writes into a file, which never keeps it waiting as a pipe that nobody reads would."""

    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    @classmethod
    def start(cls, command: Sequence[str]) -> "_Run":
        """Raises `OSError`."""
        said = tempfile.TemporaryFile()  # noqa: SIM115 - read and closed when the run has ended
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command
        except OSError:
            said.close()
            raise
        return cls(process=process, said=said)


def _facts(said: bytes) -> tuple[str, str] | None:
    """Outcome and model (``""`` for none) of a run; None where that can't be told."""
    try:
        facts = json.loads(said)
        return str(facts["outcome"]), str(facts["model"] or "")
    except (ValueError, LookupError, TypeError):
        return None
