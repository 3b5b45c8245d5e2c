"""How long a reading takes, told in readings of ordinary text: the same on a slow machine, a busy one, and under a tracer.

Hostile input must cost about what ordinary input of its size costs. What grows with the square of its length is
hundreds of times over any bound here, so a bound of a few ordinary readings is narrow and yet never met by chance.
"""

import time
from collections.abc import Callable
from typing import Final

TEXT: Final = (
    "Dear team,\n\nmy shop was closed on 1 May 2024 at 10:00 and nobody told me: why?\nOrder: 4711\n> we wrote to you\n> about it\n- one\n\n"
    * 9000
)[:1_000_000]
HTML: Final = "".join(
    f'<table style="color:#111;font-size:14px"><tr><td class="a{n}" style="margin:{n}px;background:#fff"><p>Dear <b>team</b>,'
    f' my <a href="https://example.com/{n}">shop</a> was closed</p></td></tr></table>\n'
    for n in range(500)
)
MAIL: Final = b"From: Ada <ada@example.com>\r\nSubject: closed\r\nContent-Type: text/html\r\n\r\n" + HTML.encode()


def within(times: float, ordinary: Callable[[], object], work: Callable[[], object]) -> bool:
    """Whether work takes less than so many ordinary readings; measured side by side, in three rounds at most."""
    return any(_seconds(work) < times * _seconds(ordinary) for _ in range(3))


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
