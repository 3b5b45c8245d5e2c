"""Erasing: everything that is known of a person, or one mail, so that nothing brings it back. Start at `Eraser.erase`.

What was asked for is written down first, then a tombstone beside the store, then mails go, a batch a transaction; then what
memory knows of the person; at last the bytes. A crash between any two repeats work and leaves nothing half erased for good:
`resume` goes on from the start, and what is gone already is passed over.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from postroom.decide import remember
from postroom.model.errors import PostroomError, Refused, TryLater
from postroom.model.mail import Mail, MailId
from postroom.model.people import Deed
from postroom.model.privacy import (
    Aged,
    Ages,
    Erasure,
    Gone,
    Hold,
    Outcome,
    Remembered,
    Removal,
    Somebody,
    TombKind,
    Tombs,
    Tombstone,
    key_name,
    tomb,
)
from postroom.model.trust import Trust
from postroom.ports.privacy import Aging, Erasing, Keeping, Tombstones, Wanted
from postroom.understand.addresses import normal
from postroom.understand.reader import read

_BATCH: Final = 50
_TRIES: Final = 100
_PAUSE: Final = 0.2
"""Seconds between tries, while a mail is in a worker's hands."""
_MAX_REASON: Final = 500


class Reads(Protocol):
    """What is needed of arrivals."""

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        """As `ports.Arrivals.read`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is held of somebody, in numbers and ids."""

    mails: tuple[MailId, ...]
    remembered: Remembered
    #: of the address, and of their mails
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """Erases; and holds back what must not be."""

    store: Reads
    erasing: Erasing
    keeping: Keeping
    aging: Aging
    #: beside the store
    tombstones: Tombstones
    trust: Trust
    #: that hashes are made with
    key: bytes
    clock: Callable[[], float]
    #: waits for so many seconds
    pause: Callable[[float], None]

    # -- looking ---------------------------------------------------------------------------------------------------

    def known(self, address: str) -> Known:
        """What is held of an address. Raises `Refused` for what is none, or one of our own."""
        whose = self.person(address)
        wanted = Somebody(whose=whose, until=self.clock())
        mails = tuple(self._found(wanted))
        held = {whose, *mails}
        return Known(
            mails=mails,
            remembered=self.erasing.remembered(wanted),
            holds=tuple(one for one in self.keeping.holds() if one.what in held),
        )

    def person(self, address: str) -> str:
        """An address as it is compared. Raises `Refused` for what is none, or one of our own."""
        whose = normal(address).lower()
        local, at, host = whose.rpartition("@")
        if not (at and local and host) or any(c.isspace() for c in whose):
            raise Refused(f"{address!r} is no address: write it as name@example.com")
        if whose in self.trust.own_addresses or whose in self.trust.form_senders:
            raise Refused(f"{whose} is an address of yours, not a person's: everything that came by it would go")
        return whose

    def name_of(self, whose: str) -> str:
        """What the audit log calls an address: a keyed hash, as lines of it can't be taken out again."""
        return f"person {tomb(self.key, 'address', whose).hex()}"

    def erased(self, mail_id: MailId) -> Gone | None:
        """What is known of a mail that was erased; None for one that was not."""
        return self.keeping.gone(mail_id)

    # -- holding ---------------------------------------------------------------------------------------------------

    def hold(self, what: str, reason: str, by: str) -> Hold:
        """From now on an address, or a mail by its id, is not erased. Raises `Refused` without a reason."""
        why = " ".join(reason.split())[:_MAX_REASON]
        if not why:
            raise Refused("say why it is held: the matter, or its number")
        hold = Hold(what=self._what(what), reason=why, by=by, at=self.clock())
        self.keeping.hold(hold, self._deed("held", by, hold.what))
        return hold

    def release(self, what: str, by: str) -> None:
        """It may be erased again. Raises `Refused` when it was not held."""
        found = self._what(what)
        if not self.keeping.release(found, self._deed("released", by, found)):
            raise Refused(f"{found} is not held")

    def _what(self, what: str) -> str:
        return self.person(what) if "@" in what else what

    def _deed(self, verb: str, by: str, what: str, detail: str = "") -> Deed:
        to = self.name_of(what) if "@" in what else what
        return Deed(at=self.clock(), by=by, what=verb, to=to, detail=detail)

    # -- erasing ---------------------------------------------------------------------------------------------------

    def erase(self, what: str, by: str) -> Erasure:
        """Erase a person by address, or one mail by its id, for good: on return nothing is left but counts.

        Raises `Refused` when anything of it is held, before anything is erased; and `TryLater` while one of the mails is in a
        worker's hands for long: then it is under way, and `resume` ends it.
        """
        what = self._what(what)
        if "@" in what:
            if held := self.known(what).holds:
                raise Refused(_held(held))
            asked = Erasure(at=self.clock(), by=by, address=what)
        else:
            asked = Erasure(at=self.clock(), by=by, mail_id=what)
        return self._carry_out(self.erasing.begin(asked, self._deed("erasure-begun", by, what)))

    def resume(self, before: float) -> tuple[Erasure, ...]:
        """End what was begun before then and did not come to its end. What hinders one hinders no other.

        Raises as `erase` for the first that could not be ended, after all others.
        """
        begun = [one for one in self.erasing.erasures(unfinished=True) if one.at < before]
        done: list[Erasure] = []
        hindered: list[PostroomError] = []
        for one in reversed(begun):
            try:
                done.append(self._carry_out(one))
            except (Refused, TryLater) as error:
                hindered.append(error)
        if hindered:
            raise hindered[0]
        return tuple(done)

    def again(self, stones: Sequence[Tombstone], keys: Collection[bytes]) -> int:
        """Erase what tombstones tell of that this store doesn't know of: how many mails. For a store that was brought back."""
        known = {(one.hash, one.at) for one in self.keeping.stones()}
        new = tuple(one for one in stones if (one.hash, one.at) not in known)
        if not new:
            return 0
        tombs = Tombs(keys, new)
        self._release(tombs)
        count = 0
        for some in _batches(list(self._found(tombs))):
            count += len(self._take_out(some, self.clock(), (), everything=True, tombs=tombs).erased)
        self._forget(tombs)
        self.keeping.bury(new)
        self.erasing.scrub()
        return count

    def _release(self, tombs: Tombs) -> None:
        """What was held once and erased later had been released in between."""
        for hold in self.keeping.holds():
            stone = tombs.stone("address" if "@" in hold.what else "mail", hold.what)
            if stone is not None and stone.at > hold.at:
                self.keeping.release(hold.what, self._deed("released", stone.by, hold.what, "erased after this backup"))

    def sweep(self, ages: Ages) -> Outcome:
        """Erase the mails that are older than they may become. No tombstone: a store that is brought back is swept again."""
        erased: list[MailId] = []
        busy: list[MailId] = []
        after = 0
        while True:
            found = self.keeping.overdue(ages, after=after)
            for some in _batches(found.ids):
                outcome = self._take_out(some, self.clock(), (), everything=False, of_age=True)
                erased += outcome.erased
                busy += outcome.busy
            if not found.after:
                break
            after = found.after
        if erased:
            self.erasing.scrub(whole=False)
        return Outcome(erased=tuple(erased), busy=tuple(busy))

    def fade(self, ages: Ages, *, dry_run: bool = False) -> Aged:
        """Forget senders who write no more, and what was told in cases decided long ago; which. Raises `TryLater`."""
        old = self.aging.aged(senders=ages.senders, cases=ages.cases)
        if old and not dry_run:
            self.aging.forget(old, senders=ages.senders, cases=ages.cases)
            self.erasing.scrub(whole=False)
        return old

    def _carry_out(self, erasure: Erasure) -> Erasure:
        whose = erasure.address
        wanted = Somebody(whose=whose, until=erasure.at)
        if whose:
            self._bury([self._stone("address", whose, erasure)])
        for some in _batches(list(self._found(wanted)) if whose else [MailId(erasure.mail_id)]):
            erasure = self._erase(some, erasure)
        examples = self._forget(wanted) if whose else 0
        self.erasing.scrub()
        done = replace(erasure, examples=erasure.examples + examples, done_at=self.clock())
        counts = f"{done.mails} mails, {done.examples} labelled"
        self.erasing.note(done, self._deed("erased", erasure.by, whose or erasure.mail_id, counts))
        return replace(done, address="", mail_id="")

    def _erase(self, some: Sequence[MailId], erasure: Erasure) -> Erasure:
        """One batch, in as many tries as workers make necessary."""
        left = list(some)
        for _ in range(_TRIES):
            outcome = self._take_out(left, self.clock(), self._stones(left, erasure), everything=bool(erasure.address))
            if outcome.held:
                raise Refused(f"{outcome.held[0]} is held meanwhile: the rest is erased when it is released")
            erasure = replace(erasure, mails=erasure.mails + len(outcome.erased))
            self.erasing.note(erasure)
            left = list(outcome.busy)
            if not left:
                return erasure
            self.pause(_PAUSE)
        raise TryLater(f"{left[0]} is in a worker's hands; it is erased, with the rest, as soon as it is not")

    def _take_out(
        self,
        ids: Sequence[MailId],
        at: float,
        stones: Sequence[Tombstone],
        *,
        everything: bool,
        of_age: bool = False,
        tombs: Tombs | None = None,
    ) -> Outcome:
        """``everything`` of their sender goes: also that two mails have one subject. ``tombs`` know when they went before."""
        removals = []
        for mail in self.store.read(ids):
            keys = remember.keys(read(mail, self.trust), mail)
            stone = tombs.stone("mail", mail.id) if tombs is not None else None
            removals.append(
                Removal(
                    mail_id=mail.id,
                    message_id=mail.message_id,
                    subject_key=keys.subject_key if everything else "",
                    of_age=of_age,
                    released=stone.at if stone is not None else 0.0,
                )
            )
        return self.erasing.erase(removals, stones, at)

    def _stones(self, ids: Sequence[MailId], erasure: Erasure) -> list[Tombstone]:
        """Of mails and their Message-IDs; on the disk before any of them is erased."""
        stones = [self._stone("mail", one, erasure) for one in ids]
        stones += [self._stone("message", m.message_id, erasure) for m in self.store.read(ids) if m.message_id]
        self.tombstones.add(stones)
        return stones

    def _stone(self, kind: TombKind, name: str, erasure: Erasure) -> Tombstone:
        return Tombstone(
            kind=kind, hash=tomb(self.key, kind, name), at=erasure.at, by=erasure.by, key=key_name(self.key)
        )

    def _bury(self, stones: Sequence[Tombstone]) -> None:
        self.tombstones.add(stones)
        self.keeping.bury(stones)

    def _forget(self, wanted: Wanted) -> int:
        """All that memory knows of them, until no judge who recalled it before can write it down again; how many examples."""
        examples = 0
        for before in range(_TRIES):
            found = self.erasing.remembered(wanted)
            if before and found == Remembered():
                return examples
            examples += len(found.examples)
            self.erasing.forget(wanted, found)
            self._await(self.erasing.in_hand())
        raise TryLater("mail of theirs comes in faster than it can be forgotten; it is tried again")

    def _await(self, judgements: Collection[str]) -> None:
        for _ in range(_TRIES):
            if self.erasing.in_hand().isdisjoint(judgements):
                return
            self.pause(_PAUSE)
        raise TryLater(
            "a judge takes long over a batch of mail; what it may remember of them is looked for again later"
        )

    def _found(self, wanted: Wanted) -> Iterator[MailId]:
        after = 0
        while True:
            found = self.erasing.find(wanted, after=after)
            yield from found.ids
            if not found.after:
                return
            after = found.after


def _held(holds: Sequence[Hold]) -> str:
    first = holds[0]
    more = f", and {len(holds) - 1} more" if len(holds) > 1 else ""
    return f"{first.what} is held by {first.by}: {first.reason}{more}. Nothing is erased until it is released"


def _batches(ids: Sequence[MailId]) -> Iterator[Sequence[MailId]]:
    for at in range(0, len(ids), _BATCH):
        yield ids[at : at + _BATCH]
