"""What the tests with real peers share: the peers, or the reason why they are not here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from bench.faults.ledger import Ledger, MoodySink
from bench.mails import Sample, mail_set

from tools.peers import Missing
from tools.trial import Plan, Trial, smtp_destination


@contextmanager
def peer_or_skip() -> Iterator[None]:
    """Skip with the reason where a peer can't be had; in CI nothing may be left out."""
    try:
        yield
    except Missing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@contextmanager
def running(folder: Path, destination: str, *, start: bool = True) -> Iterator[Trial]:
    """A postroom with all its mail going to one destination."""
    trial = Trial(folder / "house", Plan(destination=destination, delivery="first_retry = 0.2\nprobe_seconds = 0.2\n"))
    try:
        if start:
            trial.start()
        yield trial
    finally:
        trial.stop()


@contextmanager
def forwarding(folder: Path, *, start: bool = True) -> Iterator[tuple[Trial, Ledger, MoodySink]]:
    """A postroom that forwards to a sink with a ledger."""
    ledger = Ledger(folder / "ledger")
    try:
        with MoodySink(ledger) as sink, running(folder, smtp_destination(sink.port), start=start) as trial:
            yield trial, ledger, sink
    finally:
        ledger.close()


def bodies_of(raw: bytes) -> list[bytes]:
    """The decoded leaf parts of a mail."""
    message = message_from_bytes(raw)
    return [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]


def some_mails(count: int = 10, seed: int = 11) -> list[Sample]:
    """Distinct mails in several languages."""
    return mail_set(count, seed=seed)
