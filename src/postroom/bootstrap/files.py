"""Mail from files: judged as if it had come by SMTP, without keeping anything; or accepted, once each."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from postroom.adapters.classifier.none import NoClassifier
from postroom.adapters.intake.files import FoundMail
from postroom.bootstrap.house import House
from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.remember import Notebook
from postroom.flow.facts import decision_facts
from postroom.flow.recollection import Recollection
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.memory import Memory, Remember
from postroom.model.message import Message
from postroom.understand.envelope import peek
from postroom.understand.reader import read

#: mails judged together
_BATCH = 64


class Offline:
    """Judges mail from files. What it decides it remembers for the mails that follow, in memory alone."""

    def __init__(self, house: House, *, brand: str = "", text_only: bool = False) -> None:
        self._house = house
        self._brand = BrandName(brand or next(iter(house.settings.brand), ""))
        self._text_only = text_only
        self._classifier = NoClassifier()
        self._added: list[Remember] = []
        self._notebook = Notebook(Memory())

    def mail(self, found: FoundMail) -> Mail:
        """A mail as if it had just been accepted from a trusted hop of ours: files are the team's own."""
        seen = peek(found.raw)
        return Mail(
            id=MailId(hashlib.sha256(found.path.encode("utf-8", "surrogateescape") + seen.digest).hexdigest()[:26]),
            received_at=time.time(),
            brand=self._brand,
            envelope=Envelope(mail_from="", rcpt_to=()),
            peer=Peer(door="files", trusted=True),
            raw=found.raw,
            digest=seen.digest,
            message_id=seen.message_id,
            thread_key=seen.thread_key,
            sender_key=seen.sender_key,
        )

    def decisions(self, mails: Iterable[FoundMail]) -> Iterator[tuple[FoundMail, Message, Decision]]:
        """Where each mail would go, in order; nothing is kept and nothing delivered."""
        waiting = iter(mails)
        while found := list(islice(waiting, _BATCH)):
            batch = [(one, mail, read(mail, self._house.trust)) for one in found for mail in (self.mail(one),)]
            opinions = self._classifier.classify([message for _, _, message in batch])
            for (one, mail, message), opinion in zip(batch, opinions, strict=True):
                yield one, message, self._decide(mail, message, tuple(opinion))

    def _decide(self, mail: Mail, message: Message, opinion: tuple[Any, ...]) -> Decision:
        book, policy = self._house.rulebook, self._house.policy
        if self._text_only:
            return judge(Case(mail=mail, message=message, classifier=opinion, now=mail.received_at), book, policy)
        now = message.date or mail.received_at
        memory = Recollection(self, [(mail, message)])
        around = memory.of(mail, message, now)
        case = Case(
            mail=mail,
            message=message,
            thread=around.found.thread,
            history=around.history,
            remarks=around.found.remarks,
            classifier=opinion,
            now=now,
        )
        decision = judge(case, book, policy)
        self._notebook.add(memory.extend(mail, message, decision, around, now))
        return decision

    def recall(self, message_ids: Iterable[str], subject_keys: Iterable[str], senders: Iterable[str]) -> Memory:
        """What the mails before this one, and the store, remember under these keys."""
        wanted = (tuple(message_ids), tuple(subject_keys), tuple(senders))
        stored = self._house.store.recall(*wanted) if self._house.has_store else Memory()
        mine = self._notebook.memory
        ids, subjects, known = mine.threads, mine.subjects, mine.senders
        return Memory(
            threads={**stored.threads, **{key: ids[key] for key in wanted[0] if key in ids}},
            subjects={**stored.subjects, **{key: subjects[key] for key in wanted[1] if key in subjects}},
            senders={**stored.senders, **{key: known[key] for key in wanted[2] if key in known}},
        )


def preview(house: House, mails: Iterable[FoundMail], *, brand: str, text_only: bool) -> Iterator[dict[str, Any]]:
    """One line of `postroom route --json` for each mail."""
    for found, _, decision in Offline(house, brand=brand, text_only=text_only).decisions(mails):
        yield decision_facts(found.path, decision)


def accept(house: House, mails: Iterable[FoundMail], *, brand: str) -> Iterator[dict[str, Any]]:
    """Accept each mail for delivery, once: what an earlier, interrupted run accepted is left out.

    The journal beside the store names each accepted mail by its place and digest, and is written after the mail is
    kept. A crash between the two repeats one mail; the store knows it again by its Message-ID.
    """
    reception, brand_name = house.reception(), brand or next(iter(house.settings.brand))
    if brand_name not in house.settings.brand:
        raise Refused(f"there is no brand {brand_name!r} in the settings")
    address = house.settings.brand[brand_name].addresses[0]
    recipient = f"postmaster{address}" if address.startswith("@") else address
    journal = house.data / "route.journal"
    done = set(journal.read_text(encoding="ascii").split()) if journal.exists() else set()
    with journal.open("a", encoding="ascii") as lines:
        for found in mails:
            mark = hashlib.sha256(
                os.path.realpath(found.path).encode("utf-8", "surrogateescape") + found.raw
            ).hexdigest()
            if mark in done:
                yield {"path": found.path, "id": "", "route": "(accepted before)"}
                continue
            envelope = Envelope(mail_from="", rcpt_to=(recipient,))
            (kept,) = reception.accept(envelope, found.raw, Peer(door="files", trusted=True)).result()
            lines.write(mark + "\n")
            lines.flush()
            yield {"path": found.path, "id": kept.id, "route": "(accepted)", "duplicate_of": kept.duplicate_of}
