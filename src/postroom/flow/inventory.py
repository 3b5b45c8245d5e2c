"""What was found in a team's past, counted: labels, routes, languages, what was left out and why."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from postroom.flow.labels import LabelMap
from postroom.flow.past import WORDS, LeftOut, Lesson, Why
from postroom.model.mail import RouteName

_MOST_LABELS: Final = 5000
_SUBJECTS: Final = 3
_SUBJECT_CHARS: Final = 100
_TROUBLES: Final = 20


class Inventory:
    """Counts as items go by. A label beyond the first `_MOST_LABELS` is counted with the others of its kind."""

    def __init__(self, labels: LabelMap) -> None:
        self._map = labels
        self._read = 0
        self._labels: Counter[str] = Counter()
        self._other_labels = 0
        self._left: Counter[Why] = Counter()
        self._troubles: list[LeftOut] = []
        self._routes: Counter[RouteName] = Counter()
        self._languages: Counter[str] = Counter()
        self._subjects: dict[RouteName, list[str]] = defaultdict(list)
        self._authenticated = 0
        self._first: float | None = None
        self._last: float | None = None
        self._undated = 0

    def labelled(self, labels: Sequence[str]) -> None:
        """An item was read."""
        self._read += 1
        for label in labels:
            if label in self._labels or len(self._labels) < _MOST_LABELS:
                self._labels[label] += 1
            else:
                self._other_labels += 1

    def left_out(self, one: LeftOut) -> None:
        """Something is not learnt from."""
        self._left[one.why] += 1
        if one.detail and len(self._troubles) < _TROUBLES:
            self._troubles.append(one)

    def learnt(self, lesson: Lesson) -> None:
        """Something is; in order of time."""
        example = lesson.example
        self._routes[example.route] += 1
        self._languages[example.language] += 1
        self._authenticated += example.authenticated
        subjects = self._subjects[example.route]
        if len(subjects) < _SUBJECTS and example.subject and not lesson.follow_up:
            subjects.append(example.subject[:_SUBJECT_CHARS])
        if not example.at:
            self._undated += 1
            return
        self._first = example.at if self._first is None else self._first
        self._last = example.at

    @property
    def lessons(self) -> int:
        """How many were learnt from."""
        return sum(self._routes.values())

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "read": self._read,
            "examples": self.lessons,
            "authenticated": self._authenticated,
            "first": _day(self._first),
            "last": _day(self._last),
            "undated": self._undated,
            "labels": [
                {"label": label, "mails": count, "route": self._map.route([label])}
                for label, count in self._labels.most_common()
            ],
            "other_labels": self._other_labels,
            # beyond the most that are counted, a label may be there unseen
            "idle": [] if self._other_labels else self._map.idle(self._labels),
            "routes": {
                route: {"examples": count, "subjects": self._subjects[route]}
                for route, count in self._routes.most_common()
            },
            "languages": dict(self._languages.most_common()),
            "left_out": {why: self._left[why] for why in WORDS if self._left[why]},
            "troubles": [{"source": one.source, "why": one.detail} for one in self._troubles],
        }


def _day(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
