"""How bugs are told: where they are, never in their own words."""

import traceback
from pathlib import Path

from postroom.model.errors import PostroomError
from postroom.ports import Observer


def tell_failure(observer: Observer, error: BaseException) -> None:
    """What a worker ends of, as an event: in our own or the system's words, or for a bug its type and where it was.

    The words of a bug's error may be a mail's.
    """
    if isinstance(error, PostroomError | OSError):
        observer.note("worker-failed", error=str(error)[:500])
        return
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    observer.note("worker-failed", error=f"a bug: {type(error).__name__}", at=" > ".join(places))
