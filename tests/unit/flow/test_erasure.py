"""Erasing a person: all of it or nothing, resumed where it broke off, and known again when it comes back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.aging import SqliteAging
from postroom.adapters.store.answers import SqliteAnswers
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.erasing import SqliteErasing
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.keeping import SqliteKeeping
from postroom.adapters.store.replies import SqliteReplies
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.tombstones import TombstoneFile
from postroom.flow.erasure import Eraser
from postroom.model.cases import CaseMail
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import DestinationName, Mail, MailId
from postroom.model.people import ALL, Deed
from postroom.model.privacy import Aged, Ages, Erasure, Found, Outcome, Remembered, Tombs, key_name, tomb
from postroom.model.work import Lane
from postroom.ports.answers import FORGOTTEN
from postroom.testing.cases_contract import a_case, a_change
from postroom.testing.replies_contract import a_reply, put
from postroom.testing.values import an_example
from tests.unit.flow.house import KEY, House, a_message

PASSED = "mx.shop.test; dkim=pass header.d=example.com"
ADA = "ada@example.com"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


class Broken:
    """A port that fails at one call, or answers as told."""

    def __init__(self, real: Any, **answers: Any) -> None:
        self.real = real
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        if name not in self.answers:
            return getattr(self.real, name)
        return self.answers[name]


def eraser(house: House, store: SqliteStore | None = None, **changes: Any) -> Eraser:
    store = store or house.store
    path = store._path
    made = Eraser(
        store=store,
        erasing=SqliteErasing(store.units, path),
        keeping=SqliteKeeping(store.units),
        aging=SqliteAging(store.units),
        tombstones=TombstoneFile(path.with_name("erased")),
        trust=house.judging.trust,
        key=KEY,
        clock=house.clock.now,
        pause=house.clock.advance,
    )
    return replace(made, **changes)


def arrive(house: House, number: int, sender: str = "Ada <ada@example.com>", **headers: str) -> Mail:
    fields = {"From": sender, "Message_ID": f"<{number}@example.com>", "Authentication_Results": PASSED} | headers
    raw = a_message(f"letter {number}", Subject=f"The green parcel {number}", **fields)
    (mail,) = house.accept(raw, mail_from="ada@example.com" if "ada" in sender else "bob@example.com")
    house.judge()
    house.deliver()
    return mail


def deeds(house: House) -> list[tuple[str, str]]:
    return [(one.what, one.to) for one in SqliteJournal(house.store.units).deeds()]


def test_a_person_is_erased_with_mails_memory_and_examples_and_others_stay(house: House) -> None:
    first, second = arrive(house, 1), arrive(house, 2)
    other = arrive(house, 3, "Bob <bob@example.com>")
    house.store.keep_examples([an_example(1, sender="Ada@example.com"), an_example(2)])
    one = eraser(house)
    known = one.known(" Ada@Example.com ")
    assert known.mails == (first.id, second.id)
    assert len(known.remembered.threads) == 2
    assert known.holds == ()
    done = one.erase("ada@EXAMPLE.com", "root")
    assert (done.mails, done.examples, done.address, done.done_at) == (2, 1, "", house.clock.now())
    assert one.known(ADA).mails == ()
    assert one.known(ADA).remembered == Remembered()
    assert [bool(mail.raw) for mail in house.store.read([first.id, second.id, other.id])] == [False, False, True]
    gone = one.erased(first.id)
    assert gone is not None
    assert one.erased(other.id) is None
    assert deeds(house) == [("erased", one.name_of(ADA)), ("erasure-begun", one.name_of(ADA))]
    assert "ada" not in one.name_of(ADA)


def test_of_whom_memory_knows_nothing_all_else_is_forgotten_too(house: House) -> None:
    mail = arrive(house, 1, "Bob <bob@example.com>")
    store = house.store
    replies = SqliteReplies(store.units)
    put(replies, replace(a_reply(1, mail.id), to=ADA, at=mail.received_at))
    answers, sent = SqliteAnswers(store.units), b"k" * 32
    answers.begin(sent, b"d" * 32, house.clock.now())
    answers.finish(sent, 201, f"an answer to {ADA}".encode())
    store.set_lane(Lane(destination=DestinationName("d"), down=True, failures=1, probe_at=1.0, error=f"550 {ADA}"))
    one = eraser(house)
    assert one.known(ADA).remembered == Remembered()
    one.erase(ADA, "root")
    assert replies.of_mails([mail.id]) == {}
    assert [lane.error for lane in store.lanes()] == [""]
    kept = answers.begin(sent, b"d" * 32, house.clock.now())
    assert kept is not None, "the same call is not done twice"
    assert (kept.status, kept.body) == (FORGOTTEN, b"")


def test_what_was_erased_is_known_again_by_whoever_has_the_key(house: House) -> None:
    mail = arrive(house, 1)
    one = eraser(house)
    one.erase(ADA, "root")
    stones = one.tombstones.all()
    assert set(stones) == set(one.keeping.stones())
    tombs = Tombs([b"old", KEY], stones)
    assert tombs.address(ADA) == house.clock.now()
    assert tombs.mail(mail.id)
    assert tombs.stone("message", "1@example.com") is not None
    assert (tombs.address("bob@example.com"), tombs.mail("m2"), tombs.address("")) == (0.0, False, 0.0)
    assert Tombs([b"another key"], stones).address(ADA) == 0.0
    assert {stone.key for stone in stones} == {key_name(KEY)}
    newer = replace(stones[0], at=stones[0].at + 5)
    assert Tombs([KEY], [stones[0], newer, stones[0]]).address(ADA) == newer.at


def test_one_mail_is_erased_by_its_id_and_its_senders_others_stay(house: House) -> None:
    first, second = arrive(house, 1), arrive(house, 2)
    one = eraser(house)
    done = one.erase(first.id, "root")
    assert (done.mails, done.examples) == (1, 0)
    assert one.known(ADA).mails == (second.id,)
    assert f"a:{ADA}" in one.known(ADA).remembered.senders
    assert deeds(house)[0] == ("erased", first.id)
    assert [stone.kind for stone in one.tombstones.all()] == ["mail", "message"]


def test_a_mail_without_message_id_has_no_tombstone_of_one(house: House) -> None:
    mail = arrive(house, 1, Message_ID="")
    one = eraser(house)
    one.erase(mail.id, "root")
    assert [stone.kind for stone in one.tombstones.all()] == ["mail"]


@pytest.mark.parametrize("address", ["ada", "@example.com", "ada@", "", "a b@example.com"])
def test_what_is_no_address_is_refused(house: House, address: str) -> None:
    with pytest.raises(Refused, match="is no address"):
        eraser(house).known(address)


def test_our_own_addresses_are_nobodys(house: House) -> None:
    trust = replace(
        house.judging.trust,
        own_addresses=frozenset({"support@shop.test"}),
        form_senders=frozenset({"form@shop.test"}),
    )
    for address in ("Support@shop.test", "form@shop.test"):
        with pytest.raises(Refused, match="an address of yours"):
            eraser(house, trust=trust).erase(address, "root")


def test_what_is_held_is_not_erased_until_it_is_released(house: House) -> None:
    first, second = arrive(house, 1), arrive(house, 2)
    one = eraser(house)
    with pytest.raises(Refused, match="say why"):
        one.hold(ADA, "  ", "root")
    one.hold("Ada@example.com", "case  7", "root")
    one.hold(second.id, "case 8", "root")
    assert {(hold.what, hold.reason) for hold in one.known(ADA).holds} == {(second.id, "case 8"), (ADA, "case 7")}
    with pytest.raises(Refused, match=r"is held by root: .*, and 1 more"):
        one.erase(ADA, "root")
    one.release(ADA, "root")
    with pytest.raises(Refused, match=f"{second.id} is held by root: case 8. Nothing"):
        one.erase(ADA, "root")
    with pytest.raises(Refused, match="is held"):
        one.erase(second.id, "root")
    assert one.erase(first.id, "root").mails == 1
    one.release(second.id, "root")
    with pytest.raises(Refused, match="is not held"):
        one.release(second.id, "root")
    assert one.erase(ADA, "root").mails == 1
    assert [what for what, _ in deeds(house)].count("held") == 2
    assert one.tombstones.all()[0].kind == "mail", "nothing was buried while it was held"


def test_what_is_held_while_it_is_erased_stays_and_goes_once_released(house: House) -> None:
    arrive(house, 1)
    one = eraser(house)

    def meanwhile(*_: Any) -> Outcome:
        return Outcome(held=(MailId("m1"),))

    with pytest.raises(Refused, match="m1 is held meanwhile"):
        replace(one, erasing=Broken(one.erasing, erase=meanwhile)).erase(ADA, "root")
    (left,) = one.erasing.erasures(unfinished=True)
    assert left.address == ADA
    assert one.resume(house.clock.now()) == (), "not begun before now"
    house.clock.advance(1)
    (done,) = one.resume(house.clock.now())
    assert done.mails == 1
    assert one.erasing.erasures(unfinished=True) == ()


def test_what_they_write_while_they_are_erased_is_new_with_its_case_and_its_answers(house: House) -> None:
    old = arrive(house, 1)
    one, store = eraser(house), house.store
    cases, replies = SqliteCases(store.units), SqliteReplies(store.units)
    known = cases.put(
        a_change(a_case(ADA, received_at=old.received_at), joins=CaseMail(id=old.id, at=old.received_at, thread="t"))
    )
    before = put(replies, replace(a_reply(1, old.id), to=ADA, at=old.received_at))

    def busy(*_: Any) -> Outcome:
        raise TryLater("busy")

    house.clock.advance(1)
    with pytest.raises(TryLater):
        replace(one, erasing=Broken(one.erasing, erase=busy)).erase(ADA, "root")
    house.clock.advance(60)
    new = arrive(house, 2)
    opened = cases.put(
        a_change(a_case(ADA, received_at=new.received_at), joins=CaseMail(id=new.id, at=new.received_at, thread="u"))
    )
    answer = put(replies, replace(a_reply(2, new.id), to=ADA, at=new.received_at))
    assert [done.mails for done in one.resume(house.clock.now())] == [1]
    assert cases.case(opened.number, ALL) == opened
    assert [found.id for found in replies.of_mails([old.id, new.id])[new.id]] == [answer.id]
    assert replies.reply(before.id) is None
    gone = cases.case(known.number, ALL)
    assert gone is not None
    assert (gone.person, gone.state) == ("", "decided")


def test_what_hinders_one_erasure_hinders_no_other(house: House) -> None:
    held, other = arrive(house, 1), arrive(house, 2)
    one = eraser(house)

    def gone(*_: Any) -> Outcome:
        raise TryLater("busy")

    for mail in (held, other):
        with pytest.raises(TryLater):
            replace(one, erasing=Broken(one.erasing, erase=gone)).erase(mail.id, "root")
    one.hold(held.id, "case 7", "root")
    house.clock.advance(1)
    with pytest.raises(Refused, match=f"{held.id} is held meanwhile"):
        one.resume(house.clock.now())
    assert [begun.mail_id for begun in one.erasing.erasures(unfinished=True)] == [held.id]
    assert one.erased(other.id) is not None


def test_a_mail_in_a_workers_hands_is_waited_for(house: House) -> None:
    (mail,) = house.accept(a_message())
    (job,) = house.store.claim("judge", 1, "w")
    ended: list[float] = []

    def pause(seconds: float) -> None:
        ended.append(seconds)
        if len(ended) == 3:
            house.store.release("w")

    done = eraser(house, pause=pause).erase(ADA, "root")
    assert (done.mails, len(ended), job.mail_id) == (1, 3, mail.id)
    assert not house.store.claim("judge", 1, "w")


def test_a_mail_that_stays_in_a_workers_hands_is_erased_later(house: House) -> None:
    house.accept(a_message())
    house.store.claim("judge", 1, "w")
    one = eraser(house, pause=lambda _seconds: None)
    with pytest.raises(TryLater, match="in a worker's hands"):
        one.erase(ADA, "root")
    house.store.release("w")
    house.clock.advance(1)
    assert one.resume(house.clock.now())[0].mails == 1


def test_what_a_judge_writes_down_again_is_forgotten_again(house: House) -> None:
    one = eraser(house)
    again = [Remembered(senders=(f"a:{ADA}",), examples=("e1",)), Remembered(senders=(f"a:{ADA}",)), Remembered()]
    hands = iter([frozenset({"1.1"}), frozenset({"1.1", "2.1"}), frozenset({"2.1"}), frozenset(), frozenset()])
    looked: list[Remembered] = []

    def remembered(_wanted: Any) -> Remembered:
        looked.append(again.pop(0))
        return looked[-1]

    arrive(house, 1)
    done = replace(
        one, erasing=Broken(one.erasing, remembered=remembered, in_hand=lambda: next(hands)), keeping=one.keeping
    )
    nothing = Remembered()
    again.insert(0, nothing)  # before it begins, for what is held
    assert done.erase(ADA, "root").examples == 1
    assert len(looked) == 4


def test_neither_judges_nor_mail_keep_it_going_for_ever(house: House) -> None:
    arrive(house, 1)
    one = eraser(house)
    always = Broken(one.erasing, remembered=lambda _: Remembered(senders=("a:x",)), in_hand=frozenset)
    with pytest.raises(TryLater, match="faster than it can be forgotten"):
        replace(one, erasing=always).erase(ADA, "root")
    busy = Broken(one.erasing, remembered=lambda _: Remembered(senders=("a:x",)), in_hand=lambda: frozenset({"1.1"}))
    with pytest.raises(TryLater, match="a judge takes long"):
        replace(one, erasing=busy).erase(ADA, "root")
    assert len(one.erasing.erasures(unfinished=True)) == 1, "it is the same one"


@pytest.mark.parametrize("step", ["note", "find", "erase", "remembered", "forget", "scrub"])
def test_wherever_it_breaks_off_it_is_ended_later(house: House, step: str) -> None:
    for number in range(1, 4):
        arrive(house, number)
    one = eraser(house)
    real, fails = getattr(one.erasing, step), [False, True] if step in {"find", "remembered"} else [True]

    def breaks(*arguments: Any, **more: Any) -> Any:
        if fails and fails.pop(0):
            raise TryLater("the disk is full")
        return real(*arguments, **more)

    broken = replace(one, erasing=Broken(one.erasing, **{step: breaks}))
    with pytest.raises(TryLater, match="disk is full"):
        broken.erase(ADA, "root")
    assert broken.tombstones.all()[0].kind == "address", "written before anything is erased"
    house.clock.advance(60)
    arrive(house, 9)
    (done,) = one.resume(house.clock.now())
    assert done.done_at == house.clock.now()
    assert len(one.known(ADA).mails) == 1, "what came after it was asked for is new"


def test_a_store_that_was_brought_back_is_told_again(house: House, tmp_path: Path) -> None:
    first, second = arrive(house, 1), arrive(house, 2)
    other = arrive(house, 3, "Bob <bob@example.com>")
    house.store.backup(tmp_path / "copy.db")
    house.clock.advance(60)
    eraser(house).erase(ADA, "root")
    eraser(house).erase(other.id, "root")
    house.store.backup(tmp_path / "later.db")
    stones = eraser(house).tombstones.all()
    store, later = (SqliteStore.open(tmp_path / name, clock=house.clock.now) for name in ("copy.db", "later.db"))
    try:
        back = eraser(house, store)
        assert back.again((), [KEY]) == 0
        assert back.again(stones, [b"another key", KEY]) == 3
        assert [mail.raw for mail in store.read([first.id, second.id, other.id])] == [b"", b"", b""]
        assert back.known(ADA).remembered == Remembered()
        assert eraser(house, later).again(stones, [KEY]) == 0
    finally:
        store.close()
        later.close()


def test_what_was_held_at_the_backup_and_erased_after_its_release_does_not_come_back(
    house: House, tmp_path: Path
) -> None:
    arrive(house, 1)
    other, held = arrive(house, 3, "Bob <bob@example.com>"), arrive(house, 4, "Carl <carl@example.com>")
    one = eraser(house)
    for what in (ADA, "bob@example.com", held.id, "dora@example.com"):
        one.hold(what, "case 7", "root")
    house.store.backup(tmp_path / "copy.db")
    house.clock.advance(60)
    for what in (ADA, "bob@example.com", held.id):
        one.release(what, "root")
    for what in (ADA, other.id, held.id):
        one.erase(what, "eve")
    store = SqliteStore.open(tmp_path / "copy.db", clock=house.clock.now)
    try:
        back = eraser(house, store)
        assert back.again(one.tombstones.all(), [KEY]) == 3
        assert back.known(ADA).mails == ()
        assert {hold.what for hold in back.keeping.holds()} == {"bob@example.com", "dora@example.com"}
        assert ("released", back.name_of(ADA)) in [(line.what, line.to) for line in SqliteJournal(store.units).deeds()]
    finally:
        store.close()


def test_what_is_held_since_it_was_to_be_erased_stays_when_it_is_told_again(house: House, tmp_path: Path) -> None:
    mail = arrive(house, 1)
    one = eraser(house)
    stones = one._stones([mail.id], Erasure(at=house.clock.now(), by="root", mail_id=mail.id))
    house.clock.advance(60)
    one.hold(mail.id, "case 7", "root")
    assert one.again(stones, [KEY]) == 0
    assert [hold.what for hold in one.keeping.holds()] == [mail.id]


def test_what_is_over_its_time_is_erased_without_a_tombstone(house: House) -> None:
    first = arrive(house, 1)
    house.clock.advance(100)
    second = arrive(house, 2)
    one = eraser(house)
    cases = SqliteCases(house.store.units)
    decided = a_case(ADA, state="decided", outcome="granted", reason="a mistake", fresh=False)
    joins = CaseMail(id=first.id, at=first.received_at, thread="t")
    case = cases.put(a_change(decided, joins=joins))
    old = Ages(routes={}, other=house.clock.now())
    assert one.sweep(old).erased == (first.id,)
    assert cases.case(case.number, ALL) == replace(case, mails=()), "it has an age of its own"
    assert one.sweep(old) == Outcome()
    assert one.tombstones.all() == ()
    assert one.known(ADA).mails == (second.id,)
    assert one.erased(first.id) is not None


def test_who_writes_no_more_is_forgotten_after_a_time(house: House) -> None:
    arrive(house, 1)
    house.clock.advance(100)
    one, now = eraser(house), house.clock.now()
    assert one.fade(Ages(routes={})) == Aged()
    old = one.fade(Ages(routes={}, senders=now), dry_run=True)
    assert f"a:{ADA}" in old.senders
    assert one.known(ADA).remembered.senders
    assert one.fade(Ages(routes={}, senders=now)) == old
    assert not one.known(ADA).remembered.senders


def test_all_that_is_over_its_time_is_gone_through(house: House) -> None:
    first, second = arrive(house, 1), arrive(house, 2)
    pages = {0: Found(ids=(first.id,), after=7), 7: Found(ids=(second.id,), after=0)}
    one = eraser(house)
    keeping = Broken(one.keeping, overdue=lambda _ages, after: pages[after])
    assert replace(one, keeping=keeping).sweep(Ages(routes={})).erased == (first.id, second.id)


def test_many_mails_are_found_page_by_page(house: House) -> None:
    first = arrive(house, 1)
    pages = {0: Found(ids=(first.id,), after=7), 7: Found(ids=(), after=0)}
    one = eraser(house)
    erasing = Broken(one.erasing, find=lambda _wanted, after: pages[after])
    assert replace(one, erasing=erasing).known(ADA).mails == (first.id,)


def test_a_tombstone_is_no_plain_hash() -> None:
    assert tomb(KEY, "mail", "m1") != tomb(KEY, "message", "m1") != tomb(b"x", "message", "m1")
    assert len(tomb(KEY, "address", "\ud800@x")) == 16
    assert Deed(at=0.0, by="", what="").to == ""
