"""`explain`: why a mail goes where it goes, in words or as JSON; of a mail in the store, or of a file."""

import os
from dataclasses import replace
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
    open_store_house,
    print_json,
    printable,
    say,
    when,
    with_config,
)
from postroom.cli.files import any_house

if TYPE_CHECKING:
    from postroom.bootstrap import House
    from postroom.model.judgement import Decision
    from postroom.model.mail import Mail
    from postroom.model.message import Message


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        epilog=examples(
            "postroom explain 01j9…",
            "postroom explain mail.eml --json",
            "postroom explain old.mbox#2  # as `postroom route old.mbox` names it",
            "postroom explain --again 01j9…",
        )
    )(explain)


def explain(
    mail: Annotated[
        str,
        typer.Argument(
            help="Id of a mail (or its beginning), or a file; - is standard input, FILE#2 the second mail of an mbox.",
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
    from postroom.flow.facts import decision_facts

    house = any_house(config)
    decisions = Offline(house).decisions(mails_in(house, [path]))
    chosen = next(islice(decisions, max((number or 1) - 1, 0), None), None) if number != 0 else None
    if chosen is None:
        fail(f"there is no mail {number or 0} in {path}")
    found, message, decision = chosen
    words = in_words(house, decision, message)
    if as_json:
        print_json({**decision_facts(found.path, decision), "words": words})
    else:
        say(printable("\n\n".join(words)))
    if number is None and next(decisions, None) is not None:
        note(
            f"There are several mails in {path}; this is the first. The second: postroom explain {path}#2{with_config(config)}"
        )
    house.close()


def _explain_stored(prefix: str, config: Config, *, as_json: bool) -> None:
    from postroom.flow.facts import decision_facts, mail_facts
    from postroom.understand.reader import read

    house = open_store_house(config)
    mail = find_mail(house, prefix, missing="there is no file and no mail {}")
    decisions = house.store.decisions(mail.id)
    words = in_words(house, decisions[-1], read(mail, house.trust)) if decisions else (undecided(mail),)
    events = house.store.events(mail.id)
    if as_json:
        history = [decision_facts(mail.id, decision) for decision in decisions]
        timeline = [{"at": e.at, "what": e.what, "detail": e.detail} for e in events]
        print_json({**mail_facts(mail), "decisions": history, "words": words, "events": timeline})
    else:
        say(printable("\n\n".join(words)))
        say("\nWhat happened to it (UTC):")
        for event in events:
            say(printable(f"  {when(event.at)}  {event.what}  {event.detail}"))
    house.close()


def _judge_again(prefix: str, config: Config, *, as_json: bool) -> None:
    """The newest judgement of a mail beside one made now from the record; what the review clock or a person did is none."""
    from postroom.flow.facts import decision_facts
    from postroom.flow.replay import replay

    house = open_store_house(config)
    mail = find_mail(house, prefix)
    judged = [decision for decision in house.store.decisions(mail.id) if not (decision.unconfirmed or decision.by)]
    if not judged:
        fail(undecided(mail))
    then = judged[-1]
    now = replay(mail, then, house.trust, house.rules.book, house.policy)
    # With other rules and settings it may well come to the same, but for their names.
    same, as_then = replace(now, versions=then.versions) == then, now.versions == then.versions
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
    return f"{decision.route}{guess} ({decision.confidence:.0%}, {decision.stage})"


def in_words(house: "House", decision: "Decision", message: "Message") -> tuple[str, ...]:
    """A decision in paragraphs."""
    from postroom.decide.explain import explain as explained

    return explained(decision, message, house.policy)


def undecided(mail: "Mail") -> str:
    """Why there is no decision on a mail."""
    if mail.duplicate_of is not None:
        return f"It came before, as {mail.duplicate_of}, and is kept but not judged or delivered a second time."
    return "It has not been judged yet."
