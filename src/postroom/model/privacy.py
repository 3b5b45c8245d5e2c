"""What stays of a person who was erased, and what keeps one from being erased."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from postroom.model.mail import BrandName, MailId, RouteName

TombKind = Literal["address", "mail", "message"]
"""Of what a tombstone is: an address, a mail's id, a Message-ID."""

_BYTES = 16


def tomb(key: bytes, kind: TombKind, name: str) -> bytes:
    """A keyed hash (HMAC-SHA-256, cut to 16 bytes) that tells what was erased again, to nobody but who has the key."""
    said = f"postroom erased {kind}\0{name}".encode("utf-8", "surrogatepass")
    return hmac.new(key, said, hashlib.sha256).digest()[:_BYTES]


def key_name(key: bytes) -> str:
    """By what hashes of one key are told from those of another."""
    return hashlib.sha256(b"postroom key of tombstones\0" + key).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """All that is kept of what was erased, besides counts."""

    kind: TombKind
    #: as `tomb` makes it
    hash: bytes
    #: what came up to then is erased, seconds since the epoch
    at: float
    #: who asked for it
    by: str
    #: name of the key that it was hashed with
    key: str


class Tombs:
    """Whether something was erased, by the keys at hand."""

    def __init__(self, keys: Iterable[bytes], stones: Iterable[Tombstone]) -> None:
        self._keys = tuple(dict.fromkeys(keys))
        self._found: dict[bytes, Tombstone] = {}
        for stone in stones:
            known = self._found.get(stone.hash)
            if known is None or known.at < stone.at:
                self._found[stone.hash] = stone

    def stone(self, kind: TombKind, name: str) -> Tombstone | None:
        """The newest tombstone of it."""
        if not name or not self._found:
            return None
        found = [stone for key in self._keys if (stone := self._found.get(tomb(key, kind, name))) is not None]
        return max(found, key=lambda stone: stone.at, default=None)

    def address(self, address: str) -> float:
        """What is of this address is erased up to then, seconds since the epoch; 0.0 for not at all."""
        stone = self.stone("address", address)
        return 0.0 if stone is None else stone.at

    def mail(self, mail_id: str) -> bool:
        """Whether this very mail was erased. Message-IDs don't tell: anybody may send one that is another's."""
        return self.stone("mail", mail_id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Everything of one address, up to a moment."""

    #: in lower case
    whose: str
    #: seconds since the epoch
    until: float

    def address(self, address: str) -> float:
        """See `Tombs.address`."""
        return self.until if address == self.whose else 0.0

    def mail(self, mail_id: str) -> bool:
        """See `Tombs.mail`."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A reason why something may not be erased (a legal hold)."""

    #: an address in lower case, or the id of a mail
    what: str
    reason: str
    by: str
    #: seconds since the epoch
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One request to erase, as it is kept until all of it is done; then it knows neither address nor mail any more."""

    #: when it was asked for, seconds since the epoch
    at: float
    by: str
    #: in lower case; ``""`` for one mail, or when it is done
    address: str = ""
    #: ``""`` for an address, or when it is done
    mail_id: str = ""
    #: in the order they were asked for; 0 before that
    number: int = 0
    #: seconds since the epoch; None while it is under way
    done_at: float | None = None
    #: erased so far
    mails: int = 0
    examples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What is known of a mail that was erased."""

    #: seconds since the epoch
    at: float
    brand: BrandName
    #: of its last decision; ``""`` for none
    route: RouteName
    decided: RouteName


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A mail to erase, with the keys that memory knows it by."""

    mail_id: MailId
    #: ``""`` for none
    message_id: str
    #: ``""`` for none, or where other mails of the same person stay
    subject_key: str
    #: for its age alone: what its case tells of its person has an age of its own
    of_age: bool = False
    #: a hold that was put before then was released since, seconds since the epoch; 0.0 where every hold counts
    released: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of mails to erase."""

    erased: tuple[MailId, ...] = ()
    #: in a worker's hands at this moment, or their thread or sender is
    busy: tuple[MailId, ...] = ()
    #: held by a person's word
    held: tuple[MailId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Mails that were looked for, oldest first, and where the search goes on: ``after``, 0 when it is through."""

    ids: tuple[MailId, ...]
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is remembered of somebody beside their mails."""

    #: ids of threads that they write in
    threads: tuple[str, ...] = ()
    #: keys of records of what they wrote when (`model.memory.SenderRecord`)
    senders: tuple[str, ...] = ()
    #: ids of labelled mails
    examples: tuple[str, ...] = ()
    #: numbers of cases
    cases: tuple[int, ...] = ()
    #: numbers of versions of rules that name them (`model.rulebooks`), and of drafts
    versions: tuple[int, ...] = ()
    drafts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """What is over its time, beside mail."""

    #: keys of their records
    senders: tuple[str, ...] = ()
    #: numbers of decided cases
    cases: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.senders or self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things are kept, in days since they came, were last heard of or decided; 0.0 for ever."""

    #: by where the mail lies
    routes: Mapping[RouteName, float]
    #: for all other mail
    other: float = 0.0
    #: what is remembered of senders
    senders: float = 0.0
    #: decided cases
    cases: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How long mails are kept: what came before a moment is to be erased."""

    #: by where the mail lies, seconds since the epoch
    routes: Mapping[RouteName, float]
    #: for all other mail; 0.0 for none of it
    other: float = 0.0
    #: what is remembered of a sender, by their last mail; what a case tells, by its decision; 0.0 for none
    senders: float = 0.0
    cases: float = 0.0

    def of(self, route: RouteName) -> float:
        """What came there before is too old; 0.0 for nothing."""
        return self.routes.get(route, self.other)
