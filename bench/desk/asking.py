"""What people and programmes ask for: every kind of page, list and search, as addresses."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.desk.making import DAYS
from bench.desk.team import DESKS
from bench.words import SPEECH
from postroom.flow.ids import new_id
from postroom.flow.rulework import may_work
from postroom.model.people import Role, User

DAY = 86_400.0


@dataclass(slots=True, kw_only=True)
class Around:
    """What whoever asks knows of the installation."""

    dice: random.Random
    #: mails in it when the run began
    mails: int
    cases: int
    #: ids that were seen in lists
    seen: list[str] = field(default_factory=list)
    #: ids of mails that two disagree on
    differing: list[str] = field(default_factory=list)

    def long_ago(self) -> str:
        """The id of a mail that may have come at any moment: lists go on behind it."""
        return new_id(time.time() - self.dice.uniform(0, DAYS) * DAY, self.dice.randbytes)

    def day(self, ago: float) -> str:
        """A date."""
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))

    def word(self) -> str:
        """One that many mails have."""
        return self.dice.choice(("account", "please", "konto", "refund", "order", "compte", "cuenta"))

    def rare(self) -> str:
        """One that a single mail has."""
        return f"case{self.dice.randrange(self.mails):07d}"

    def mail(self) -> str:
        """The id of a mail that was seen."""
        return self.dice.choice(self.seen) if self.seen else "none"

    def disputed(self) -> str:
        """The id of a mail that two disagree on."""
        return self.dice.choice(self.differing) if self.differing else "none"


Address = Callable[[Around], str]


def _q(path: str, **asked: object) -> str:
    return f"{path}?{urlencode(asked)}"


def _inbox(**asked: Callable[[Around], object] | object) -> Address:
    return lambda around: _q("/inbox", **{k: v(around) if callable(v) else v for k, v in asked.items()})


_CJK = next(iter(SPEECH["ja"].subjects["appeals"]))[:4]
LISTS: Mapping[str, Address] = {
    "list: all": _inbox(),
    "list: a desk": _inbox(route=lambda a: a.dice.choice(DESKS)),
    "list: a desk of a brand": _inbox(route="refunds", brand=lambda a: f"brand{a.dice.randrange(10)}"),
    "list: review": _inbox(route="review"),
    "list: a desk, deep": _inbox(route=lambda a: a.dice.choice(DESKS), after=Around.long_ago),
    "list: all, deep": _inbox(after=Around.long_ago),
    "list: unread": _inbox(reading="unread"),
    "list: unread at a desk": _inbox(route="appeals", reading="unread"),
    "list: urgent": _inbox(urgent=1),
    "list: unconfirmed": _inbox(unconfirmed=1),
    "list: frequent tag": _inbox(tag="billing"),
    "list: rare tag": _inbox(tag="vip"),
    "list: language": _inbox(language="ja"),
    "list: a week": _inbox(since=lambda a: a.day(30), until=lambda a: a.day(23)),
    "list: a week, unread": _inbox(since=lambda a: a.day(60), until=lambda a: a.day(53), reading="unread"),
    "list: sender": _inbox(sender=lambda a: f"@mail{a.dice.randrange(40)}.example.com"),
}
SEARCHES: Mapping[str, Address] = {
    "search: frequent word": _inbox(words=Around.word),
    "search: frequent word, deep": _inbox(words=Around.word, after=Around.long_ago),
    "search: two words": _inbox(words=lambda a: f"{a.word()} {a.dice.choice(('team', 'question', 'merci', 'danke'))}"),
    "search: rare word": _inbox(words=Around.rare),
    "search: frequent and rare": _inbox(words=lambda a: f"{a.word()} {a.rare()}"),
    "search: a phrase": _inbox(words='"my account"'),
    "search: a beginning": _inbox(words="acc*"),
    "search: beginning of 200,000 words": _inbox(words="cas*"),
    "search: Japanese": _inbox(words=_CJK),
    "search: no hit": _inbox(words="zyzzyva"),
    "search: words that never meet": _inbox(words="account konto"),
    "search: word at a desk": _inbox(words=Around.word, route="copyright"),
    "search: word and rare tag": _inbox(words=Around.word, tag="vip"),
    "search: word, unread, a week": _inbox(words=Around.word, reading="unread", since=lambda a: a.day(30), until=lambda a: a.day(23)),
    "search: word of a domain": _inbox(words=Around.word, sender="@mail7.example.com"),
}  # fmt: skip
CASES: Mapping[str, Address] = {
    "cases: to do": lambda _: "/cases",
    "cases: mine": lambda _: "/cases?mine=1",
    "cases: decided": lambda _: "/cases?state=decided",
    "cases: all, of a desk": lambda _: "/cases?state=all&route=appeals",
    "case": lambda a: f"/case/{a.dice.randrange(1, a.cases + 1)}",
}
MAIL: Mapping[str, Address] = {
    "mail": lambda a: f"/mail/{a.mail()}",
    "mail: its layout": lambda a: f"/mail/{a.mail()}/html",
    "mail: its text": lambda a: f"/mail/{a.mail()}/text",
    "mail: most like it": lambda a: f"/mail/{a.mail()}/alike",
    "mail: as it came": lambda a: f"/mail/{a.mail()}/raw",
}
AGENT: Mapping[str, Address] = {
    "mail: a template for an answer": lambda a: f"/mail/{a.mail()}?template=appeal-more&language=de",
    "templates": lambda _: "/templates",
    "templates: one": lambda _: "/templates/file/appeal-more",
    "mail: before a verdict is taken back": lambda a: f"/mail/{a.mail()}/undo",
    "list: to be answered": _inbox(answering="open"),
}
REVIEWER: Mapping[str, Address] = {"agreement": lambda _: "/review/agreement"}
URGENT: Mapping[str, Address] = {"urgent": lambda _: "/urgent"}
LEAD: Mapping[str, Address] = {
    "letters": lambda _: "/letters",
    "letters: of a destination": lambda _: "/letters?state=parked&destination=partner",
    "health": lambda _: "/condition",
    "privacy": lambda _: "/person",
    "notices": lambda _: "/notices",
    "back-tests": lambda _: "/backtest",
    "agreement: to settle": lambda a: f"/review/agreement/{a.disputed()}",
}
RULES: Mapping[str, Address] = {
    "rules": lambda _: "/rules",
    "rules: a file": lambda _: "/rules/rules/bench.toml",
    "rules: one that is shipped": lambda _: "/rules/shipped?file=starter/rules/appeals.toml",
    "rules: versions": lambda _: "/rules/rules/bench.toml/versions",
    "rules: what a version changed": lambda _: "/rules/diff?to=5",
    "rules: check all": lambda _: "/rules/checked",
    "rules: all as an archive": lambda _: "/rules/export",
    "back-test": lambda _: "/backtest/1",
    "back-test: as CSV": lambda _: "/backtest/1/mails.csv",
    "back-test: as JSON": lambda _: "/backtest/1/mails.json",
}
ADMIN: Mapping[str, Address] = {
    "audit": lambda _: "/audit",
    "audit: of somebody": lambda _: "/audit?by=all0",
    "audit: deep": lambda a: f"/audit?before={a.dice.randrange(a.cases // 2, a.cases)}",
    "audit: no such deed": lambda _: "/audit?by=root&what=case-decided",
    "people": lambda _: "/people",
    "people: keys": lambda _: "/keys",
    "people: somebody": lambda _: "/people/lead1",
    "webhooks": lambda _: "/hooks",
    "list: a saved view": lambda _: "/inbox?view=1",
}
ANYBODY: Mapping[str, Address] = {"me": lambda _: "/me", "news": lambda _: "/news", "views": lambda _: "/views"}
NOT_ASKED: Mapping[str, str] = {
    "/": "leads on to another page",
    "/mail/{id}/part/{number}": "bytes of a mail, as it came is",
    "/review": "taken and answered, see `bench.desk.crowd`",
    "/rules/new": "leads on to the editor",
    "/templates/new": "is the editor, with nothing in it",
    "/templates/export": "a dozen files, as rules are exported",
    "/templates/diff": "as of rules: they share it",
    "/templates/file/{name}/versions": "as of rules: they share it",
    "/audit.jsonl": "all of the log: as long as that is",
}
"""Pages that no kind asks for, and why."""
_V1 = "/api/v1"
API: Mapping[str, Address] = {
    "api: mails": lambda _: f"{_V1}/mails?limit=50",
    "api: mails, 200, deep": lambda a: f"{_V1}/mails?limit=200&after={a.long_ago()}",
    "api: mails of a desk": lambda a: f"{_V1}/mails?route={a.dice.choice(DESKS)}",
    "api: mails by word": lambda a: f"{_V1}/mails?words={a.word()}",
    "api: mail": lambda a: f"{_V1}/mails/{a.mail()}",
    "api: events": lambda a: f"{_V1}/mails/{a.mail()}/events",
    "api: explanation": lambda a: f"{_V1}/mails/{a.mail()}/explanation",
    "api: cases": lambda _: f"{_V1}/cases",
    "api: a case": lambda a: f"{_V1}/cases/{a.dice.randrange(1, a.cases + 1)}",
    "api: desks": lambda _: f"{_V1}/desks",
    "api: me": lambda _: f"{_V1}/me",
}
API_LEAD: Mapping[str, Address] = {
    "api: letters": lambda _: f"{_V1}/letters",
    "api: census": lambda _: f"{_V1}/census",
    "api: agreement": lambda _: f"{_V1}/review/agreement",
    "api: review's day": lambda _: f"{_V1}/review/day",
    "api: disagreements": lambda _: f"{_V1}/review/disagreements",
    "api: first answers": lambda _: f"{_V1}/first-answers",
    "api: back-tests": lambda _: f"{_V1}/backtests",
    "api: notices": lambda _: f"{_V1}/notices",
    "api: notices tried": lambda _: f"{_V1}/notices/preview",
    "api: failed replies": lambda _: f"{_V1}/replies/failed",
}
API_RULES: Mapping[str, Address] = {
    "api: urgent": lambda _: f"{_V1}/urgent",
    "api: rules": lambda _: f"{_V1}/rules",
    "api: a file of rules": lambda _: f"{_V1}/rules/files/rules/bench.toml",
    "api: versions": lambda _: f"{_V1}/rules/files/rules/bench.toml/versions",
    "api: drafts": lambda _: f"{_V1}/rules/drafts",
    "api: a back-test": lambda _: f"{_V1}/backtests/1",
    "api: its mails": lambda _: f"{_V1}/backtests/1/changes",
}
API_ADMIN: Mapping[str, Address] = {
    "api: audit": lambda _: f"{_V1}/audit",
    "api: people": lambda _: f"{_V1}/people",
    "api: hooks' calls": lambda _: f"{_V1}/hooks/calls",
}
"""Programmes of leads have root's and lead0's sight: all of it."""

May = Callable[[User], bool]


def _least(role: Role) -> May:
    return lambda user: user.is_at_least(role)


#: who may ask for what as a person, and how often they do beside the rest
ASKED: tuple[tuple[Mapping[str, Address], May, int], ...] = (
    (LISTS, _least("viewer"), 30),
    (SEARCHES, _least("viewer"), 15),
    (CASES, _least("viewer"), 12),
    (MAIL, _least("viewer"), 35),
    (ANYBODY, _least("viewer"), 1),
    (AGENT, _least("agent"), 3),
    (REVIEWER, _least("reviewer"), 1),
    (URGENT, lambda user: user.urgent, 3),
    (LEAD, _least("lead"), 7),
    (RULES, may_work, 3),
    (ADMIN, _least("admin"), 7),
)
#: and as a programme
CALLED: tuple[tuple[Mapping[str, Address], May], ...] = (
    (API, _least("viewer")),
    (API_LEAD, _least("lead")),
    (API_RULES, may_work),
    (API_ADMIN, _least("admin")),
)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "all lists": (*LISTS, *CASES, *AGENT, *REVIEWER, *URGENT, *LEAD, *RULES, *ADMIN),
    "all searches": tuple(SEARCHES),
    "all of one mail": tuple(MAIL),
    "all of the API": tuple(kind for kinds, _ in CALLED for kind in kinds),
}
#: kinds that the promise of 100 ms at the median and 250 ms at p99 is about
PROMISED = (
    "all lists", *LISTS, *CASES, "letters", "audit", "list: to be answered", "list: a saved view", "agreement", "urgent",
    "notices", "templates", "back-tests", "back-test", "rules", "rules: versions", "people", "webhooks", "views",
    "all searches", *SEARCHES, "api: mails", "api: mails by word", "api: cases",
)  # fmt: skip


def group(kind: str) -> str:
    """The group that a kind is of; itself where it is of none."""
    return next((name for name, kinds in GROUPS.items() if kind in kinds), kind.partition(":")[0])
