"""A team's mail of the past, beside the labels it has now: what of it can be learnt from, and why the rest can't.

An item in, a lesson or a reason out. Readers of archives (`adapters/history`) make the items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, Literal

from postroom.decide.history import is_public
from postroom.flow.labels import LabelMap
from postroom.flow.leaks import is_merge_note, without_leaks
from postroom.model.example import Example, ExampleId
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.message import Authentication, Message
from postroom.model.privacy import Tombs
from postroom.model.trust import Trust
from postroom.understand.envelope import peek
from postroom.understand.reader import read

Why = Literal[
    "team", "private", "merged", "automatic", "no-text", "unmapped", "erased", "again", "nearly-again", "unreadable"
]

WORDS: Final[Mapping[Why, str]] = {
    "team": "written by the team",
    "private": "notes that customers don't see",
    "merged": "notes of the ticket system about merging",
    "automatic": "automatic mail, bounces and lists",
    "no-text": "nothing written",
    "unmapped": "no label that is mapped to a route",
    "erased": "of people who were erased",
    "again": "the same mail again",
    "nearly-again": "nearly the same text as an earlier mail",
    "unreadable": "could not be read",
}
"""Why something is left out, for people."""

FOLLOW_UP_WEIGHT: Final = 0.5
"""What an answer within a conversation counts: often it says little of what the conversation is about."""

_DAY: Final = 86_400.0
_PEER: Final = Peer(door="files", trusted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One mail of an archive or export."""

    #: the file and where in it, for messages
    source: str
    #: name of the file
    origin: str
    #: the message; made up where the export has none
    raw: bytes
    #: folder, ``label:x`` of a mail's labels and tags, ``group:x`` of a group or type
    labels: tuple[str, ...]
    #: names it within the exporting system, the same in every export; ``""`` for a mail with headers of its own
    key: str = ""
    #: seconds since the epoch, as exported; None to believe the Date
    at: float | None = None
    #: names its conversation within the exporting system
    thread: str = ""
    #: an earlier one of the same conversation was there before
    follow_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that is not learnt from."""

    source: str
    why: Why
    #: what a person needs to mend it
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A customer's mail as it was when it arrived, and where it belongs."""

    source: str
    example: Example
    #: without its raw bytes
    mail: Mail
    message: Message
    follow_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """By what items are told apart."""

    labels: LabelMap
    trust: Trust
    #: domains that the team writes from
    team_domains: frozenset[str]
    brand: BrandName
    #: the senders that exports name are authenticated: the exporting system made sure of that
    believe: bool
    #: now, seconds since the epoch: nothing was written later
    now: float
    #: what was erased, and stays so
    tombs: Tombs = Tombs((), ())

    def sift(self, item: Item) -> Lesson | LeftOut:
        """What can be learnt from an item. Total."""
        mail = self._mail(item)
        message = read(mail, self.trust)
        if self._is_team(message):
            return LeftOut(source=item.source, why="team")
        if message.kind not in {"person", "none"}:
            return LeftOut(source=item.source, why="automatic")
        follow_up = item.follow_up or (not item.key and bool(message.references))
        clean = without_leaks(self._believed(item, message))
        if not clean.new_text.strip() and (follow_up or not clean.subject):
            return LeftOut(source=item.source, why="no-text")
        if is_merge_note(clean.new_text):
            return LeftOut(source=item.source, why="merged")
        route = self.labels.route(item.labels)
        if route is None:
            return LeftOut(source=item.source, why="unmapped")
        at = self._moment(item.at if item.at is not None else clean.date)
        if self._was_erased(clean, mail, at):
            return LeftOut(source="", why="erased")
        mail = replace(mail, raw=b"", received_at=at)
        example = _example(item, mail, clean, route, follow_up=follow_up)
        return Lesson(source=item.source, example=example, mail=mail, message=clean, follow_up=follow_up)

    def _was_erased(self, message: Message, mail: Mail, at: float) -> bool:
        """Whether it is of somebody who was erased later, or is a mail that was. Of unknown time is of before."""
        if self.tombs.stone("message", mail.message_id) is not None:
            return True
        people = {one.addr.lower() for one in (message.from_, message.customer) if one is not None}
        return any(self.tombs.address(one) > at for one in people)

    def _mail(self, item: Item) -> Mail:
        seen = peek(item.raw)
        return Mail(
            id=MailId(blake2b(seen.digest + item.source.encode("utf-8", "surrogatepass"), digest_size=13).hexdigest()),
            received_at=0.0,
            brand=self.brand,
            envelope=Envelope(mail_from="", rcpt_to=()),
            peer=_PEER,
            raw=item.raw,
            digest=seen.digest,
            message_id=seen.message_id,
            thread_key=seen.thread_key,
            sender_key=seen.sender_key,
        )

    def _is_team(self, message: Message) -> bool:
        """From the team, and not a customer's mail that a colleague or a form passed on."""
        if message.from_ is None or (message.forward is not None and message.forward.customer is not None):
            return False
        return message.from_.domain in self.team_domains or message.from_.addr.lower() in self.trust.own_addresses

    def _believed(self, item: Item, message: Message) -> Message:
        if not (self.believe and item.key and message.from_ is not None):
            return message
        passed = Authentication(
            state="pass", method="export", domain=message.from_.domain, reason="the exporting system is believed"
        )
        return replace(message, auth=passed)

    def _moment(self, at: float | None) -> float:
        return at if at is not None and 0.0 < at <= self.now + _DAY else 0.0


def team_domains(trust: Trust) -> frozenset[str]:
    """Domains that only the team writes from: those it named, and those of its addresses unless anybody can have one there."""
    own = {address.rpartition("@")[2] for address in trust.own_addresses}
    return trust.team_domains | {domain for domain in own if not is_public(domain)}


def _example(item: Item, mail: Mail, message: Message, route: RouteName, *, follow_up: bool) -> Example:
    customer = message.customer
    named = item.key or mail.message_id or mail.digest.hex()
    identity = ("export" if item.key else "mail", named)
    return Example(
        id=ExampleId(_hashed(*identity)),
        at=mail.received_at,
        origin=f"import: {item.origin}",
        subject=message.subject,
        new_text=message.new_text,
        language=message.language,
        route=route,
        sender=customer.addr.lower() if customer is not None else "",
        authenticated=bool(message.trusted_sender),
        thread=_hashed("thread", item.thread or (message.references[0] if message.references else named)),
        weight=FOLLOW_UP_WEIGHT if follow_up else 1.0,
    )


def _hashed(*said: str) -> str:
    return blake2b("\0".join(said).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def labels_of(folder: str, tags: Sequence[str] = (), groups: Sequence[str] = ()) -> tuple[str, ...]:
    """How labels are written in mappings."""
    named = [folder, *(f"label:{tag}" for tag in tags), *(f"group:{group}" for group in groups)]
    return tuple(dict.fromkeys(name for name in named if name.rpartition(":")[2].strip()))
