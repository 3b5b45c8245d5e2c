"""What a destination is told of a mail that it has and that belongs elsewhere now: a short mail, linked with that one.

A mail of its own and not the old one again, so that nobody works on it twice; in the same thread, so that mail readers show
both together. It carries the loop mark, as everything that leaves does, and says that it is automatic (RFC 3834).
"""

import re
from base64 import encodebytes

from postroom.flow.stamp import header_date, header_text
from postroom.model.judgement import Decision
from postroom.model.mail import DestinationName, Mail
from postroom.model.marks import loop_mark
from postroom.model.work import Summary

_ID = re.compile(r"[!-;=?-~]{1,900}")
_LONGEST = 500


def notice(
    mail: Mail, decision: Decision, summary: Summary, destination: DestinationName, *, hostname: str, key: bytes
) -> bytes:
    """The bytes to deliver, in canonical line ends. The same for every try; any text of the mail can do no harm.

    ``decision`` is the one by which the mail belongs elsewhere.
    """
    lines = [
        f"From: postroom <postroom@{hostname}>",
        "To: undisclosed-recipients:;",
        f"Subject: {header_text(f'Belongs to {decision.route} now: {summary.subject}')}",
        f"Date: {header_date(decision.decided_at)}",
        f"Message-ID: <{mail.id}.{destination}.{decision.generation}@{hostname}>",
        *_thread(mail),
        "Auto-Submitted: auto-generated",
        f"X-Postroom-Id: {mail.id}",
        f"X-Postroom-Corrects: {mail.id}",
        f"X-Postroom-Route: {header_text(decision.route)}",
        f"X-Postroom-Mark: {loop_mark(mail.id, key)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    ]
    head = "\r\n".join(lines).encode("utf-8", "replace")
    body = encodebytes(_words(mail, decision, summary).encode("utf-8", "replace"))
    return head + b"\r\n\r\n" + body.replace(b"\n", b"\r\n")


def _thread(mail: Mail) -> list[str]:
    if not _ID.fullmatch(mail.message_id):
        return []
    return [f"In-Reply-To: <{mail.message_id}>", f"References: <{mail.message_id}>"]


def _words(mail: Mail, decision: Decision, summary: Summary) -> str:
    facts = (
        ("Mail", mail.id),
        ("From", summary.from_addr),
        ("Subject", summary.subject),
        ("Received", header_date(mail.received_at)),
        ("Now in", decision.route),
        ("Because", decision.because),
    )
    told = "\r\n".join(f"{name}: {_line(value)}" for name, value in facts)
    return (
        "This mail was delivered here before and belongs elsewhere now. There is nothing to do about it here.\r\n\r\n"
        f"{told}\r\n"
    )


def _line(text: str) -> str:
    """On one line, whatever it is."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[:_LONGEST]).split())
