"""The bench's mails are what the bench says they are."""

from email import message_from_bytes

from bench.mails import describe, mail_set
from bench.rules import files, shipped

from tools.running import Child, wait_until


def test_the_set_is_distinct_seeded_and_of_five_kilobytes() -> None:
    """At least 200 mails, each with its own Message-ID, 5 KB in the middle, the same for the same seed."""
    mails = mail_set(240)
    assert len({message_from_bytes(mail.raw)["Message-ID"] for mail in mails}) == 240
    assert 4500 <= describe(mails)["median"] <= 5600
    assert mail_set(10) == mails[:10]
    assert not {mail.nonce for mail in mail_set(240, seed=2)} & {mail.nonce for mail in mails}


def test_the_mails_are_wire_ready_and_varied() -> None:
    """CRLF, short lines, readable by the standard library; many shapes."""
    shapes = set()
    for mail in mail_set(240):
        assert b"\n" not in mail.raw.replace(b"\r\n", b"")
        assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
        message = message_from_bytes(mail.raw)
        assert not message.defects
        assert message["X-Ledger"] == mail.nonce
        shapes.add((message.get_content_type(), message.get_content_charset(), message["In-Reply-To"] is not None))
    assert len(shapes) >= 6


def test_rules_and_phrases_reach_the_stated_numbers() -> None:
    """Fifty rules and two thousand phrases, or as many as are shipped."""
    have_rules, have_phrases = shipped()
    made = files(rules=have_rules + 20, phrases=have_phrases + 30)
    assert made["rules/bench.toml"].count("[[rule]]") == 20
    assert sum(text.count('  "') for name, text in made.items() if name.startswith("phrases/")) == 30


def test_usage_counts_a_child_and_what_it_waited_for(tmp_path) -> None:
    """Half a second of work in a grandchild that has ended, and none in a process that sleeps."""
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('done', flush=True); sys.stdin.read()\nimport signal; signal.pause()"
    with Child(["python3", "-c", code], log=tmp_path / "log") as child:
        assert wait_until(lambda: "done" in (tmp_path / "log").read_text(), 20)
        used = child.usage()
        assert 0.3 <= used.cpu < 3.0
        assert used.processes == 1
    assert not child.alive()
