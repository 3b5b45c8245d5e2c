"""The mails most like this one that people gave verdicts on: what was said of them, by whom and when.

It is made when it is asked for, in two steps, from the words that the store keeps to search by: no mail is read again.
First the newest `LOOKED_AT` mails with a verdict that the reader may see are gone through for words that this one has too,
rare ones first (inverse document frequency: Sparck Jones 1972). Then the `COMPARED` of them that share most are compared.
Their likeness is the cosine of the texts' words and pairs of neighbouring words, folded, each counted 1 + log of how often it
stands there, times 1 + log of how rare it is among the texts compared (tf-idf: Salton, Buckley 1988).
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from postroom.decide import texts
from postroom.decide.folding import fold
from postroom.model.judgement import Verdict
from postroom.model.listing import SPOKEN, Spoken
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.message import Message

LOOKED_AT = 300
"""Mails gone through."""

COMPARED = 50
"""Mails compared."""

MOST = 5
LEAST_LIKE = 0.1
"""Below it, two texts have little but chance in common."""

_VERDICTS = (400, 3000)
"""The newest verdicts that are gone through for them; more only where few of them may be seen."""
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

    def spoken(self, ids: Collection[MailId]) -> Mapping[MailId, Spoken]:
        """As `ports.Verdicts.spoken`."""
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


def nearest(store: Past, of: MailId, message: Message, *, may_see: MaySee) -> tuple[Neighbour, ...]:
    """The likest `MOST`, likest first, but never the mail itself. Raises `TryLater`."""
    known, verdicts = _seen(store, of, may_see)
    own = store.spoken([of]).get(of) or Spoken(
        brand=BrandName(""), subject=message.subject, text=message.new_text[:SPOKEN]
    )
    compared = [known[number] for number in _likely(own, [one for _, one in known])]
    mine, *others = map(terms, (own, *(one for _, one in compared)))
    rarity = _rarity([mine, *others])
    weighed = _weighed(mine, rarity)
    found = []
    for (mail_id, one), said in zip(compared, others, strict=True):
        alike, common = _cosine(weighed, _weighed(said, rarity))
        if alike >= LEAST_LIKE:
            found.append(
                Neighbour(
                    verdict=verdicts[mail_id], brand=one.brand, subject=one.subject, likeness=alike, common=common
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.likeness, -one.verdict.number))[:MOST])


def terms(spoken: Spoken) -> Terms:
    """The words and pairs of a mail's beginning, folded, with 1 + log of how often each stands there."""
    said = texts.words(fold(spoken.subject, spoken.text))[:_WORDS]
    counts = Counter([*said, *map(b" ".join, pairwise(said))])
    return {term: 1.0 + math.log(count) for term, count in counts.items()}


def _seen(store: Past, of: MailId, may_see: MaySee) -> tuple[list[tuple[MailId, Spoken]], Mapping[MailId, Verdict]]:
    """Mails that may be seen, those with the newest verdicts first; and the verdicts that count of them."""
    found: list[tuple[MailId, Spoken]] = []
    verdicts: dict[MailId, Verdict] = {}
    for most in _VERDICTS:
        newest = store.newest_verdicts(most)
        verdicts = {}
        for verdict in newest:
            verdicts.setdefault(verdict.mail_id, verdict)
        verdicts.pop(of, None)
        kept = store.spoken(verdicts)
        found = [
            (mail_id, kept[mail_id])
            for mail_id, verdict in verdicts.items()
            if mail_id in kept and may_see(kept[mail_id].brand, verdict.said)
        ]
        if len(found) >= LOOKED_AT or len(newest) < most:
            break
    return found[:LOOKED_AT], verdicts


def _likely(own: Spoken, known: Sequence[Spoken]) -> list[int]:
    """Places of those that share most with it, by the rarity of the words, of which a long text has many by chance."""
    mine, *others = map(_plain_words, (own, *known))
    among = Counter(word for said in others for word in mine & said)
    rarity = {word: math.log((1 + len(others)) / count) ** 2 for word, count in among.items()}
    shares = [sum(map(rarity.__getitem__, mine & said)) / math.sqrt(len(said) or 1) for said in others]
    some = (number for number, share in enumerate(shares) if share > 0.0)
    return sorted(some, key=lambda number: (-shares[number], number))[:COMPARED]


def _plain_words(spoken: Spoken) -> frozenset[bytes]:
    """The words, quickly."""
    return frozenset(texts.plain_words(f"{spoken.subject} {spoken.text}".lower()))


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
