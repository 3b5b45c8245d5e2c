"""Promise 1, watched from outside: the write-ahead log is synced, and the sync has returned, before 250 goes out."""

import pytest
from bench.faults import plants
from bench.faults.trace import judge, watch

from tests.journey.peering import peer_or_skip

WRITE = '10 pwrite64(7</d/postroom.db-wal>, ".."..., 4096, 0) = 4096'
SYNC = "10 fdatasync(7</d/postroom.db-wal>) = 0"
ANSWER = '9 sendto(12<socket:[5]>, "250 2.0.0 Accepted as 01\\r\\n", 40, 0, NULL, 0) = 40'


@pytest.mark.peer
@pytest.mark.slow
def test_promise_1_fdatasync_returns_before_each_250() -> None:
    """Twenty mails under strace: each 250 comes after a sync of everything written to the log."""
    with peer_or_skip():
        seen = watch()
    assert seen.answers == 20
    assert seen.syncs >= 20
    assert seen.broken == []


@pytest.mark.peer
@pytest.mark.slow
def test_promise_1_the_trace_catches_a_store_that_does_not_sync() -> None:
    """The same with `synchronous = OFF` planted: the watch must see it, or it watches nothing."""
    with peer_or_skip():
        seen = watch(mails=5, plant=plants.NO_SYNC)
    assert seen.answers == len(seen.broken) == 5


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        ([WRITE, SYNC, ANSWER], 0),
        ([WRITE, SYNC, ANSWER, WRITE, WRITE, SYNC, ANSWER], 0),
        ([WRITE, ANSWER, SYNC], 1),
        ([ANSWER], 1),
        ([WRITE, SYNC, ANSWER, ANSWER], 1),
        ([WRITE, SYNC, WRITE, ANSWER], 1),
        ([WRITE, SYNC.replace("= 0", "= -1 EIO (Input/output error)"), ANSWER], 1),
        ([WRITE, SYNC.replace("-wal", ""), ANSWER], 1),
        # under way when 250 is said, from another thread
        ([WRITE, "10 fdatasync(7</d/postroom.db-wal> <unfinished ...>", ANSWER, "10 <... fdatasync resumed>) = 0"], 1),
        ([WRITE, "10 fdatasync(7</d/postroom.db-wal> <unfinished ...>", "10 <... fdatasync resumed>) = 0", ANSWER], 0),
        # a write that came after the sync had begun is not covered by it
        ([WRITE, "10 fdatasync(7</d/postroom.db-wal> <unfinished ...>", WRITE.replace("10 ", "11 ", 1), "10 <... fdatasync resumed>) = 0", ANSWER], 1),
    ],
)  # fmt: skip
def test_promise_1_what_counts_as_kept(lines: list[str], broken: int) -> None:
    """How a trace is read."""
    assert len(judge(lines).broken) == broken
