"""Whatever was recorded can be judged again to the same decision."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.decide.folding import Folded, fold
from postroom.flow.recollection import Recollection
from postroom.flow.replay import newest_judged, replay, same
from postroom.model.judgement import Opinion
from postroom.model.mail import MailId, RouteName
from postroom.model.memory import Memory
from postroom.model.message import Message
from postroom.testing.values import a_decision
from postroom.understand.reader import read
from tests.unit.flow.house import House, a_message


class Opinionated:
    """A classifier with one opinion, on the edges of what can be said."""

    version = "m1"

    def __init__(self, *opinion: tuple[str, float]) -> None:
        self.opinion = tuple(Opinion(route=RouteName(route), share=share) for route, share in opinion)

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> list[tuple[Opinion, ...]]:
        return [self.opinion for _ in read]


@pytest.mark.parametrize(
    "opinion",
    [
        (("appeals", 0.7), ("refunds", 0.2), ("general", 0.1)),
        (("appeals", 1.0), ("refunds", 0.0), ("general", 0.0)),
        (("appeals", 1 / 3), ("refunds", 1 / 7), ("general", 11 / 21)),
        (),
    ],
)
def test_what_the_classifier_said_is_taken_from_the_record(tmp_path: Path, opinion) -> None:
    house = House(tmp_path)
    house.judging = replace(house.judging, classifier=Opinionated(*opinion))
    (mail,) = house.accept(a_message())
    house.judge()
    (decision,) = house.store.decisions(mail.id)
    assert bool(opinion) == any(f.source == "classifier" for f in decision.findings)
    assert replay(mail, decision, house.judging.trust, house.book, house.policy) == decision
    house.store.close()


def test_a_ticket_in_the_subject_is_not_noticed_twice(tmp_path: Path) -> None:
    house = House(tmp_path)
    (mail,) = house.accept(a_message(Subject="Re: [#12345] my account"))
    house.judge()
    (decision,) = house.store.decisions(mail.id)
    assert any(f.name == "ticket" for f in decision.findings)
    assert replay(mail, decision, house.judging.trust, house.book, house.policy) == decision
    house.store.close()


def test_a_batch_is_recalled_in_one_read_without_repeats(tmp_path: Path) -> None:
    asked: list[tuple[Any, ...]] = []

    class Asked:
        def recall(self, *keys):
            asked.append(keys)
            return Memory()

    house = House(tmp_path)
    said = "mx.shop.test; dkim=pass header.d=example.com"
    mails = [
        house.accept(
            a_message(Message_ID=f"<{n}@example.com>", In_Reply_To="<0@example.com>", Authentication_Results=said)
        )[0]
        for n in (1, 2, 3)
    ]
    batch = [(mail, read(mail, house.judging.trust)) for mail in mails]
    Recollection(Asked(), batch, [fold(message.subject, message.new_text) for _, message in batch])
    ((ids, subjects, senders, texts),) = asked
    assert len(texts()) == len(set(texts())) == 5, "the three say the same"
    assert "0@example.com" in ids
    assert len(ids) == len(set(ids))
    assert len(subjects) == len(set(subjects)) <= 1
    assert sorted(senders) == ["a:ada@example.com", "d:example.com"]
    house.store.close()


def test_what_words_weighed_is_not_compared_with_a_record_that_has_it_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    (mail,) = house.accept(a_message())
    house.judge()
    (decision,) = house.store.decisions(mail.id)
    assert any(finding.clues for finding in decision.findings)
    old = replace(decision, findings=tuple(replace(finding, clues=()) for finding in decision.findings))
    now = replay(mail, old, house.judging.trust, house.book, house.policy)
    assert now != old
    assert same(now, old)
    assert not same(replace(now, confidence=0.5), old)
    house.store.close()


def test_the_newest_judgement_is_no_persons_word_and_not_the_clocks() -> None:
    first, second = a_decision(MailId("x")), a_decision(MailId("x"), 2)
    word, clock, back = replace(first, by="ada"), replace(first, unconfirmed=True), replace(first, again=1)
    assert newest_judged((first, second, word, clock, back)) is second
    assert newest_judged((word, clock)) is None
    assert newest_judged(()) is None
