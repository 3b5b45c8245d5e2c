"""Size. Goals: a mail that keeps the judges busy or fills their memory; one whose length hides what it is about.

What a worker keeps of a mail is bounded: `tracemalloc` sees Python's memory, and a mail of 10 MB itself is not counted.
"""

import random
import time
import tracemalloc
from collections.abc import Callable

import pytest

from tests.attacks.attacker import APPEALS, SHORT, judged_raw

MB = 1 << 20
TOP = b"From: Ada <ada@example.com>\r\nSubject: hello\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = TOP.replace(b"plain", b"html")
APPEAL = APPEALS[0].encode()


def filled(with_: bytes, size: int = 10 * MB, top: bytes = TOP) -> bytes:
    """A mail of that size of one thing."""
    return top + with_ * (size // len(with_))


def distinct(number: int) -> bytes:
    """So many different words."""
    drawn = random.Random(1)
    return TOP + b" ".join(b"%x" % drawn.getrandbits(40) for _ in range(number))


SIZES: dict[str, Callable[[], bytes]] = {
    "an appeal again and again": lambda: filled(APPEAL + b" "),
    "a question again and again": lambda: filled(SHORT.encode() + b"\r\n"),
    "one word": lambda: filled(b"a"),
    "one word a line": lambda: filled(b"banned\r\n"),
    "blanks": lambda: TOP + SHORT.encode() + b" " * (10 * MB) + APPEAL,
    "empty lines": lambda: TOP + SHORT.encode() + b"\r\n" * (5 * MB) + APPEAL,
    "a million different words": lambda: distinct(1_000_000),
    "words of 40,000 letters": lambda: TOP + b" ".join(bytes([97 + n % 26]) * 40_000 for n in range(260)),
    "words of 40,000 signs": lambda: TOP + b" ".join(b"a-" * 20_000 for _ in range(260)),
    "Chinese": lambda: filled("我的账号被封了请帮我解封谢谢你们今天天气很好".encode()),
    "Thai": lambda: filled("บัญชีของฉันถูกระงับ".encode()),
    "Japanese": lambda: filled("アカウントが停止されました".encode()),
    "Khmer": lambda: filled("គណនីរបស់ខ្ញុំ".encode()),
    "pictures": lambda: filled("😭".encode()),
    "marks": lambda: filled(("a" + "\u0301" * 9).encode()),
    "signs": lambda: filled(b"!?.,"),
    "quotes": lambda: filled(b"> hello there\r\n"),
    "deep quotes": lambda: filled(b">" * 500 + b" hello\r\n"),
    "phrases": lambda: filled(b"my account was suspended, refund me, copyright infringement\r\n"),
    "letters apart": lambda: filled(b"a b c d "),
    "underscores": lambda: filled(b"a_"),
    "addresses": lambda: filled(b"banned@example.net "),
    "links": lambda: filled(b"https://example.net/banned "),
    "flags": lambda: filled("🇩🇪🇩".encode()),
    "upside down": lambda: filled("ɐǝ".encode()),
    "backwards": lambda: filled("\u202ea".encode()),
    "paragraphs": lambda: filled(b"<p>" + APPEAL + b"</p>", top=HTML),
    "hidden paragraphs": lambda: filled(b'<p style="display:none">' + APPEAL + b"</p>", top=HTML + b"<p>" + SHORT.encode()),
    "styles": lambda: filled(b'<b style="transform:translate(1px,1px) rotate(1deg);translate:1px;letter-spacing:1px">', top=HTML),
    "one style": lambda: HTML + b'<p style="transform:' + b"translate(" * MB + b'">hello',
    "tags": lambda: filled(b"<b>", top=HTML),
    "subject": lambda: b"From: a@b.test\r\nSubject: " + b"please unban my account " * (10 * MB // 24) + b"\r\n\r\nhi",
    "headers": lambda: b"From: a@b.test\r\n" + b"X-A: please unban my account\r\n" * (10 * MB // 30) + b"\r\nhi",
    "two forms": lambda: filled(
        b"hello there, when are you open again? ",
        top=TOP.replace(b"text/plain; charset=utf-8", b"multipart/alternative; boundary=x") + b"--x\r\nContent-Type: text/plain\r\n\r\n",
    ) + b"\r\n--x\r\nContent-Type: text/html\r\n\r\n" + b"<p>nothing</p>" * 100_000 + b"\r\n--x--",
}  # fmt: skip


@pytest.mark.parametrize("shape", SIZES)
def test_ten_megabytes_are_judged_in_bounded_time_and_memory(shape: str) -> None:
    """Goal: a stuck worker. Two seconds of processor time and 300 MB beside the mail are what it may take."""
    raw = SIZES[shape]()
    judged_raw(TOP + SHORT.encode())
    started = time.process_time()
    _, decision = judged_raw(raw)
    assert time.process_time() - started < 2.0
    assert decision.because
    tracemalloc.start()
    try:
        judged_raw(raw)
        assert tracemalloc.get_traced_memory()[1] < 300 * MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("filler", [b" ", b"\r\n", b"lorem ipsum ", b"a", SHORT.encode() + b"\r\n"])
@pytest.mark.parametrize("size", [50_000, 300_000, 10 * MB])
def test_what_stands_behind_so_much_is_not_judged_unread(filler: bytes, size: int) -> None:
    """Goal: what a mail is about stands where no judge looks, and it goes its way as something else."""
    _, decision = judged_raw(TOP + SHORT.encode() + b"\r\n" + filler * (size // len(filler)) + b"\r\n" + APPEAL)
    assert decision.route in {"appeals", "review"}


@pytest.mark.parametrize("number", [1000, 100_000])
def test_made_up_words_reach_no_desk(number: int) -> None:
    _, decision = judged_raw(distinct(number))
    assert decision.route in {"general", "review"}
