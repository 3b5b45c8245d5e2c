"""What people said of texts, as learning needs it: who said it, when, why they were asked, and whose text it was.

Of a mail the last word counts, and why it was asked for is why it was asked first. Texts are read from the raw mail each
time, by the reader that judging reads by: what was erased is not there any more. Nobody's silence is a word.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol

from postroom.decide import texts
from postroom.decide.folding import Folded
from postroom.decide.history import is_public
from postroom.decide.substance import fold_mail
from postroom.model.example import Example
from postroom.model.judgement import Asked, Verdict, asked_first
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Authentication, Message
from postroom.model.trust import Trust
from postroom.understand.reader import read

MOST: Final = 20_000
"""So many texts of a team are learned from at most, the newest."""

_PAGE: Final = 1000
_BATCH: Final = 64
_AUTOMATIC: Final = frozenset({"auto-reply", "bounce", "list"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """One text and what a person said of it, without the text."""

    #: of the mail, or of the example
    id: str
    route: RouteName
    #: seconds since the epoch; 0.0 when nobody knows
    at: float
    why: Asked
    #: with which one like it was asked for; None where nobody knows
    probability: float | None
    #: name of the reviewer in lower case, ``""`` for labels of the past
    by: str = ""
    #: of the decision that was asked about; 0 for none
    generation: int = 0
    #: what it counts besides
    worth: float = 1.0
    #: whose text it counts as: a domain, an address at a public provider, ``""`` for nobody's
    sender: str = ""
    #: what it shares with others of its thread and sender
    ties: tuple[str, ...] = ()
    #: by which texts that say nearly the same are found, and known (`decide.texts`)
    keys: tuple[int, ...] = ()
    sketch: bytes = b""
    #: the text itself, where it is no mail's
    example: Example | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text that was taught, as judging would read it."""

    taught: Taught
    message: Message
    folded: Folded
    #: None for an example
    mail: Mail | None


class Words(Protocol):
    """What is needed of a store."""

    def verdicts(self, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        """As `ports.Verdicts.verdicts`."""
        ...

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        """As `ports.Arrivals.read`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Teachers:
    """Where what people said is found."""

    store: Words
    #: labelled mail of the past, read anew at each call
    past: Callable[[], Iterable[Example]]
    trust: Trust
    #: routes that can be learned; what was said for others is passed over
    routes: Collection[RouteName]

    def taught(
        self,
        since: float,
        tell: Callable[[int], None] = lambda _done: None,
        *,
        until: float = math.inf,
        among: Collection[str] | None = None,
    ) -> list[Taught]:
        """All that was said from ``since`` on and whose text is still there, oldest first. Raises `TryLater`.

        As if nothing had been said from ``until`` on; ``among`` are the ids of the mails and examples that count, None for all.
        ``tell`` is told how many were read, again and again.
        """
        examples = (_of_example(one) for one in self.past())
        past = [one for one in examples if not one.at or since <= one.at < until]
        counting = (
            one
            for one in (*past, *self._words(since, until))
            if one.route in self.routes and (among is None or one.id in among)
        )
        newest = sorted(counting, key=lambda one: (one.at, one.id))[-MOST:]
        found: list[Taught] = []
        for one in self.read(newest):
            found.append(_tied(one))
            tell(len(found))
        return found

    def read(self, taught: Iterable[Taught]) -> Iterator[Reading]:
        """Their texts in the order given, without those that are gone, empty, or not written by hand. Raises `TryLater`."""
        waiting = iter(taught)
        while batch := list(islice(waiting, _BATCH)):
            mails = {
                mail.id: mail for mail in self.store.read([MailId(one.id) for one in batch if one.example is None])
            }
            for one in batch:
                message = self._message(one, mails)
                if message is not None and message.kind not in _AUTOMATIC:
                    folded = fold_mail(message)
                    if texts.words(folded):
                        yield Reading(taught=one, message=message, folded=folded, mail=mails.get(MailId(one.id)))

    def _message(self, one: Taught, mails: dict[MailId, Mail]) -> Message | None:
        if one.example is not None:
            return as_message(one.example)
        mail = mails.get(MailId(one.id))
        return read(mail, self.trust) if mail is not None and mail.raw else None

    def _words(self, since: float, until: float) -> Iterator[Taught]:
        by_mail: dict[MailId, list[Verdict]] = {}
        last = 0
        while page := self.store.verdicts(since, after=last, limit=_PAGE):
            for verdict in (one for one in page if one.at < until):
                by_mail.setdefault(verdict.mail_id, []).append(verdict)
            last = page[-1].number
        # What belongs to two desks has no single label.
        return (_of_verdicts(said) for said in by_mail.values() if not said[-1].also)


def as_message(example: Example) -> Message:
    """An example as the message that it was."""
    return Message(
        message_id="",
        from_=None,
        reply_to=(),
        to=(),
        cc=(),
        subject=example.subject,
        date=example.at or None,
        headers=(),
        text=example.new_text,
        new_text=example.new_text,
        quoted_text="",
        signature="",
        disclaimer="",
        hidden_text="",
        attachments=(),
        language=example.language,
        kind="person",
        kind_reason="",
        failed_recipient="",
        auth=Authentication(),
        references=(),
        in_reply_to="",
        forward=None,
        spam=None,
        received_count=0,
        ticket="",
        defects=(),
    )


def _of_verdicts(said: Sequence[Verdict]) -> Taught:
    """One mail's, oldest first."""
    last = said[-1]
    asked = asked_first(said)
    return Taught(
        id=last.mail_id,
        route=last.said,
        at=last.at,
        why="correction" if asked is None else asked.asked,
        probability=None if asked is None else asked.probability,
        by=last.by.casefold(),
        generation=0 if asked is None else asked.generation,
    )


def _of_example(one: Example) -> Taught:
    """All of the past is labelled, whoever was sure of it: with probability 1."""
    return Taught(
        id=one.id, route=one.route, at=one.at, why="import", probability=1.0, worth=one.weight, example=one,
    )  # fmt: skip


def _tied(reading: Reading) -> Taught:
    one, said = reading.taught, texts.words(reading.folded)
    if one.example is not None:
        address, threads = one.example.sender, [one.example.thread]
    else:
        assert reading.mail is not None
        customer, message = reading.message.customer, reading.message
        address = customer.addr.lower() if customer is not None else ""
        threads = [reading.mail.thread_key, message.message_id, message.in_reply_to, *message.references]
    domain = address.rpartition("@")[2]
    ties = [f"thread {key}" for key in threads if key] + ([f"from {address}"] if address else [])
    return replace(
        one,
        sender=address if is_public(domain) else domain,
        ties=tuple(dict.fromkeys(ties)),
        keys=texts.keys(said),
        sketch=texts.sketch(said) or b" ".join(said),
    )
