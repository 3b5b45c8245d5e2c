"""The bench's mails: distinct, seeded, of the shapes that reach a support address, 5 KB in the middle.

Every mail is wire-ready (CRLF, lines of at most 998 bytes) and has its own Message-ID. Its headers are those of mail that
has come over the internet: Received lines, a DKIM-Signature, Authentication-Results of the last hop. Bodies are plain, or
plain and HTML; two in five are replies with a quote; some carry a small attachment. The same seed gives the same bytes.
"""

import base64
import quopri
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from html import escape
from statistics import median

from bench.words import NAMES, SPEECH, Speech

LANGUAGES = ("en", "en", "en", "en", "de", "fr", "es", "pt", "it", "pl", "ru", "ja")
DESKS = ("appeals", "refunds", "copyright", "general", "general")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail to send."""

    #: in its Message-ID and in X-Ledger: how the ledger knows it again
    nonce: str
    sender: str
    #: as sent after DATA, before dot-stuffing
    raw: bytes


class _Writer:
    """Writes mails from one stream of random numbers."""

    def __init__(self, seed: int, recipient: str) -> None:
        self._random = random.Random(seed)
        self._recipient = recipient
        self._seed = seed

    def mail(self, number: int) -> Sample:
        """The next one."""
        dice = self._random
        speech = SPEECH[dice.choice(LANGUAGES)]
        desk = dice.choice(DESKS)
        name = dice.choice(NAMES)
        facts = {
            "n": str(dice.randrange(10**7, 10**8)),
            "user": f"shop{dice.randrange(10**5)}",
            "years": str(dice.randrange(2, 9)),
            "day": str(dice.randrange(4, 20)),
            "amount": str(dice.randrange(10, 99)),
            "name": dice.choice(NAMES),
        }
        sender = f"{name.split()[0].lower().encode('ascii', 'ignore').decode()}.{dice.randrange(10**4)}@mail{dice.randrange(40)}.example.com"
        nonce = f"{self._seed:x}-{number}-{dice.getrandbits(64):016x}"
        new = self._paragraphs(speech, desk, dice.choice((2, 3, 3, 4, 5)), facts)
        text = "\n\n".join([speech.hello, *new, f"{speech.bye}\n{name}"])
        quote = self._quote(speech, facts) if dice.random() < 0.4 else ""
        subject = dice.choice(speech.subjects[desk]).format(**facts)
        head = self._head(number, name, sender, ("Re: " if quote else "") + subject, nonce, bool(quote))
        body = self._body(text, quote, name)
        return Sample(nonce=nonce, sender=sender, raw=(head + body).replace("\n", "\r\n").encode("ascii"))

    def _paragraphs(self, speech: Speech, desk: str, count: int, facts: dict[str, str]) -> list[str]:
        dice = self._random
        own, filler = list(speech.sentences[desk]), list(speech.filler)
        dice.shuffle(own)
        dice.shuffle(filler)
        lines = [
            own.pop() if own and turn % 3 != 2 else (filler or own or [speech.bye]).pop()
            for turn in range(min(count * 3, len(own) + len(filler)))
        ]
        return [" ".join(lines[i : i + 3]).format(**facts) for i in range(0, len(lines), 3)]

    def _quote(self, speech: Speech, facts: dict[str, str]) -> str:
        when = START.strftime("%d.%m.%Y %H:%M")
        told = "\n".join(self._paragraphs(speech, "general", 2, facts))
        lines = [speech.hello, told, speech.bye, "Support Team", f"https://help.example.com/ticket/{facts['n']}"]
        return (
            speech.wrote.format(date=when, name="Example Support")
            + "\n"
            + "\n".join(f"> {x}" for y in lines for x in y.splitlines())
        )

    def _head(self, number: int, name: str, sender: str, subject: str, nonce: str, reply: bool) -> str:
        dice = self._random
        when = (START + timedelta(seconds=37 * number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        domain = sender.rpartition("@")[2]
        ip = f"192.0.2.{dice.randrange(1, 255)}"
        lines = [
            f"Authentication-Results: mx1.example.com;\n\tdkim=pass header.d={domain} header.s=s2026;\n\tspf=pass smtp.mailfrom={sender};"
            f"\n\tdmarc=pass header.from={domain}",
            f"Received: from out{dice.randrange(9)}.{domain} (out.{domain} [{ip}])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
            f" (256/256 bits))\n\tby mx1.example.com (Postfix) with ESMTPS id {self._hex(12).upper()}\n\tfor <{self._recipient}>; {when}",
            f"Received: from localhost (localhost [127.0.0.1])\n\tby out.{domain} (Postfix) with ESMTP id {self._hex(10).upper()};\n\t{when}",
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s2026;\n\tt={1772438400 + 37 * number}; h=from:to:subject:date:"
            f"message-id:mime-version;\n\tbh={self._base64(32)};\n\tb={self._base64(64)}\n\t {self._base64(64)}\n\t {self._base64(64)}",
            f"Date: {when}",
            f"From: {self._word(name)} <{sender}>",
            f"To: Support <{self._recipient}>",
            f"Message-ID: <{nonce}@{domain}>",
            f"Subject: {self._word(subject)}",
        ]
        if dice.random() < 0.6:  # a large provider's seals (RFC 8617)
            lines += [
                f"ARC-Seal: i=1; a=rsa-sha256; t={1772438400 + 37 * number}; cv=none;\n\td={domain}; s=arc-2026;\n\tb={self._base64(66)}\n\t {self._base64(66)}"
                f"\n\t {self._base64(66)}\n\t {self._base64(58)}",
                f"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=arc-2026;\n\th=to:subject:message-id:date:from:mime-version;"
                f"\n\tbh={self._base64(32)};\n\tb={self._base64(66)}\n\t {self._base64(66)}\n\t {self._base64(66)}\n\t {self._base64(58)}",
                f"ARC-Authentication-Results: i=1; mx.{domain};\n\tdkim=pass header.i=@{domain}; spf=pass smtp.mailfrom={sender}",
                f"X-Gm-Message-State: {self._base64(66)}\n\t{self._base64(66)}\n\t{self._base64(24)}",
            ]
        if reply:
            parent = f"<{self._hex(20)}@help.example.com>"
            lines += [f"In-Reply-To: {parent}", f"References: <{self._hex(20)}@{domain}>\n {parent}"]
        lines += [
            f"X-Mailer: {dice.choice(('Apple Mail (2.3826)', 'Mozilla Thunderbird', 'Microsoft Outlook 16.0', 'Roundcube Webmail/1.6'))}",
            f"X-Ledger: {nonce}",
            "MIME-Version: 1.0",
        ]
        return "\n".join(lines) + "\n"

    def _body(self, text: str, quote: str, name: str) -> str:
        dice = self._random
        plain = self._part(f"{text}\n\n{quote}\n" if quote else text + "\n", "plain")
        if dice.random() < 0.25:
            return plain
        alternative = self._multi("alternative", plain, self._part(self._html(text, quote, name), "html"))
        if dice.random() < 0.85:
            return alternative
        size = dice.randrange(600, 4000)
        file = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + dice.randbytes(size)).decode()
        shot = f'Content-Type: image/png; name="screen{dice.randrange(99)}.png"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n{file}'
        return self._multi("mixed", alternative, shot)

    def _multi(self, kind: str, *parts: str) -> str:
        edge = f"=_{self._hex(24)}"
        inner = "".join(f"--{edge}\n{part}\n" for part in parts)
        return f'Content-Type: multipart/{kind}; boundary="{edge}"\n\n{inner}--{edge}--\n'

    def _part(self, text: str, kind: str) -> str:
        if text.isascii() and all(len(line) < 900 for line in text.splitlines()):
            return f"Content-Type: text/{kind}; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n{text}"
        data = text.encode()
        if sum(byte > 127 for byte in data) > len(data) // 4:
            return f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(data).decode()}"
        return f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{quopri.encodestring(data).decode()}"

    def _html(self, text: str, quote: str, name: str) -> str:
        font = "font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5"
        rows = "".join(
            f'<p class="MsoNormal" style="margin:0 0 12px 0;{font}">{escape(p)}</p>\n' for p in text.split("\n\n")
        )
        told = "<br>\n".join(escape(line.removeprefix("> ")) for line in quote.splitlines())
        below = (
            f'<div class="gmail_quote"><blockquote style="border-left:1px solid #ccc;padding-left:1ex">{told}</blockquote></div>\n'
            if quote
            else ""
        )
        card = (
            f'<table cellpadding="0" cellspacing="0" style="{font};color:#555"><tr><td><b>{escape(name)}</b></td></tr>\n'
            '<tr><td><a href="https://example.com/?utm_source=mail&amp;utm_medium=signature">example.com</a></td></tr></table>\n'
        )
        style = "<style>\nbody{margin:0;padding:0}\n.ExternalClass{width:100%}\na{color:#1155cc}\n@media only screen and (max-width:480px){td{display:block}}\n</style>"
        return f"<!DOCTYPE html>\n<html>\n<head>\n{style}\n</head>\n<body>\n<div>{rows}</div>\n{card}{below}</body>\n</html>\n"

    def _word(self, text: str) -> str:
        return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode(linesep="\n")

    def _hex(self, count: int) -> str:
        return "".join(self._random.choices(HEX, k=count))

    def _base64(self, count: int) -> str:
        return base64.b64encode(self._random.randbytes(count)).decode()


def mail_set(count: int, *, seed: int = 1, recipient: str = "support@example.com") -> list[Sample]:
    """So many mails to an address. Raises ValueError when two came out alike (they don't)."""
    writer = _Writer(seed, recipient)
    mails = [writer.mail(number) for number in range(count)]
    if len({mail.nonce for mail in mails}) != count:
        raise ValueError("two mails of the set are alike")
    return mails


def describe(mails: Sequence[Sample]) -> dict[str, int]:
    """Sizes of a set in bytes."""
    sizes = sorted(len(mail.raw) for mail in mails)
    return {
        "mails": len(sizes),
        "smallest": sizes[0],
        "median": int(median(sizes)),
        "largest": sizes[-1],
        "total": sum(sizes),
    }
