"""The words of a mail that carried its decision, where they stand and what they weigh."""

from collections.abc import Iterable
from dataclasses import dataclass

from postroom.model.judgement import Decision, Finding, Source
from postroom.model.mail import RouteName
from postroom.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One word or phrase, for or against one route."""

    #: offsets into `text_of` the mail
    start: int
    end: int
    #: what stands there
    text: str
    #: what was recognised in it: a word as folded, or a phrase as the team wrote it; ``""`` where it was not recorded
    word: str
    #: log-odds that it adds; None where it was not recorded, and for signals, which are not weighed against anything
    weight: float | None
    #: ``""`` for a signal
    route: RouteName
    source: Source
    #: which phrase list, signal or model
    name: str

    def speaks_for(self, route: RouteName) -> bool:
        """Whether it makes this route more likely. A signal speaks for none."""
        return bool(self.route) and (self.route == route) == (self.weight is None or self.weight > 0.0)


def text_of(message: Message) -> str:
    """What offsets of findings count in: subject, line end, new text."""
    return f"{message.subject}\n{message.new_text}"


def telling(decision: Decision, text: str) -> tuple[Telling, ...]:
    """All of them, in order of the text. Offsets that do not fit it, as when it is read otherwise now, are passed over."""
    found = (one for finding in decision.findings for one in _of(finding, text))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.route, -(one.weight or 0.0))))


def apart(words: Iterable[Telling]) -> tuple[Telling, ...]:
    """Those to be marked in the text: of several at one place a signal, else that which weighs most; in order of the text."""
    kept: list[Telling] = []
    for one in sorted(words, key=lambda word: (bool(word.route), -abs(word.weight or 0.0), word.start, -word.end)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda word: word.start))


def _of(finding: Finding, text: str) -> Iterable[Telling]:
    weighed = {clue.span for clue in finding.clues}
    places = [(clue.span, clue.word, clue.weight) for clue in finding.clues]
    unweighed = [(span, "", None) for span in finding.spans if span not in weighed]
    for (start, end), word, weight in (*places, *unweighed):
        if 0 <= start < end <= len(text):
            yield Telling(
                start=start,
                end=end,
                text=text[start:end],
                word=word,
                weight=weight,
                route=finding.route,
                source=finding.source,
                name=finding.name,
            )
