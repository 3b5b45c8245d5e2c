"""Whom the flow talks to outside of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from postroom.model.judgement import AccountStatus, Advice
from postroom.model.mail import DestinationName, Mail, RouteName
from postroom.model.work import Lying, Parcel, Receipt


class Destination(Protocol):
    """A place where mail is delivered."""

    @property
    def name(self) -> DestinationName:
        """As in the settings."""
        ...

    @property
    def concurrency(self) -> int:
        """How many deliveries may be under way at once."""
        ...

    @property
    def can_withdraw(self) -> bool:
        """Whether a delivery can be taken back, as long as nobody has touched it."""
        ...

    def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one mail; on return the destination has it for certain. Called from several threads, blocks.

        Raises `TryLater` (with ``lane_down`` when the destination itself is unwell) or `GiveUp`. May be called again
        with the same ``parcel.key``; what an adapter can't make idempotent, its docstring says.
        """
        ...

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """Take back the delivery of a generation; on return it is gone for certain, or False: it is too late for that.

        Called as `deliver` is, and raises what that raises. May be called again, and says the same.
        """
        ...

    def check(self) -> str:
        """Try the connection without delivering anything: a sentence for people. Raises `TryLater` or `GiveUp`."""
        ...

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...


class Teller(Protocol):
    """A destination that can tell what of ours lies there, also when people brought it there themselves."""

    @property
    def name(self) -> DestinationName:
        """As in the settings."""
        ...

    def lying(self) -> frozenset[Lying] | None:
        """All of ours that lies there; None while that is not known yet: ask again. Raises `TryLater`.

        What says that it is ours is believed only where nobody else can say so.
        """
        ...


class StatusProvider(Protocol):
    """What is this sender's account status? Asked before judging, with a deadline; ``unknown`` when nobody can say."""

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        """The state of each address's account, in their order, within ``deadline`` seconds. Never raises. From any thread.

        Case does not matter. What can't be said in time, or at all, is ``unknown``.
        """
        ...

    def check(self) -> str:
        """Try whoever is asked: a sentence for people. Raises `TryLater`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of these routes a mail is meant for. Holds nothing that names a person, as far as that can be recognised."""

    #: subject and new words of a mail, redacted (`understand.redact`)
    text: str
    #: the closed set of answers, beside "unsure"; by name
    routes: tuple[RouteName, ...]


class SecondOpinion(Protocol):
    """Somebody outside who reads an uncertain mail too. Believed as far as `decide.judge` allows, and not waited for."""

    def ask(self, questions: Sequence[Question], deadline: float) -> Sequence[Advice | None]:
        """An answer to each question, in order, within ``deadline`` seconds in all; None where there is none in time.

        An answer is one of the question's routes or ``UNSURE``, whatever was said. Never raises. The same question may
        be asked again, and is then not always passed on.
        """
        ...
