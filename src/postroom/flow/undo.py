"""Taking a person's word back: which one it is, and what stands again without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postroom.model.errors import Refused
from postroom.model.judgement import Decision, Verdict
from postroom.model.mail import MailId


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """A verdict that can be taken back."""

    verdict: Verdict
    #: on the mail, up to the one that it judged
    before: tuple[Decision, ...]
    #: what was decided first, of the one that it judged: that may have stood again itself
    origin: Decision
    #: the verdict that stands again with it; None when that was a judgement
    standing: Verdict | None


def undo(mail_id: MailId, decisions: Sequence[Decision], verdicts: Sequence[Verdict]) -> Undo:
    """What taking back the newest verdict comes to. Raises `Refused` when there is none, or it is in force no more."""
    verdict = next((one for one in reversed(verdicts) if one.taken_back is None), None)
    if verdict is None or not decisions:
        raise Refused(f"there is no verdict on {mail_id} to take back")
    by_generation = {one.generation: one for one in decisions}
    judged = by_generation.get(verdict.generation)
    origin = by_generation.get(_origin(judged)) if judged is not None else None
    if origin is None or _origin(decisions[-1]) != verdict.generation + 1:
        raise Refused(
            f"{mail_id} was decided anew since {verdict.by} said {verdict.where}: it is in {decisions[-1].route}. "
            "Say where it belongs instead"
        )
    return Undo(
        verdict=verdict,
        before=tuple(one for one in decisions if one.generation <= verdict.generation),
        origin=origin,
        standing=next(
            (one for one in verdicts if one.taken_back is None and one.generation + 1 == origin.generation), None
        ),
    )


def own(mail_id: MailId, decisions: Sequence[Decision], verdicts: Sequence[Verdict], by: str, since: float) -> bool:
    """Whether somebody's own word of ``since`` or later (seconds since the epoch) is in force, so that they can take it back."""
    try:
        verdict = undo(mail_id, decisions, verdicts).verdict
    except Refused:
        return False
    return verdict.by == by and verdict.at >= since


def restored(found: Undo, latest: Decision, by: str, now: float) -> Decision:
    """What stood before the verdict, in the generation after ``latest``."""
    verdict, origin = found.verdict, found.origin
    return replace(
        origin,
        generation=latest.generation + 1,
        again=origin.generation,
        because=f"{verdict.undone(by, verdict.where)}; so it is as before: {origin.because}",
        decided_at=now,
    )


def _origin(decision: Decision) -> int:
    return decision.again or decision.generation
