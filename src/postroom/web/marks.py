"""The words that carried a decision, marked where they stand."""

from markupsafe import Markup, escape

from postroom.decide.telling import Telling, apart
from postroom.flow.explanation import Explanation
from postroom.model.judgement import REVIEW

MOST_OF_SUBJECT = 1000
"""Characters of a subject that a page shows."""


def marked(subject: str, new_text: str, explanation: Explanation | None, shown: int) -> tuple[Markup, Markup]:
    """Subject and the first ``shown`` characters of the new text, with telling words marked, for or against the best guess."""
    if explanation is None or explanation.text != f"{subject}\n{new_text}":
        return escape(subject[:MOST_OF_SUBJECT]), escape(new_text[:shown])
    told, decided = explanation.telling, explanation.decision.decided
    # a rule that wants a person speaks for no desk, and the words of the others neither for it nor against
    words = apart(one for one in told if decided != REVIEW or not one.route)
    head, title = len(subject), min(len(subject), MOST_OF_SUBJECT)
    end = head + 1 + shown
    return (
        _marked(explanation, 0, title, [one for one in words if one.end <= title]),
        _marked(explanation, head + 1, end, [one for one in words if one.start > head and one.end <= end]),
    )


def _marked(explanation: Explanation, start: int, end: int, words: list[Telling]) -> Markup:
    found, at = Markup(), start
    for one in words:
        found += escape(explanation.text[at : one.start]) + _mark(one, explanation)
        at = one.end
    return found + escape(explanation.text[at:end])


def _mark(one: Telling, explanation: Explanation) -> Markup:
    side = "for" if one.speaks_for(explanation.decision.decided) else "against" if one.route else "signal"
    said = one.route or one.name
    return Markup('<mark class="{}" title="{}">{}</mark>').format(side, said, one.text)
