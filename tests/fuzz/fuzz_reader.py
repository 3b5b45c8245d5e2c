"""Fuzz the reader with atheris: ``python tests/fuzz/fuzz_reader.py -max_total_time=600 CORPUS``.

Invariant, the same as the reader's: any bytes give a Message within time, without surrogates, that msgspec can encode;
and never by way of the safety net (``reader-bug``).
"""

import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["postroom"]):
    from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
    from postroom.model.trust import Trust
    from postroom.understand import envelope, reader

import msgspec

TRUST = Trust(
    authserv_ids=frozenset({"mx.example.test"}),
    team_domains=frozenset({"example.test"}),
    form_senders=frozenset({"form@example.test"}),
    own_addresses=frozenset({"help@example.test"}),
)
#: instrumented code is some ten times slower
SECONDS = 2.5


def test_one(data: bytes) -> None:
    """One input: the first byte chooses the door, the rest is the mail."""
    flags, raw = data[:1] or b"\0", data[1:]
    peer = Peer(door="smtp", trusted=bool(flags[0] & 1), helo="mx.example.test")
    path = Envelope(mail_from="" if flags[0] & 2 else "ada@example.com", rcpt_to=("help@example.test",))
    mail = Mail(id=MailId("x"), received_at=0.0, brand=BrandName("a"), envelope=path, peer=peer, raw=raw)
    started = time.monotonic()
    message = reader.read(mail, TRUST)
    seconds = time.monotonic() - started
    assert seconds < SECONDS, f"took {seconds:.1f} s"
    bugs = [defect for defect in message.defects if defect.code == "reader-bug"]
    assert not bugs, bugs
    msgspec.json.encode(message).decode("utf-8")
    seen = envelope.peek(raw)
    assert len(seen.digest) == 32
    seen.message_id.encode("utf-8")


def main() -> None:
    """Start from the example mails, so that the fuzzer knows what mail looks like."""
    arguments = sys.argv
    mails = Path(__file__).resolve().parents[1] / "mails"
    if mails.is_dir() and str(mails) not in arguments:
        arguments = [*arguments, str(mails)]
    reader.warm()
    atheris.Setup(arguments, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
