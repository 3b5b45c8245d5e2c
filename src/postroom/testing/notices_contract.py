"""What every store must do with notices, as tests. Subclass; the fixtures are rooms of one store with one clock."""

import pytest

from postroom.model.cases import CaseEvent, CaseMail
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Sight
from postroom.ports import Store
from postroom.ports.cases import Cases
from postroom.ports.notices import Notices
from postroom.testing.cases_contract import a_case, a_change, judge
from postroom.testing.replies_contract import KeepsReplies, a_reply, put
from postroom.testing.values import a_ruling

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
LATE = 4e9
"""Beyond all that is decided in these tests."""


class NoticesContract:
    """What there is to tell is noted once, and taken by one at a time, until it is settled."""

    def test_only_desks_that_tell_have_anything_noted(self, store: Store, notices: Notices) -> None:
        notices.watch({"received": (APPEALS,)}, 60.0)
        one, _, three = judge(store, "appeals", "refunds", "appeals")
        (first,) = notices.take(LATE, 1, lease=60.0)
        assert (first.kind, first.mail_id, first.route, first.case, first.state) == (
            "received",
            one,
            APPEALS,
            0,
            "taken",
        )
        assert notices.take(first.at + 59.0, 9, lease=60.0) == ()
        assert [taken.mail_id for taken in notices.take(first.at + 60.0, 9, lease=60.0)] == [three]
        assert notices.take(first.at + 61.0, 9, lease=60.0) == ()

    def test_one_whose_taker_died_is_taken_again_after_its_lease(self, store: Store, notices: Notices) -> None:
        notices.watch({"received": (APPEALS,)}, 0.0)
        judge(store, "appeals", "appeals")
        first, second = notices.take(LATE, 2, lease=60.0)
        assert not first.again
        notices.settle(first.number, sent=True)
        assert notices.take(LATE + 59.0, 9, lease=60.0) == ()
        (found,) = notices.take(LATE + 61.0, 9, lease=60.0)
        assert (found.number, found.state, found.again) == (second.number, "taken", True)
        notices.settle(found.number, sent=True)
        assert notices.take(LATE + 600.0, 9, lease=60.0) == ()

    def test_a_mail_that_comes_to_the_desk_later_is_noted_and_once(self, store: Store, notices: Notices) -> None:
        notices.watch({"received": (APPEALS,)}, 0.0)
        (mail,) = judge(store, "refunds")
        assert notices.take(LATE, 9, lease=60.0) == ()
        store.rule(a_ruling(mail, "appeals"))
        assert [one.mail_id for one in notices.take(LATE, 9, lease=60.0)] == [mail]
        store.rule(a_ruling(mail, "refunds", generation=2))
        store.rule(a_ruling(mail, "appeals", generation=3))
        assert notices.take(LATE, 9, lease=60.0) == ()

    def test_a_decision_is_told_in_answer_to_the_newest_mail_of_its_case(
        self, store: Store, notices: Notices, cases: Cases
    ) -> None:
        notices.watch({"outcome": (APPEALS,)}, 0.0)
        one, two = judge(store, "appeals", "appeals")
        case = cases.put(a_change(a_case(), joins=CaseMail(id=one, at=1.0, thread="t")))
        case = cases.put(a_change(case, joins=CaseMail(id=two, at=2.0, thread="t")))
        case = cases.put(a_change(case, events=(CaseEvent(at=4.0, by="ada", what="note"),)))
        assert notices.take(LATE, 9, lease=60.0) == ()
        cases.put(a_change(case, events=(CaseEvent(at=5.0, by="ada", what="decided"),)))
        (taken,) = notices.take(LATE, 9, lease=60.0)
        assert (taken.kind, taken.mail_id, taken.at) == ("outcome", two, 5.0)
        assert taken.case > 0

    def test_what_came_of_one_is_in_the_log_for_those_who_see_the_mail(self, store: Store, notices: Notices) -> None:
        notices.watch({"received": (APPEALS, REFUNDS)}, 0.0)
        judge(store, "appeals", "refunds")
        first, second = notices.take(LATE, 9, lease=60.0)
        notices.settle(first.number, sent=True)
        notices.settle(second.number, sent=False, said="it came before")
        notices.settle(first.number, sent=False, said="too late to say so")
        seen = notices.log(ALL)
        assert [(one.number, one.state, one.said) for one in seen] == [
            (second.number, "not", "it came before"),
            (first.number, "sent", ""),
        ]
        assert notices.log(ALL, before=second.number) == seen[1:]
        assert notices.log(ALL, limit=1) == seen[:1]
        assert notices.log(Sight(routes=frozenset({REFUNDS}))) == seen[:1]
        assert notices.log(Sight(brands=frozenset({BrandName("other")}))) == ()

    def test_a_desk_that_tells_no_more_forgets_what_waits(self, store: Store, notices: Notices) -> None:
        notices.watch({"received": (APPEALS,)}, 0.0)
        judge(store, "appeals")
        notices.watch({"received": (REFUNDS,)}, 0.0)
        assert notices.take(LATE, 9, lease=60.0) == ()
        assert [(one.state, one.said) for one in notices.log(ALL)] == [("not", "the desk tells nobody any more")]

    def test_what_a_case_of_the_second_desk_has_to_tell_waits_while_that_desk_tells(
        self, store: Store, notices: Notices, cases: Cases
    ) -> None:
        notices.watch({"outcome": (REFUNDS,)}, 60.0)
        (mail,) = judge(store, "appeals")
        case = a_case(route=REFUNDS)
        decided = CaseEvent(at=5.0, by="ada", what="decided")
        cases.put(a_change(case, joins=CaseMail(id=mail, at=1.0, thread="t"), events=(decided,)))
        notices.watch({"outcome": (REFUNDS, APPEALS)}, 60.0)
        assert [one.state for one in notices.log(ALL)] == ["waiting"]
        notices.watch({"outcome": (APPEALS,)}, 60.0)
        assert [one.state for one in notices.log(ALL)] == ["not"]

    @pytest.mark.parametrize("automatic", [True, False])
    def test_automatic_answers_are_counted(
        self, store: Store, notices: Notices, replies: KeepsReplies, automatic: bool
    ) -> None:
        (mail,) = judge(store, "appeals")
        reply = put(replies, a_reply(1, mail, automatic=automatic))
        to, counted = reply.to, int(automatic)
        assert (notices.told(to.upper(), reply.at - 1), notices.told_to_all(reply.at - 1)) == (counted, counted)
        assert (notices.told(to, reply.at), notices.told("x@example.com", 0.0), notices.told_to_all(reply.at)) == (
            0,
            0,
            0,
        )

    def test_a_mail_that_nobody_judged_has_nothing_to_tell(self, notices: Notices) -> None:
        notices.watch({"received": (APPEALS,), "outcome": (APPEALS,)}, 0.0)
        notices.watch({"received": (APPEALS,), "outcome": (APPEALS,)}, 0.0)
        assert (notices.take(LATE, 9, lease=60.0), notices.log(ALL)) == ((), ())
        assert notices.told(MailId("nobody"), 0.0) == 0
