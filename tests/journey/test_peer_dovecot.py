"""postroom hands mail to a real Dovecot by LMTP; a person reads it there by IMAP."""

import imaplib
from pathlib import Path

import pytest
from bench.client import Load

from tests.journey.peering import bodies_of, peer_or_skip, running, some_mails
from tools import peers
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]
DESK = "desk@example.test"


def test_mail_reaches_a_dovecot_mailbox_unchanged(tmp_path: Path) -> None:
    """Every mail is in the mailbox, once, with its parts as they were, and can be read by IMAP."""
    mails = some_mails(12, seed=21)
    with peer_or_skip(), peers.dovecot() as cot:
        destination = (
            f'kind = "lmtp"\nhost = "127.0.0.1"\nport = {cot.lmtp_port}\nrecipients = ["{DESK}"]\ntls = "none"\n'
        )
        with running(tmp_path, destination) as trial:
            load = Load(port=trial.smtp_port, connections=3, per_connection=4)
            load.start(mails)
            assert load.join(30)
            assert wait_until(lambda: len(cot.mails(DESK)) == len(mails), 30), (cot.folder / "log").read_text()[-2000:]
        stored = {
            mail.partition(b"X-Ledger: ")[2].partition(b"\r\n")[0].partition(b"\n")[0].decode(): mail
            for mail in cot.mails(DESK)
        }
        assert stored.keys() == {mail.nonce for mail in mails}
        for mail in mails:
            got = stored[mail.nonce]
            assert b"X-Postroom-Route: " in got
            assert [part.replace(b"\r\n", b"\n") for part in bodies_of(got)] == [
                part.replace(b"\r\n", b"\n") for part in bodies_of(mail.raw)
            ]
        with imaplib.IMAP4("127.0.0.1", cot.imap_port) as box:
            box.login(DESK, "secret")
            assert box.select("INBOX")[1] == [str(len(mails)).encode()]


def test_a_mailbox_server_that_is_away_loses_nothing(tmp_path: Path) -> None:
    """Dovecot is killed and a new one comes up on another port: the settings are changed, and the mail arrives."""
    mails = some_mails(4, seed=22)
    with peer_or_skip(), peers.dovecot() as gone:
        port = gone.lmtp_port
    with running(
        tmp_path, f'kind = "lmtp"\nhost = "127.0.0.1"\nport = {port}\nrecipients = ["{DESK}"]\ntls = "none"\n'
    ) as trial:
        load = Load(port=trial.smtp_port, connections=2)
        load.start(mails)
        assert load.join(30)
        assert wait_until(lambda: "lane-down" in trial.log.read_text(), 20)
        trial.stop()
        with peers.dovecot() as cot:
            trial.config.write_text(trial.config.read_text().replace(f"port = {port}", f"port = {cot.lmtp_port}"))
            trial.start()
            assert wait_until(lambda: len(cot.mails(DESK)) == len(mails), 40), trial.log.read_text()[-2000:]
