"""A batch of mails before the judges: all that is known of them is gathered in one go, then one is decided after another.

The workers and the preview of files both judge so: a preview says what the workers would do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postroom.decide.case import Case
from postroom.decide.folding import Folded
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.decide.substance import fold_mail
from postroom.flow.recollection import Recalls, Recollection
from postroom.model.judgement import REVIEW, AccountStatus, Advice, Decision, Opinion
from postroom.model.mail import Mail
from postroom.model.memory import Remember
from postroom.model.message import Message
from postroom.ports import Classifier, StatusProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """By what is judged, and who is asked."""

    book: Rulebook
    policy: Policy
    classifier: Classifier
    statuses: StatusProvider
    #: seconds to wait for account status
    status_deadline: float

    def sit(self, store: Recalls, batch: Sequence[tuple[Mail, Message]]) -> "Sitting":
        """Ask store, classifier and status provider, each once for the whole batch. Raises `TryLater`."""
        messages = [message for _, message in batch]
        folded = [fold_mail(message) for message in messages]
        opinions = self.classifier.classify(list(zip(messages, folded, strict=True)))
        return Sitting(self, store, list(zip(batch, folded, opinions, self.accounts(messages), strict=True)))

    def by_words(self, batch: Sequence[tuple[Mail, Message]]) -> list[Decision]:
        """Decide by subject and body alone: without thread, history and account, as of the moment each was received."""
        folded = [fold_mail(message) for _, message in batch]
        opinions = self.classifier.classify([(message, text) for (_, message), text in zip(batch, folded, strict=True)])
        return [
            judge(
                Case(
                    mail=mail,
                    message=message,
                    folded=text,
                    classifier=tuple(opinion),
                    model=self.classifier.version,
                    now=mail.received_at,
                ),
                self.book,
                self.policy,
            )
            for (mail, message), text, opinion in zip(batch, folded, opinions, strict=True)
        ]

    def accounts(self, messages: Sequence[Message]) -> Sequence[AccountStatus]:
        """Account status of authenticated senders alone: a forged From learns and steers nothing."""
        known = dict.fromkeys(m.trusted_sender for m in messages if m.trusted_sender)
        found = (
            dict(zip(known, self.statuses.statuses(list(known), self.status_deadline), strict=True)) if known else {}
        )
        return [found.get(message.trusted_sender, AccountStatus()) for message in messages]


_Known = tuple[tuple[Mail, Message], Folded, Sequence[Opinion], AccountStatus]
"""A mail as it was read, its text folded, what the classifier says of it, and the account of its sender."""


class Sitting:
    """What one batch is judged by; what one mail decides is known to the next."""

    def __init__(self, judges: Judges, store: Recalls, known: Sequence[_Known]) -> None:
        self._judges = judges
        self._store = store
        self._memory = Recollection(store, [read for read, *_ in known], [folded for _, folded, *_ in known])
        self._known = known
        self._cases: dict[int, Case] = {}

    def again(self, numbers: Sequence[int]) -> "Sitting":
        """The mails at these places once more, with what is remembered by now. Raises `TryLater`."""
        return Sitting(self._judges, self._store, [self._known[number] for number in numbers])

    def families(self) -> list[int]:
        """Which mails of the batch may know of each other's decisions: see `Recollection.families`."""
        return self._memory.families()

    def open(self, number: int, decision: Decision) -> bool:
        """Whether this decision on the mail at this place is one that a second opinion could settle."""
        if decision.route != REVIEW:
            return False
        agreeing = replace(self._cases[number], advice=Advice(route=decision.decided, model=""))
        return judge(agreeing, self._judges.book, self._judges.policy).route != REVIEW

    def decide(
        self, number: int, now: float, generation: int = 1, advice: Advice | None = None
    ) -> tuple[Decision, Remember]:
        """Decide the mail at this place of the batch, and say what that adds to memory."""
        (mail, message), folded, opinions, account = self._known[number]
        around = self._memory.of(mail, message, now)
        case = Case(
            mail=mail,
            message=message,
            folded=folded,
            thread=around.found.thread,
            history=around.history,
            account=account,
            classifier=tuple(opinions),
            model=self._judges.classifier.version,
            advice=advice,
            remarks=around.found.remarks,
            verdicts=around.verdicts,
            generation=generation,
            now=now,
        )
        self._cases[number] = case
        decision = judge(case, self._judges.book, self._judges.policy)
        return decision, self._memory.extend(mail, message, decision, around, now)
