"""A house that asks somebody else for a second opinion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postroom.flow.seconding import Seconding
from postroom.model.judgement import Advice, Decision
from postroom.model.mail import Mail, RouteName
from postroom.ports import Question, SecondOpinion
from tests.unit.flow.house import House, a_message

PASS = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=example.com"}
#: appeals is the best guess, and would be sure enough if somebody agreed
UNCERTAIN = "give me my account back"
CERTAIN = "Please give me my account back, my account was suspended."
URGENT = "i want to end my life"


@dataclass
class Other:
    """Somebody who answers as told, and remembers what was asked; ``meanwhile`` happens before."""

    says: Callable[[Question], str | None] = lambda _question: "appeals"
    asked: list[Question] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def ask(self, questions: Sequence[Question], deadline: float) -> list[Advice | None]:
        self.asked += questions
        self.deadlines.append(deadline)
        self.meanwhile()
        said = [self.says(question) for question in questions]
        return [None if one is None else Advice(route=RouteName(one), model="m1") for one in said]


class Open(House):
    """A house that asks somebody else."""

    def __init__(self, folder: Path, other: SecondOpinion, wanted: dict[str, Any] | None = None, **policy: Any) -> None:
        super().__init__(folder, **({"default_threshold": 0.97, "phrases_alone": 1.0} | policy))
        self.other = other
        self.judging = replace(
            self.judging, seconding=Seconding(**({"other": other, "timeout": 2.0, "max_text": 2000} | (wanted or {})))
        )

    def mail(self, number: int, body: str, sender: str = "ada@example.com", **headers: str) -> Mail:
        (mail,) = self.accept(
            a_message(
                body,
                **({"From": sender, "Message_ID": f"<{number}@example.com>", "Subject": f"Hello {number}"} | headers),
            )
        )
        return mail

    def decision(self, mail: Mail) -> Decision | None:
        return (self.store.decisions(mail.id) or (None,))[-1]
