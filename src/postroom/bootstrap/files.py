"""Mail from files: judged as if it had come by SMTP, without keeping anything; or accepted, once each."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

from postroom.adapters.intake.files import FoundMail, count_bytes, find_mails
from postroom.adapters.intake.handing_in import HandingIn
from postroom.bootstrap.house import House
from postroom.decide.policy import Policy
from postroom.flow.facts import arrival_facts, decision_facts, message_facts
from postroom.flow.preview import Preview
from postroom.flow.sitting import Judges
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.message import Defect, Message
from postroom.ports import Classifier
from postroom.understand.envelope import peek
from postroom.understand.reader import read

__all__ = ["FoundMail", "Offline", "accept", "bytes_in", "mails_in", "preview", "understand"]

#: mails judged together
_BATCH = 64
#: files are the team's own
_PEER = Peer(door="files", trusted=True)


def bytes_in(paths: Sequence[str]) -> int:
    """Bytes of mail behind some paths, for a progress bar. Raises `Refused` for a missing path."""
    return count_bytes(paths)


def mails_in(house: House, paths: Sequence[str]) -> Iterator[FoundMail]:
    """The mails behind some paths; of those beyond `intake.max_size` the beginning. Raises `Refused` for what can't be read."""
    return find_mails(paths, house.settings.intake.max_size)


class Offline:
    """Reads and judges mail from files, as if it had just been accepted from a trusted hop of ours."""

    def __init__(
        self,
        house: House,
        *,
        brand: str = "",
        text_only: bool = False,
        classifier: Classifier | None = None,
        policy: Policy | None = None,
    ) -> None:
        """By another classifier or policy than the house's, if one is given.

        Raises `Refused` for a brand that there is none of; the first is taken when none is named.
        """
        self._house = house
        self._brand = _brand(house, brand)
        self._text_only = text_only
        self._classifier = classifier
        self._policy = policy

    @property
    def brand(self) -> BrandName:
        """Whose mail it is."""
        return self._brand

    def understood(self, found: FoundMail) -> tuple[Mail, Message]:
        """A mail and what the reader makes of it; one that was cut says so by a defect."""
        seen = peek(found.raw)
        mail = Mail(
            id=MailId(hashlib.sha256(found.path.encode("utf-8", "surrogateescape") + seen.digest).hexdigest()[:26]),
            received_at=time.time(),
            brand=self._brand,
            envelope=Envelope(mail_from="", rcpt_to=()),
            peer=_PEER,
            raw=found.raw,
            digest=seen.digest,
            message_id=seen.message_id,
            thread_key=seen.thread_key,
            sender_key=seen.sender_key,
        )
        message = read(mail, self._house.trust)
        if message.date:
            mail = replace(mail, received_at=message.date)  # files tell of the past
        if found.truncated:
            cut = Defect(code="truncated", detail=f"only its first {len(found.raw)} bytes were read (intake.max_size)")
            message = replace(message, defects=(*message.defects, cut))
        return mail, message

    def decisions(self, mails: Iterable[FoundMail]) -> Iterator[tuple[FoundMail, Message, Decision]]:
        """Where each mail would go, in order; nothing is kept and nothing delivered."""
        waiting = iter(mails)
        while found := list(islice(waiting, _BATCH)):
            batch = [self.understood(one) for one in found]
            decisions = self._preview.decisions(batch)
            for one, (_, message), decision in zip(found, batch, decisions, strict=True):
                yield one, message, decision

    @cached_property
    def _preview(self) -> Preview:
        house = self._house
        judges = Judges(
            book=house.rules.book,
            policy=self._policy or house.policy,
            classifier=house.classifier if self._classifier is None else self._classifier,
            statuses=house.statuses,
            status_deadline=house.settings.judging.status_deadline,
        )
        return Preview(judges, house.store if house.has_store else None, text_only=self._text_only)


def understand(house: House, mails: Iterable[FoundMail]) -> Iterator[dict[str, Any]]:
    """One line of `postroom understand --json` for each mail."""
    offline = Offline(house)
    for found in mails:
        _, message = offline.understood(found)
        yield message_facts(found.path, message)


def preview(house: House, mails: Iterable[FoundMail], *, brand: str, text_only: bool) -> Iterator[dict[str, Any]]:
    """One line of `postroom route --json` for each mail. Raises `Refused` for an unknown brand."""
    for found, _, decision in Offline(house, brand=brand, text_only=text_only).decisions(mails):
        yield {**decision_facts(found.path, decision), "truncated": found.truncated}


def accept(house: House, mails: Iterable[FoundMail], *, brand: str) -> Iterator[dict[str, Any]]:
    """Accept each mail for delivery, once: what an earlier, interrupted run accepted is left out.

    One line of `postroom route --deliver --json` for each; a mail that is refused stops no other. Raises `Refused` for an
    unknown brand, `TryLater` when the store can't take more.
    """
    address = house.settings.brand[_brand(house, brand)].addresses[0]
    recipient = f"postmaster{address}" if address.startswith("@") else address
    envelope = Envelope(mail_from="", rcpt_to=(recipient,))
    reception = house.reception()
    run = HandingIn(house.data / "route.journal", lambda raw: reception.accept(envelope, raw, _PEER)).run(mails)
    for one in run:
        yield arrival_facts(
            one.path, mail_id=one.mail_id, duplicate_of=one.duplicate_of, before=one.before, error=one.error
        )


def _brand(house: House, asked: str) -> BrandName:
    if asked and asked not in house.settings.brand:
        raise Refused(f"there is no brand {asked!r} in the settings")
    return BrandName(asked or next(iter(house.settings.brand)))
