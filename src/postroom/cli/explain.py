"""`explain`: why a mail goes where it goes, in words or as JSON; of a mail in the store, or of a file."""

import os
from typing import Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, fail, open_store_house, print_json, printable, say, when
from postroom.cli.files import any_house


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(epilog=examples("postroom explain 01j9…", "postroom explain mail.eml --json"))(explain)


def explain(
    mail: Annotated[str, typer.Argument(help="Id of a mail (or its beginning), or a file.", metavar="ID|FILE")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say where a mail goes, why, what speaks for and against it, and what would have changed it."""
    if os.path.isfile(mail):  # noqa: PTH113 -- an id is tried as a path, whatever characters it has
        _explain_file(mail, config, as_json=as_json)
    else:
        _explain_stored(mail, config, as_json=as_json)


def _explain_file(path: str, config: Config, *, as_json: bool) -> None:
    from postroom.adapters.intake.files import find_mails
    from postroom.bootstrap.files import Offline
    from postroom.decide.explain import explain as in_words
    from postroom.flow.facts import decision_facts

    house = any_house(config)
    for found, message, decision in Offline(house).decisions(find_mails([path], house.settings.intake.max_size)):
        words = in_words(decision, message, house.policy)
        if as_json:
            print_json({**decision_facts(found.path, decision), "words": words})
        else:
            say(printable("\n\n".join(words)))
    house.close()


def _explain_stored(prefix: str, config: Config, *, as_json: bool) -> None:
    from postroom.decide.explain import explain as in_words
    from postroom.flow.facts import decision_facts, mail_facts
    from postroom.understand.reader import read

    house = open_store_house(config)
    mail = house.mail(prefix)
    if mail is None:
        fail(f"there is no file and no mail {prefix}")
    decisions = house.store.decisions(mail.id)
    message = read(mail, house.trust)
    words = in_words(decisions[-1], message, house.policy) if decisions else ("It has not been judged yet.",)
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
