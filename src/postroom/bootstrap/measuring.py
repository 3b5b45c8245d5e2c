"""`postroom evaluate`: labelled mail, judged as files are, and the figures of it."""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from heapq import nlargest
from pathlib import Path
from typing import Any

from postroom.adapters.intake.labelled import Labelled as LabelledMail
from postroom.adapters.intake.labelled import read_labelled
from postroom.bootstrap.benches import Answer, Bench, bench
from postroom.bootstrap.house import House
from postroom.bootstrap.learning import learning_curve
from postroom.bootstrap.progress import Watch, unwatched
from postroom.flow.measure import Labelled, Mistake, measure, part
from postroom.flow.scope import scope_figures
from postroom.model.errors import Refused, unknown
from postroom.model.judgement import REVIEW
from postroom.model.mail import RouteName
from postroom.understand.reader import read_bytes

_WORST = 50
_EXCERPT = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What `postroom evaluate` finds."""

    #: the figures, as DESIGN's interface names them, and more
    facts: dict[str, Any]
    #: the surest first
    mistakes: tuple[Mistake, ...]


def evaluate(
    house: House,
    path: Path,
    *,
    text_only: bool = True,
    stream: bool = False,
    model: str = "",
    out_of_scope: Path | None = None,
    predictions: Path | None = None,
    learn_from: Sequence[Path] = (),
    watch: Watch = unwatched,
) -> Evaluation:
    """Judge labelled mail and measure it.

    ``stream`` judges in order of the Date header, each mail remembered for those that follow. ``model`` is taken instead
    of the house's. Raises `Refused` for data that can't be read, holds no mail, or names a route that there is not:
    figures of it would be wrong without a word.
    """
    judged_by = bench(house, model, text_only=text_only or not stream)
    if stream and judged_by.alone:
        raise Refused(f"--stream needs a model of this house's desks; {model} knows others: {_some(judged_by.routes)}")
    labelled = labelled_mail(house, path, judged_by.routes)
    outside = _read(house, out_of_scope) if out_of_scope is not None else []
    if stream:
        labelled.sort(key=_date)
    began = time.perf_counter()
    answers = list(judged_by.answers(one.mail for one in watch(labelled, len(labelled), "judging")))
    spent = time.perf_counter() - began
    scored = [scored_as(one, answer) for one, answer in zip(labelled, answers, strict=True)]
    facts = _facts(labelled, scored, judged_by)
    facts["mails_per_second"] = round(len(scored) / spent, 1) if spent else 0.0
    if stream:
        facts["right_or_review"] = sum(score.review or score.right for score in scored) / len(scored)
    strange = list(judged_by.answers(one.mail for one in watch(outside, len(outside), "judging what is out of scope")))
    if strange:
        facts["out_of_scope"] = asdict(
            scope_figures([one.confidence for one in answers], [one.confidence for one in strange])
        )
    if predictions is not None:
        _write(predictions, [*zip(labelled, answers, strict=True)], [*zip(outside, strange, strict=True)])
    if learn_from:
        facts["learning_curve"] = learning_curve(house, labelled, learn_from, watch)
    return Evaluation(facts=facts, mistakes=_worst(labelled, answers, scored))


def labelled_mail(house: House, path: Path, routes: Sequence[str]) -> list[LabelledMail]:
    """Labelled mail of these routes. Raises `Refused` for data that can't be read, holds no mail, or names another route."""
    labelled = _read(house, path)
    for one in labelled:
        if strange := [route for route in (one.route, *one.acceptable) if route not in routes]:
            raise Refused(f"{one.mail.path}: {unknown('route', strange[0], routes)}")
    return labelled


def scored_as(one: LabelledMail, answer: Answer) -> Labelled:
    """An answer beside what a person said."""
    return Labelled(
        route=RouteName(one.route),
        decided=answer.decided,
        confidence=answer.confidence,
        review=answer.route == REVIEW,
        acceptable=tuple(map(RouteName, one.acceptable)),
        hard=one.hard,
    )


def _read(house: House, path: Path) -> list[LabelledMail]:
    labelled = list(read_labelled(path, house.settings.intake.max_size))
    if not labelled:
        raise Refused(f"there is no labelled mail in {path}")
    return labelled


def _facts(labelled: Sequence[LabelledMail], scored: Sequence[Labelled], judged_by: Bench) -> dict[str, Any]:
    languages: dict[str, list[Labelled]] = defaultdict(list)
    for one, score in zip(labelled, scored, strict=True):
        languages[one.language].append(score)
    return {
        **measure(scored).facts(),
        "languages": {name: asdict(part(scores)) for name, scores in languages.items()},
        "truncated": sum(one.mail.truncated for one in labelled),
        "model": judged_by.model,
        "model_alone": judged_by.alone,
    }


def _worst(
    labelled: Sequence[LabelledMail], answers: Sequence[Answer], scored: Sequence[Labelled]
) -> tuple[Mistake, ...]:
    wrong = (both for both in zip(labelled, answers, scored, strict=True) if not both[2].right)
    return tuple(
        Mistake(
            path=one.mail.path,
            language=one.language,
            route=one.route,
            decided=answer.decided,
            confidence=answer.confidence,
            review=score.review,
            subject=answer.message.subject[:_EXCERPT],
            text=answer.message.new_text[:_EXCERPT],
        )
        for one, answer, score in nlargest(_WORST, wrong, key=lambda both: both[2].confidence)
    )


def _write(
    path: Path, inside: Sequence[tuple[LabelledMail, Answer]], outside: Sequence[tuple[LabelledMail, Answer]]
) -> None:
    """Every prediction, one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for out, pairs in ((False, inside), (True, outside)):
            for number, (one, answer) in enumerate(pairs, start=1):
                line = {
                    "path": one.mail.path,
                    "number": number,
                    "label": one.route,
                    "acceptable": list(one.acceptable),
                    "route": answer.route,
                    "decided": answer.decided,
                    "confidence": answer.confidence,
                    "probabilities": dict(answer.probabilities),
                    "out_of_scope": out,
                }
                file.write(json.dumps(line) + "\n")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _date(one: LabelledMail) -> float:
    head, _, _ = one.mail.raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in one.mail.raw else b"\n\n")
    return read_bytes(head + b"\n\n").date or 0.0
