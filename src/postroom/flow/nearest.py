"""The mails most like this one that people gave verdicts on: what was said of them, by whom and when.

Likeness is the cosine of the texts' words and pairs of neighbouring words, each counted 1 + log of how often it stands there,
times 1 + log of how rare it is among the texts compared (tf-idf: Salton, Buckley 1988). It is made when it is asked for, from
the newest `LOOKED_AT` mails with a verdict that the reader may see, and ends with what it has when time is up.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from postroom.decide import texts
from postroom.decide.substance import fold_mail
from postroom.model.judgement import Verdict
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.understand.reader import read

LOOKED_AT = 300
"""Mails compared."""

SECONDS = 1.5
"""For reading them."""

MOST = 5
LEAST_LIKE = 0.1
"""Below it, two texts have little but chance in common."""

_VERDICTS = 3000
"""The newest verdicts that are gone through for them."""
_BATCH = 8
_WORDS = 600
_COMMON = 4

MaySee = Callable[[BrandName, RouteName], bool]
"""Whether the reader may see mail of this brand that a person gave to this route."""


def everything(_brand: BrandName, _route: RouteName) -> bool:
    """For readers who may see all: whoever has a shell where the store lies."""
    return True


class Past(Protocol):
    """What is needed of a store."""

    def newest_verdicts(self, limit: int) -> tuple[Verdict, ...]:
        """As `ports.Verdicts.newest_verdicts`."""
        ...

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        """As `ports.Arrivals.read`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A mail like this one, and the verdict that counts of it."""

    verdict: Verdict
    brand: BrandName
    subject: str
    #: 0..1; 1 for the same words
    likeness: float
    #: the words that make them alike most, as folded
    common: tuple[str, ...]


Terms = Mapping[bytes, float]


def nearest(
    store: Past, trust: Trust, of: MailId, message: Message, *, may_see: MaySee, clock: Callable[[], float]
) -> tuple[Neighbour, ...]:
    """The likest `MOST`, likest first, but never the mail itself. ``clock`` is monotonic, in seconds. Raises `TryLater`."""
    until = clock() + SECONDS
    verdicts: dict[MailId, Verdict] = {}
    for verdict in store.newest_verdicts(_VERDICTS):
        verdicts.setdefault(verdict.mail_id, verdict)
    verdicts.pop(of, None)
    own = terms(message)
    known = list(_read(store, trust, verdicts, may_see, lambda: clock() < until))
    rarity = _rarity([own, *(said for _, _, said in known)])
    mine = _weighed(own, rarity)
    found = []
    for mail, (subject, verdict), said in known:
        alike, common = _cosine(mine, _weighed(said, rarity))
        if alike >= LEAST_LIKE:
            found.append(Neighbour(verdict=verdict, brand=mail.brand, subject=subject, likeness=alike, common=common))
    return tuple(sorted(found, key=lambda one: (-one.likeness, -one.verdict.number))[:MOST])


def terms(message: Message) -> Terms:
    """The words and pairs of a mail's beginning, with 1 + log of how often each stands there."""
    said = texts.words(fold_mail(message))[:_WORDS]
    counts = Counter([*said, *(b" ".join(pair) for pair in pairwise(said))])
    return {term: 1.0 + math.log(count) for term, count in counts.items()}


def _read(
    store: Past, trust: Trust, verdicts: Mapping[MailId, Verdict], may_see: MaySee, in_time: Callable[[], bool]
) -> Iterator[tuple[Mail, tuple[str, Verdict], Terms]]:
    """The mails of these verdicts that may be seen, a few at a time: they may be large."""
    ids = list(verdicts)
    seen = 0
    for start in range(0, len(ids), _BATCH):
        for mail in store.read(ids[start : start + _BATCH]):
            if not in_time() or seen >= LOOKED_AT:
                return
            verdict = verdicts[mail.id]
            if may_see(mail.brand, verdict.said):
                seen += 1
                message = read(mail, trust)
                yield mail, (message.subject, verdict), terms(message)


def _rarity(all_terms: Sequence[Terms]) -> dict[bytes, float]:
    among = Counter(term for one in all_terms for term in one)
    return {term: 1.0 + math.log((1 + len(all_terms)) / (1 + count)) for term, count in among.items()}


def _weighed(said: Terms, rarity: Mapping[bytes, float]) -> dict[bytes, float]:
    """A vector of length 1."""
    raw = {term: weight * rarity[term] for term, weight in said.items()}
    length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
    return {term: weight / length for term, weight in raw.items()}


def _cosine(one: Mapping[bytes, float], other: Mapping[bytes, float]) -> tuple[float, tuple[str, ...]]:
    shared = {term: one[term] * other[term] for term in one.keys() & other.keys()}
    strongest = sorted(shared, key=lambda term: (-shared[term], term))
    return min(sum(shared.values()), 1.0), tuple(term.decode("utf-8") for term in strongest[:_COMMON])
