"""Small builders for judging: a message, a mail and a case with everything ordinary but what a test names."""

from typing import Any

from postroom.decide import rulebook
from postroom.decide.case import Case
from postroom.decide.rulebook import Rulebook
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.message import Address, Authentication, Message

NOW = 1_800_000_000.0
ROUTES = tuple(RouteName(name) for name in ("appeals", "refunds", "copyright", "general"))
PASS = Authentication(state="pass", method="dkim", domain="example.com", reason="dkim=pass aligned")
ADA = Address(name="Ada", addr="ada@example.com")

PHRASES = {
    "appeals.toml": """
route = "appeals"
[[group]]
language = "en"
weight = 2.5
phrases = ["unban my account", "my account … suspended", "appeal*", "restore my account"]
[[group]]
language = "en"
weight = -2
phrases = ["suspended sentence", "appealing offer"]
""",
    "refunds.toml": """
route = "refunds"
[[group]]
language = "en"
weight = 2.5
phrases = ["refund*", "money back", "charged twice"]
""",
    "self-harm.toml": """
signal = "self-harm"
[[group]]
language = "en"
weight = 2
phrases = ["kill myself", "killing me"]
[[group]]
language = "en"
weight = -2
phrases = ["this game is killing me"]
""",
    "account.toml": """
concept = "account"
[[group]]
language = "en"
phrases = ["account", "profile"]
""",
}


def message(new_text: str = "", subject: str = "", **changed: Any) -> Message:
    """A mail of Ada's, by hand, unauthenticated."""
    known: dict[str, Any] = {
        "message_id": "m1@example.com",
        "from_": ADA,
        "reply_to": (),
        "to": (Address(name="", addr="support@shop.test"),),
        "cc": (),
        "subject": subject,
        "date": NOW,
        "headers": (("subject", subject),),
        "text": new_text,
        "new_text": new_text,
        "quoted_text": "",
        "signature": "",
        "disclaimer": "",
        "hidden_text": "",
        "attachments": (),
        "language": "en",
        "kind": "person",
        "kind_reason": "",
        "failed_recipient": "",
        "auth": Authentication(),
        "references": (),
        "in_reply_to": "",
        "forward": None,
        "spam": None,
        "received_count": 3,
        "ticket": "",
        "defects": (),
    }
    return Message(**(known | changed))


def mail(**changed: Any) -> Mail:
    """An arrival for the brand "shop"."""
    known: dict[str, Any] = {
        "id": MailId("01HMAIL0000000000000000001"),
        "received_at": NOW,
        "brand": BrandName("shop"),
        "envelope": Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",)),
        "peer": Peer(door="smtp", ip="192.0.2.1", trusted=True),
        "raw": b"",
        "message_id": "m1@example.com",
        "thread_key": "t1",
    }
    return Mail(**(known | changed))


def case(
    new_text: str = "",
    subject: str = "",
    *,
    mail_: Mail | None = None,
    about: dict[str, Any] | None = None,
    **changed: Any,
) -> Case:
    """A case around such a message; ``about`` sets what is known beside it."""
    return Case(
        mail=mail_ or mail(),
        message=message(**({"new_text": new_text, "text": new_text, "subject": subject} | changed)),
        **({"now": NOW} | (about or {})),
    )


def book(rules: str = "", phrases: dict[str, str] | None = None) -> Rulebook:
    """A rulebook that must compile."""
    compiled, problems = rulebook.compile(
        {"rules.toml": rules} if rules else {}, PHRASES if phrases is None else phrases, ROUTES
    )
    assert [problem for problem in problems if problem.severity == "error"] == []
    return compiled
