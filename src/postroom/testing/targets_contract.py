"""What every store must do with first answers, as tests. Subclass; the fixtures are rooms of one store with one clock."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from postroom.model.cases import CaseEvent, CaseMail
from postroom.model.desktop import Wanted
from postroom.model.listing import Event
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Deed, Sight
from postroom.model.targets import Answering, Kept, Reckoned
from postroom.ports import Ruling, Store
from postroom.ports.accounts import Journal
from postroom.ports.cases import Cases
from postroom.ports.desktop import Views
from postroom.ports.targets import Targets
from postroom.testing.cases_contract import a_case, a_change, judge
from postroom.testing.replies_contract import KeepsReplies, a_reply, put
from postroom.testing.values import a_mail, a_ruling

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
RECEIVED = 1_800_000_000.0
HOUR = 3600.0


def due(targets: Targets, *hours: float, version: str = "v1") -> None:
    """What is noted is due so many hours after it came, and soon in the hour before."""
    noted = targets.unreckoned(version, 100)
    assert len(noted) == len(hours)
    targets.reckon(
        [
            Reckoned(
                mail_id=one.mail_id,
                route=one.route,
                near=one.received_at + (later - 1) * HOUR,
                due=one.received_at + later * HOUR,
            )
            for one, later in zip(noted, hours, strict=True)
        ],
        version,
    )


def at_both(mail: MailId, generation: int = 1) -> Ruling:
    """It is about two things: it stays at appeals, and a linked copy lies at refunds."""
    ruling = a_ruling(mail, "appeals", generation)
    return replace(ruling, decision=replace(ruling.decision, second=REFUNDS, copied=True))


def deed(mail: MailId) -> Deed:
    """Of somebody who says something of a mail."""
    return Deed(at=RECEIVED, by="ada", what="mail-elsewhere", to=mail)


def state(views: Views, mail: MailId, now: float) -> Answering:
    """How its answer stands."""
    row = views.row(mail, ALL)
    assert row is not None
    return row.answering(now)


class TargetsContract:
    """A mail that is to be answered is listed until it is."""

    @pytest.fixture
    def now(self) -> Callable[[], float]:
        """The moment of the store's clock."""
        raise NotImplementedError

    def test_only_desks_with_a_target_have_mail_noted(self, store: Store, targets: Targets, views: Views) -> None:
        targets.watch((APPEALS,))
        first, other, second = judge(store, "appeals", "general", "appeals")
        assert [(one.mail_id, one.route, one.received_at) for one in targets.unreckoned("v1", 10)] == [
            (first, APPEALS, RECEIVED),
            (second, APPEALS, RECEIVED),
        ]
        assert len(targets.unreckoned("v1", 1)) == 1
        assert state(views, first, RECEIVED) == ""
        due(targets, 2, 3)
        assert targets.unreckoned("v1", 10) == ()
        assert [state(views, one, RECEIVED) for one in (first, other, second)] == ["open", "", "open"]

    def test_other_settings_are_reckoned_again(self, store: Store, targets: Targets, views: Views) -> None:
        targets.watch((APPEALS,))
        one, two = judge(store, "appeals", "appeals")
        due(targets, 2, 2)
        targets.stop([two], RECEIVED, "answered", "ada", ())
        (noted,) = targets.unreckoned("v2", 10)
        assert noted.mail_id == one
        targets.reckon([Reckoned(mail_id=one, route=APPEALS, near=None, due=None)], "v2")
        assert targets.unreckoned("v2", 10) == ()
        assert state(views, one, RECEIVED + 9 * HOUR) == ""

    def test_a_mail_that_is_moved_is_due_as_its_new_desk_says(
        self, store: Store, targets: Targets, views: Views
    ) -> None:
        targets.watch((APPEALS, REFUNDS))
        (mail,) = judge(store, "appeals")
        due(targets, 2)
        store.rule(a_ruling(mail, "refunds"))
        (noted,) = targets.unreckoned("v1", 10)
        assert noted.route == REFUNDS
        targets.reckon([Reckoned(mail_id=mail, route=APPEALS, near=1.0, due=2.0)], "v1")
        assert targets.unreckoned("v1", 10) == (noted,)
        due(targets, 5)
        row = views.row(mail, ALL)
        assert row is not None
        assert (row.near_at, row.due_at) == (RECEIVED + 4 * HOUR, RECEIVED + 5 * HOUR)
        store.rule(a_ruling(mail, "general", generation=2))
        assert targets.unreckoned("v1", 10) == ()
        assert state(views, mail, RECEIVED) == ""

    def test_a_mail_at_two_desks_is_due_at_each(self, store: Store, targets: Targets, views: Views) -> None:
        targets.watch((APPEALS, REFUNDS))
        at_appeals, at_refunds = (Sight(routes=frozenset({one})) for one in (APPEALS, REFUNDS))
        mail, other = judge(store, "appeals", "appeals")
        due(targets, 2, 3)
        store.rule(at_both(mail))
        noted = targets.unreckoned("v1", 9)
        assert [one.route for one in noted] == [APPEALS, REFUNDS]
        due(targets, 2, 5)

        def dues(sight: Sight, **asked: str) -> list[float | None]:
            found, after = [], ""
            while True:
                page = views.mails(Wanted(answering="open", **asked), sight, after=after, limit=1)  # type: ignore[arg-type]
                found += [row.due_at for row in page.rows]
                after = page.after
                if not after:
                    return found

        def hours(*some: float) -> list[float]:
            return [RECEIVED + one * HOUR for one in some]

        assert dues(ALL) == hours(2, 3), "each mail once, where it is due first"
        assert dues(at_refunds) == hours(5)
        assert dues(ALL, route="refunds") == hours(5)
        assert dues(at_appeals) == hours(2, 3)
        assert [views.row(mail, one).due_at for one in (ALL, at_refunds)] == hours(2, 5)  # type: ignore[union-attr]
        assert targets.stop([mail, other], RECEIVED + 1, "elsewhere", "ada", (), routes={APPEALS}) == 2
        assert dues(ALL) == hours(5)
        assert views.row(mail, at_appeals).answered_at == RECEIVED + 1  # type: ignore[union-attr]
        store.rule(at_both(mail, generation=2))
        due(targets, 5)
        assert dues(ALL) == hours(5), "the desk that answered has answered"
        assert targets.stop([other], RECEIVED, "needless", "bob", (), routes={REFUNDS}) == 0
        assert targets.resume([mail, other], (), routes={REFUNDS}) == 1, (
            "what lies at none of them is meant all the same"
        )
        assert targets.stop([mail], RECEIVED + 2, "answered", "bob", ()) == 1
        assert dues(at_refunds) == []
        store.rule(a_ruling(mail, "refunds", generation=3))
        assert targets.unreckoned("v1", 9) == ()

    def test_who_moves_away_from_where_it_was_answered_has_nothing_to_answer(
        self, store: Store, targets: Targets, views: Views
    ) -> None:
        targets.watch((APPEALS, REFUNDS))
        (mail,) = judge(store, "appeals")
        due(targets, 2)
        targets.stop([mail], RECEIVED + 1, "answered", "ada", ())
        store.rule(a_ruling(mail, "refunds"))
        assert targets.unreckoned("v1", 9) == ()
        assert state(views, mail, RECEIVED) == ""

    def test_an_answer_of_a_person_that_was_sent_is_the_first(
        self, store: Store, targets: Targets, views: Views, replies: KeepsReplies
    ) -> None:
        targets.watch((APPEALS,))
        by_nobody, by_somebody = judge(store, "appeals", "appeals")
        due(targets, 2, 2)
        for number, (mail, automatic) in enumerate(((by_nobody, True), (by_somebody, False)), 1):
            put(replies, a_reply(number, mail, due_at=RECEIVED, automatic=automatic))
        for taken in replies.take(RECEIVED + HOUR, lease=60.0, limit=9):
            replies.settle(taken, "sent", at=RECEIVED + HOUR, due_at=0.0, said="")
        assert state(views, by_nobody, RECEIVED + 3 * HOUR) == "overdue"
        assert state(views, by_somebody, RECEIVED + 3 * HOUR) == ""

    def test_desks_that_are_watched_no_more_are_forgotten(self, store: Store, targets: Targets, views: Views) -> None:
        targets.watch((APPEALS, REFUNDS))
        one, two = judge(store, "appeals", "refunds")
        due(targets, 2, 2)
        targets.watch((REFUNDS,))
        assert state(views, one, RECEIVED) == ""
        assert state(views, two, RECEIVED) == "open"

    def test_what_is_answered_is_not_open_and_can_be_taken_back(
        self,
        store: Store,
        targets: Targets,
        views: Views,
        journal: Journal,
        way: Callable[[MailId], tuple[Event, ...]],
    ) -> None:
        targets.watch((APPEALS,))
        one, two, three = judge(store, "appeals", "appeals", "appeals")
        due(targets, 2, 2, 2)
        assert targets.stop([one, two], RECEIVED + 5, "elsewhere", "ada", [deed(one), deed(two)]) == 2
        assert targets.stop([one], RECEIVED + 9, "needless", "bob", [deed(one)]) == 0
        row = views.row(one, ALL)
        assert row is not None
        assert (row.answered_at, row.how) == (RECEIVED + 5, "elsewhere")
        (told,) = [event for event in way(one) if event.what == "answered elsewhere"]
        assert (told.at, told.detail) == (RECEIVED + 5, "ada")
        assert targets.stop([three], RECEIVED, "answered", "ada", ()) == 1
        assert targets.resume([one, three], [deed(one)]) == 1
        assert [state(views, mail, RECEIVED) for mail in (one, two, three)] == ["open", "", ""]
        assert [line.to for line in journal.deeds()] == [one, two, one]
        assert targets.stop([one, two], RECEIVED + 9, "needless", "bob", [deed(two), deed(one)]) == 1
        assert [line.to for line in journal.deeds()] == [one, one, two, one], "the other had been answered"

    def test_what_was_moved_is_to_be_answered_where_it_lies_when_that_is_taken_back(
        self, store: Store, targets: Targets, views: Views
    ) -> None:
        targets.watch((APPEALS, REFUNDS))
        one, other = judge(store, "appeals", "appeals")
        due(targets, 2, 2)
        assert targets.stop([one, other], RECEIVED + 5, "needless", "ada", ()) == 2
        store.rule(a_ruling(one, "refunds"))
        store.rule(a_ruling(other, "general"))
        assert targets.resume([one, other], (), routes=(REFUNDS,)) == 2
        assert [(two.mail_id, two.route) for two in targets.unreckoned("v1", 9)] == [(one, REFUNDS)]
        due(targets, 3)
        assert [state(views, mail, RECEIVED) for mail in (one, other)] == ["open", ""]

    def test_what_lies_at_two_desks_is_counted_once(self, store: Store, targets: Targets, journal: Journal) -> None:
        targets.watch((APPEALS, REFUNDS))
        (mail,) = judge(store, "appeals")
        store.rule(at_both(mail))
        before = len(journal.deeds())
        assert targets.stop([mail], RECEIVED + 5, "needless", "ada", [deed(mail)]) == 1
        assert targets.resume([mail], [deed(mail)]) == 1
        assert len(journal.deeds()) == before + 2

    @pytest.mark.parametrize("what", ["asked", "answered", "decided", "note"])
    def test_what_is_said_in_a_case_is_said_to_its_mails(
        self, store: Store, targets: Targets, cases: Cases, views: Views, what: str
    ) -> None:
        targets.watch((APPEALS,))
        one, two = judge(store, "appeals", "appeals")
        due(targets, 2, 2)
        case = cases.put(a_change(a_case(), joins=CaseMail(id=one, at=RECEIVED, thread="t")))
        cases.put(a_change(case, events=(CaseEvent(at=RECEIVED + 7, by="ada", what=what),)))  # type: ignore[arg-type]
        row = views.row(one, ALL)
        assert row is not None
        assert (row.answered_at, row.how) == ((None, "") if what == "note" else (RECEIVED + 7, "answered"))
        assert state(views, two, RECEIVED) == "open"

    def test_what_is_said_in_the_case_of_another_desk_answers_nothing_here(
        self, store: Store, targets: Targets, cases: Cases, views: Views
    ) -> None:
        targets.watch((APPEALS,))
        (one,) = judge(store, "appeals")
        due(targets, 2)
        case = cases.put(a_change(a_case(route=REFUNDS), joins=CaseMail(id=one, at=RECEIVED, thread="t")))
        cases.put(a_change(case, events=(CaseEvent(at=RECEIVED + 7, by="ada", what="answered"),)))
        assert state(views, one, RECEIVED) == "open"

    def test_lists_are_by_what_is_due_first(
        self, store: Store, targets: Targets, views: Views, now: Callable[[], float]
    ) -> None:
        targets.watch((APPEALS, REFUNDS))
        moment = now()
        mails = judge(store, "appeals", "refunds", "appeals", "appeals", "general")
        since = (moment - RECEIVED) / HOUR
        due(targets, since + 9, since + 0.5, since - 2, since - 1)
        far, soon, latest, late, _ = mails

        def listed(answering: Answering, sight: Sight = ALL, **asked: str) -> list[MailId]:
            wanted = Wanted(answering=answering, **asked)  # type: ignore[arg-type]
            found, after = [], ""
            while True:
                page = views.mails(wanted, sight, after=after, limit=2)
                found += [row.id for row in page.rows]
                after = page.after
                if not after:
                    return found

        assert listed("open") == [latest, late, soon, far]
        assert listed("overdue") == [latest, late]
        assert listed("soon") == [soon]
        assert listed("open", route="appeals") == [latest, late, far]
        assert listed("open", route="general") == []
        assert listed("open", Sight(routes=frozenset({REFUNDS}))) == [soon]
        assert listed("open", Sight(brands=frozenset({BrandName("other")}))) == []
        assert listed("open", words="restore") == [latest, late, soon, far]
        assert listed("open", words="unheard") == []
        targets.stop([latest], moment, "answered", "ada", ())
        assert listed("overdue") == [late]

    def test_how_well_desks_keep_it(self, store: Store, targets: Targets) -> None:
        targets.watch((APPEALS, REFUNDS))
        mails = judge(store, "appeals", "appeals", "appeals", "appeals", "refunds", "appeals")
        due(targets, 2, 2, 2, 2, 3, 50)
        targets.stop([mails[0]], RECEIVED + HOUR, "answered", "ada", ())
        targets.stop([mails[1]], RECEIVED + 2.5 * HOUR, "elsewhere", "ada", ())
        targets.stop([mails[2]], RECEIVED + HOUR, "needless", "ada", ())
        example = BrandName("example")
        assert targets.kept(RECEIVED, RECEIVED + 9 * HOUR) == (
            Kept(route=APPEALS, brand=example, in_time=1, late=1, open=1),
            Kept(route=REFUNDS, brand=example, in_time=0, late=0, open=1),
        )
        assert targets.kept(RECEIVED + 2.5 * HOUR, RECEIVED + 9 * HOUR) == (
            Kept(route=REFUNDS, brand=example, in_time=0, late=0, open=1),
        )
        assert targets.kept(RECEIVED - 9, RECEIVED) == ()
        assert a_mail(1).received_at == RECEIVED
