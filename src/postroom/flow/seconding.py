"""A second opinion on what a batch leaves uncertain: which mails it is asked about, and who has to wait for it.

Asked about is only what an agreeing answer could settle (`decide.judge`), nothing urgent and nothing in shadow. With such
a mail waits its family, the mails of the batch that may know of each other's decisions: they are judged in order once the
answers are there, or the time for them is over. A family with an urgent mail doesn't wait, so nothing of it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from postroom.flow.sitting import Sitting
from postroom.model.judgement import UNSURE, Advice, Decision
from postroom.model.mail import BrandName, RouteName
from postroom.model.message import Message
from postroom.ports import Question, SecondOpinion
from postroom.understand.redact import redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is put to somebody else, by places in the batch."""

    questions: Mapping[int, Question]
    #: the places asked about and those that wait with them, in order
    waiting: tuple[int, ...]


NOTHING = Asked(questions={}, waiting=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconding:
    """Who is asked, about what, and for how long it is waited."""

    other: SecondOpinion
    #: seconds for all questions of a batch
    timeout: float
    #: characters of a mail that are told at most
    max_text: int
    #: whose mail it may be; everybody's when empty
    brands: frozenset[BrandName] = frozenset()
    #: best guesses that may be asked about; all when empty
    routes: frozenset[RouteName] = frozenset()

    def asked(self, sitting: Sitting, messages: Sequence[Message], decisions: Mapping[int, Decision]) -> Asked:
        """What to ask of a batch that was judged without; ``decisions`` by place, without mails that could not be judged."""
        found = {number: self._question(sitting, number, messages[number], one) for number, one in decisions.items()}
        if not any(found.values()):
            return NOTHING
        families = sitting.families()
        hurried = {families[number] for number, one in decisions.items() if one.urgent}
        questions = {number: one for number, one in found.items() if one and families[number] not in hurried}
        waiting = {families[number] for number in questions}
        return Asked(
            questions=questions, waiting=tuple(number for number, one in enumerate(families) if one in waiting)
        )

    def answers(self, asked: Asked) -> dict[int, Advice]:
        """What was answered in time, by place."""
        answers = self.other.ask(list(asked.questions.values()), self.timeout)
        return {number: one for number, one in zip(asked.questions, answers, strict=True) if one is not None}

    def _concerns(self, decision: Decision) -> bool:
        return (
            not decision.urgent
            and decision.stage != "shadow"
            and (not self.brands or decision.brand in self.brands)
            and (not self.routes or decision.decided in self.routes)
        )

    def _question(self, sitting: Sitting, number: int, message: Message, decision: Decision) -> Question | None:
        """What to ask of one mail; None for nothing."""
        try:
            if not (self._concerns(decision) and sitting.open(number, decision)):
                return None
            routes = sorted(route for route, _ in decision.probabilities)
            return Question(text=redacted(message, self.max_text), routes=tuple(routes))
        except Exception:  # noqa: BLE001 -- a bug here costs an opinion; it must cost no mail
            return None


def heard(decision: Decision) -> Literal["agrees", "disagrees", "unsure"]:
    """What a second opinion that was heard means for this decision."""
    said = next(one for one in decision.findings if one.source == "second-opinion")
    if said.route:
        return "agrees"
    return "unsure" if said.name == UNSURE else "disagrees"
