"""Before going live: the past again, in its order, judged as the workers would have judged it.

The first part teaches threads and senders' history what the team said; the rest is judged, and compared with what the team
said. Nobody's account is asked about: it was another then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from postroom.decide.folding import fold
from postroom.flow.measure import Labelled, measure
from postroom.flow.past import Lesson
from postroom.flow.recollection import Recalls, Recollection
from postroom.flow.sitting import Judges
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision
from postroom.model.mail import RouteName
from postroom.model.memory import Remember

JUDGED: Final = 0.3
"""The share that is judged: the last by time."""


def taught(store: Recalls, lessons: Sequence[Lesson]) -> list[Remember]:
    """What these lessons, in order of time, add to memory. Raises `TryLater`.

    Nothing for senders who are not authenticated, nor of a mail whose time nobody knows, or that has been judged here. On a
    thread with newer mail in it, what has been decided and said there stands.
    """
    known = [lesson for lesson in lessons if lesson.message.trusted_sender and lesson.example.at]
    folded = [fold(lesson.message.subject, lesson.message.new_text) for lesson in known]
    recollection = Recollection(store, [(lesson.mail, lesson.message) for lesson in known], folded)
    return [_taught(recollection, lesson) for lesson in known if not recollection.has(lesson.mail, lesson.message)]


def _taught(recollection: Recollection, lesson: Lesson) -> Remember:
    mail, message, at = lesson.mail, lesson.message, lesson.example.at
    around = recollection.of(mail, message, at)
    remember = recollection.extend(mail, message, _said(lesson), around, at)
    if lesson.example.route not in {JUNK, AUTOMATIC}:
        remember = replace(
            remember,
            senders=tuple(replace(one, confirmed=True) for one in remember.senders),
            domain=replace(remember.domain, confirmed=True) if remember.domain is not None else None,
        )
    thread, before = remember.thread, around.found.record
    if thread is None or (before is not None and at < before.last_at):
        return remember
    return replace(remember, thread=replace(thread, confirmed=True))


def judged(judges: Judges, store: Recalls, lessons: Sequence[Lesson]) -> tuple[list[Labelled], list[Remember]]:
    """How they would have been decided, and what that would have added to memory. Raises `TryLater`."""
    sitting = judges.sit(store, [(lesson.mail, lesson.message) for lesson in lessons])
    labelled, added = [], []
    for number, lesson in enumerate(lessons):
        decision, remember = sitting.decide(number, lesson.example.at)
        labelled.append(
            Labelled(
                route=lesson.example.route,
                decided=decision.decided,
                confidence=decision.confidence,
                review=decision.route == REVIEW,
            )
        )
        added.append(remember)
    return labelled, added


def figures(labelled: Sequence[Labelled], follow_ups: Sequence[bool]) -> dict[str, Any]:
    """What would have been right, as facts for JSON; routes worst first, by the share that was right."""
    whole = measure(labelled)
    facts = whole.facts()
    facts["right_or_review"] = _share([one.review or one.right for one in labelled])
    by_route: dict[RouteName, list[Labelled]] = defaultdict(list)
    for one in labelled:
        by_route[one.route].append(one)
    rows = [{"route": route, **_row(ones), **_score(whole.routes, route)} for route, ones in by_route.items()]
    facts["routes"] = sorted(rows, key=lambda row: (row["right"], row["route"]))
    opening = [one for one, follow_up in zip(labelled, follow_ups, strict=True) if not follow_up]
    answers = [one for one, follow_up in zip(labelled, follow_ups, strict=True) if follow_up]
    facts["first_mails"], facts["follow_ups"] = _row(opening), _row(answers)
    return facts


def _row(ones: Sequence[Labelled]) -> dict[str, Any]:
    return {
        "mails": len(ones),
        "right": _share([one.right for one in ones]),
        "review": _share([one.review for one in ones]),
        "wrong_without_a_person": _share([not one.review and not one.right for one in ones]),
    }


def _score(scores: Mapping[RouteName, Any], route: RouteName) -> dict[str, Any]:
    return {key: value for key, value in asdict(scores[route]).items() if key in {"precision", "recall", "f1"}}


def _share(which: Sequence[bool]) -> float:
    return sum(which) / len(which) if which else 0.0


def _said(lesson: Lesson) -> Decision:
    """What the team said, as a decision."""
    route = lesson.example.route
    return Decision(
        mail_id=lesson.mail.id,
        generation=1,
        brand=lesson.mail.brand,
        route=route,
        decided=route,
        confidence=1.0,
        probabilities=((route, 1.0),),
        findings=(),
        because="the team's label says so",
        decided_at=lesson.example.at,
    )
