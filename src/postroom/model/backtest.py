"""Trying rules on the past: what was asked for, how far it is, and what it came to.

Nothing here holds a word of a mail: mails are named by their ids, evidence by the names that the team gave it.
"""

from dataclasses import dataclass
from typing import Final, Literal, NewType

from postroom.model.judgement import Source
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import Sight

TestNumber = NewType("TestNumber", int)

TestState = Literal["waiting", "running", "done", "failed", "cancelled", "lost"]
"""``lost``: the server ended meanwhile; it may be asked for again."""

Word = Literal["", "fixed", "broken", "neither"]
"""What a move is to the person who had said where the mail belongs: it goes there now, it leaves there, or goes from one
other place to another; ``""`` where nobody had said anything."""

ChangeKind = Literal["", "moved", "corrected", "fixed", "broken", "urgent", "beside"]
"""``moved``: goes elsewhere; ``corrected``: that, and people had moved it; ``fixed`` and ``broken``: see `Word`; ``urgent``: loses or
gains a signal; ``beside``: only tags change, or the guess in review; ``""``: any."""

MOST_DAYS: Final = 90
MOST_MAILS: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants tried, on which mail."""

    #: the last days, 1..`MOST_DAYS`
    days: int
    #: ``""`` for all
    brand: BrandName = BrandName("")
    #: number of the draft that is tried; 0 for the files on the disk
    draft: int = 0
    #: who asks
    by: str = ""
    #: what they may see: nothing else is looked at
    sight: Sight = Sight()
    #: seconds since the epoch
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """Where a mail goes by one judgement."""

    #: where it goes: a desk, or ``review``
    route: RouteName
    #: best guess
    decided: RouteName
    #: of the best guess, 0..1
    confidence: float
    tags: tuple[str, ...] = ()
    #: names of urgent signals
    urgent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Evidence that one judgement has otherwise than the other."""

    source: Source
    #: of a rule, a phrase list or a signal; ``""`` for what is not named by the team
    name: str
    #: that it speaks for; ``""`` for none
    route: RouteName
    #: how strongly, 0..1; None where it was not found
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One mail with which the tried rules do something else than those in force."""

    mail_id: MailId
    before: Went
    after: Went
    #: where it was sent when it came
    happened: RouteName
    #: where a person said that it belongs, ``""`` where nobody did
    said: RouteName = RouteName("")
    #: that is elsewhere than was decided: the person had moved it, not confirmed it
    corrected: bool = False
    shifts: tuple[Shift, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether it goes elsewhere: to another desk, to review, or no longer there."""
        return self.before.route != self.after.route

    @property
    def alarm(self) -> bool:
        """Whether an urgent signal is lost or gained."""
        return self.before.urgent != self.after.urgent

    @property
    def word(self) -> Word:
        """What the move is to the person who had said where it belongs."""
        if not self.said or not self.moved:
            return ""
        if self.after.route == self.said:
            return "fixed"
        return "broken" if self.before.route == self.said else "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Mails that move from one place to another."""

    source: RouteName
    target: RouteName
    mails: int
    #: of them, those that go where people had put them; and those that leave there
    fixed: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a desk, or review, gets: by the rules in force, and by those that were tried."""

    route: RouteName
    before: int
    after: int
    #: mails of its fullest hour
    peak_before: int
    peak_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """How many mails a rule, a phrase list or an urgent signal was found in."""

    source: Source
    name: str
    before: int
    after: int


Written = Literal["new", "changed", "gone"]
"""How the tried texts have a rule, a phrase list or a signal, of those in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched(Firing):
    """One of them that is written otherwise, whether it was found in other mails or not."""

    how: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the tried rules would have done to the mail of some days."""

    #: received from, and before; seconds since the epoch
    since: float
    until: float
    #: (rules, phrases): short content hashes
    in_force: tuple[str, str]
    tried: tuple[str, str]
    #: judged again
    mails: int
    #: not judged again: of them no text is kept any more
    gone: int = 0
    #: there was more mail in these days than is looked at: it begins at ``since``
    cut: bool = False
    #: go elsewhere by the tried rules: to another desk, newly to review, no longer to review
    moved: int = 0
    to_review: int = 0
    from_review: int = 0
    #: stay in review with another best guess
    guesses: int = 0
    #: get other tags
    tags: int = 0
    #: lose or gain an urgent signal
    urgent_lost: int = 0
    urgent_gained: int = 0
    #: moved ones that people had moved themselves; of them, those that now go where people put them
    corrected: int = 0
    corrected_fixed: int = 0
    #: moved ones that go where people said that they belong; that leave there
    fixed: int = 0
    broken: int = 0
    #: the rules in force send them elsewhere than they were sent when they came
    otherwise: int = 0
    #: largest first
    flows: tuple[Flow, ...] = ()
    #: fullest first
    loads: tuple[Load, ...] = ()
    #: those that differ, largest difference first
    firings: tuple[Firing, ...] = ()
    #: what is written otherwise: rules first, by name
    touched: tuple[Touched, ...] = ()
    #: that differ in any of this; of them, those that are kept one by one
    differ: int = 0
    listed: int = 0

    @property
    def days(self) -> float:
        """How many it is about; never 0."""
        return max((self.until - self.since) / 86_400.0, 1 / 24)

    @property
    def same(self) -> bool:
        """Whether nothing was tried: the texts are those in force."""
        return self.in_force == self.tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """One that was asked for."""

    number: TestNumber
    asked: Asked
    state: TestState
    #: mails judged so far, of how many
    done: int = 0
    total: int = 0
    #: seconds since the epoch
    started_at: float | None = None
    ended_at: float | None = None
    #: why it failed
    error: str = ""
    #: once it is done
    report: Report | None = None

    @property
    def open(self) -> bool:
        """Whether it is still to come to its end."""
        return self.state in {"waiting", "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which changes a reader asks for. Empty fields mean any."""

    source: RouteName = RouteName("")
    target: RouteName = RouteName("")
    kind: ChangeKind = ""
