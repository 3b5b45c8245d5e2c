"""Texts that people gave to a route, and what that says of one that is nearly the same.

A text is its words, folded: subject and new text, punctuation left out, digits alike, each character of a script
without spaces a word of its own. What is compared is the set of its runs of three words; likeness is how much of two
sets is common (Jaccard). The sets themselves are not kept:

* Under its *keys* a text is found again. The hashes of its runs of two words stand on a ring; from each of 15 points of
  the ring the next hash is taken, three a key (consistent sampling, as in one permutation hashing: Li, Owen, Zhang 2012).
  Texts that are alike in nine of ten runs share a key in 999 of 1,000 cases, in eight of ten in 97 of 100, in three of ten
  in 13. The hash is CRC-32, because it is quick; that it can be forged gains nothing: a shared key is only a reason to look closer.
* By its *sketch* likeness is estimated: the 64 smallest BLAKE2b hashes (Cohen, Kaplan 2007: bottom-k), exact for texts
  of up to 66 words, else to within about 0.05. It is made only of a text that shares a key with one that is kept.

What people said of such texts speaks for a route, weakly: whoever could make one reviewer err, or writes the same mail a
hundred times, must not steer where others' mail goes. One person's word on one sender's mail gives `FIRST`; every doubling
of the number of reviewers, and of senders, gives `MORE`; with a single reviewer or from a single sender it stays
within `ALONE`, and in all below the policy's cap for this source. Senders nobody vouches for count as one, and so do
all addresses of a domain that is not a public provider's. Where people disagree, only what the stronger side is ahead counts.

Total over any text, in bounded time and memory: of a long one the beginning counts. All hashes are the same on every
machine and version.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from struct import Struct
from zlib import crc32

from postroom.decide.blend import score
from postroom.decide.folding import UNSPACED, Folded
from postroom.decide.history import keys as sender_keys
from postroom.model.judgement import Finding
from postroom.model.mail import MailId, RouteName
from postroom.model.memory import TextRecord
from postroom.model.message import Message
from postroom.model.shares import percent

LIKE = 0.8
"""From this likeness on, two texts are nearly the same."""

LEAST_WORDS = 8
"""Shorter texts are not remembered: too many different mails say just that."""

FIRST = 1.5
"""Log-odds of one reviewer's word on one sender's mail."""

MORE = 0.5
"""Log-odds of every doubling of reviewers, and of senders."""

ALONE = 2.0
"""The most log-odds where all is one reviewer's word, or about one sender's mail."""

HORIZON = 180 * 86_400.0
"""Seconds after which a word on a text counts no more."""

MOST_ALIKE = 40
"""Of so many texts that are nearly the same, the oldest is forgotten for a new one."""

_RUN = 3
_SKETCH = 64
_HASH = 8
_POINTS = tuple(point << 28 for point in range(15))
_KEY_POINTS = 3
_KEY = Struct(f">{_KEY_POINTS}I")
#: ASCII: upper case to lower, digits to one digit, all but letters to a blank
_PLAIN = bytes(
    byte + 0x20
    if 0x41 <= byte <= 0x5A
    else byte
    if 0x61 <= byte <= 0x7A or byte >= 0x80
    else 0x30
    if 0x30 <= byte <= 0x39
    else 0x20
    for byte in range(256)
)


def words(folded: Folded) -> list[bytes]:
    """The words of subject and new text, in UTF-8."""
    text = folded.text if folded.text.isascii() else UNSPACED.sub(r" \g<0> ", folded.text)
    return plain_words(text)


def plain_words(text: str) -> list[bytes]:
    """What stands between blanks and punctuation, in UTF-8; digits alike."""
    return text.encode("utf-8", "replace").translate(_PLAIN).split()


def keys(said: Sequence[bytes]) -> tuple[int, ...]:
    """Under which a text is kept and found; none for one that is too short."""
    if len(said) < LEAST_WORDS:
        return ()
    # CRC-32 goes on where that of the word before ended: the second pass gives the hash of every run.
    ring = sorted(map(crc32, said[1:], map(crc32, said)))
    ring.append(ring[0])
    picked = [ring[bisect_left(ring, point, 0, len(ring) - 1)] for point in _POINTS]
    return tuple(
        crc32(_KEY.pack(*picked[start : start + _KEY_POINTS])) << 4 | start
        for start in range(0, len(picked), _KEY_POINTS)
    )


def sketch(said: Sequence[bytes]) -> bytes:
    """By which likeness is estimated: the smallest hashes of its runs, ascending, eight bytes each."""
    runs = {b" ".join(run) for run in zip(*(said[ahead:] for ahead in range(_RUN)), strict=False)}
    return b"".join(sorted(blake2b(run, digest_size=_HASH).digest() for run in runs)[:_SKETCH])


def likeness(one: bytes, other: bytes) -> float:
    """How much of the texts of two sketches is common, in 0..1."""
    if one == other:
        return 1.0
    mine, theirs = _hashes(one), _hashes(other)
    both = sorted(mine | theirs)[:_SKETCH]
    return sum(hash_ in mine and hash_ in theirs for hash_ in both) / len(both)


def findings(said: Sequence[bytes], known: Iterable[TextRecord], now: float) -> tuple[Finding, ...]:
    """What people said of texts nearly the same as this one; ``known`` are those that share a key with it."""
    alike = _alike(sketch(said), (one for one in known if now - one.at <= HORIZON))
    if not alike:
        return ()
    routes: dict[RouteName, list[TextRecord]] = {}
    for _, record in alike:
        routes.setdefault(record.route, []).append(record)
    strongest, *others = sorted(((_strength(some), route) for route, some in routes.items()), reverse=True)
    most, route = strongest
    ahead = most - sum(one for one, _ in others)
    if ahead <= 0.0:
        return ()
    reviewers, senders = _people(routes[route])
    likest, record = max(
        (pair for pair in alike if pair[1].route == route), key=lambda pair: (pair[0], pair[1].mail_id)
    )
    reason = (
        f"people gave mail that says nearly the same ({percent(likest)}) to {route}"
        f" ({_count(reviewers, 'reviewer')}, {_count(senders, 'sender')}{'; others disagreed' if others else ''})"
    )
    return (
        Finding(
            source="verdict",
            route=route,
            score=score(ahead),
            reason=reason,
            name=record.mail_id,
        ),
    )


def outdated(record: TextRecord, known: Collection[TextRecord], now: float) -> tuple[MailId, ...]:
    """The mails whose texts are forgotten when this one is kept; ``known`` are those that share a key with it.

    Of one reviewer's words on one sender's mails that say the same the newest is kept, of all in all the `MOST_ALIKE` newest.
    """
    known = [one for one in known if one.mail_id != record.mail_id]
    alike = sorted((one for _, one in _alike(record.sketch, known)), key=lambda one: (-one.at, one.mail_id))
    same = [one for one in alike if (one.by, one.sender) == (record.by, record.sender)]
    rest = [one for one in alike if one not in same]
    old = [one for one in known if now - one.at > HORIZON]
    return tuple(sorted({one.mail_id for one in (*same, *rest[MOST_ALIKE - 1 :], *old)}))


def sender_of(message: Message) -> str:
    """Whose mail it counts as: the domain of an authenticated sender, the address at a public provider, else nobody's."""
    known = sender_keys(message)
    return known[-1] if known else ""


def _strength(records: Collection[TextRecord]) -> float:
    """Log-odds of what these people said of these senders' mail, all for one route."""
    reviewers, senders = _people(records)
    grown = FIRST + MORE * (math.log2(reviewers) + math.log2(senders))
    return min(grown, ALONE) if reviewers == 1 or senders == 1 else grown


def _people(records: Collection[TextRecord]) -> tuple[int, int]:
    """How many reviewers, and how many senders."""
    return len({one.by for one in records}), len({one.sender for one in records})


def _alike(sketched: bytes, known: Iterable[TextRecord]) -> list[tuple[float, TextRecord]]:
    measured = ((likeness(sketched, record.sketch), record) for record in known)
    return [(alike, record) for alike, record in measured if alike >= LIKE]


def _hashes(sketched: bytes) -> set[bytes]:
    return {sketched[start : start + _HASH] for start in range(0, len(sketched), _HASH)}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
