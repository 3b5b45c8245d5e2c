"""Urgent signals: what must reach named people at once, wherever the mail goes.

Judged on the subject and what was written now: quoted words, and text of the HTML that nobody sees, raise no alarm. A
signal is raised when a phrase of its list was found that no longer phrase of the list explains away ("this game is
killing me", weight -2, holds "killing me"), and the phrases found outweigh those against. It reroutes and delays nothing.
"""

from postroom.decide.folding import Folded
from postroom.decide.phrases import Hit, Hits, PhraseBook
from postroom.model.judgement import Finding
from postroom.model.mail import RouteName

NEEDED = 1.0
"""Sum of the weights of a list's phrases that raises its signal: one ordinary phrase, or two of weight .5."""

MAX_SPANS = 8


def signals(book: PhraseBook, hits: Hits, folded: Folded) -> tuple[Finding, ...]:
    """A finding for each signal raised by phrases, by name. Their route is ``""``: they speak for none."""
    found = []
    for one in book.lists:
        if one.kind != "signal":
            continue
        here = hits.get(one.name, ())
        if raised(here):
            names = ", ".join(f"«{hit.phrase.text}»" for hit in here if hit.phrase.weight > 0)
            found.append(
                Finding(
                    source="urgent",
                    route=RouteName(""),
                    score=1.0,
                    reason=f"{one.name}: {names}",
                    name=one.name,
                    spans=spans(here, folded),
                )
            )
    return tuple(found)


def raised(hits: tuple[Hit, ...]) -> bool:
    """Whether these phrases of one list raise its signal."""
    return any(hit.phrase.weight > 0 for hit in hits) and sum(hit.phrase.weight for hit in hits) >= NEEDED


def spans(hits: tuple[Hit, ...], folded: Folded) -> tuple[tuple[int, int], ...]:
    """Where the first few of these phrases stand in subject, line end, new text."""
    places = sorted({place for hit in hits for place in hit.places[:1]})[:MAX_SPANS]
    return tuple(folded.span(start, end) for start, end in places)
