"""A real Postfix hands real mail to postroom: by SMTP, by LMTP, through its pipe; and keeps it while postroom is away."""

import os
import pwd
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.client import Load
from bench.faults.ledger import Ledger
from bench.mails import Sample

import postroom
from tests.journey.peering import forwarding, peer_or_skip, some_mails
from tools import peers
from tools.running import wait_until
from tools.trial import Trial

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def hand_over(port: int, mails: list[Sample]) -> None:
    """Give mails to Postfix, which accepts them all."""
    load = Load(port=port, connections=4, per_connection=10)
    load.start(mails)
    assert load.join(60)
    assert load.done == len(mails)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trial, Ledger]]:
    """A postroom that forwards, for all tests that leave it running."""
    with forwarding(tmp_path_factory.mktemp("forwarding")) as (trial, ledger, _):
        yield trial, ledger


@pytest.mark.parametrize(("way", "seed"), [("relay_to", 10), ("lmtp_to", 11)])
def test_postfix_hands_over_by_smtp_and_lmtp(house: tuple[Trial, Ledger], way: str, seed: int) -> None:
    """Every mail comes out once, with our stamp, and Postfix's queue is empty: it was told 250 for each."""
    trial, ledger = house
    mails = some_mails(seed=seed)
    nonces = {mail.nonce for mail in mails}
    port = trial.smtp_port if way == "relay_to" else trial.lmtp_port
    with peer_or_skip(), peers.postfix(**{way: port}) as post:
        hand_over(post.port, mails)
        assert wait_until(lambda: ledger.delivered.keys() >= nonces and post.queued() == 0, 60), post.log()[-3000:]
        assert post.log().count("status=sent (250 2.0.0 Accepted as ") == len(mails)
    assert all(len(all_) == 1 and all_[0].arrival for all_ in map(ledger.delivered.__getitem__, nonces))


def test_postfix_keeps_mail_while_we_are_away(tmp_path: Path) -> None:
    """No postroom, no loss: Postfix defers and hands over when we are back."""
    mails = some_mails(5, seed=12)
    with (
        peer_or_skip(),
        forwarding(tmp_path, start=False) as (trial, ledger, _),
        peers.postfix(relay_to=trial.smtp_port) as post,
    ):
        hand_over(post.port, mails)
        assert wait_until(lambda: post.log().count("status=deferred") == len(mails), 30), post.log()[-3000:]
        assert not ledger.delivered
        trial.start()
        post.flush()
        assert wait_until(lambda: set(ledger.delivered) == {m.nonce for m in mails}, 60), post.log()[-3000:]


def test_postfix_is_told_of_unknown_recipients_at_once(house: tuple[Trial, Ledger]) -> None:
    """We are no relay: Postfix gets 550 at RCPT and bounces, not we."""
    trial, ledger = house
    mails = some_mails(1, seed=13)
    with peer_or_skip(), peers.postfix(relay_to=trial.smtp_port) as post:
        load = Load(port=post.port, recipient="stranger@elsewhere.test", connections=1)
        load.start(mails)
        assert load.join(30)
        assert wait_until(lambda: "status=bounced" in post.log(), 30), post.log()[-3000:]
        assert " said: 550 5.1.1" in post.log()
    assert mails[0].nonce not in ledger.delivered


def python_for(user: str) -> list[str]:
    """A command by which another user can run this Python's packages; skips where there is none.

    An interpreter below root's home can't be run by others; the system's own of the same version then can.
    """
    account = pwd.getpwnam(user)
    path = ":".join(
        [str(Path(postroom.__file__).parent.parent), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    )
    for python in (sys.executable, "/usr/bin/python3"):
        command = ["/usr/bin/env", f"PYTHONPATH={path}", "PYTHONDONTWRITEBYTECODE=1", python]
        trial = [*command, "-c", "import postroom.bootstrap"]
        if (
            subprocess.run(
                trial, user=account.pw_uid, group=account.pw_gid, cwd="/", capture_output=True, check=False
            ).returncode
            == 0
        ):
            return command
    pytest.skip(f"no Python here that the user {user} may run with these packages")


def test_postfix_pipes_into_postroom_receive(tmp_path: Path) -> None:
    """`postroom receive` as the transport of Postfix's pipe; the server finds what was received while it did not run."""
    mails = some_mails(3, seed=14)
    with peer_or_skip(), peers.private_folder("pipe") as shared, forwarding(shared, start=False) as (trial, ledger, _):
        peers.need("postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix starts only as root")
        python = " ".join(python_for("nobody"))
        nobody = pwd.getpwnam("nobody")
        for path in (trial.folder, trial.config):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        pipe = (
            "postroom unix - n n - 2 pipe\n"
            "  flags=q user=nobody null_sender=\n"
            f"  argv={python} -m postroom receive --config {trial.config} --sender=${{sender}} -- ${{recipient}}\n"
        )
        with peers.postfix(transport="postroom:", master_cf=pipe) as post:
            hand_over(post.port, mails)
            assert wait_until(
                lambda: post.log().count("status=sent (delivered via postroom service") == len(mails), 60
            ), post.log()[-3000:]
            trial.start()
            assert wait_until(lambda: set(ledger.delivered) == {m.nonce for m in mails}, 60)
