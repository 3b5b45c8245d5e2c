"""An installation that is attacked over time: its own store, the shipped rules, phrases and model, and people who give verdicts."""

from collections.abc import Sequence
from pathlib import Path

from postroom.bootstrap.house import House
from postroom.config import load
from postroom.flow.verdicts import Given
from postroom.model.judgement import Decision
from postroom.model.mail import Envelope, Mail, Peer, RouteName
from tests.attacks.attacker import mail
from tests.unit.flow.house import Bell

SETTINGS = """
hostname = "mx.shop.test"
[trust]
authserv_ids = ["mx.shop.test"]
[brand.shop]
addresses = ["support@shop.test"]
"""
DESKS = ("appeals", "refunds", "copyright", "general")
HOP = (
    "from mail.example.net (mail.example.net [203.0.113.9]) by mx.shop.test with ESMTP; Fri, 20 Nov 2026 09:00:00 +0000"
)


def passed(domain: str) -> str:
    """What our own hop says of a sender's domain that it could authenticate."""
    return f"mx.shop.test; dkim=pass header.d={domain}"


class Installation:
    """Takes mail by SMTP from our own hop; so much of it ``arrived`` in the folder before."""

    def __init__(self, folder: Path, more: str = "", threshold: float = 0.0, arrived: int = 0) -> None:
        desks = "".join(
            f'[route.{name}]\ndestinations = ["{name}"]\n{f"threshold = {threshold}" if threshold else ""}\n[destination.{name}]\nkind = "inbox"\n'
            for name in DESKS
        )
        settings, problems = load(SETTINGS + desks + more)
        assert settings is not None, problems
        self.house = House(settings, folder)
        self._number = arrived

    def arrive(self, body: str, sender: str = "ada@example.com", *, believed: bool = True, **headers: str) -> Mail:
        """A mail comes in, with what our hop says of its sender on top; it waits to be judged."""
        self._number += 1
        domain = sender.rpartition("@")[2]
        report = headers.pop("Authentication_Results", passed(domain) if believed else "")
        fields = {"From": sender, "To": "support@shop.test", "Message_ID": f"<{self._number}@{domain}>"}
        above = f"Received: {HOP}\r\n" + (f"Authentication-Results: {report}\r\n" if report else "")
        raw = above.encode() + mail(body, **(fields | headers))
        envelope = Envelope(mail_from=sender, rcpt_to=("support@shop.test",))
        (kept,) = (
            self.house.reception().accept(envelope, raw, Peer(door="smtp", ip="127.0.0.1", trusted=True)).result(30)
        )
        return kept

    def judge(self) -> None:
        """Judge all that waits."""
        self.house.judge_worker("judge", Bell(), in_hand=lambda _job: None, ring_delivery=lambda: None).run()

    def decision(self, of: Mail) -> Decision:
        """The newest on a mail."""
        return self.house.store.decisions(of.id)[-1]

    def judged(self, body: str, sender: str = "ada@example.com", *, believed: bool = True, **headers: str) -> Decision:
        """A mail comes in and is judged."""
        kept = self.arrive(body, sender, believed=believed, **headers)
        self.judge()
        return self.decision(kept)

    def say(self, mails: Sequence[Mail], route: str, *people: str) -> list[Given]:
        """People give verdicts, taking turns."""
        reviewing = self.house.reviewing()
        return [reviewing.give(one, RouteName(route), people[number % len(people)]) for number, one in enumerate(mails)]
