"""`postroom evaluate`: labelled mail, judged as files are, and the figures of it."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from heapq import nlargest
from itertools import tee
from pathlib import Path
from typing import Any, TextIO

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
    with ExitStack() as stack:
        file = stack.enter_context(predictions.open("w", encoding="utf-8")) if predictions is not None else None
        began = time.perf_counter()
        seen = list(_seen(judged_by, watch(labelled, len(labelled), "judging"), file))
        spent = time.perf_counter() - began
        strange = list(_seen(judged_by, watch(outside, len(outside), "judging what is out of scope"), file, out=True))
    scored = [one.scored for one in seen]
    facts = _facts(labelled, scored, judged_by)
    facts["mails_per_second"] = round(len(scored) / spent, 1) if spent else 0.0
    if stream:
        facts["right_or_review"] = sum(score.review or score.right for score in scored) / len(scored)
    if strange:
        inside = [score.confidence for score in scored]
        facts["out_of_scope"] = asdict(scope_figures(inside, [one.scored.confidence for one in strange]))
    if learn_from:
        facts["learning_curve"] = learning_curve(house, labelled, learn_from, watch)
    return Evaluation(facts=facts, mistakes=_worst(seen))


def labelled_mail(house: House, path: Path, routes: Sequence[str]) -> list[LabelledMail]:
    """Labelled mail of these routes. Raises `Refused` for data that can't be read, holds no mail, or names another route."""
    labelled = _read(house, path)
    for one in labelled:
        if strange := [route for route in (one.route, *one.acceptable) if route not in routes]:
            raise Refused(f"{one.mail.path}: {unknown('route', strange[0], routes)}")
    return labelled


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is kept of a mail that was judged."""

    labelled: LabelledMail
    scored: Labelled
    subject: str
    text: str


def _seen(
    judged_by: Bench, labelled: Iterable[LabelledMail], file: TextIO | None, *, out: bool = False
) -> Iterator[_Seen]:
    """Each mail with its answer, which is also written to the file, one JSON object a line."""
    asked, kept = tee(labelled)
    answers = judged_by.answers(one.mail for one in asked)
    for number, (one, answer) in enumerate(zip(kept, answers, strict=True), start=1):
        if file is not None:
            file.write(json.dumps(_prediction(one, answer, number, out=out)) + "\n")
        yield _Seen(
            labelled=one,
            scored=Labelled(
                route=RouteName(one.route),
                decided=answer.decided,
                confidence=answer.confidence,
                review=answer.route == REVIEW,
                acceptable=tuple(map(RouteName, one.acceptable)),
                hard=one.hard,
            ),
            subject=answer.message.subject[:_EXCERPT],
            text=answer.message.new_text[:_EXCERPT],
        )


def _prediction(one: LabelledMail, answer: Answer, number: int, *, out: bool) -> dict[str, Any]:
    return {
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


def _worst(seen: Sequence[_Seen]) -> tuple[Mistake, ...]:
    wrong = (one for one in seen if not one.scored.right)
    return tuple(
        Mistake(
            path=one.labelled.mail.path,
            language=one.labelled.language,
            route=one.labelled.route,
            decided=one.scored.decided,
            confidence=one.scored.confidence,
            review=one.scored.review,
            subject=one.subject,
            text=one.text,
        )
        for one in nlargest(_WORST, wrong, key=lambda one: one.scored.confidence)
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _date(one: LabelledMail) -> float:
    head, _, _ = one.mail.raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in one.mail.raw else b"\n\n")
    return read_bytes(head + b"\n\n").date or 0.0
