"""No page asks the store more often where there is more to show: statements of SQL of each, with few rows and with many."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from postroom.bootstrap.backtesting import work_off
from postroom.flow.answering import Wish
from postroom.flow.urgency import doer
from postroom.model.hooks import HookName, NewCall
from postroom.model.identity import Identity
from postroom.model.mail import Envelope, MailId, Peer, RouteName
from postroom.model.people import ALL, Deed, User, UserName
from postroom.model.rulebooks import SheetName
from postroom.model.work import Park
from postroom.web.answerform import answerable
from postroom.web.site import PAGES
from tests.answering import PLEA, answers, signed
from tests.pages_house import Installation, installation, letter

FEW, MANY = 5, 50
MOST: Final = 55
"""Statements that a page takes at most, with what stands around it."""
MORE: Final = 5
"""So many more it may take where it is full: it asks whether anything follows, and how much."""
MAILS_READ: Final[Mapping[str, int]] = {"/notices": 20 * 4}
"""Statements that pages may take beside, which read so many mails and no more: one at a time, as a mail may be large."""
APPEALS = """cases = true
first_answer = "1 hours"
acknowledge = "appeal-received"
outcomes = { granted = "appeal-granted", rejected = "appeal-rejected", withdrawn = "appeal-granted" }
"""
HOUSE = answers("127.0.0.1", 9, "[review]\nsecond_look_share = 1.0\n").replace("cases = true\n", APPEALS)
ASKS = "Question {}: they blocked something and took money, or so my sister says?"
THREAT = "Letter {}. I know where you live and I will come to your office and kill you all."
RULE = '[[rule]]\nname = "rule {0}"\nwhen = \'new_text.contains("word{0}")\'\nroute = "general"\ntags = ["x{0}"]\n'
TEMPLATE = 'title = "Template {0}"\n[text]\nen = "Hello {{name}}, this is answer {0}."\n'
MOVING = '[[rule]]\nname = "moving"\nwhen = \'new_text.contains("refund")\'\nroute = "general"\nstop = true\n'
ATTACHED = b"From: a@example.net\r\nSubject: file\r\nContent-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment\r\n\r\nPK\r\n"

ADDRESSES: Final[Mapping[str, str]] = {
    "/": "/",
    "/inbox": "/inbox",
    "/mail/{id}": "/mail/{mail}",
    "/mail/{id}/alike": "/mail/{mail}/alike",
    "/mail/{id}/text": "/mail/{mail}/text",
    "/mail/{id}/html": "/mail/{mail}/html",
    "/mail/{id}/part/{number}": "/mail/{attached}/part/0",
    "/mail/{id}/raw": "/mail/{mail}/raw",
    "/mail/{id}/undo": "/mail/{mail}/undo",
    "/notices": "/notices",
    "/review": "/review",
    "/review/agreement": "/review/agreement",
    "/review/agreement/{id}": "/review/agreement/{differing}",
    "/urgent": "/urgent",
    "/cases": "/cases",
    "/case/{number}": "/case/1",
    "/letters": "/letters",
    "/backtest": "/backtest",
    "/backtest/{number}": "/backtest/{backtest}",
    "/backtest/{number}/mails.csv": "/backtest/{backtest}/mails.csv",
    "/backtest/{number}/mails.json": "/backtest/{backtest}/mails.json",
    "/condition": "/condition",
    "/people": "/people",
    "/keys": "/keys",
    "/people/{name}": "/people/root",
    "/me": "/me",
    "/person": "/person",
    "/audit": "/audit",
    "/audit.jsonl": "/audit.jsonl",
    "/hooks": "/hooks",
    "/rules/export": "/rules/export",
    "/rules/diff": "/rules/diff?to=1",
    "/rules/{kind}/{name}/versions": "/rules/rules/many.toml/versions",
    "/rules": "/rules",
    "/rules/checked": "/rules/checked",
    "/rules/new": "/rules/new?kind=rules&name=fresh",
    "/rules/shipped": "/rules/shipped?file=starter/rules/appeals.toml",
    "/rules/{kind}/{name}": "/rules/rules/many.toml",
    "/templates": "/templates",
    "/templates/new": "/templates/new?name=fresh",
    "/templates/file/{name}": "/templates/file/many",
    "/templates/file/{name}/versions": "/templates/file/many/versions",
    "/templates/export": "/templates/export",
    "/templates/diff": "/templates/diff?to={template}",
    "/news": "/news",
    "/views": "/views",
}
"""Of each page that is looked at, one."""
OTHERS: Final = (
    "/inbox?route=appeals",
    "/inbox?words=word",
    "/inbox?words=question&reading=unread&sender=@example.net",
    "/inbox?answering=open",
    "/inbox?route=review",
    "/cases?state=all",
    "/letters?state=parked",
)
"""Further lists: each is read off another index."""


class House:
    """An installation in which there is more and more of everything."""

    def __init__(self, here: Installation, folder: Path) -> None:
        self.here = here
        self.folder = folder
        self.browser = here.user("ruth", "admin", urgent=True)
        strict = replace(here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999)
        self.policies = here.house.policy_in_force, lambda: strict
        (folder / "rules").mkdir(exist_ok=True)
        (self.attached,) = here.receive(ATTACHED)
        self.mails: list[MailId] = []
        self.differing: list[MailId] = []

    @property
    def ruth(self) -> User:
        found = self.here.room.accounts.user(UserName("ruth"))
        assert found is not None
        return found

    def grow(self, first: int, to: int) -> None:
        """From so much of everything to so much."""
        here, numbers = self.here, range(first, to)
        self.parked(numbers)
        self.mails += here.receive(
            *(signed(f"{PLEA} word{number}", subject="Suspended account") for number in numbers),
            *(signed(f"{PLEA} word{number}", sender=f"Bob <bob{number}@example.net>") for number in numbers),
            *(
                letter(f"I was charged twice for order {number}, please refund it.", subject=f"Twice {number}")
                for number in numbers
            ),
        )
        threats = here.receive(*(letter(THREAT.format(number), subject=f"Last warning {number}") for number in numbers))
        here.house.__dict__["policy_in_force"] = self.policies[1]
        asked = here.receive(
            *(letter(ASKS.format(number), subject=f"hm {number}") for number in range(2 * first, 2 * to))
        )
        here.house.__dict__["policy_in_force"] = self.policies[0]
        for number, threat, question in zip(numbers, threats, asked[::2], strict=True):
            if number % 2:
                here.room.urgency.acknowledge(doer(self.ruth), threat)
            self.answered(number)
            self.differ(question)
            self.around(number)
        here.work()
        here.room.first_answers.turn()
        here.room.casework.catch_up()
        self.backtest()

    def answered(self, number: int) -> None:
        """One more answer to the first mail, and one more word on where it belongs."""
        here, room = self.here, self.here.room
        (first,) = here.house.store.read([self.mails[0]])
        to = answerable(room, ALL, first, room.read(first))
        newest = room.answering.replies.newest([first.id]).get(first.id)
        room.answering.send(self.ruth, to, Wish(text=f"Word {number}", after=newest.id if newest else ""))
        room.reviewing.give(first, RouteName("general" if number % 2 else "appeals"), "ruth")

    def parked(self, numbers: Sequence[int]) -> None:
        """Mails that could not be judged."""
        store, envelope = self.here.house.store, Envelope(mail_from="x@example.net", rcpt_to=("support@shop.test",))
        reception, peer = self.here.house.reception(), Peer(door="pipe", trusted=True)
        for number in numbers:
            reception.accept(envelope, letter(f"{number}"), peer).result()
        store.settle([Park(job=job, error="unreadable", why="bug") for job in store.claim("judge", 99, "judge.1.1")])

    def differ(self, question: MailId) -> None:
        """Two people answer a question, each otherwise."""
        room = self.here.room
        (mail,) = self.here.house.store.read([question])
        room.turns.take_one(question, UserName("ada"), ALL, lease=600)
        room.reviewing.give(mail, RouteName("refunds"), "ada")
        room.second_looks.answer(mail, RouteName("general"), replace(self.ruth, name=UserName("bea")))
        self.differing.append(question)

    def around(self, number: int) -> None:
        """People, keys, views, calls, files of rules."""
        here, now = self.here, time.time()
        deed = Deed(at=now, by="ruth", what="user-added", to="x")
        who = User(name=UserName(f"agent{number}"), role="agent", created_at=now, urgent=True)
        here.room.accounts.put_user(who, deed)
        issuer = f"https://id{number}.example.com"
        here.room.identities.link(Identity(issuer=issuer, subject="1", user=UserName("ruth"), linked_at=now), deed)
        here.room.team.make_key("ruth", "read", f"key {number}", now + 1e6, "ruth")
        here.room.saved.save(self.ruth, f"view {number}", {"words": f"word{number}"})
        call = NewCall(hook=HookName("desk"), event="routed", mail_id=self.mails[-1], about=number, at=now)
        here.room.hooks.spread((), [call], now)
        self.write(f"f{number}.toml", RULE.format(number))
        self.write("many.toml", RULE.format(f"many{number}"))
        here.room.rulework.look()
        for name in (f"t{number}.toml", "many.toml"):
            self.write(name, TEMPLATE.format(number), "answers")
        here.room.templatework.files.look()

    def write(self, name: str, text: str, folder: str = "rules") -> None:
        """A file of the team's, as somebody with a shell changes it."""
        (self.folder / folder).mkdir(exist_ok=True)
        (self.folder / folder / name).write_text(text, encoding="utf-8")

    def backtest(self) -> None:
        """A rule that moves the refunds, tried on all mail."""
        room = self.here.room
        draft = room.rulework.draft({SheetName("rules/moving.toml"): MOVING}, "ruth")
        room.trials.ask(self.ruth, 30, "", draft, time.time())
        assert work_off(self.here.house)

    def asked(self, said: list[str]) -> dict[str, int]:
        """Statements that each address takes."""
        (test, *_) = self.here.room.trials.all(ALL)
        facts = {
            "mail": self.mails[0],
            "differing": self.differing[0],
            "backtest": test.number,
            "template": self.here.room.templatework.files.look().last,
            "attached": self.attached,
        }
        self.browser.get("/inbox?words=word")
        found = {}
        for address in (*ADDRESSES.values(), *OTHERS):
            said.clear()
            answer = self.browser._ask("GET", address.format(**facts), b"", {})
            assert answer.status in (200, 303), address
            # Not those that SQLite runs within one of ours.
            found[address] = sum(not one.startswith("--") for one in said)
        return found


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, int]]]:
    """Statements of each address: with few rows, and with many."""
    folder, said = tmp_path_factory.mktemp("house"), []
    connect = sqlite3.connect

    def listened(*words: Any, **named: Any) -> sqlite3.Connection:
        made = connect(*words, **named)
        made.set_trace_callback(said.append)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", listened)
        with installation(folder, HOUSE) as here:
            here.house.rules.load()
            here.room.first_answers.watch()
            here.room.casework.filing.watch()
            here.room.noticing.watch()
            here.room.hooks.set_up([HookName("desk")])
            house = House(here, folder)
            house.grow(0, FEW)
            few = house.asked(said)
            house.grow(FEW, MANY)
            many = house.asked(said)
            yield {address: (few[address], many[address]) for address in few}


def test_every_page_that_is_looked_at_is_counted() -> None:
    assert set(ADDRESSES) == {page.path for page in PAGES if page.method == "GET"}


@pytest.mark.parametrize("address", [*ADDRESSES.values(), *OTHERS])
def test_more_rows_take_no_more_statements(counted: dict[str, tuple[int, int]], address: str) -> None:
    few, many = counted[address]
    beside = MAILS_READ.get(address, 0)
    assert many <= few + MORE + beside
    assert many <= MOST + beside
