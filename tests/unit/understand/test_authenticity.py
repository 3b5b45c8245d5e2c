"""Promise 7: trust is earned by authentication, as our own hop reports it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.understand import authenticity, reader, results

TRUST = Trust(authserv_ids=frozenset({"mx.example.test"}), team_domains=frozenset({"example.test"}))
RECEIVED = "Received: from mail.example.com (mail.example.com [203.0.113.5]) by mx.example.test (Postfix); Mon, 2 Nov 2026 10:00:00 +0000\n"
INSIDE = (
    "Received: from localhost (localhost [127.0.0.1]) by mx.example.test (Postfix); Mon, 2 Nov 2026 10:00:01 +0000\n"
)
STRANGER = "Received: from pc (pc [198.51.100.7]) by mail.example.com; Mon, 2 Nov 2026 09:59:00 +0000\n"
PASS = (
    "Authentication-Results: mx.example.test; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=ada@example.com\n"
)
REST = "From: Ada <ada@example.com>\nSubject: hello\n\nhello\n"


def read(header: str, *, rest: str = REST, trusted: bool = True, trust: Trust = TRUST) -> Message:
    return reader.read_bytes((header + rest).encode(), trust, trusted=trusted)


def codes(message: Message) -> set[str]:
    return {defect.code for defect in message.defects}


@pytest.mark.parametrize(
    "header",
    [PASS + RECEIVED, RECEIVED + PASS + STRANGER, INSIDE + RECEIVED + PASS, PASS + INSIDE + RECEIVED + STRANGER, PASS],
)
def test_a_report_of_our_own_hop_counts(header: str) -> None:
    message = read(header)
    assert (message.auth.state, message.auth.method, message.auth.domain) == ("pass", "dkim", "example.com")
    assert message.trusted_sender == "ada@example.com"
    assert "forged-auth-results" not in codes(message)


@pytest.mark.parametrize(
    "header",
    [
        RECEIVED + STRANGER + PASS,
        RECEIVED + "X-Mailer: evil\n" + PASS,
        RECEIVED + "DKIM-Signature: v=1\n" + PASS,
        RECEIVED + RECEIVED + PASS,
        STRANGER + PASS,
        "Received: from [127.0.0.1] (unknown [203.0.113.9]) by mx.example.test\n" + INSIDE + PASS,
        "Received: from mx.example.test (unknown [203.0.113.9]) by mx.example.test\n" + INSIDE + PASS,
    ],
)
def test_a_forged_report_below_a_strangers_line_is_a_defect(header: str) -> None:
    message = read(header)
    assert message.auth.state == "none"
    assert message.trusted_sender == ""
    assert "forged-auth-results" in codes(message)


def test_nothing_counts_from_an_untrusted_peer() -> None:
    message = read(PASS + RECEIVED, trusted=False)
    assert message.auth.state == "none"
    assert "forged-auth-results" in codes(message)


def test_nothing_counts_without_a_configured_name() -> None:
    message = read(PASS, trust=Trust())
    assert message.auth.state == "none"
    assert "forged-auth-results" not in codes(message)


def test_another_hosts_report_is_ignored_and_is_no_forgery() -> None:
    message = read(PASS.replace("mx.example.test", "mx.elsewhere.test") + RECEIVED)
    assert message.auth.state == "none"
    assert "forged-auth-results" not in codes(message)


def test_the_topmost_report_of_a_method_counts_and_a_contradiction_is_a_defect() -> None:
    honest = "Authentication-Results: mx.example.test; dkim=none; spf=fail smtp.mailfrom=evil.test\n"
    message = read(RECEIVED + honest + PASS + STRANGER)
    assert message.auth.state == "none"
    assert "forged-auth-results" in codes(message)


def test_reports_in_several_fields_are_put_together() -> None:
    spf = "Authentication-Results: mx.example.test; spf=fail smtp.mailfrom=other.test\n"
    dkim = "Authentication-Results: mx.example.test;\n dkim=fail header.d=other.test;\n dkim=pass (2048-bit key) header.d=mail.example.com header.i=@x\n"
    assert read(RECEIVED + spf + dkim).auth.domain == "mail.example.com"


@pytest.mark.parametrize(
    ("report", "state"),
    [
        ("dkim=pass header.d=example.com", "pass"),
        ("dkim=pass header.i=@news.example.com", "pass"),
        ("spf=pass smtp.mailfrom=bounce.example.com", "pass"),
        ("spf=pass smtp.mailfrom=x@example.com", "pass"),
        ("spf=pass smtp.helo=mail.example.com", "pass"),
        ("dkim=pass header.d=example.org", "none"),
        ("dkim=pass header.d=com", "none"),
        ("dkim=pass header.d=notexample.com", "none"),
        ("spf=pass smtp.mailfrom=a@evil.test smtp.helo=example.com", "none"),
        ("dkim=fail header.d=example.com", "none"),
        ("dkim=temperror header.d=example.com", "none"),
        ("dkim=pass", "none"),
        ("none", "none"),
        ("dkim=pass header.d=example.com; dmarc=fail header.from=example.com", "fail"),
        ("dmarc=fail (p=reject) header.from=example.com", "fail"),
        ("dmarc=pass header.from=example.com", "none"),
        ('dkim=fail reason="dkim=pass header.d=example.com"', "none"),
        ('dkim=fail reason="x; dkim=pass header.d=example.com"', "none"),
        ("dkim=fail (dkim=pass header.d=example.com)", "none"),
        ("dkim=fail (x; dkim=pass header.d=example.com)", "none"),
        ('dkim=fail reason="unclosed; dkim=pass header.d=example.com', "none"),
        ("dkim=fail (unclosed; dkim=pass header.d=example.com", "none"),
        ("DKIM = Pass Header.D = Example.COM", "pass"),
        ("dkim/1=pass header.d=example.com", "pass"),
        ("dkim/2=pass header.d=example.com", "none"),
        ("arc=pass; x-dkim=pass header.d=example.com", "none"),
    ],
)
def test_what_a_report_means(report: str, state: str) -> None:
    assert read(f"Authentication-Results: mx.example.test; {report}\n").auth.state == state


@pytest.mark.parametrize(
    "rest",
    [
        "From: ada@example.com, eve@evil.test\n\nhi",
        "From: ada@example.com\nFrom: eve@evil.test\n\nhi",
        "From: Ada\n\nhi",
        "Subject: x\n\nhi",
        "From: a@example.com <eve@evil.test>\n\nhi",
    ],
)
def test_only_a_single_from_can_be_authenticated(rest: str) -> None:
    assert read(PASS, rest=rest).auth.state == "none"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("example.com", "mail.example.com", True),
        ("a.example.co.uk", "b.example.co.uk", True),
        ("a.co.uk", "b.co.uk", False),
        ("co.uk", "b.co.uk", False),
        ("alice.github.io", "bob.github.io", False),
        ("bücher.example", "mail.bücher.example", True),
        ("example.com", "example.com.evil.test", False),
        ("localhost", "localhost", True),
        ("", "example.com", False),
    ],
)
def test_relaxed_alignment(one: str, other: str, same: bool) -> None:
    assert authenticity.aligned(one, other) is same


def test_an_international_domain_aligns_with_its_ascii_form() -> None:
    report = "Authentication-Results: mx.example.test; dkim=pass header.d=xn--bcher-kva.example\n"
    assert read(report, rest="From: a@bücher.example\n\nhi").auth.state == "pass"


@pytest.mark.parametrize(
    ("raw", "name", "methods"),
    [
        ("mx.example.test; none", "mx.example.test", []),
        ("mx.example.test 1; dkim=pass", "mx.example.test", ["dkim"]),
        ("mx.example.test 2; dkim=pass", "", []),
        ("(hello) MX.example.test (there) ; dkim=pass", "mx.example.test", ["dkim"]),
        ('"mx.example.test"; dkim=pass', "mx.example.test", ["dkim"]),
        ("dkim=pass", "", []),
        ("", "", []),
        ("; dkim=pass", "", []),
        ("mx.example.test; spf=pass smtp.mailfrom=prvs=abc=a@b.test; dkim=pass", "mx.example.test", ["spf", "dkim"]),
    ],
)
def test_results_are_parsed(raw: str, name: str, methods: list[str]) -> None:
    parsed = results.parse(raw)
    assert parsed.authserv_id == name
    assert [result.method for result in parsed.results] == methods


@given(st.text(alphabet='mx.;=()"\\ dkim=pass/1', max_size=200))
def test_any_value_is_parsed(raw: str) -> None:
    assert len(results.parse(raw).results) <= results.RESULTS


@given(st.lists(st.sampled_from([PASS, RECEIVED, STRANGER, INSIDE, "X-A: b\n", "Subject: x\n"]), max_size=8))
def test_no_order_of_lines_below_a_strangers_hop_gains_trust(lines: list[str]) -> None:
    message = read(RECEIVED + STRANGER + "".join(lines))
    assert message.auth.state == "none"
    assert ("forged-auth-results" in codes(message)) == (PASS in lines)
