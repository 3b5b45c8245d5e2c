"""`make demo`: a router on loopback gets the example mails through real SMTP, and shows where each went and why.

`make pages` does the same, and leaves the router up with two people to sign in as, until Ctrl-C.
"""

import contextlib
import json
import os
import secrets
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroom.model.shares import percent
from postroom.testing.smtp_sink import SmtpSink
from tools.running import free_port

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
SETTINGS = """
data = "data"
hostname = "postroom.example.com"

[intake]
listen = ["127.0.0.1:{smtp}"]

[trust]
authserv_ids = ["mx.example.com"]
team_domains = ["example.com"]
form_senders = ["form@shop.example.com"]

[brand.shop]
addresses = ["support@shop.example.com"]
[brand.play]
addresses = ["help@play.example.com"]

[route.appeals]
destinations = ["appeals"]
cases = true
clocks = ["dsa"]
second_person = "rejection"
first_answer = "8 business hours"
[route.refunds]
destinations = ["refunds"]
[route.copyright]
destinations = ["copyright"]
[route.general]
destinations = ["general"]

[destination.appeals]
kind = "inbox"
[destination.refunds]
kind = "inbox"
[destination.copyright]
kind = "inbox"
[destination.general]
kind = "maildir"
path = "general-maildir"
[destination.on-call]
kind = "inbox"

[urgent]
destinations = ["on-call"]

[web]
listen = "127.0.0.1:{web}"
[pages]
listen = "{pages}"
[review]
audit_share = {audit}

[answers]
host = "{host}"
port = {sink}
tls = "none"

[log]
level = "warning"
"""
COLOURS = {
    "appeals": "bold magenta",
    "refunds": "bold cyan",
    "copyright": "bold blue",
    "general": "white",
    "review": "bold yellow",
    "junk": "bright_black",
    "automatic": "bright_black",
}
#: seconds that the router gets to start, and to finish its work
PATIENCE = 60.0
#: who may sign in to the pages: a lead works at every desk, and a second person is needed to reject an appeal
PEOPLE = {"ada": "admin", "ben": "lead"}
PAGES_PORT = 8026
#: of what is decided, people are asked about in the pages: enough for a first look at review
ASKED = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A router that has got the example mails, and has done with them."""

    settings: Path
    #: of the people who may sign in
    password: str
    #: seconds until the last mail was taken, and until the last was judged and delivered
    sent: float
    done: float
    server: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"http://{tomllib.loads(self.settings.read_text(encoding='utf-8'))['pages']['listen']}"


def main(*, pages: bool = False) -> int:
    """Run the demo, and with ``pages`` keep it up; 0 when every mail arrived somewhere."""
    console = Console(width=max(Console().width, 100))
    with running(console, pages=pages) as demo:
        if pages:
            _invite(console, demo)
            with contextlib.suppress(KeyboardInterrupt):
                demo.server.wait()
            settings, root = demo.settings, " --allow-root" if os.geteuid() == 0 else ""
            console.print(
                f"\nStopped. rm -r {settings.parent} removes it; until then this goes on with it:\n"
                f"  .venv/bin/postroom serve{root} -c {settings}"
            )
            return 0
    return _show(console, demo)


@contextlib.contextmanager
def running(console: Console, *, pages: bool) -> Iterator[Demo]:
    """A router with its mails, in a folder of its own that stays; stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="postroom-demo-"))
    smtp, web, outside = free_port(), free_port(), SmtpSink()
    outside.start()
    settings = folder / "postroom.toml"
    settings.write_text(
        SETTINGS.format(
            smtp=smtp,
            web=web,
            sink=outside.port if pages else 25,
            host="127.0.0.1" if pages else "",
            pages=f"127.0.0.1:{_port(PAGES_PORT)}" if pages else "",
            audit=ASKED if pages else 0.0,
        ),
        encoding="utf-8",
    )
    password = secrets.token_urlsafe(12)
    if pages:
        _let_in(settings, password)
    console.print(f"Starting the router on 127.0.0.1:{smtp}, with its store in {folder} …")
    root = ["--allow-root"] if os.geteuid() == 0 else []
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*_postroom(), "serve", "--config", str(settings), *root], stdout=log, stderr=log)
        try:
            _wait_for_port(smtp, server)
            began = time.monotonic()
            _send(_expected(), smtp)
            sent = time.monotonic() - began
            _wait_until_done(settings)
            done = time.monotonic() - began
            yield Demo(settings=settings, password=password, sent=sent, done=done, server=server)
        finally:
            server.terminate()
            server.wait(PATIENCE)
            outside.stop()


def _expected() -> list[dict]:
    """The example mails in their order, and where each belongs."""
    return tomllib.loads((EXAMPLES / "expected.toml").read_text(encoding="utf-8"))["mail"]


def _let_in(settings: Path, password: str) -> None:
    for name, role in PEOPLE.items():
        command = [
            *_postroom(),
            "user",
            "add",
            name,
            "--role",
            role,
            "--urgent",
            "--password-file",
            "-",
            "--as",
            "demo",
        ]
        run = subprocess.run(
            [*command, "-c", str(settings)], input=password, text=True, check=False, capture_output=True
        )
        if run.returncode:
            raise SystemExit(run.stderr)


def _invite(console: Console, demo: Demo) -> None:
    """Where to go, and as whom."""
    settings = demo.settings
    console.print(
        f"\n[bold]Open {demo.address}[/] and sign in as [bold]ada[/], or as [bold]ben[/] (in another browser), with"
    )
    console.print(f"the password [bold]{demo.password}[/]", highlight=False)
    console.print("\n  Review   a few mails that wait for a person: c is yes, m and a number moves, z takes back")
    console.print("  Appeals  an inbox; every mail there has a case, under Cases, with its clocks")
    console.print("  ?        all keys of a page\n")
    console.print("What you answer leaves by real SMTP, and goes no further than this programme.")
    console.print(f"It takes mail for support@shop.example.com by SMTP on {_smtp_of(settings)}.")
    console.print(f"Ctrl-C stops it. What goes wrong stands in {settings.parent / 'log'}.", highlight=False)


def _smtp_of(settings: Path) -> str:
    return str(tomllib.loads(settings.read_text(encoding="utf-8"))["intake"]["listen"][0])


def _postroom() -> list[str]:
    return [sys.executable, "-m", "postroom"]


def _port(wanted: int) -> int:
    """This one, or another while somebody listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
    return wanted


def _wait_for_port(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The router did not start; its log is beside postroom.toml.")


def _send(expected: list[dict], port: int) -> None:
    """Every example in its order, through one SMTP connection, as a mail server would."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.example.com", timeout=PATIENCE) as client:
        for mail in expected:
            raw = (EXAMPLES / mail["file"]).read_bytes()
            client.sendmail(mail.get("mail_from", "sender@example.com"), [mail["to"]], raw)


def _json_lines(*arguments: str) -> list[dict]:
    run = subprocess.run([*_postroom(), *arguments], capture_output=True, check=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def _wait_until_done(settings: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        waiting = [j for j in _json_lines("queue", "list", "--config", str(settings), "--json") if j["kind"] != "clock"]
        if not waiting:
            return
        time.sleep(0.2)


def _show(console: Console, demo: Demo) -> int:
    """The table: every mail, where it went, and why."""
    settings, expected = demo.settings, _expected()
    decided = _json_lines("mails", "--config", str(settings), "--json", "--limit", "1000")[::-1]
    table = Table(header_style="bold", box=None, pad_edge=False, row_styles=["", "dim"])
    for name in ("mail", "language", "went to", "sure", "why"):
        table.add_column(name, overflow="fold")
    routes: Counter[str] = Counter()
    right = meant = asked = 0
    for want, mail in zip(expected, decided, strict=True):
        route = mail["route"] or "(duplicate)"
        routes[route] += 1
        fine = {want["route"], *want.get("acceptable", [])}
        at_home = route in fine or mail["duplicate_of"] is not None
        right, asked = right + at_home, asked + (route == "review" and not at_home)
        meant += route == "review" and at_home
        ok = at_home or route == "review"
        urgent = Text(" !" + ",".join(mail["urgent"]), style="bold red") if mail["urgent"] else Text("")
        table.add_row(
            Text(want["file"].removesuffix(".eml")),
            mail["language"],
            Text(route, style=COLOURS.get(route, ""))
            + urgent
            + Text("" if ok else f"  (expected {want['route']})", style="red"),
            percent(mail["confidence"]) if mail["confidence"] else "",
            Text(mail["because"] or (f"again: {mail['duplicate_of']}" if mail["duplicate_of"] else "")),
        )
    console.print(table)
    console.print()
    totals = ", ".join(f"{count} {route}" for route, count in routes.most_common())
    console.print(f"[bold]{len(decided)} mails[/]: {totals}.")
    wrong = len(expected) - right - asked
    console.print(
        f"{right} are where they belong, {meant} of them in review, where a person must look; {asked} more {'waits' if asked == 1 else 'wait'} there although"
        f" a desk would have been right; {wrong} went to a wrong desk."
    )
    console.print(
        f"Sent and kept for certain in {demo.sent:.1f} s, judged and delivered {demo.done:.1f} s after the first."
    )
    where = settings.resolve()
    console.print("\n[bold]What to try next[/]")
    console.print(f"  .venv/bin/postroom inbox list appeals -c {where}")
    console.print(f"  .venv/bin/postroom explain {decided[0]['id'][:14]} -c {where}")
    console.print(f"  .venv/bin/postroom queue list --state parked -c {where}")
    console.print("  make pages   # the same in the browser: inboxes, review by keyboard, cases")
    console.print("  .venv/bin/postroom init my-postroom && $EDITOR my-postroom/postroom.toml")
    console.print(f"  rm -r {where.parent}   # its store stays there until then")
    console.print("  docs/tutorial.md takes you from here to your own mail.")
    return 0 if len(decided) == len(expected) else 1


if __name__ == "__main__":
    sys.exit(main(pages="--pages" in sys.argv[1:]))
