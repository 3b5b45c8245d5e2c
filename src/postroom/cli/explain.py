"""`explain`: why a mail goes where it goes, in words or as JSON; of a mail in the store, or of a file."""

import os
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    find_mail,
    note,
    open_house,
    open_store_house,
    print_json,
    print_table,
    printable,
    say,
    when,
    with_config,
)
from postroom.cli.files import any_house
from postroom.model.shares import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from postroom.bootstrap import House
    from postroom.decide.balance import Balance
    from postroom.decide.telling import Telling
    from postroom.flow.explanation import Explanation
    from postroom.flow.nearest import Neighbour
    from postroom.model.judgement import Decision
    from postroom.model.mail import Mail, RouteName
    from postroom.model.message import Message


_SHOWN = 6000
"""Characters of a text that are printed."""
_ROUTES, _LIKELY = 4, 0.005


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="Say why a mail goes where it goes.",
        epilog=examples(
            "postroom explain 01j9…",
            "postroom explain mail.eml --json",
            "postroom explain old.mbox#2  # as `postroom route old.mbox` names it",
            "postroom explain --again 01j9…",
        ),
    )(explain)


def explain(
    mail: Annotated[
        str,
        typer.Argument(
            help="Id of a mail (or its beginning or end), or a file; - is standard input, FILE#2 the second mail of an mbox.",
            metavar="ID|FILE",
        ),
    ],
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Judge a mail of the store again, from what was recorded: does it come to the same?"
        ),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say where a mail goes, why, what speaks for and against it, and what would have changed it."""
    path, _, number = mail.rpartition("#")
    if again:
        _judge_again(mail, config, as_json=as_json)
    elif mail == "-" or os.path.isfile(mail):  # noqa: PTH113 -- an id is tried as a path, whatever characters it has
        _explain_file(mail, None, config, as_json=as_json)
    elif number.isdecimal() and (path == "-" or os.path.isfile(path)):  # noqa: PTH113
        _explain_file(path, int(number), config, as_json=as_json)
    else:
        _explain_stored(mail, config, as_json=as_json)


def _explain_file(path: str, number: int | None, config: Config, *, as_json: bool) -> None:
    """One mail of a file, judged after those before it: they may be of its thread."""
    from postroom.bootstrap.files import Offline, mails_in
    from postroom.flow.facts import decision_facts, explanation_facts

    house = any_house(config)
    decisions = Offline(house).decisions(mails_in(house, [path]))
    chosen = next(islice(decisions, max((number or 1) - 1, 0), None), None) if number != 0 else None
    if chosen is None:
        fail(f"there is no mail {number or 0} in {path}")
    found, message, decision = chosen
    explanation = explanation_of(house, decision, message)
    if as_json:
        print_json({**decision_facts(found.path, decision), **explanation_facts(explanation)})
    else:
        show_explanation(explanation)
    if number is None and next(decisions, None) is not None:
        note(
            f"There are several mails in {path}; this is the first. The second: postroom explain {path}#2{with_config(config)}"
        )
    house.close()


def _explain_stored(prefix: str, config: Config, *, as_json: bool) -> None:
    from postroom.flow.facts import decision_facts, explanation_facts, mail_facts
    from postroom.understand.reader import read

    house = open_house(config)
    if not house.has_store:
        fail(f"there is no file {prefix}, and no store yet to look such an id up in: `postroom serve` makes one")
    mail = find_mail(house, prefix, missing="there is no file and no mail {}")
    decisions = house.store.decisions(mail.id)
    explanation = explanation_of(house, decisions[-1], read(mail, house.trust)) if decisions else None
    events = house.store.events(mail.id)
    if as_json:
        history = [decision_facts(mail.id, decision) for decision in decisions]
        timeline = [{"at": e.at, "what": e.what, "detail": e.detail} for e in events]
        facts = explanation_facts(explanation) if explanation else {"words": [undecided(mail)]}
        print_json({**mail_facts(mail), "decisions": history, **facts, "events": timeline})
    else:
        if explanation is None:
            say(undecided(mail))
        else:
            show_explanation(explanation)
        say("\nWhat happened to it (UTC):")
        for event in events:
            say(printable(f"  {when(event.at)}  {event.what}  {event.detail}"))
    house.close()


def _judge_again(prefix: str, config: Config, *, as_json: bool) -> None:
    """The newest judgement of a mail beside one made now from the record; what the review clock or a person did is none."""
    from postroom.flow.facts import decision_facts
    from postroom.flow.replay import newest_judged, replay
    from postroom.flow.replay import same as came_to_the_same

    house = open_store_house(config)
    mail = find_mail(house, prefix)
    then = newest_judged(house.store.decisions(mail.id))
    if then is None:
        fail(undecided(mail))
    now = replay(mail, then, house.trust, house.rules.book, house.policy)
    # With other rules and settings it may well come to the same, but for their names.
    same, as_then = came_to_the_same(now, then), now.versions == then.versions
    if as_json:
        facts = {"then": decision_facts(mail.id, then), "now": decision_facts(mail.id, now)}
        print_json({"id": mail.id, "same": same, "same_versions": as_then, **facts})
    else:
        say(_compared(then, now, same=same))
        if not as_then:
            say("The rules, phrases, settings or model are not those that it was decided with.")
        elif not same:
            say("With the same rules and settings that must not be: please report it.")
    house.close()


def _compared(then: "Decision", now: "Decision", *, same: bool) -> str:
    if same:
        return f"Judged again from what was recorded, it comes to the same: {_in_short(then)}."
    if _in_short(then) == _in_short(now):
        return f"Judged again from what was recorded, it comes to the same desk on other evidence: {_in_short(now)}."
    return f"Judged again from what was recorded, it comes to {_in_short(now)}; it was {_in_short(then)}."


def _in_short(decision: "Decision") -> str:
    guess = "" if decision.route == decision.decided else f", best guess {decision.decided}"
    return f"{decision.route}{guess} ({percent(decision.confidence)}, {decision.stage})"


def explanation_of(house: "House", decision: "Decision", message: "Message") -> "Explanation":
    """Why a mail went where it went, with the verdicts on mails most like it."""
    from postroom.flow.explanation import explained
    from postroom.flow.nearest import everything, nearest

    alike: tuple[Neighbour, ...] = ()
    if house.has_store:
        alike = nearest(house.store, decision.mail_id, message, may_see=everything)
    return explained(decision, message, house.policy, alike, house.settings.urgent.destinations)


def show_explanation(explanation: "Explanation", *, text: bool = True) -> None:
    """An explanation for people: in words, then the text with the words that carried it, the balance, and verdicts on its like."""
    from postroom.decide.telling import apart

    say("\n\n".join(explanation.words))
    if text:
        say("\nThe words that carried it, with the log-odds that they add:\n")
        typer.echo(_marked(explanation.text, apart(explanation.telling), explanation.decision.decided))
    _show_balance(explanation)
    rows = [_neighbour_row(one) for one in explanation.nearest]
    if rows:
        say("")
        columns = ("alike", "id", "subject", "said", "by", "when (UTC)", "in common")
        print_table("Verdicts on the mails most like it", columns, rows)


def _marked(text: str, words: "Sequence[Telling]", decided: "RouteName") -> str:
    """The text, with each word that carried it in brackets: coloured on a terminal, with its weight and its route, if another."""
    parts: list[str] = []
    at = 0
    for one in words:
        if one.start >= _SHOWN:
            break
        parts.append(printable(text[at : one.start]))
        weight = [] if one.weight is None else [f"{one.weight:+.1f}"]
        whose = [one.route or one.name] if one.route != decided else []
        colour = ("green" if one.speaks_for(decided) else "red") if one.route else "yellow"
        said = typer.style(printable(one.text), fg=colour, underline=True)
        parts.append(f"[{said} {' '.join([*map(printable, whose), *weight])}]" if whose or weight else f"[{said}]")
        at = one.end
    end = max(at, _SHOWN)
    more = f"\n… and {len(text) - end} more characters" if len(text) > end else ""
    return "".join([*parts, printable(text[at:end]), more])


def _show_balance(explanation: "Explanation") -> None:
    rows = [
        row
        for one in explanation.balance[:_ROUTES]
        if one.probability >= _LIKELY or one.vetoes
        for row in _balance_rows(one)
    ]
    title = "For and against, in log-odds" + ("" if explanation.same_policy else ", by the settings of now")
    say("")
    print_table(title, ("route", "by", "counts", "because"), rows)


def _balance_rows(one: "Balance") -> "Iterator[tuple[str, str, str, str]]":
    yield f"{one.route} {percent(one.probability)}", "expected", f"{one.prior:+.2f}", "how frequent such mail is"
    for entry in one.entries:
        reasons = "; ".join(finding.reason for finding in entry.findings)
        capped = f"{entry.said:+.2f} before the cap of {entry.cap:g}: " if entry.capped else ""
        scaled = f"times {entry.scale:.2f}, as learned: " if entry.scale != 1.0 else ""
        yield "", entry.family, f"{entry.counts:+.2f}", f"{capped}{scaled}{reasons}"
    divided = f", divided by the temperature {one.temperature:g}" if one.temperature != 1.0 else ""
    yield "", "in all", f"{one.logit:+.2f}", "; ".join(finding.reason for finding in one.vetoes) or f"the sum{divided}"


def _neighbour_row(one: "Neighbour") -> tuple[str, ...]:
    verdict = one.verdict
    said = verdict.said if verdict.right else f"{verdict.said}, not {verdict.decided}"
    common = ", ".join(one.common)
    return percent(one.likeness), verdict.mail_id, one.subject[:60], said, verdict.by, when(verdict.at), common


def undecided(mail: "Mail") -> str:
    """Why there is no decision on a mail."""
    if mail.duplicate_of is not None:
        return f"It came before, as {mail.duplicate_of}, and is kept but not judged or delivered a second time."
    return "It has not been judged yet."
