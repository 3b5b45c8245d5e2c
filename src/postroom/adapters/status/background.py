"""Work that nobody waits for longer than he likes."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

_Result = TypeVar("_Result")


class Start(Protocol):
    """Begins some work; what becomes of it, also an error of any kind, is in the future."""

    def __call__(self, work: Callable[[], _Result]) -> "Future[_Result]":
        """Never raises."""
        ...


def in_background(work: Callable[[], _Result]) -> "Future[_Result]":
    """In a thread that keeps no process alive."""
    future: Future[_Result] = Future()
    try:
        threading.Thread(target=_do, args=(work, future), name="account-status", daemon=True).start()
    except RuntimeError as error:  # no more threads
        future.set_exception(error)
    return future


def at_once(work: Callable[[], _Result]) -> "Future[_Result]":
    """In the caller's own thread."""
    future: Future[_Result] = Future()
    _do(work, future)
    return future


def _do(work: Callable[[], _Result], future: "Future[_Result]") -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - who looks at the future decides
        future.set_exception(error)
