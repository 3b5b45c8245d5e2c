"""An installation as a team has it: `postroom serve` with its pages, people of every role, mail that came in by SMTP."""

import smtplib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postroom.adapters.passwords import Argon2Passwords
from postroom.bootstrap.answering import answering
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.flow.answering import Answerable, Wish
from postroom.model.cases import WantedCases
from postroom.model.desktop import Wanted
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ROLES, Role, Sight, User, UserName
from postroom.ports import JobFilter
from postroom.testing.smtp_sink import SmtpSink
from postroom.understand.reader import read
from tests.browser.letters import DAILY, DOUBTFUL, Letter
from tests.browser.wild import WILD_LETTERS
from tools.running import free_port, wait_until
from tools.trial import Plan, Trial

#: subject of a mail that somebody has moved
CORRECTED = "Mein Konto wurde gesperrt"
#: subjects of mails that were answered; the address of the first takes no mail
ANSWERED = ("Opening hours", "Where do I change the language?")
PASSWORD = "correct horse battery"
#: of these brands every mail waits for a person
_ASKED = ("drill", "plain", "doubt")
_ROUTES = ("appeals", "refunds", "copyright", "general")
SETTINGS = """
hostname = "postroom.test"
[intake]
listen = ["127.0.0.1:{smtp}"]
[web]
listen = ""
[pages]
listen = "127.0.0.1:{pages}"
[review]
audit_share = 0.0
[delivery]
first_retry = 0.2
[destination.far]
kind = "smtp"
host = "127.0.0.1"
port = {sink}
tls = "none"
recipients = ["rights@example.test"]
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
_APPEALS = (
    'cases = true\nfirst_answer_hours = 8\ncalendar = "office"\nclocks = ["dsa", "ours"]\nsecond_person = "rejection"\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signs in."""

    role: Role
    brands: tuple[str, ...] = ("shop",)
    routes: tuple[str, ...] = ()


PEOPLE = {
    "root": Person(role="admin", brands=()),
    "lea": Person(role="lead"),
    "vera": Person(role="viewer"),
    "ada": Person(role="agent", routes=("refunds",)),
    "rita": Person(role="reviewer", brands=("drill",)),
    "paul": Person(role="reviewer", brands=("plain",)),
    "rosa": Person(role="reviewer", brands=("doubt",)),
    "nora": Person(role="reviewer"),
    "wanda": Person(role="lead", brands=("wild",)),
}
"""Each journey that changes something works on a brand of its own, so that they may come in any order."""
assert {one.role for one in PEOPLE.values()} == set(ROLES)


@dataclass(slots=True, kw_only=True)
class Served:
    """A running installation."""

    url: str
    trial: Trial
    sink: SmtpSink
    #: the same store, to look things up
    house: House
    _cookies: dict[str, str] = field(default_factory=dict)

    def mail(self, subject: str) -> MailId:
        """The mail with this subject."""
        rows = self.house.views.mails(Wanted(), Sight(), after="", limit=500).rows
        (found,) = [row.id for row in rows if row.subject == subject]
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


def settings(smtp: int, pages: int, sink: int) -> str:
    """postroom.toml of the installation."""
    brands = "".join(
        f'[brand.{name}]\naddresses = ["support@{name}.test"]\n'
        + (f"thresholds = {{ {', '.join(f'{route} = 1.0' for route in _ROUTES)} }}\n" if name in _ASKED else "")
        for name in ("shop", *_ASKED, "wild")
    )
    routes = "".join(
        f'[route.{name}]\ndestinations = ["{"far" if name == "copyright" else name}"]\nthreshold = 0.0\n'
        + (_APPEALS if name == "appeals" else "")
        for name in _ROUTES
    )
    inboxes = "".join(f'[destination.{name}]\nkind = "inbox"\n' for name in (*_ROUTES, "review") if name != "copyright")
    return SETTINGS.format(smtp=smtp, pages=pages, sink=sink) + brands + routes + inboxes


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """One with all people and letters in it; letters to `far` were refused."""
    with SmtpSink() as sink:
        sink.fail("rcpt", reply="550 5.7.1 not for us", match="rights@", times=None)
        sink.fail("rcpt", reply="550 5.1.1 no such user", match="dorothy@", times=None)
        trial = Trial(folder, Plan(destination=""))
        pages = free_port()
        text = settings(trial.smtp_port, pages, sink.port)
        trial.config.write_text(text)
        found, mistakes = load(text)
        assert found is not None, mistakes
        house = House(found, folder)
        try:
            _people(house)
            trial.start()
            one = Served(url=f"http://127.0.0.1:{pages}", trial=trial, sink=sink, house=house)
            one.feed((*DAILY, *DOUBTFUL, *WILD_LETTERS))
            assert wait_until(lambda: _up(one.url) and bool(house.cases.page(WantedCases(), Sight()).cases), 30)
            _corrected(house, one.mail(CORRECTED))
            for subject in ANSWERED:
                _answered(house, one.mail(subject))
            one.settle()
            yield one
        finally:
            trial.stop()
            house.close()


def _people(house: House) -> None:
    """Added as `postroom user add` does, with passwords that are quick to check."""
    team = replace(house.team, passwords=Argon2Passwords(time_cost=1, memory_kib=64, parallelism=1))
    for name, one in PEOPLE.items():
        user = User(
            name=UserName(name),
            role=one.role,
            brands=tuple(map(BrandName, one.brands)),
            routes=tuple(map(RouteName, one.routes)),
        )
        team.add(user, PASSWORD, "test")


def _corrected(house: House, mail_id: MailId) -> None:
    """Somebody has moved this one."""
    (mail,) = house.store.read([mail_id])
    generation = house.store.decisions(mail_id)[-1].generation
    house.reviewing().give(mail, RouteName("general"), UserName("lea"), generation=generation, note="a question")


def _answered(house: House, mail_id: MailId) -> None:
    """Somebody has answered this one."""
    (mail,) = house.store.read([mail_id])
    to = Answerable(mail=mail, message=read(mail, house.trust), decision=house.store.decisions(mail_id)[-1])
    by = house.accounts.user(UserName("lea"))
    assert by is not None
    answering(house).send(by, to, Wish(text="Hello,\n\nMonday to Friday, nine to five.\n\nLea", language="en"))


def _up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
