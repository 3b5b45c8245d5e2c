"""`postroom evaluate`: labelled mail, judged as files are, and the figures of it."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from postroom.adapters.intake.labelled import Labelled as LabelledMail
from postroom.adapters.intake.labelled import read_labelled
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.flow.measure import Labelled, measure
from postroom.model.errors import Refused, unknown
from postroom.model.judgement import REVIEW, Decision
from postroom.model.mail import RouteName
from postroom.understand.reader import read_bytes


def evaluate(house: House, path: Path, *, text_only: bool, stream: bool) -> dict[str, Any]:
    """The figures of `postroom evaluate`, as DESIGN's interface names them, and accuracy by language.

    ``stream`` judges in order of the Date header, each mail remembered for those that follow. Raises `Refused` for data
    that can't be read, holds no mail, or names a route that there is not: figures of it would be wrong without a word.
    """
    labelled = list(read_labelled(path, house.settings.intake.max_size))
    if not labelled:
        raise Refused(f"there is no labelled mail in {path}")
    for one in labelled:
        if strange := [route for route in (one.route, *one.acceptable) if route not in house.routes]:
            raise Refused(f"{one.mail.path}: {unknown('route', strange[0], house.routes)}")
    if stream:
        labelled.sort(key=_date)
    offline = Offline(house, text_only=text_only or not stream)
    decisions = offline.decisions(one.mail for one in labelled)
    scored = [(one, _scored(one, decision)) for one, (_, _, decision) in zip(labelled, decisions, strict=True)]
    figures = measure([score for _, score in scored])
    languages: dict[str, list[bool]] = defaultdict(list)
    for one, score in scored:
        languages[one.language].append(score.right)
    facts = figures.facts()
    facts["languages"] = {
        name: {"n": len(right), "accuracy": sum(right) / len(right)} for name, right in languages.items()
    }
    facts["truncated"] = sum(one.mail.truncated for one in labelled)
    if stream:
        fine = sum(score.review or score.right for _, score in scored)
        facts["right_or_review"] = fine / len(scored)
    return facts


def _scored(one: LabelledMail, decision: Decision) -> Labelled:
    return Labelled(
        route=RouteName(one.route),
        decided=decision.decided,
        confidence=decision.confidence,
        review=decision.route == REVIEW,
        acceptable=tuple(map(RouteName, one.acceptable)),
    )


def _date(one: LabelledMail) -> float:
    head, _, _ = one.mail.raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in one.mail.raw else b"\n\n")
    return read_bytes(head + b"\n\n").date or 0.0
