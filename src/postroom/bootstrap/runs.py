"""Our own commands, run beside the server now and then."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Final

_PATIENCE: Final = 10.0
"""Seconds that one has to end when it is told to."""
_SAID: Final = 1 << 20
"""Bytes that are read of what one says; it says a few hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One under way. It writes into a file, which never keeps it waiting as a pipe that nobody reads would."""

    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    @classmethod
    def start(cls, command: Sequence[str], *, logs: bool = False) -> "Run":
        """Start one; its log goes where ours goes, if wanted, and nowhere else. Raises `OSError`."""
        log = None if logs else subprocess.DEVNULL
        said = tempfile.TemporaryFile()  # noqa: SIM115 - read and closed when the run has ended
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=log)  # noqa: S603 - our own command
        except OSError:
            said.close()
            raise
        return cls(process=process, said=said)

    def output(self) -> bytes:
        """What it said, once it has ended."""
        with self.said as said:
            said.seek(0)
            return said.read(_SAID)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()
