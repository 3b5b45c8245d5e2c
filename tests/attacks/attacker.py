"""What an attacker has: mails that people send, words that desks look for, and all that our own phrases and model give away.

Each attack is judged as it would be after SMTP, by the shipped rules, phrases and model; the attacker knows them all.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, load
from postroom.adapters.intake.files import FoundMail
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.bootstrap.models import shipped
from postroom.model.judgement import Decision
from postroom.model.message import Message

ROOT = Path(__file__).resolve().parents[2]
DESKS = ("appeals", "refunds", "copyright")

SHORT = "Hello, where can I find the opening hours of your office in Lisbon? Many thanks, Ada"
LONG = """Hello,

we are planning a small workshop in Lisbon in the second week of March and would like to visit your office there with a group of eleven students. Could you tell me when it is open, whether there is parking close by, and whom I should ask about a tour of the building? Last year a colleague of mine came with her class, and they still speak of the friendly welcome and of the view from the roof.

If the second week is not possible, the third would do as well. We arrive by train, so a map of the way from the station would help. Some of the students do not eat meat, in case there is a canteen.

Many thanks and best wishes,
Ada"""
OFFER = """Dear Sir or Madam,

we offer search engine optimisation and web design for companies of every size. Our team of experts has brought more than two hundred sites to the first page within three months. Reply today and get a free report on how your site does beside those of your competitors, without any obligation. Prices start at 99 dollars a month.

Kind regards,
Mark"""
CARRIERS = (SHORT, LONG, OFFER)
"""Mails that no desk but the fallback should get, and that an attacker wants to get to one."""

DEMANDS = {
    "appeals": "My account was suspended by mistake. Please review my case and restore my account.",
    "refunds": "I was charged twice for order 55120 and want my money back. Please refund the second payment to my card.",
    "copyright": "Your site shows my photographs without permission. This is a notice of copyright infringement; take them down.",
}
"""What each desk is for."""

APPEALS = (
    DEMANDS["appeals"],
    "Hi, you banned me for no reason, I did nothing wrong. Please unban my account, I lost everything I had there.",
    "Hello team, I woke up today and my profile has been permanently disabled without any warning. I want to appeal this decision, I never broke the rules.",
)
IDLE = (
    "What are your opening hours? Is there parking? Thank you for the nice newsletter, we like your product, have a good day. "
    * 2
)


@cache
def house() -> House:
    """The house of the shipped settings."""
    return House.without_settings()


def mail(body: str, kind: str = "text/plain", **headers: str) -> bytes:
    """A mail of Ada's; header names are given with underscores, and left out when empty."""
    fields = {"From": "Ada <ada@example.com>", "To": "support@example.com", "Subject": "A question"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    text = f"{head}MIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n"
    return text.encode("utf-8", "surrogateescape")


def judged_raw(raw: bytes) -> tuple[Message, Decision]:
    """What is made of a mail."""
    ((_, message, decision),) = Offline(house()).decisions([FoundMail(path="mail", raw=raw)])
    return message, decision


def judged(body: str, kind: str = "text/plain", **headers: str) -> Decision:
    """What is decided on a mail of Ada's."""
    return judged_raw(mail(body, kind, **headers))[1]


@cache
def phrases(desk: str) -> tuple[str, ...]:
    """The phrases of a desk's shipped list, strongest first."""
    found = [
        p for one in house().rules.book.phrases.lists if one.kind == "route" and one.route == desk for p in one.phrases
    ]
    return tuple(p.text for p in sorted(found, key=lambda p: (-p.weight, p.text)) if p.weight > 0 and p.text.isascii())


def strongest(desk: str, number: int) -> tuple[str, ...]:
    """The words of the corpus that the shipped model takes most for a desk's, for their length."""
    return _ranked(desk)[:number]


@cache
def _ranked(desk: str) -> tuple[str, ...]:
    words = _vocabulary()
    ranked = sorted(zip(_strengths(load(shipped()), words, desk), words, strict=True), reverse=True)
    return tuple(word for _, word in ranked)


@cache
def _vocabulary() -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for path in sorted((ROOT / "corpus").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            counts.update(set(re.findall(r"\w+", f"{item.get('subject') or ''} {item.get('body') or ''}".lower())))
    return tuple(word for word, count in counts.items() if count >= 3)


def _strengths(model: Model, words: Sequence[str], desk: str) -> list[float]:
    """How far each word alone moves the model to a desk."""
    shares = np.log(LinearClassifier(model).shares([[word] for word in words]))
    found: list[float] = (shares[:, model.classes.index(desk)] - shares.mean(1)).tolist()
    return found
