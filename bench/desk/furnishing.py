"""What the newer rooms of a large installation show: rules with a past, a back-test, answers, second looks, views, calls."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from bench.desk.team import DESKS, open_house, settings
from postroom.bootstrap.backtesting import work_off
from postroom.bootstrap.house import House
from postroom.bootstrap.pages import room
from postroom.flow.answering import Wish
from postroom.flow.urgency import doer
from postroom.model.desktop import Wanted
from postroom.model.hooks import HookName, NewCall
from postroom.model.identity import Identity
from postroom.model.mail import RouteName
from postroom.model.people import ALL, Deed, User, UserName
from postroom.model.rulebooks import SheetName
from postroom.web.answerform import answerable

#: of each kind of thing
SOME = 100
VERSIONS = 20
VIEWS = 5
_HOOK = HookName("cases")
_NOTICES = """
INSERT INTO notices (kind, mail, number_of_case, at, due_at, state)
SELECT 'outcome', mail, number, 1e9, 1e9, 'sent' FROM case_mails GROUP BY number ORDER BY number DESC LIMIT ?
"""
_EXAMPLE = """
[[mail]]
name = "example {0}"
subject = "Suspended {0}"
text = "My account was suspended, please restore it."
[mail.expect]
route = "appeals"
"""
_MOVING = """
[[rule]]
name = "orders"
when = 'new_text.contains("order")'
route = "general"
stop = true
tags = ["orders"]
"""


def furnish(folder: Path, say: Callable[[str], None]) -> None:
    """Put it all into an installation that has its mails, cases and people."""
    text = settings(1, 2).replace("second_look_share = 0.05", "second_look_share = 1.0")
    house = open_house(folder, text)
    try:
        Furnisher(house, folder).furnish(say)
    finally:
        house.close()
    (folder / "postroom.toml").write_text(settings(1, 2))


class Furnisher:
    """Does so, by what people do in the pages."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.room = room(house, [])
        self.dice = random.Random(4)
        self.now = time.time()
        self.rows = self.room.views.mails(Wanted(route=RouteName("appeals")), ALL, limit=SOME).rows

    def furnish(self, say: Callable[[str], None]) -> None:
        """Everything."""
        say("  rules with a past, answers, second looks, views, calls, a back-test")
        while self.room.first_answers.turn():
            pass
        self.rules()
        self.answers()
        self.disagree()
        self.alarms()
        self.views()
        self.calls()
        self.house.store.units.write(lambda tx: tx.execute(_NOTICES, (10 * SOME,)).rowcount)
        self.backtest()

    def user(self, name: str) -> User:
        """One of the team."""
        found = self.room.accounts.user(UserName(name))
        assert found is not None
        return found

    def rules(self) -> None:
        """A file that was changed again and again, and examples."""
        file = self.folder / "rules" / "bench.toml"
        first = file.read_text()
        (self.folder / "rules" / "examples").mkdir(exist_ok=True)
        for number in range(VERSIONS):
            file.write_text(f"# the {number}th time\n{first}")
            examples = self.folder / "rules" / "examples" / f"mails{number}.toml"
            examples.write_text("".join(_EXAMPLE.format(f"{number}.{n}") for n in range(3)))
            self.room.rulework.look()

    def answers(self) -> None:
        """Answers to the newest appeals, all of them sent."""
        for row in self.rows:
            (mail,) = self.house.store.read([row.id])
            to = answerable(self.room, ALL, mail, self.room.read(mail))
            for text in ("We look into it.", "It is restored."):
                newest = self.room.answering.replies.newest([row.id]).get(row.id)
                self.room.answering.send(self.user("all0"), to, Wish(text=text, after=newest.id if newest else ""))
        sent = "UPDATE replies SET state = 'sent', settled_at = at"
        self.house.store.units.write(lambda tx: tx.execute(sent).rowcount)

    def disagree(self) -> None:
        """Questions that two people have answered, every third otherwise: some of those that wait."""
        turns, looking = self.room.turns, self.room.second_looks
        for number in range(len(self.house.store.waiting(3 * SOME)) // 3):
            first, second = self.user(f"reviewer{number % 3}"), self.user("lead0")
            taken = turns.take(first.name, ALL, lease=60)
            if taken is None:
                return
            (mail,) = self.house.store.read([taken.waiting.mail_id])
            route = RouteName(self.dice.choice(DESKS))
            self.room.reviewing.give(mail, route, first.name)
            other = RouteName(DESKS[(DESKS.index(route) + 1) % len(DESKS)])
            looking.answer(mail, route if number % 3 else other, second)

    def alarms(self) -> None:
        """Urgent mail that somebody has."""
        urgency = self.room.urgency
        for number, (_, row) in enumerate(urgency.alarms.page(ALL, held=False, limit=SOME).alarms):
            urgency.acknowledge(doer(self.user(("root", "lead0", "all0")[number % 3])), row.id)

    def views(self) -> None:
        """Saved views of everybody, and shared ones; accounts elsewhere."""
        saved = self.room.saved
        for number, route in enumerate(DESKS):
            saved.save(self.user("boss"), f"shared {route}", {"route": route, "reading": "unread"}, shared=True)
            for user in self.room.accounts.users():
                saved.save(user, f"view {number}", {"words": ("account", "refund", "order", "please")[number]})
        for user in self.room.accounts.users():
            deed = Deed(at=self.now, by="root", what="identity-linked", to=user.name)
            identity = Identity(issuer="https://id.example.com", subject=user.name, user=user.name, linked_at=self.now)
            self.room.identities.link(identity, deed)

    def calls(self) -> None:
        """Calls of a webhook, all of them made."""
        calls = [
            NewCall(hook=_HOOK, event="routed", mail_id=row.id, about=about, at=self.now)
            for row in self.rows
            for about in range(10)
        ]
        self.room.hooks.spread((), calls, self.now)
        done = "UPDATE calls SET state = 'done', tries = 1, settled_at = at"
        self.house.store.units.write(lambda tx: tx.execute(done).rowcount)

    def backtest(self) -> None:
        """A rule that was tried on the mails of a day."""
        room = self.room
        draft = room.rulework.draft({SheetName("rules/orders.toml"): _MOVING}, "root")
        room.trials.ask(self.user("root"), 1, "", draft, self.now)
        work_off(self.house)
