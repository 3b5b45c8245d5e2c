"""Verdicts of a trusted hop's spam filter."""

import pytest

from postroom.model.message import SpamVerdict
from postroom.model.trust import Trust
from postroom.understand import reader

TRUST = Trust(authserv_ids=frozenset({"mx.example.test"}))
RECEIVED = "Received: from mail.example.com (mail.example.com [203.0.113.5]) by mx.example.test; Mon, 2 Nov 2026 10:00:00 +0000\n"


def verdict(header: str, *, trusted: bool = True) -> SpamVerdict | None:
    return reader.read_bytes((header + "From: a@example.com\n\nhi").encode(), TRUST, trusted=trusted).spam


@pytest.mark.parametrize(
    ("header", "by", "spam", "score"),
    [
        ("X-Spam-Status: Yes, score=7.2 required=5.0 tests=[A, B]", "spamassassin", True, 7.2),
        ("X-Spam-Status: No, hits=-2.6 required=5.0", "spamassassin", False, -2.6),
        ("X-Spam-Flag: YES", "spamassassin", True, None),
        ("X-Spam-Flag: YES\nX-Spam-Score: 12.5", "spamassassin", True, 12.5),
        ("X-Spamd-Result: default: False [1.20 / 15.00];\n A(1.0)[]", "rspamd", False, 1.2),
        ("X-Spamd-Result: default: True [16.00 / 15.00];", "rspamd", True, 16.0),
        ("X-Spam: Yes", "rspamd", True, None),
        ("X-Rspamd-Action: add header", "rspamd", True, None),
        ("X-Rspamd-Action: no action", "rspamd", False, None),
    ],
)
def test_what_filters_say(header: str, by: str, spam: bool, score: float | None) -> None:
    expected = SpamVerdict(by=by, spam=spam, score=score)
    assert verdict(header + "\n" + RECEIVED) == expected
    assert verdict(RECEIVED + header + "\n") == expected
    assert verdict(header + "\n", trusted=False) is None
    assert verdict(RECEIVED + "X-Other: x\n" + header + "\n") is None
    assert verdict(RECEIVED + "Received: from a by b\n" + header + "\n") is None


@pytest.mark.parametrize(
    "header", ["X-Spam-Status: maybe", "X-Spam-Score: 3", "X-Spamd-Result: x", "X-Rspamd-Action: dance"]
)
def test_what_says_nothing_is_no_verdict(header: str) -> None:
    assert verdict(header + "\n") is None
