"""An installation as a team has it: `postroom serve` with its pages, people of every role, mail that came in by SMTP."""

import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postroom.adapters.passwords import Argon2Passwords
from postroom.adapters.store.rulebooks import SqliteDrafts
from postroom.bootstrap.answering import answering
from postroom.bootstrap.backtesting import trials
from postroom.bootstrap.house import House
from postroom.bootstrap.reviewers import second_looking
from postroom.config import load
from postroom.flow.answering import Answerable, Wish
from postroom.flow.urgency import Doer
from postroom.model.alarms import AlarmEvent
from postroom.model.cases import WantedCases
from postroom.model.desktop import Wanted
from postroom.model.listing import MailRow
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ROLES, Role, Sight, User, UserName
from postroom.model.rulebooks import SheetName
from postroom.model.targets import Reckoned
from postroom.ports import JobFilter
from postroom.testing.smtp_sink import SmtpSink
from postroom.understand.reader import read
from tests.browser.letters import DAILY, DESKWORK, DOUBTFUL, URGENT, Letter
from tests.browser.wild import WILD_LETTERS
from tests.hook_receiver import Receiver, listening
from tests.oidc_provider import Provider, provider
from tools.running import free_port, wait_until
from tools.trial import Plan, Trial

#: subject of a mail that somebody has moved
CORRECTED = "Mein Konto wurde gesperrt"
#: subjects of mails that were answered; the address of the first takes no mail
ANSWERED = ("Opening hours", "Where do I change the language?")
PASSWORD = "correct horse battery"
#: of these brands every mail waits for a person
_ASKED = ("drill", "palm", "plain", "doubt", "double", "split")
_ROUTES = ("appeals", "refunds", "copyright", "general")
SETTINGS = """
hostname = "postroom.test"
[trust]
authserv_ids = ["mx.postroom.test"]
[intake]
listen = ["127.0.0.1:{smtp}"]
[web]
listen = ""
[pages]
listen = "127.0.0.1:{pages}"
[pages.oidc]
issuer = "{issuer}"
name = "Example ID"
client_id = "postroom"
client_secret_file = "oidc-secret"
allow = ["127.0.0.1"]
link_by_email = true
email_domain = "example.com"
[review]
audit_share = 0.0
second_look_share = 1.0
calendar = "desk"
hours = 4
tell = ["general"]
undo_seconds = 20
[delivery]
first_retry = 0.2
[destination.far]
kind = "smtp"
host = "127.0.0.1"
port = {sink}
tls = "none"
recipients = ["rights@example.test"]
[destination.rescue]
kind = "smtp"
host = "127.0.0.1"
port = {sink}
tls = "none"
recipients = ["rescue@example.test"]
[calendar.desk]
zone = "UTC"
monday = ["00:00-23:30"]
tuesday = ["00:00-23:30"]
wednesday = ["00:00-23:30"]
thursday = ["00:00-23:30"]
friday = ["00:00-23:30"]
saturday = ["00:00-23:30"]
sunday = ["00:00-23:30"]
[retention]
mail_days = 730
routes = {{ junk = 30 }}
[hook.ledger]
url = "http://127.0.0.1:{hook}/"
secret_file = "ledger-secret"
allow = ["127.0.0.1"]
events = ["routed"]
brands = ["shop", "forge"]
[answers]
host = "127.0.0.1"
port = {sink}
tls = "none"
undo_seconds = 2
[calendar.office]
zone = "Europe/Berlin"
[clock.ours]
label = "Decided within two weeks"
within = "14 days"
"""
#: rules of a draft: the first does what somebody has done by hand
TRIED = """
[[rule]]
name = "german-accounts"
when = 'subject.contains("Konto")'
route = "general"
stop = true
[[rule]]
name = "orders"
when = 'new_text.contains("order") || new_text.contains("shoes")'
route = "general"
stop = true
tags = ["order"]
[[rule]]
name = "channels"
when = 'new_text.contains("channel")'
route = "copyright"
stop = true
[[rule]]
name = "photographs"
when = 'new_text.contains("photograph")'
route = "appeals"
weight = 3.0
urgent = "photographs"
"""
_APPEALS = 'cases = true\nacknowledge = "appeal-received"\noutcomes = { granted = "appeal-granted", rejected = "appeal-rejected" }\nfirst_answer = "8 business hours"\ncalendar = "office"\nclocks = ["dsa", "ours", "card-dispute"]\nsecond_person = "rejection"\n'


#: file -> text, as the team wrote it; it speaks of no letter of the tests
FILES = {
    "rules/press.toml": """# Newspapers write to everybody. Their deadlines are short.

[[rule]]
name = "press-with-deadline"
comment = "Journalists write from newsrooms and name a deadline."
all = ['new_text.contains("newsroom")', 'new_text.contains("deadline")']
route = "general"
weight = 4.0
tags = ["press", "deadline"]

[[rule]]
name = "press-law"
comment = "A newspaper's lawyer is not the newspaper."
when = 'sender.domain == "law.example" && (phrases["copyright"] > 0 || subject.matches("(?i)corrections? of .* article"))'
route = "copyright"
stop = true
""",
    "answers/which-account.toml": """# Read by our lawyers in spring.
title = "Which account do they mean?"
routes = ["appeals", "refunds"]
asks = true

[text]
en = \"\"\"
Hello {name},

which account do you mean? Please tell us the name that you sign in with.

{agent}, {brand}
\"\"\"
de = \"\"\"
Guten Tag {name},

welches Konto meinen Sie? Bitte nennen Sie uns den Namen, mit dem Sie sich anmelden.

{agent}, {brand}
\"\"\"
""",
    "answers/broken.toml": """title = "Written in a hurry"
[text]
en = "Hello {nmae}"
""",
    "rules/night.toml": """[[rule]]
name = "night-shift"
when = 'subject == "Night shift"'
tags = ["night"]
""",
    "phrases/press.toml": """route = "general"

[[group]]
language = "en"
weight = 2.0
phrases = ["interview with the founder", "press accreditation", "for our friday issue"]
""",
    "rules/examples/press.toml": """[[mail]]
name = "a newspaper with a deadline"
subject = "Question for our Friday issue"
text = "I write from the newsroom of the Example Times, my deadline is tomorrow."
[mail.expect]
route = "general"
rules = ["press-with-deadline"]
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signs in."""

    role: Role
    brands: tuple[str, ...] = ("shop",)
    routes: tuple[str, ...] = ()
    urgent: bool = False


PEOPLE = {
    "root": Person(role="admin", brands=()),
    "lea": Person(role="lead"),
    "lois": Person(role="lead", brands=(), routes=("refunds",)),
    "vera": Person(role="viewer"),
    "ada": Person(role="agent", routes=("refunds",)),
    "rita": Person(role="reviewer", brands=("drill",)),
    "rhea": Person(role="reviewer", brands=("palm",)),
    "paul": Person(role="reviewer", brands=("plain",)),
    "rosa": Person(role="reviewer", brands=("doubt",)),
    "nora": Person(role="reviewer"),
    "tess": Person(role="reviewer", brands=("double",)),
    "luis": Person(role="lead", brands=("double",)),
    "sita": Person(role="reviewer", brands=("split",)),
    "rolf": Person(role="agent", brands=("split",), routes=("appeals",)),
    "ursa": Person(role="lead", brands=("alarm",), urgent=True),
    "uma": Person(role="agent", brands=("alarm",), urgent=True),
    "sid": Person(role="agent", brands=("siren",), urgent=True),
    "sue": Person(role="agent", brands=("siren",), urgent=True),
    "wanda": Person(role="lead", brands=("wild",)),
    "alba": Person(role="agent", brands=("north",), routes=("appeals",)),
    "arno": Person(role="agent", brands=("north",), routes=("appeals", "general")),
    "anke": Person(role="agent", brands=("south",), routes=("appeals", "general")),
    "axel": Person(role="agent", brands=("south",), routes=("appeals", "general")),
    "lena": Person(role="lead", brands=("east", "double")),
    "lars": Person(role="lead", brands=("west",)),
    "erin": Person(role="lead", brands=()),
}
"""Each journey that changes something works on a brand of its own, so that they may come in any order."""
assert {one.role for one in PEOPLE.values()} == set(ROLES)


@dataclass(slots=True, kw_only=True)
class Served:
    """A running installation."""

    url: str
    trial: Trial
    sink: SmtpSink
    #: where people may sign in, too
    provider: Provider
    #: is told by a webhook
    receiver: Receiver
    #: the same store, to look things up
    house: House
    _cookies: dict[str, str] = field(default_factory=dict)

    def mail(self, subject: str) -> MailId:
        """The mail with this subject."""
        (found,) = [row.id for row in all_mails(self.house) if row.subject == subject]
        return found

    def address(self, path: str) -> str:
        """A path with ``{mail:SUBJECT}`` in it as a whole address."""
        before, sign, rest = path.partition("{mail:")
        subject, _, after = rest.partition("}")
        return self.url + (f"{before}{self.mail(subject)}{after}" if sign else path)

    def cookie(self, name: str) -> dict[str, Any]:
        """A session of this person, as Playwright takes it."""
        if name not in self._cookies:
            form = urllib.parse.urlencode({"name": name, "password": PASSWORD, "to": "/healthz"}).encode()
            asked = urllib.request.Request(f"{self.url}/sign-in", data=form, headers={"Origin": self.url})
            self._cookies[name] = _cookie_of(asked)
            assert self._cookies[name], f"{name} could not sign in"
        key, _, value = self._cookies[name].partition("=")
        return {"name": key, "value": value, "url": self.url}

    def start(self) -> None:
        """Let it serve, until all of it answers."""
        self.trial.start()
        assert wait_until(lambda: _up(self.url), 30), self.trial.child and self.trial.child.tail()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody has its store open meanwhile. It serves again afterwards, and nobody is signed in."""
        self.trial.stop()
        self.house.close()
        yield
        self.house = House(self.house.settings, self.trial.folder)
        self._cookies.clear()
        self.start()

    def feed(self, letters: Iterable[Letter]) -> None:
        """Hand mail in and wait until it has been judged and delivered, or lies aside."""
        with smtplib.SMTP("127.0.0.1", self.trial.smtp_port, timeout=60) as door:
            for one in letters:
                door.sendmail("writer@example.net", [one.to], one.raw)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is to be judged or delivered."""
        assert wait_until(self._done, 120, every=0.1), self.trial.child and self.trial.child.tail()

    def _done(self) -> bool:
        return not self.house.store.jobs(JobFilter(states=("ready", "claimed"), kinds=("judge", "deliver"), limit=1))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _cookie_of(asked: urllib.request.Request) -> str:
    """The cookie that a sign-in gives; it answers with a way on, which is not gone."""
    try:
        urllib.request.build_opener(_Stay).open(asked, timeout=30).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.headers.get("Set-Cookie", "").partition(";")[0]
    return ""


def settings(smtp: int, pages: int, sink: int, hook: int, issuer: str) -> str:
    """postroom.toml of the installation."""
    brands = "".join(
        f'[brand.{name}]\naddresses = ["support@{name}.test"]\n'
        + (f"thresholds = {{ {', '.join(f'{route} = 1.0' for route in _ROUTES)} }}\n" if name in _ASKED else "")
        for name in ("shop", *_ASKED, "wild", "alarm", "siren", "north", "south", "east", "west", "forge", "anvil")
    )
    routes = "".join(
        f'[route.{name}]\ndestinations = ["{"far" if name == "copyright" else name}"]\nthreshold = 0.0\n'
        + (_APPEALS if name == "appeals" else "")
        for name in _ROUTES
    )
    inboxes = "".join(f'[destination.{name}]\nkind = "inbox"\n' for name in (*_ROUTES, "review") if name != "copyright")
    return SETTINGS.format(smtp=smtp, pages=pages, sink=sink, hook=hook, issuer=issuer) + brands + routes + inboxes


@contextmanager
def installed(folder: Path) -> Iterator[Served]:
    """An installation that nobody has started yet, without people and mail."""
    with SmtpSink() as sink, provider() as issuing, listening() as receiver:
        trial, pages = Trial(folder, Plan(destination="")), free_port()
        text = settings(trial.smtp_port, pages, sink.port, receiver.server_address[1], issuing.issuer)
        (folder / "oidc-secret").write_text(issuing.secret)
        (folder / "ledger-secret").write_text("a secret of both sides")
        trial.config.write_text(text)
        for name, content in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        found, mistakes = load(text)
        assert found is not None, mistakes
        one = Served(
            url=f"http://127.0.0.1:{pages}",
            trial=trial,
            sink=sink,
            provider=issuing,
            receiver=receiver,
            house=House(found, folder),
        )
        try:
            yield one
        finally:
            trial.stop()
            one.house.close()


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """One with all people and letters in it; letters to `far` were refused."""
    with installed(folder) as one:
        house = one.house
        one.sink.fail("rcpt", reply="550 5.7.1 not for us", match="rights@", times=None)
        one.sink.fail("rcpt", reply="550 5.1.1 no such user", match="dorothy@", times=None)
        _people(house)
        one.start()
        one.feed((*DAILY, *DOUBTFUL, *WILD_LETTERS, *URGENT, *DESKWORK))
        assert wait_until(lambda: bool(house.cases.page(WantedCases(), Sight()).cases), 30)
        corrected(one, CORRECTED, "general", "lea")
        _pressing(house, one)
        _looked_at_twice(house, [row for row in all_mails(house) if row.brand == "double"])
        for subject in ANSWERED:
            answered(one, subject, "lea")
        one.settle()
        _tried(house)
        yield one


def command(folder: Path, *words: str, code: int = 0) -> str:
    """What `postroom` says to somebody who types this at the machine of this installation, where it ends with ``code``."""
    typed = [sys.executable, "-m", "postroom", *words, "--config", str(folder / "postroom.toml")]
    done = subprocess.run(typed, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def _people(house: House) -> None:
    """Added as `postroom user add` does, with passwords that are quick to check."""
    team = replace(house.people.team, passwords=Argon2Passwords(time_cost=1, memory_kib=64, parallelism=1))
    for name, one in PEOPLE.items():
        user = User(
            name=UserName(name),
            role=one.role,
            brands=tuple(map(BrandName, one.brands)),
            routes=tuple(map(RouteName, one.routes)),
            urgent=one.urgent,
        )
        team.add(user, PASSWORD, "test")


def corrected(one: Served, subject: str, route: str, by: str) -> None:
    """Somebody has moved this one."""
    house, mail_id = one.house, one.mail(subject)
    (mail,) = house.store.read([mail_id])
    generation = house.store.decisions(mail_id)[-1].generation
    house.reviewing().give(mail, RouteName(route), UserName(by), generation=generation, note="a question")


def _tried(house: House) -> None:
    """Rules that lea has tried on the past, back-test 1, and one of root's that failed, 2: the draft was not kept."""
    draft = SqliteDrafts(house.store.units).keep({SheetName("rules/mine.toml"): TRIED}, "lea", time.time())
    for number, (name, of) in enumerate((("lea", draft), ("root", 99)), 1):
        user = house.people.accounts.user(UserName(name))
        assert user is not None
        test = trials(house).ask(user, 14, "", of, time.time())
        assert test == number
        assert wait_until(lambda test=test: not trials(house).one(test, Sight()).open, 60, every=0.1)  # type: ignore[misc, union-attr]


def all_mails(house: House) -> tuple[MailRow, ...]:
    """Every mail, newest first."""
    return house.views.mails(Wanted(), Sight(), limit=500).rows


def _looked_at_twice(house: House, rows: Sequence[MailRow]) -> None:
    """Sam has answered all of a brand, and Uma most of it: now and then otherwise."""
    second = second_looking(house)
    uma = User(name=UserName("uma"), role="reviewer")
    for number, row in enumerate(reversed(rows)):
        (mail,) = house.store.read([row.id])
        first, other = _ANSWERS[number % len(_ANSWERS)]
        second.reviewing.give(mail, RouteName(first), UserName("sam"))
        if number < len(rows) - 3:
            second.answer(mail, RouteName(other), uma)


_ANSWERS = (
    ("appeals", "appeals"), ("refunds", "refunds"), ("appeals", "appeals"), ("general", "general"), ("refunds", "refunds"),
    ("appeals", "refunds"), ("refunds", "refunds"), ("appeals", "appeals"), ("general", "general"), ("refunds", "general"),
)  # fmt: skip


def _pressing(house: House, one: Served) -> None:
    """One urgent mail is handed on, one is told again; of the appeals two are late, and one due soon."""
    pressing, now = house.pressing, time.time()
    uma = Doer(name=UserName("uma"), sight=Sight())
    pressing.urgency.acknowledge(uma, one.mail("You will regret it"), note="I have called the police, file 17/3.")
    pressing.urgency.hand_on(
        uma, one.mail("You will regret it"), "ursa", note="My shift is over. The police call back."
    )
    waits = pressing.alarms.alarm(one.mail("Last warning"), Sight())
    assert waits is not None
    event = AlarmEvent(at=now, by="", what="told again")
    pressing.alarms.put(replace(waits, since=now - 2400, told_at=now, repeats=2), event, None)
    mails = [one.mail(subject) for subject in ("Still waiting", "Please restore my account", "Unban me, first")]
    assert wait_until(lambda: all(row.due_at for row in house.views.rows(mails, Sight()).values()), 30)
    reckoned = [
        Reckoned(mail_id=mail, route=RouteName("appeals"), near=now - 9000, due=now + left)
        for mail, left in zip(mails, (-7500, 3000, -7500), strict=True)
    ]
    pressing.targets.reckon(reckoned, pressing.first_answers.version)


def answered(one: Served, subject: str, by: str) -> None:
    """Somebody has answered this one."""
    house, mail_id = one.house, one.mail(subject)
    (mail,) = house.store.read([mail_id])
    to = Answerable(mail=mail, message=read(mail, house.trust), decision=house.store.decisions(mail_id)[-1])
    user = house.people.accounts.user(UserName(by))
    assert user is not None
    answering(house).send(user, to, Wish(text="Hello,\n\nMonday to Friday, nine to five.\n\nLea", language="en"))


def _up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
