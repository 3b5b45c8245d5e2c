"""swaks, a client that we did not write, at our door."""

from pathlib import Path

import pytest

from tests.journey.peering import forwarding, peer_or_skip, some_mails
from tools import peers
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]
#: swaks' exit codes: no recipient was accepted; the server refused after DATA
NO_RECIPIENT = 24


def test_swaks_at_the_smtp_and_lmtp_door(tmp_path: Path) -> None:
    """SMTP and LMTP, a mail as it is, and pipelining: all arrive. A stranger's address is refused at RCPT."""
    mails = some_mails(4, seed=31)
    with peer_or_skip():
        swaks = peers.swaks()
        with forwarding(tmp_path) as (trial, ledger, _):
            doors = {
                mails[0].nonce: (str(trial.smtp_port), "ESMTP"),
                mails[1].nonce: (str(trial.lmtp_port), "LMTP"),
                mails[2].nonce: (str(trial.smtp_port), "SMTP"),
                mails[3].nonce: (str(trial.smtp_port), "ESMTP", "--pipeline"),
            }
            for mail in mails:
                port, protocol, *more = doors[mail.nonce]
                file = tmp_path / "mail.eml"
                # swaks doubles no dots and wants LF
                file.write_bytes(mail.raw.replace(b"\r\n", b"\n"))
                done = swaks("--server", "127.0.0.1", "--port", port, "--protocol", protocol, "--from", mail.sender, "--to", "support@example.com", "--data", f"@{file}", *more)  # fmt: skip
                assert done.returncode == 0, done.stdout.decode()
                assert b"Accepted as " in done.stdout
            relay = swaks(
                "--server",
                "127.0.0.1",
                "--port",
                str(trial.smtp_port),
                "--from",
                "a@example.test",
                "--to",
                "victim@elsewhere.test",
            )
            assert relay.returncode == NO_RECIPIENT, relay.stdout.decode()
            assert b"<** 550 5.1.1" in relay.stdout
            assert wait_until(lambda: set(ledger.delivered) == doors.keys(), 30)
