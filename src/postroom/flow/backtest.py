"""What other rules would have done to the mail of the last days: each mail judged twice, by the rules in force and by those.

Both judgements are made now, from what was recorded of the mail then (`flow.replay`): its thread, history and account as they
were known, what the classifier and a second opinion said. So they differ by rules and phrases alone. What a move would have
changed for later mail of the same thread or sender is not followed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.decide.substance import fold_mail
from postroom.flow.replay import as_then, newest_judged
from postroom.flow.tally import Tally, Tried
from postroom.model.backtest import MOST_MAILS, Asked, Change, Report, Touched, Written
from postroom.model.desktop import Wanted
from postroom.model.judgement import Decision, Source, Verdict
from postroom.model.mail import Mail, MailId
from postroom.model.trust import Trust
from postroom.ports import Store
from postroom.ports.desktop import Views
from postroom.understand.reader import read

DAY: Final = 86_400.0
_BATCH: Final = 64
_PAGE: Final = 500
#: of what is written otherwise, that is told of in words
_TOLD: Final = 3
_WRITTEN: Final[Mapping[Written, str]] = {"new": "The new", "changed": "The changed", "gone": "The former"}
_KINDS: Final[Mapping[Source, str]] = {"rule": "rule", "phrases": "phrase list", "urgent": "signal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtesting:
    """Everything that it takes."""

    store: Store
    views: Views
    trust: Trust
    policy: Policy
    in_force: Rulebook
    tried: Rulebook
    #: how many mails, received in a time, the asker could see of which no text is kept any more
    gone: Callable[[Asked, float, float], int]
    #: is told how many of how many are judged; False to stop
    tell: Callable[[int, int], bool]
    most: int = MOST_MAILS

    def run(self, asked: Asked, now: float) -> tuple[Report, tuple[Change, ...]] | None:
        """What it comes to, and the mails that differ, newest first; None when it was told to stop. Raises `TryLater`."""
        since = now - asked.days * DAY
        ids, cut = self._mails(asked, since, now)
        said = self._said(since)
        tally, oldest = Tally(), now
        for start in range(0, len(ids), _BATCH):
            if not self.tell(start, len(ids)):
                return None
            batch = self.store.read(ids[start : start + _BATCH])
            for mail in batch:
                oldest = min(oldest, mail.received_at)
                happened = newest_judged(self.store.decisions(mail.id))
                if mail.raw and happened is not None:
                    tally.add(self._tried(mail, happened, said.get(mail.id)))
        since = oldest if cut else since
        report = tally.report(
            since=since,
            until=now,
            in_force=versions(self.in_force),
            tried=versions(self.tried),
            gone=self.gone(asked, since, now),
            cut=cut,
            written=written_otherwise(self.in_force, self.tried),
        )
        return report, tuple(tally.changes)

    def _mails(self, asked: Asked, since: float, now: float) -> tuple[list[MailId], bool]:
        """Mails of these days that were judged and that the asker may see, newest first; whether there are more."""
        wanted = Wanted(brand=asked.brand, since=since, until=now)
        ids: list[MailId] = []
        after: str = ""
        while True:
            page = self.views.mails(wanted, asked.sight, after=after, limit=_PAGE)
            ids += [row.id for row in page.rows if row.generation]
            after = page.after
            if len(ids) > self.most:
                return ids[: self.most], True
            if not after:
                return ids, False

    def _said(self, since: float) -> Mapping[MailId, Verdict]:
        """The newest word of a person on each mail, of those given since then: none is older than its mail."""
        said: dict[MailId, Verdict] = {}
        last = 0
        while page := self.store.verdicts(since, after=last):
            said.update((one.mail_id, one) for one in page)
            last = page[-1].number
        return said

    def _tried(self, mail: Mail, happened: Decision, verdict: Verdict | None) -> Tried:
        """Read once, judged twice; where nothing was changed, once."""
        message = read(mail, self.trust)
        case = replace(as_then(mail, message, happened), folded=fold_mail(message))
        before = judge(case, self.in_force, self.policy)
        after = before if self.tried is self.in_force else judge(case, self.tried, self.policy)
        return Tried(
            mail_id=mail.id,
            received_at=mail.received_at,
            happened=happened,
            before=before,
            after=after,
            verdict=verdict,
        )


def versions(book: Rulebook) -> tuple[str, str]:
    """What a rulebook is known by."""
    return book.rules_version, book.phrases_version


def written_otherwise(in_force: Rulebook, tried: Rulebook) -> Mapping[tuple[Source, str], Written]:
    """What the tried book has otherwise, of all that findings can name, and how."""
    before, after = _named(in_force), _named(tried)
    return {
        one: "gone" if one not in after else "new" if one not in before else "changed"
        for one in {*before, *after}
        if before.get(one) != after.get(one)
    }


def _named(book: Rulebook) -> Mapping[tuple[Source, str], object]:
    """Rules, wherever they stand, and phrase lists; those of concepts are found in rules alone."""
    found: dict[tuple[Source, str], object] = {
        ("rule", rule.name): replace(rule, file="", line=1) for rule in book.rules.rules
    }
    for one in book.phrases.lists:
        if one.kind != "concept":
            found["urgent" if one.kind == "signal" else "phrases", one.name] = (one.kind, frozenset(one.phrases))
    return found


def in_words(report: Report) -> str:
    """What it comes to, in a sentence or two."""
    if report.same:
        return "The rules that were tried are those in force: nothing would change."
    if not report.mails:
        return "There is no mail of these days to try them on."
    return " ".join(_sentences(report))


def remarks(report: Report) -> tuple[str, ...]:
    """What to know of how it was counted, a sentence each."""
    said = []
    if report.cut:
        said.append(f"There was more mail in these days: only the newest {report.mails:,} were judged again.")
    if report.gone:
        said.append(f"{_mails(report.gone)} could not be judged again: no text of them is kept any more.")
    if report.otherwise:
        said.append(
            f"{_mails(report.otherwise)} went elsewhere when they came than the rules in force send them today:"
            " rules or settings have changed since. What moves is counted against the rules in force today."
        )
    return tuple(said)


def _sentences(report: Report) -> Iterator[str]:
    of = f"of {_mails(report.mails)}"
    if report.moved:
        yield f"{report.moved:,} {of} would go elsewhere{_corrected(report)}."
    elif report.differ:
        yield f"None {of} would go elsewhere."
    else:
        yield f"Nothing would change: {_mails(report.mails)} judged again."
    if report.broken:
        yield f"{report.broken:,} would leave the place where people said that they belong."
    if report.urgent_lost:
        yield f"{report.urgent_lost:,} would lose an urgent signal."
    if report.urgent_gained:
        yield f"{report.urgent_gained:,} would gain an urgent signal."
    for one in report.touched[:_TOLD]:
        yield f"{_WRITTEN[one.how]} {_KINDS[one.source]} «{one.name}» {_found(one, of)}."
    if more := report.touched[_TOLD:]:
        yield f"{len(more):,} more are written otherwise; {sum(not one.after for one in more):,} of them were found in no mail."


def _found(one: Touched, of: str) -> str:
    if one.how == "gone":
        return f"was found in {one.before:,} {of}"
    as_before = ", as before" if one.how == "changed" and one.before == one.after else ""
    return f"was found in {one.after:,} {of}{as_before}"


def _corrected(report: Report) -> str:
    if not report.corrected:
        return ""
    people = f"; people had moved {report.corrected:,} of them"
    return f"{people}, and {report.corrected_fixed:,} of these would now go where people put them"


def _mails(count: int) -> str:
    return f"{count:,} mail" if count == 1 else f"{count:,} mails"


def report_facts(report: Report) -> dict[str, Any]:
    """A report for JSON: all that was counted, and what it comes to in words."""
    rules, phrases = report.in_force
    tried_rules, tried_phrases = report.tried
    return {
        **asdict(report),
        "words": in_words(report),
        "remarks": remarks(report),
        "same": report.same,
        "days": report.days,
        "in_force": {"rules": rules, "phrases": phrases},
        "tried": {"rules": tried_rules, "phrases": tried_phrases},
    }


def change_facts(change: Change) -> dict[str, Any]:
    """A mail that would be treated otherwise, for JSON."""
    return {**asdict(change), "moved": change.moved, "word": change.word}
