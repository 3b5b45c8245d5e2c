"""What was answered lately, by a hash of the question: neither mail nor question is kept."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

from postroom.model.mail import RouteName
from postroom.ports import Question

_MOST = 4096
_AGE = 6 * 3600.0


class Cache:
    """The newest answers. May be used from several threads. ``clock`` gives seconds that never jump."""

    def __init__(self, clock: Callable[[], float], *, most: int = _MOST, age: float = _AGE) -> None:
        self._clock = clock
        self._most = most
        self._age = age
        self._answers: OrderedDict[bytes, tuple[float, RouteName]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> RouteName | None:
        """The answer that was put under this key, unless it is too old or too many were put since."""
        with self._lock:
            found = self._answers.get(key)
            if found is None or self._clock() - found[0] > self._age:
                return None
            self._answers.move_to_end(key)
            return found[1]

    def put(self, key: bytes, answer: RouteName) -> None:
        """Keep an answer; the one that nobody has asked for longest makes room."""
        with self._lock:
            self._answers[key] = (self._clock(), answer)
            self._answers.move_to_end(key)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)


def key_of(question: Question, model: str) -> bytes:
    """The same for the same question to the same model."""
    said = "\0".join((model, *question.routes, "", question.text))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
