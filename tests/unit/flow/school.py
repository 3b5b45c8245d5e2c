"""A team that says where mails belong: a store of mails and verdicts in memory, and a trainer that counts words."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from postroom.decide.folding import Folded
from postroom.decide.policy import Policy
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.flow.learning import Learning
from postroom.flow.taught import Teachers
from postroom.model.example import Example
from postroom.model.judgement import Decision, Opinion, Verdict
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.ports import TrainingText
from postroom.testing.values import a_decision, a_mail

NOW = 1_800_000_000.0
DAY = 86_400.0
ROUTES = ("appeals", "refunds", "general")
#: what mail of each route is about
TOPICS = {
    "appeals": "suspended banned account restore ban unfair appeal reinstate locked strike".split(),  # noqa: SIM905
    "refunds": "money refund charged twice card payment invoice back paid bank".split(),  # noqa: SIM905
    "general": "opening hours update question crash feature colour settings language thanks".split(),  # noqa: SIM905
    "shipping": "parcel delivery courier late tracking address warehouse box damaged label".split(),  # noqa: SIM905
}
_SMALL = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]


def prose(route: str, seed: object, telling: int = 4) -> str:
    """About 30 words that only one text has in this order; ``telling`` of them are of the route."""
    draw = random.Random(f"{route} {seed}")
    words = draw.choices(TOPICS[route], k=telling) + draw.choices(_SMALL, k=26)
    draw.shuffle(words)
    return " ".join(words)


def raw_mail(text: str, number: int, sender: str = "", subject: str = "hello", **headers: str) -> bytes:
    fields = {
        "From": sender or f"someone{number}@gmail.com",
        "Subject": subject,
        "Message-ID": f"<{number}@example.com>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + f"\r\n{text}\r\n").encode()


@dataclass
class School:
    """Mails and what was said of them. Numbers of mails are theirs alone."""

    mails: dict[str, Mail] = field(default_factory=dict)
    said: list[Verdict] = field(default_factory=list)
    decided: dict[str, tuple[Decision, ...]] = field(default_factory=dict)
    past: list[Example] = field(default_factory=list)

    def teach(self, text: str, route: str, *, sender: str = "", **changes: Any) -> Verdict:
        """A mail of this text, and a word on it, as for `again`."""
        number = len(self.mails) + 1
        mail = a_mail(number, raw=raw_mail(text, number, sender), thread_key=changes.pop("thread", f"thread-{number}"))
        self.mails[mail.id] = mail
        self.decided[mail.id] = (a_decision(mail.id, decided=RouteName("general"), route=RouteName("review")),)
        return self.again(mail.id, route, **changes)

    def again(self, mail_id: MailId, route: str, **changes: Any) -> Verdict:
        """A word on a mail: asked for in review or by the audit, ten at a time, and later than the one before, unless told otherwise."""
        number = len(self.said) + 1
        verdict = Verdict(
            mail_id=mail_id,
            generation=1,
            said=RouteName(route),
            decided=RouteName("general"),
            confidence=0.5,
            by="ada",
            at=NOW - (4000 - number) * DAY / 40,
            asked="audit" if number // 10 % 2 else "review",
            probability=1.0,
            number=number,
        )
        self.said.append(replace(verdict, **changes))
        return self.said[-1]

    def lessons(self, count: int, by: Sequence[str] = ("ada", "bob", "cyd"), routes: Sequence[str] = ROUTES) -> None:
        """So many honest words."""
        for number in range(count):
            route = routes[number % len(routes)]
            self.teach(prose(route, len(self.mails)), route, by=by[number // len(routes) % len(by)])

    def verdicts(self, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        return tuple(one for one in self.said if one.number > after and one.at >= since)[:limit]

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        return tuple(self.mails[one] for one in ids if one in self.mails)

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        return self.decided.get(mail_id, ())

    def teachers(self, routes: Iterable[str] = (*ROUTES, "shipping", "junk")) -> Teachers:
        return Teachers(
            store=self, past=lambda: self.past, trust=Trust(), routes=frozenset(map(RouteName, routes))
        )  # fmt: skip

    def learning(self, **changes: Any) -> Learning:
        book, _ = compile_rulebook({}, {}, [RouteName(route) for route in (*ROUTES, "shipping")])
        learning = Learning(
            teachers=self.teachers(),
            decisions=self.decisions,
            corpus=Shelf([(prose(route, f"shelf {n}"), route) for n in range(40) for route in ROUTES]),
            trainer=Counting(),
            champion=Knows({}),
            book=book,
            policy=Policy(),
            half_life=180.0,
        )
        return replace(learning, **changes)


@dataclass
class Shelf:
    """A corpus."""

    labelled: list[tuple[str, str]]

    def weighs(self) -> Mapping[RouteName, float]:
        return {RouteName(route): float(n) for route, n in Counter(route for _, route in self.labelled).items()}

    def texts(self) -> Iterable[TrainingText]:
        for text, route in self.labelled:
            yield training_text(text, route)


def training_text(text: str, route: str, weight: float = 1.0) -> TrainingText:
    from postroom.decide.substance import fold_mail
    from postroom.understand.reader import read_bytes

    message = read_bytes(f"\n{text}\n".encode())
    return TrainingText(message=message, folded=fold_mail(message), route=RouteName(route), weight=weight)


@dataclass
class Counting:
    """The share of a route is that of the weight of its texts in which a word stood; naive, and quick."""

    trained: list[TrainingText] = field(default_factory=list)

    def train(self, texts: Iterable[TrainingText]) -> bytes:
        self.trained = list(texts)
        found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for one in self.trained:
            for word in set(one.folded.text.split()):
                found[word][one.route] += one.weight
        return json.dumps(found, sort_keys=True).encode()

    def classifier(self, model: bytes) -> "Knows":
        return Knows(json.loads(model))


@dataclass
class Knows:
    """Says of each route how much its words speak for it; nothing where it knows none of them."""

    words: Mapping[str, Mapping[str, float]]
    version: str = "counted"

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> list[tuple[Opinion, ...]]:
        return [self._opinions(folded.text) for _, folded in read]

    def _opinions(self, text: str) -> tuple[Opinion, ...]:
        routes = sorted({route for known in self.words.values() for route in known})
        sums = dict.fromkeys(routes, 0.01)
        for word in set(text.split()):
            known = self.words.get(word, {})
            total = sum(known.values())
            for route, weight in known.items():
                # A word that is everywhere says little.
                sums[route] += (weight / total) ** 4
        whole = sum(sums.values())
        return tuple(Opinion(route=RouteName(route), share=sums[route] / whole) for route in routes)
