"""No form of the SMTP smuggling disclosures makes two mails of one: exactly one arrives, or it is refused.

An attacker writes, inside content, something that another server may take for the end of content, then commands for a
second mail. Whatever stands for the end mark, the envelope of the second mail must never be carried out.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.options import SmtpOptions
from postroom.testing.smtp_dialogue import Stage

SMUGGLED = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil\r\n"
LINE_ENDS = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b"\r\0\n",
    b"\0\r\n",
    b"\r\n\0",
    b"\x0b",
    b"\x0c",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\0",
]
FORMS = [before + b"." + after for before, after in itertools.product(LINE_ENDS, LINE_ENDS)]
SAFE = [form for form in FORMS if b"\r\n.\r\n" not in form]


def begin(*, trusted: bool, forbidden_octets: str = "trusted") -> Stage:
    stage = Stage(trusted=trusted, known={"support@example.com"})
    stage.options = SmtpOptions(hostname="mx.example.com", forbidden_octets=forbidden_octets)  # type: ignore[arg-type]
    for line in (
        b"EHLO c.example.org\r\n",
        b"MAIL FROM:<a@example.org>\r\n",
        b"RCPT TO:<support@example.com>\r\n",
        b"DATA\r\n",
    ):
        stage.send(line)
    assert stage.said.endswith(b"354 End with <CRLF>.<CRLF>\r\n")
    return stage


def test_there_are_forms_to_try() -> None:
    assert len(FORMS) == len(LINE_ENDS) ** 2
    assert {b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\r\n.\r", b"\r.\r\n", b"\r\n\0.\r\n"} <= set(SAFE)


@pytest.mark.parametrize("form", SAFE, ids=repr)
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "stranger"])
@pytest.mark.parametrize("octets", [True, False], ids=["octets", "whole"])
def test_what_looks_like_an_end_is_content(form: bytes, trusted: bool, octets: bool) -> None:
    stage = begin(trusted=trusted)
    content = b"Subject: one\r\n\r\nbody" + form + SMUGGLED
    said = b""
    for piece in [bytes([octet]) for octet in content] if octets else [content]:
        said += stage.send(piece)
    assert said == b"", "nothing is answered before the true end"
    said = stage.send(b".\r\n")
    if stage.mails:
        assert said.startswith(b"250 2.0.0 Accepted as")
        assert [mail.envelope.mail_from for mail in stage.mails] == ["a@example.org"]
        assert stage.mails[0].raw == content.replace(b"\r\n.", b"\r\n")
    else:
        assert not trusted
        assert said.startswith(b"550 5.6.0")
    assert said.count(b"\r\n") == 1, "one reply to one mail"


@pytest.mark.parametrize("form", [form for form in SAFE if {10, 13, 0} & set(form.replace(b"\r\n", b""))], ids=repr)
def test_strangers_may_not_send_what_others_could_take_for_an_end(form: bytes) -> None:
    stage = begin(trusted=False)
    assert stage.send(b"body" + form + SMUGGLED + b".\r\n").startswith(b"550 5.6.0")
    assert stage.mails == []


@pytest.mark.parametrize(
    ("policy", "trusted", "taken"),
    [("trusted", True, True), ("trusted", False, False), ("refuse", True, False), ("accept", False, True)],
)
@pytest.mark.parametrize("octets", [b"a\nb", b"a\rb", b"a\0b"], ids=["bare-lf", "bare-cr", "nul"])
def test_the_policy_for_bare_cr_bare_lf_and_nul(policy: str, trusted: bool, taken: bool, octets: bytes) -> None:
    stage = begin(trusted=trusted, forbidden_octets=policy)
    said = stage.send(octets + b"\r\n.\r\n")
    assert said.startswith(b"250" if taken else b"550 5.6.0")
    assert [mail.raw for mail in stage.mails] == ([octets + b"\r\n"] if taken else [])
    assert all(mail.forbidden_octets for mail in stage.mails)


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"\0", b"\r\n", b"x", SMUGGLED]), max_size=40), st.booleans())
def test_only_the_true_end_ends_content(pieces: list[bytes], trusted: bool) -> None:
    content = b"".join(pieces)
    stage = begin(trusted=trusted)
    stage.send(content)
    true_end = (b"\r\n" + content).find(b"\r\n.\r\n")
    if true_end < 0:
        assert stage.mails == []
        assert stage.said.endswith(b"354 End with <CRLF>.<CRLF>\r\n")
    elif stage.mails:
        wire = (b"\r\n" + content)[: true_end + 2]
        assert stage.mails[0].raw == wire.replace(b"\r\n.", b"\r\n")[2:]
