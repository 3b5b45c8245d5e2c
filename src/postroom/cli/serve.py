"""`serve` runs the doors and the workers; `receive` takes one mail from standard input; `work` is a worker process."""

import sys
from typing import Annotated

import typer

from postroom.cli.console import Config, examples, fail, find_config, note, open_house, read_settings
from postroom.model.errors import PostroomError

#: sysexits.h: the mail server keeps the mail and tries again
EX_TEMPFAIL = 75
#: there is nobody of that name here: the mail server tells the sender
EX_NOUSER = 67


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=examples("postroom serve -c /etc/postroom/postroom.toml"))(serve)
    app.command(
        short_help="Take one mail from standard input, for a mail server's pipe.",
        epilog=examples("postroom receive --sender ada@example.com support@example.com < mail.eml"),
    )(receive)
    app.command(hidden=True)(work)


def serve(
    config: Config = None,
    allow_root: Annotated[
        bool, typer.Option("--allow-root", help="Run as root all the same: for trials and containers only.")
    ] = False,
) -> None:
    """Take mail by SMTP and LMTP, judge it, deliver it. SIGTERM drains, SIGHUP reads rules and certificates again."""
    import asyncio
    import os
    import signal

    # Until the server can listen to it, it waits: else who asks for the rules to be read again ends a server that starts.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    path = find_config(config).resolve()
    settings = read_settings(path)
    # The metrics library looks for this once, when it is first imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(path.parent / settings.data / "metrics")
    # The store's thread and the doors' loop hand over to each other often; the default of 5 ms makes each wait.
    sys.setswitchinterval(0.001)
    from postroom.bootstrap.house import House
    from postroom.bootstrap.server import Server

    asyncio.run(Server(House(settings, path.parent, process="server"), path, allow_root=allow_root).run())


def receive(
    recipients: Annotated[list[str], typer.Argument(help="Addresses that the mail is for; must be a brand's.")],
    sender: Annotated[str, typer.Option("--sender", "-f", help="Envelope sender; empty for a bounce.")] = "",
    config: Config = None,
) -> None:
    """Take one mail from standard input: exit 0 once it is kept for certain, 67 for nobody's address, 75 when the mail server must try again."""
    from postroom.model.mail import Envelope, Peer

    try:
        house = open_house(config, process="receive")
        raw = sys.stdin.buffer.read(house.settings.intake.max_size + 1)
        if len(raw) > house.settings.intake.max_size:
            fail("larger than intake.max_size", EX_TEMPFAIL)
        envelope = Envelope(mail_from=sender.strip("<>"), rcpt_to=tuple(recipients))
        if not any(map(house.addressbook.resolve, recipients)):
            note(f"postroom: nobody is called {', '.join(recipients)} here: it is no brand's address")
            raise typer.Exit(EX_NOUSER)
        kept = house.reception().accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
        for mail in kept:
            house.observer.note(
                "accepted", mail.id, door="pipe", bytes=len(raw), brand=mail.brand, **house.addresses(mail)
            )
        house.close()
    except typer.Exit:
        raise
    except Exception as error:
        # Whatever is wrong here, a bug too: the mail server still has the mail, and any other status would bounce it.
        note(f"postroom: {error}" if isinstance(error, PostroomError | OSError) else f"postroom: a bug: {error!r}")
        raise typer.Exit(EX_TEMPFAIL) from error


def work(
    role: Annotated[str, typer.Option()],
    bell: Annotated[int, typer.Option()],
    pulse: Annotated[int, typer.Option()],
    ring: Annotated[int, typer.Option()] = -1,
    listen: Annotated[list[int] | None, typer.Option()] = None,
    config: Config = None,
) -> None:
    """Be a worker of a server; started by it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server hears it and says stop in order
    from postroom.bootstrap.work import Passed
    from postroom.bootstrap.work import work as do_work

    passed = Passed(bell=bell, pulse=pulse, ring=ring, sockets=tuple(listen or ()))
    if not do_work(role, lambda: open_house(config, process=role), passed):
        raise typer.Exit(1)
