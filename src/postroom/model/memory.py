"""What is remembered between mails: threads and senders. Values only; `decide.threads` and `decide.history` compute with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from postroom.model.mail import BrandName, MailId, RouteName


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRecord:
    """One conversation."""

    #: its first mail, which names it
    id: MailId
    brand: BrandName
    #: route of its newest decision or verdict
    route: RouteName
    #: a person said so
    confirmed: bool
    #: newest mail, seconds since the epoch
    last_at: float
    #: mails so far
    mails: int
    #: authenticated addresses that wrote in it; at most 50
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRecord:
    """What one authenticated address (key ``a:ada@example.com``) or domain (key ``d:example.com``) wrote."""

    key: str
    #: seconds since the epoch
    first_seen: float
    last_at: float
    mails: int
    #: (route, count decayed to ``last_at``), by name
    counts: tuple[tuple[RouteName, float], ...]
    last_route: RouteName
    #: seconds since the epoch of mails in the last hour before ``last_at``; at most 50
    recent: tuple[float, ...]
    #: (route, newest mail there, seconds since the epoch), by name; empty in what versions before this wrote
    newest: tuple[tuple[RouteName, float], ...] = ()
    #: the last that a person said of their mail gave it to a desk
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainMail:
    """One more mail of a domain, added to its record as that is when it is written: other senders' judges write it too."""

    #: of the record, ``d:example.com``
    key: str
    route: RouteName
    #: seconds since the epoch
    at: float
    #: a person gave it to that desk
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRecord:
    """A text that a person gave to a route; `decide.texts` computes with it."""

    #: whose text it is
    mail_id: MailId
    #: under which it is found
    keys: tuple[int, ...]
    #: by which likeness is estimated
    sketch: bytes
    route: RouteName
    #: name of the reviewer
    by: str
    #: whose mail it counts as: ``a:ada@example.com``, ``d:example.com``; ``""`` for anybody who is not authenticated
    sender: str
    #: of the verdict, seconds since the epoch
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The part of what is remembered that a batch of mails may need."""

    #: Message-ID -> thread that it belongs to
    threads: Mapping[str, ThreadRecord] = field(default_factory=dict)
    #: subject key (brand, sender and normalised subject) -> newest thread with it
    subjects: Mapping[str, ThreadRecord] = field(default_factory=dict)
    #: sender key -> record
    senders: Mapping[str, SenderRecord] = field(default_factory=dict)
    #: key of a text -> those found under it
    texts: Mapping[int, tuple[TextRecord, ...]] = field(default_factory=dict)

    def known_by(self, keys: Iterable[int]) -> tuple[TextRecord, ...]:
        """The texts found under any of these keys, each once."""
        return tuple({one.mail_id: one for key in keys for one in self.texts.get(key, ())}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """What one decision or verdict adds to memory. Whole new values but for ``domain``; later ones replace earlier ones."""

    thread: ThreadRecord | None = None
    #: Message-IDs that now lead to ``thread``
    links: tuple[str, ...] = ()
    #: subject key that now leads to ``thread``; ``""`` for none
    subject_key: str = ""
    senders: tuple[SenderRecord, ...] = ()
    domain: DomainMail | None = None
    texts: tuple[TextRecord, ...] = ()
    #: mails whose texts are forgotten
    forget: tuple[MailId, ...] = ()
