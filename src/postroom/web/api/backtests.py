"""Rules tried on the past: asking for it, how far it is, what it came to."""

from typing import Annotated

from msgspec import Meta

from postroom.flow.backtest import change_facts, report_facts
from postroom.model.backtest import Backtest, ChangeKind, TestNumber, TestState, Which, Word, Written
from postroom.model.errors import TryLater
from postroom.model.judgement import Source
from postroom.model.mail import RouteName
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Brand, Id, MailLine, Route, Seconds, Share, mail_line, told
from postroom.web.render import Missing
from postroom.web.seen import open_to


class Tries(Input, frozen=True):
    """What is to be tried, on which mail."""

    days: Annotated[int, Meta(ge=1, le=90, description="Of the mail of the last days.")] = 14
    brand: Annotated[str, Meta(max_length=100, description="Only mail of this brand; empty for all that you see.")] = ""
    draft: Annotated[Number, Meta(description="Number of a draft of rules; 0 for the files on the disk.")] = 0


class OfTest(Input, frozen=True):
    """Which back-test."""

    test: Annotated[int, Meta(ge=1, le=2**53)]


class WhichChanges(OfTest, frozen=True):
    """Which mails; what is left out means any."""

    kind: Annotated[
        ChangeKind,
        Meta(
            description="moved: go elsewhere; corrected: people had moved them; fixed, broken: go where people said, leave"
            " there; urgent: lose or gain an alarm; beside: only tags or the guess in review change."
        ),
    ] = ""
    source: Annotated[str, Meta(max_length=100, description="Where they go by the rules in force.")] = ""
    target: Annotated[str, Meta(max_length=100, description="Where they would go.")] = ""
    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class Texts(Output, frozen=True):
    """By what was judged."""

    rules: Annotated[str, Meta(description="Short content hash.")]
    phrases: str


class FlowFacts(Output, frozen=True):
    """Mails that would move from one place to another."""

    source: Route
    target: Route
    mails: int
    fixed: Annotated[int, Meta(description="Of them, those that go where people had put them.")]
    broken: Annotated[int, Meta(description="Of them, those that leave where people had put them.")]


class LoadFacts(Output, frozen=True):
    """What a desk, or review, gets in these days."""

    route: Route
    before: Annotated[int, Meta(description="By the rules in force.")]
    after: Annotated[int, Meta(description="By those that were tried.")]
    peak_before: Annotated[int, Meta(description="Mails of its fullest hour.")]
    peak_after: int


class FiringFacts(Output, frozen=True):
    """In how many mails a rule, a phrase list or an urgent signal was found."""

    source: Source
    name: str
    before: int
    after: int


class TouchedFacts(FiringFacts, frozen=True):
    """One of them that is written otherwise, whether it was found in other mails or not."""

    how: Written


class ReportFacts(Output, frozen=True):
    """What it came to. Only mail that the asker may see was looked at."""

    words: Annotated[str, Meta(description="In a sentence or two.")]
    remarks: Annotated[tuple[str, ...], Meta(description="What to know of how it was counted.")]
    since: Seconds
    until: Seconds
    days: float
    in_force: Texts
    tried: Texts
    same: Annotated[bool, Meta(description="What was tried is what is in force.")]
    mails: Annotated[int, Meta(description="Judged again.")]
    gone: Annotated[int, Meta(description="Not judged again: no text of them is kept any more.")]
    cut: Annotated[bool, Meta(description="There was more mail than is looked at.")]
    moved: int
    to_review: int
    from_review: int
    guesses: Annotated[int, Meta(description="Stay in review with another best guess.")]
    tags: Annotated[int, Meta(description="Get other tags.")]
    urgent_lost: int
    urgent_gained: int
    corrected: Annotated[int, Meta(description="Of those that move: people had moved them.")]
    corrected_fixed: Annotated[int, Meta(description="Of these: now go where people put them.")]
    fixed: int
    broken: int
    otherwise: Annotated[
        int, Meta(description="Went elsewhere when they came than the rules in force send them today.")
    ]
    flows: tuple[FlowFacts, ...]
    loads: tuple[LoadFacts, ...]
    firings: tuple[FiringFacts, ...]
    touched: Annotated[tuple[TouchedFacts, ...], Meta(description="What is written otherwise than in force.")]
    differ: Annotated[int, Meta(description="Mails that differ in any of this.")]
    listed: Annotated[int, Meta(description="Mails that are listed one by one.")]


class BacktestFacts(Output, frozen=True):
    """A back-test."""

    number: int
    state: TestState
    asked_by: str
    asked_at: Seconds
    days: int
    brand: Brand
    draft: int
    done: Annotated[int, Meta(description="Mails judged so far.")]
    total: int
    started_at: float | None
    ended_at: float | None
    error: str
    report: Annotated[ReportFacts | None, Meta(description="Once it is done; null in lists.")]


class BacktestsFacts(Output, frozen=True):
    """Those that are kept, newest first."""

    backtests: tuple[BacktestFacts, ...]


class WentFacts(Output, frozen=True):
    """Where a mail goes by one judgement."""

    route: Route
    decided: Annotated[str, Meta(description="The best guess.")]
    confidence: Share
    tags: tuple[str, ...]
    urgent: tuple[str, ...]


class ShiftFacts(Output, frozen=True):
    """Evidence that differs."""

    source: Source
    name: Annotated[str, Meta(description="Of a rule, a phrase list or a signal.")]
    route: Route
    before: Annotated[float | None, Meta(description="How strongly it speaks; null where it was not found.")]
    after: float | None


class ChangeFacts(Output, frozen=True):
    """A mail that would be treated otherwise."""

    mail_id: Id
    before: WentFacts
    after: WentFacts
    happened: Annotated[str, Meta(description="Where it was sent when it came.")]
    said: Annotated[str, Meta(description="Where a person said that it belongs; empty for nobody.")]
    corrected: bool
    moved: bool
    word: Annotated[Word, Meta(description="Whether it goes where that person said: fixed; leaves there: broken.")]
    shifts: tuple[ShiftFacts, ...]
    mail: MailLine


class Changes(Output, frozen=True):
    """Some of the mails, newest first. There may be fewer than the limit and more after them."""

    changes: tuple[ChangeFacts, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


def list_backtests(call: Call[Nothing, Nothing]) -> BacktestsFacts:
    """List the back-tests that are kept, newest first, without what they came to."""
    return BacktestsFacts(backtests=tuple(map(_facts, call.room.trials.all(call.sight))))


def start_backtest(call: Call[Nothing, Tries]) -> BacktestFacts:
    """Judge the mail of the last days again, by the rules in force and by a draft or the files on the disk; nothing is moved.

    One at a time: while another waits or runs it is refused. It takes about two minutes for 50,000 mails: ask how far it is.
    """
    body = call.body
    number = call.room.trials.ask(call.user, body.days, body.brand, body.draft, call.now)
    found = call.room.trials.one(number, call.sight)
    if found is None:
        raise TryLater("it was asked for, and is gone already: ask again")
    return _facts(found)


def get_backtest(call: Call[OfTest, Nothing]) -> BacktestFacts:
    """One back-test: how far it is, and what it came to."""
    return _facts(_test(call))


def list_changes(call: Call[WhichChanges, Nothing]) -> Changes:
    """Mails that would be treated otherwise, newest first, with the evidence that differs."""
    asked = call.asked
    which = Which(source=RouteName(asked.source), target=RouteName(asked.target), kind=asked.kind)
    listed, after = call.room.trials.page(_test(call), call.sight, which, after=asked.after, limit=asked.limit)
    known = open_to(call.room, call.user, [one.row.id for one in listed])
    return Changes(
        changes=tuple(
            told(ChangeFacts, {**change_facts(one.change), "mail": mail_line(one.row)})
            for one in listed
            if one.row.id in known
        ),
        after=after,
    )


def cancel_backtest(call: Call[OfTest, Nothing]) -> Done:
    """Cancel a back-test that waits or runs. One that has ended stays as it is."""
    test = _test(call)
    call.room.trials.cancel(call.user, test.number, call.now)
    return Done()


def _test(call: Call[OfTest, Nothing] | Call[WhichChanges, Nothing]) -> Backtest:
    found = call.room.trials.one(TestNumber(call.asked.test), call.sight)
    if found is None:
        raise Missing("There is no such back-test, or it is not for you.")
    return found


def _facts(one: Backtest) -> BacktestFacts:
    report = one.report
    return BacktestFacts(
        number=one.number,
        state=one.state,
        asked_by=one.asked.by,
        asked_at=one.asked.at,
        days=one.asked.days,
        brand=one.asked.brand,
        draft=one.asked.draft,
        done=one.done,
        total=one.total,
        started_at=one.started_at,
        ended_at=one.ended_at,
        error=one.error,
        report=None if report is None else told(ReportFacts, report_facts(report)),
    )


OPERATIONS = (
    Operation(do=list_backtests, path="/backtests", scope="lead"),
    Operation(
        do=start_backtest,
        path="/backtests",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Tries(days=14, draft=3),
    ),
    Operation(do=get_backtest, path="/backtests/{test}", scope="lead"),
    Operation(do=list_changes, path="/backtests/{test}/changes", scope="lead"),
    Operation(do=cancel_backtest, path="/backtests/{test}/cancel", scope="lead", method="POST"),
)
