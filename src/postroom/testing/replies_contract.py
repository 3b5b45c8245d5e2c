"""What every outbox of answers must do, as tests. Subclass; ``store`` is a `Store`, ``replies`` both ports of answers on it."""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.errors import Refused
from postroom.model.listing import Event
from postroom.model.mail import BrandName, MailId
from postroom.model.people import ALL, Deed
from postroom.model.replies import Reply, ReplyId
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.replies import Outbox, Replies
from postroom.testing.store_contract import accept
from postroom.testing.values import a_mail

NOW = 1_800_000_200.0


class KeepsReplies(Replies, Outbox, Protocol):
    """Both ports of answers."""


class TellsEvents(Store, Protocol):
    """A store that tells the way of a mail."""

    def events(self, mail_id: MailId) -> tuple[Event, ...]:
        """In order of time."""
        ...


def a_reply(number: int, mail_id: MailId, **changes: Any) -> Reply:
    """Answer ``number``, due ten seconds after it was written."""
    reply = Reply(
        id=ReplyId(f"01rep{number:021d}"),
        mail_id=mail_id,
        brand=BrandName("example"),
        by="ada",
        at=NOW,
        to="eve@example.com",
        sender="support@brand.test",
        subject="Re: mail",
        text="It is done.",
        message_id=f"reply-{number}@brand.test",
        raw=b"Subject: Re: mail\r\n\r\nIt is done.\r\n",
        language="en",
        due_at=NOW + 10,
        since=NOW,
    )
    return replace(reply, **changes)


def put(replies: KeepsReplies, reply: Reply, after: str = "") -> Reply:
    """Keep an answer."""
    replies.put(reply, Deed(at=reply.at, by=reply.by, what="answered", to=reply.mail_id), after=after)
    return reply


def state(replies: KeepsReplies, reply: Reply) -> str:
    """What became of it."""
    found = replies.reply(reply.id)
    assert found is not None
    return found.state


def deed(what: str, at: float = NOW + 5) -> Deed:
    """Somebody does something."""
    return Deed(at=at, by="ada", what=what)


class RepliesContract:
    """Nothing that was written is lost, sent by two at once, or sent after it was taken back."""

    @pytest.fixture
    def mail_id(self, store: Store) -> MailId:
        """A mail to answer."""
        mail = a_mail(1)
        accept(store, mail)
        return mail.id

    def test_it_is_kept_with_its_deed(self, replies: KeepsReplies, mail_id: MailId, journal: Journal) -> None:
        reply = put(replies, a_reply(1, mail_id, asks=True, template="more", automatic=True))
        assert replies.reply(reply.id) == reply
        assert replies.of_mails([mail_id, MailId("none")]) == {mail_id: (replace(reply, raw=b""),)}
        assert replies.of_mails([]) == {}
        assert [(one.what, one.to) for one in journal.deeds(limit=1)] == [("answered", mail_id)]
        assert replies.reply(ReplyId("none")) is None

    def test_the_way_of_the_mail_tells_of_it(self, store: TellsEvents, replies: KeepsReplies, mail_id: MailId) -> None:
        put(replies, a_reply(1, mail_id))
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        replies.settle(taken, "sent", at=NOW + 11, due_at=0, said="250 2.0.0 queued")
        told = [(one.at, one.what, one.detail) for one in store.events(mail_id)][-2:]
        assert told == [(NOW, "answer written", "by ada"), (NOW + 11, "answer sent", "250 2.0.0 queued")]

    def test_who_has_not_seen_the_newest_is_refused(
        self, replies: KeepsReplies, mail_id: MailId, journal: Journal
    ) -> None:
        first = put(replies, a_reply(1, mail_id))
        with pytest.raises(Refused, match="ada has answered meanwhile"):
            put(replies, a_reply(2, mail_id))
        assert len(replies.of_mails([mail_id])[mail_id]) == 1
        assert len(journal.deeds(what="answered")) == 1
        put(replies, a_reply(2, mail_id), after=first.id)

    def test_one_that_was_taken_back_need_not_have_been_seen(self, replies: KeepsReplies, mail_id: MailId) -> None:
        first = put(replies, a_reply(1, mail_id))
        assert replies.withdraw(first.id, deed("answer-taken-back"))
        put(replies, a_reply(2, mail_id))

    def test_an_automatic_one_stands_in_nobody_s_way(self, replies: KeepsReplies, mail_id: MailId) -> None:
        put(replies, a_reply(1, mail_id, automatic=True))
        put(replies, a_reply(2, mail_id))
        with pytest.raises(Refused, match="ada has answered"):
            put(replies, a_reply(3, mail_id, automatic=True))

    def test_the_newest_of_people_is_told_without_its_words(self, replies: KeepsReplies, mail_id: MailId) -> None:
        assert replies.newest([]) == {}
        put(replies, a_reply(1, mail_id, automatic=True))
        assert replies.newest([mail_id]) == {}
        first = put(replies, a_reply(2, mail_id))
        second = put(replies, a_reply(3, mail_id), after=first.id)
        assert replies.newest([mail_id]) == {mail_id: replace(second, raw=b"", text="")}
        replies.withdraw(second.id, deed("answer-taken-back"))
        assert replies.newest([mail_id])[mail_id].id == first.id

    def test_uses_of_templates_are_counted_without_those_taken_back(
        self, replies: KeepsReplies, mail_id: MailId
    ) -> None:
        for number, template in enumerate(("more", "more", "granted", ""), 1):
            put(replies, a_reply(number, mail_id, template=template, automatic=True))
        put(replies, a_reply(5, mail_id, template="more", automatic=True, at=NOW - 100))
        assert replies.used(NOW, ALL) == {"more": 2, "granted": 1}
        assert replies.withdraw(ReplyId(f"01rep{1:021d}"), deed("answer-taken-back"))
        assert replies.used(NOW, ALL) == {"more": 1, "granted": 1}
        assert replies.used(NOW + 1, ALL) == {}

    def test_without_its_mail_there_is_nothing_to_answer(self, replies: KeepsReplies) -> None:
        with pytest.raises(Refused, match="this mail is gone"):
            put(replies, a_reply(1, MailId("none")))

    def test_it_is_taken_when_it_is_due_and_by_one_alone(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        assert replies.take(NOW + 9, lease=60, limit=10) == ()
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        assert (taken.raw, taken.state) == (reply.raw, "sending")
        assert replies.take(NOW + 69, lease=60, limit=10) == ()
        (again,) = replies.take(NOW + 70, lease=60, limit=10)
        assert again.id == reply.id

    def test_who_took_it_too_long_ago_settles_nothing(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        (late,) = replies.take(NOW + 10, lease=60, limit=10)
        replies.take(NOW + 80, lease=60, limit=10)
        replies.settle(late, "failed", at=NOW + 81, due_at=0, said="no")
        assert state(replies, reply) == "sending"

    def test_what_is_put_off_comes_again_with_its_tries(self, replies: KeepsReplies, mail_id: MailId) -> None:
        put(replies, a_reply(1, mail_id))
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        replies.settle(taken, "waiting", at=NOW + 11, due_at=NOW + 40, said="451 later")
        assert replies.take(NOW + 39, lease=60, limit=10) == ()
        (again,) = replies.take(NOW + 40, lease=60, limit=10)
        assert (again.tries, again.said, again.settled_at) == (1, "451 later", None)

    def test_it_can_be_taken_back_while_it_waits(
        self, replies: KeepsReplies, mail_id: MailId, journal: Journal
    ) -> None:
        reply = put(replies, a_reply(1, mail_id))
        assert replies.withdraw(reply.id, deed("answer-taken-back"))
        assert replies.take(NOW + 100, lease=60, limit=10) == ()
        assert not replies.withdraw(reply.id, deed("answer-taken-back"))
        assert len(journal.deeds(what="answer-taken-back")) == 1

    def test_what_is_being_sent_can_not_be_taken_back(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        replies.take(NOW + 10, lease=60, limit=10)
        assert not replies.withdraw(reply.id, deed("answer-taken-back"))

    def test_what_failed_lies_aside_and_is_sent_again_or_given_up(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        replies.settle(taken, "failed", at=NOW + 11, due_at=0, said="550 no such user")
        (aside,) = replies.aside()
        assert (aside.id, aside.said) == (reply.id, "550 no such user")
        assert replies.aside(after=reply.id) == ()
        assert replies.again(reply.id, deed("answer-tried-again", NOW + 20))
        assert not replies.again(reply.id, deed("answer-tried-again"))
        (again,) = replies.take(NOW + 20, lease=60, limit=10)
        assert (again.tries, again.since) == (0, NOW + 20)
        replies.settle(again, "failed", at=NOW + 21, due_at=0, said="550 no such user")
        assert replies.withdraw(reply.id, deed("answer-given-up"), reason="ada: wrong address")
        found = replies.reply(reply.id)
        assert found is not None
        assert (found.state, found.said) == ("withdrawn", "ada: wrong address")
        assert replies.aside() == ()

    def test_cases_are_told_once_of_what_was_sent(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        assert replies.untold(10) == ()
        replies.settle(taken, "sent", at=NOW + 11, due_at=0, said="250 ok")
        assert [one.id for one in replies.untold(10)] == [reply.id]
        replies.told(reply.id)
        assert replies.untold(10) == ()

    def test_a_bounce_may_be_faster_than_the_settling(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        assert replies.bounced(reply.id, "example", "it says so", NOW + 11)
        replies.settle(taken, "sent", at=NOW + 12, due_at=0, said="250 ok")
        found = replies.reply(reply.id)
        assert found is not None
        assert (found.state, found.said) == ("bounced", "it says so")
        assert replies.take(NOW + 100, lease=60, limit=10) == (), "it is not sent again"

    def test_a_bounce_marks_what_was_sent_by_that_brand_alone(self, replies: KeepsReplies, mail_id: MailId) -> None:
        reply = put(replies, a_reply(1, mail_id))
        assert not replies.bounced(reply.id, "example", "it says so", NOW + 9)
        (taken,) = replies.take(NOW + 10, lease=60, limit=10)
        replies.settle(taken, "sent", at=NOW + 11, due_at=0, said="250 ok")
        assert not replies.bounced(reply.id, "other", "it says so", NOW + 20)
        assert replies.bounced(reply.id, "example", "it says so", NOW + 20)
        assert not replies.bounced(reply.id, "example", "it says so again", NOW + 30)
        found = replies.reply(reply.id)
        assert found is not None
        assert (found.state, found.said, found.settled_at) == ("bounced", "it says so", NOW + 20)
