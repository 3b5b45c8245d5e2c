"""Learning by itself, in a process of its own, and a warning when nobody has learned for long. Needs no model to be loaded."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from postroom.ports import Observer

#: days within which what was erased must be out of the model in force
ERASED_WITHIN: Final = 30.0
#: within the folder of models: written at the end of each `postroom learn` that changed, or could have changed, something
TRIED: Final = "tried"

_DAY: Final = 86_400.0
_AGAIN: Final = 3600.0
"""Seconds until a run that failed is tried again."""
_PATIENCE: Final = 10.0


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
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _not_before: float = field(default=0.0, init=False)

    def tick(self) -> None:
        """Start what is due, tell of what has ended."""
        if self._process is not None:
            if self._process.poll() is not None:
                self._ended(self._process)
                self._process = None
        elif self.every_days and self.clock() >= max(self._not_before, self._tried() + self.every_days * _DAY):
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

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
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def _ended(self, process: "subprocess.Popen[bytes]") -> None:
        said, _ = process.communicate()
        if process.returncode:
            self._not_before = self.clock() + _AGAIN
            self.observer.note("learn-failed", code=process.returncode)
            return
        facts = json.loads(said)
        self.observer.note("learned", outcome=facts["outcome"], model=facts["model"] or "")

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
