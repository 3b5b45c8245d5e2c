"""What every outbox of webhooks must do, as tests. Subclass; ``store`` is a `Store`, ``hooks`` a `ports.hooks.Hooks` and ``journal`` a `Journal` on it."""

from dataclasses import replace

from postroom.model.hooks import Attempt, CallId, HookCall, HookName, NewCall
from postroom.model.mail import MailId
from postroom.model.people import Deed
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.hooks import Hooks
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail, a_ruling

CASES, BILLING = HookName("cases"), HookName("billing")
NOW = 1_800_000_200.0
DAY = 86_400.0


def judged(store: Store, number: int) -> MailId:
    """A mail that was judged."""
    mail = a_mail(number)
    accept(store, mail)
    jobs = store.claim("judge", 10, "setup")
    store.record([a_judgement(job) for job in jobs])
    return mail.id


def put(hooks: Hooks, mail_id: MailId, *names: HookName, about: int = 1) -> None:
    """Calls of hooks about a mail, due at once."""
    calls = [NewCall(hook=name, event="routed", mail_id=mail_id, about=about, at=NOW - 10) for name in names]
    hooks.spread(hooks.happened(1000), calls, NOW)


def taken(hooks: Hooks, name: HookName, now: float = NOW, limit: int = 10) -> tuple[HookCall, ...]:
    """What is due."""
    return hooks.take(name, now, lease=60.0, limit=limit)


def a_deed(at: float) -> Deed:
    """Of whoever replays."""
    return Deed(at=at, by="root", what="calls-replayed")


class HooksContract:
    """Nothing that happens is lost to a hook, and nobody makes a call twice at once."""

    def test_without_hooks_nothing_is_noted(self, store: Store, hooks: Hooks) -> None:
        judged(store, 1)
        assert hooks.happened(10) == ()

    def test_decisions_and_verdicts_are_noted_in_order(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        mail_id = judged(store, 1)
        verdict = store.rule(a_ruling(mail_id))
        noted = [(one.what, one.mail_id, one.about) for one in hooks.happened(10)]
        assert noted == [("routed", mail_id, 1), ("routed", mail_id, 2), ("verdict", mail_id, verdict.number)]
        assert hooks.happened(1)[0].at == 1_800_000_000.0
        assert len(hooks.happened(2)) == 2

    def test_what_was_spread_is_not_noted_any_more(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        judged(store, 1)
        (seen,) = hooks.happened(10)
        judged(store, 2)
        hooks.spread([seen], [], NOW)
        (left,) = hooks.happened(10)
        assert left.mail_id == a_mail(2).id

    def test_hooks_that_are_gone_are_told_nothing_more(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES, BILLING])
        mail_id = judged(store, 1)
        put(hooks, mail_id, CASES, BILLING)
        hooks.set_up([BILLING])
        assert hooks.counts() == {CASES: {"given-up": 1}, BILLING: {"waiting": 1}}
        assert taken(hooks, CASES) == ()
        (call,) = hooks.calls(hook=CASES)
        assert hooks.replay([call.id], a_deed(NOW)) == 0
        hooks.set_up([])
        judged(store, 2)
        assert hooks.happened(10) == ()

    def test_a_call_is_put_once(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        mail_id = judged(store, 1)
        put(hooks, mail_id, CASES, CASES)
        put(hooks, mail_id, CASES)
        assert hooks.counts() == {CASES: {"waiting": 1}}

    def test_a_call_of_a_mail_that_is_not_there_is_left_out(self, hooks: Hooks) -> None:
        put(hooks, MailId("nowhere"), CASES)
        assert hooks.calls() == ()

    def test_who_takes_a_call_has_it_for_a_while(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        mail_id = judged(store, 1)
        put(hooks, mail_id, CASES, BILLING)
        (call,) = taken(hooks, CASES)
        assert (call.hook, call.mail_id, call.tries, call.state) == (CASES, mail_id, 0, "waiting")
        assert (call.at, call.since) == (NOW - 10, NOW)
        assert call.key == f"routed.{mail_id}.1.cases"
        assert taken(hooks, CASES, NOW + 59) == ()
        assert len(taken(hooks, CASES, NOW + 60)) == 1

    def test_calls_are_taken_oldest_first_and_so_many(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        mails = [judged(store, number) for number in range(3)]
        for mail_id in mails:
            put(hooks, mail_id, CASES)
        assert [one.mail_id for one in taken(hooks, CASES, limit=2)] == mails[:2]
        assert [one.mail_id for one in taken(hooks, CASES)] == mails[2:]

    def test_a_try_that_failed_is_made_again_when_it_is_due(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        put(hooks, judged(store, 1), CASES)
        (call,) = taken(hooks, CASES)
        attempt = Attempt(at=NOW + 1, said="HTTP 500 \udcff")
        hooks.settle(call, attempt, "waiting", NOW + 100)
        assert taken(hooks, CASES, NOW + 99) == ()
        (again,) = taken(hooks, CASES, NOW + 100)
        assert again.tries == 1
        assert again.attempts == (replace(attempt, said="HTTP 500 \N{REPLACEMENT CHARACTER}"),)

    def test_what_is_done_is_not_taken_again_but_in_the_log(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        put(hooks, judged(store, 1), CASES)
        (call,) = taken(hooks, CASES)
        hooks.settle(call, Attempt(at=NOW, said="HTTP 200"), "done", 0.0)
        assert taken(hooks, CASES, NOW + DAY) == ()
        (logged,) = hooks.calls(state="done")
        assert logged.attempts == (Attempt(at=NOW, said="HTTP 200"),)
        assert hooks.calls(state="waiting") == hooks.calls(hook="another") == ()

    def test_who_overstayed_and_failed_does_not_undo_what_another_did(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        put(hooks, judged(store, 1), CASES)
        (late,) = taken(hooks, CASES)
        (again,) = taken(hooks, CASES, NOW + 60)
        hooks.settle(again, Attempt(at=NOW + 61, said="HTTP 200"), "done", 0.0)
        hooks.settle(late, Attempt(at=NOW + 62, said="no answer"), "waiting", NOW + 70)
        assert taken(hooks, CASES, NOW + DAY) == ()
        (logged,) = hooks.calls(state="done")
        assert [one.said for one in logged.attempts] == ["HTTP 200", "no answer"]

    def test_the_log_comes_in_pages_newest_first(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        mails = [judged(store, number) for number in range(3)]
        for mail_id in mails:
            put(hooks, mail_id, CASES)
        first = hooks.calls(limit=2)
        second = hooks.calls(before=first[-1].id, limit=2)
        assert [one.mail_id for one in (*first, *second)] == mails[::-1]

    def test_the_log_is_kept_for_thirty_days(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        for number in (1, 2):
            put(hooks, judged(store, number), CASES)
        done, _ = taken(hooks, CASES)
        hooks.settle(done, Attempt(at=NOW, said="HTTP 200"), "done", 0.0)
        hooks.spread([], [], NOW + 30 * DAY - 1)
        assert len(hooks.calls()) == 2
        hooks.spread([], [], NOW + 30 * DAY + 1)
        assert [one.state for one in hooks.calls()] == ["waiting"]

    def test_a_replay_is_told_in_the_log_with_how_many_unless_there_were_none(
        self, store: Store, hooks: Hooks, journal: Journal
    ) -> None:
        hooks.set_up([CASES])
        for number in (1, 2):
            put(hooks, judged(store, number), CASES)
        assert hooks.replay([CallId(999)], a_deed(NOW)) == 0
        hooks.replay([one.id for one in hooks.calls()], a_deed(NOW))
        assert [(one.by, one.detail) for one in journal.deeds(what="calls-replayed")] == [("root", "2 calls")]

    def test_a_replay_begins_anew_and_wins_over_what_was_under_way(self, store: Store, hooks: Hooks) -> None:
        hooks.set_up([CASES])
        put(hooks, judged(store, 1), CASES)
        (call,) = taken(hooks, CASES)
        hooks.settle(call, Attempt(at=NOW, said="HTTP 500"), "given-up", 0.0)
        assert hooks.replay([call.id, CallId(999)], a_deed(NOW + 5)) == 1
        (again,) = taken(hooks, CASES, NOW + 5)
        assert (again.id, again.tries, again.since, again.state) == (call.id, 0, NOW + 5, "waiting")
        assert hooks.replay([call.id], a_deed(NOW + 5)) == 1
        hooks.settle(again, Attempt(at=NOW + 6, said="HTTP 200"), "done", 0.0)
        (once_more,) = taken(hooks, CASES, NOW + 6)
        assert [one.said for one in once_more.attempts] == ["HTTP 500", "HTTP 200"]
