"""Promise 7: trust is earned by authentication, as our own hop reports it."""

import pytest
from hypothesis import example, given
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
RELAYED = (
    "from localhost (localhost [127.0.0.1]) by mx.example.test (Postfix) with ESMTP id A",
    "from [10.0.0.7] (pc.example.test [10.0.0.7]) (Authenticated sender: ada) by mx.example.test (Postfix) with ESMTPSA",
    "from localhost (localhost [IPv6:::1]) by mx.example.test (8.17.1/8.17.1) with ESMTP id A",
    "from edge.example.test ([10.0.0.7] helo=edge) by mx.example.test with esmtp (Exim 4.98)",
    "from [10.0.0.7] (helo=edge.example.test) by mx.example.test with esmtp (Exim 4.98)",
    "from [10.0.0.7] (port=4711 helo=edge.example.test) by mx.example.test with esmtp (Exim 4.98)",
    "from EDGE.example.test (10.0.0.7) by mx.example.test (10.0.0.5) with Microsoft SMTP Server id 15.1",
    "from A.example.test (fe80::1%12) by mx.example.test (fe80::2%14) with Microsoft SMTP Server id 15.1",
    "from A.example.test ([fe80::1%4]) by mx.example.test ([fe80::2%4]) with mapi id 15.20",
    "from edge.example.test (HELO edge) (10.0.0.7) by mx.example.test with SMTP",
    "from mx.example.test (LHLO mx.example.test) (10.0.0.7) by mx.example.test with LMTP",
    "from mx.example.test ([10.0.0.7]) by mx.example.test with LMTP id A (envelope-from <ada@example.com>)",
    "by mx.example.test (Postfix, from userid 1000) id A",
    "(from ada@localhost) by mx.example.test (8.17.1/8.17.1/Submit) id A",
)
CLAIMED = (
    "from [127.0.0.1] (unknown [203.0.113.9]) by mx.example.test (Postfix) with ESMTP id A",
    "from [203.0.113.9] (helo=[127.0.0.1]) by mx.example.test with esmtp (Exim 4.98)",
    "from evil.test ([203.0.113.9] helo=[127.0.0.1]) by mx.example.test with esmtp (Exim 4.98)",
    "from [127.0.0.1] (203.0.113.9) by mx.example.test (10.0.0.5) with Microsoft SMTP Server id 15.1",
    "from [127.0.0.1] (2001:db8::9) by mx.example.test (10.0.0.5) with Microsoft SMTP Server id 15.1",
    "from evil.test (203.0.113.9) by mx.example.test (10.0.0.5) with Microsoft SMTP Server id 15.1",
    "from unknown (HELO [127.0.0.1]) (203.0.113.9) by mx.example.test with SMTP",
    "from unknown (HELO x [127.0.0.1]) (eve@203.0.113.9) by mx.example.test with SMTP",
    "from [203.0.113.9] (HELO [127.0.0.1]) by mx.example.test (CommuniGate Pro SMTP 6.3)",
    "from 203.0.113.9 (EHLO [127.0.0.1]) by mx.example.test with SMTPs",
    "from [127.0.0.1] (evil.test [::ffff:203.0.113.9]) by mx.example.test with esmtp",
    "from [127.0.0.1] (helo [203.0.113.9] (may be forged)) by mx.example.test (8.17.1/8.17.1) with ESMTP",
    "from [127.0.0.1] by mx.example.test (MDaemon PRO) with ESMTP id A",
    "from [10.0.0.7] by mx.example.test with SMTP",
    "from localhost by mx.example.test with SMTP",
)
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


@pytest.mark.parametrize("line", RELAYED)
def test_below_a_hop_that_took_it_from_inside_our_own_lines_go_on(line: str) -> None:
    message = read(f"Received: {line}; Mon, 2 Nov 2026 10:00:01 +0000\n" + RECEIVED + PASS)
    assert message.trusted_sender == "ada@example.com"


@pytest.mark.parametrize("line", CLAIMED)
def test_nobody_comes_from_inside_by_his_own_word(line: str) -> None:
    message = read(f"Received: {line}; Mon, 2 Nov 2026 10:00:01 +0000\n" + INSIDE + PASS)
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
        # what hops write
        (
            "dkim=pass(2048-bit key) header.d=example.com header.b=aB+/c=; dmarc=pass(p=REJECT) header.from=example.com",
            "pass",
        ),
        ('dkim=pass reason="2048-bit key; unprotected" header.d=example.com header.b="aB+/c="', "pass"),
        (
            "spf=pass (x: domain of ada@example.com designates 1.2.3.4 as permitted sender) smtp.mailfrom=ada@example.com",
            "pass",
        ),
        ("spf=pass (mailfrom) smtp.mailfrom=<ada@example.com> (client-ip=1.2.3.4; helo=mail.example.com)", "pass"),
        ("spf=pass smtp.helo=postmaster@example.com", "pass"),
        ("dkim=pass header.d=example.com; spf=none smtp.mailfrom=;", "pass"),
        ("dmarc=fail(p=none) header.from=example.com; dkim=pass header.d=example.com", "fail"),
        ("dmarc=fail header.from=a b; dkim=pass header.d=example.com", "fail"),
        ('dkim=pass header.d=example.com; spf=pass smtp.mailfrom="prvs=1=ada@example.com"', "pass"),
        # what a stranger made of it
        ('spf=pass smtp.mailfrom="ada@example.com"@evil.test', "none"),
        ('spf=pass smtp.mailfrom="ada@example.com" @evil.test', "none"),
        ('spf=pass smtp.mailfrom=<"ada@example.com"@evil.test>', "none"),
        ('spf=pass smtp.mailfrom="ada@example.com"', "none"),
        ("spf=pass smtp.mailfrom=ada@example.com@evil.test", "none"),
        ("spf=pass smtp.mailfrom=eve@evil.test@example.com", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com(@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com(@evil.test)", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com (@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com (x)@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com)@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com\\@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com\\", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com;@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com=@evil.test", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com,eve@evil.test", "none"),
        ("spf=pass smtp.mailfrom=eve@evil.test smtp.mailfrom=ada@example.com", "none"),
        ("spf=pass smtp.mailfrom=ada@example.com smtp.mailfrom=eve@evil.test", "none"),
        ("spf=pass smtp.mailfrom=eve@ smtp.helo=example.com", "none"),
        ('spf=pass smtp.mailfrom="\\"\\\\"; dkim=pass header.d=example.com reason=\\\\"\\"@evil.test"', "none"),
        ('dkim=pass header.i="@example.com"@evil.test', "none"),
        ("dkim=pass header.i=@example.com@evil.test", "none"),
        ("dkim=pass header.i=example.com", "none"),
        ("dkim=pass header.d=ada@example.com", "none"),
        ("dkim=pass header.d=evil.test header.s=x header.d=example.com", "none"),
        (f"dkim=pass header.i=@{'a' * 240}.example.com.evil.test", "none"),
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
        "From: <ada@example.com> <eve@example.com>\n\nhi",
        "From: <'ada@example.com>\n\nhi",
        "From: <a da@example.com>\n\nhi",
        "From: a\x01da@example.com\n\nhi",
        "From: team: ada@example.com;\n\nhi",
        'From: "eve x"@example.com\n\nhi',
    ],
)
def test_only_a_single_from_can_be_authenticated(rest: str) -> None:
    assert read(PASS, rest=rest).auth.state == "none"


EVE = "From: eve@example.com\n\nhi"


@pytest.mark.parametrize(
    ("between", "code"),
    [
        ("A:\n" * 1000, "too-many-header-fields"),
        (f"A: {'a' * 900}\n" * 290, "header-too-long"),
        (f"A: {'a' * 40_000}\n", "header-field-too-long"),
        ("one line\nanother\n", "no-blank-line"),
        ("one line\n", "bad-header-line"),
        ("A: b\rC: d\n", "bare-cr"),
        ("A: b\0\n", "nul-in-header"),
        ("A: b\r\n\n", "mixed-line-ends"),
    ],
)
def test_nobody_is_authenticated_by_a_header_in_which_others_may_see_another_from(between: str, code: str) -> None:
    message = read(PASS, rest=f"From: ada@example.com\n{between}{EVE}")
    assert code in codes(message)
    assert (message.auth.state, message.trusted_sender) == ("none", "")


def test_the_second_from_need_not_be_seen_to_be_feared() -> None:
    assert read(PASS, rest=f"From: ada@example.com\n{'A:' * 100}\nSubject: x\n\nhi").trusted_sender == "ada@example.com"
    message = read(PASS, rest="From: ada@example.com\n" + "A:\n" * 1000 + "\nhi")
    assert message.trusted_sender == ""
    assert "others may read another header" in message.auth.reason


def test_a_from_whose_charset_is_guessed_is_not_believed() -> None:
    header, rest = PASS.encode(), b" <ada@example.com>\nSubject: x\n\nhi"
    trusted = [
        reader.read_bytes(header + b"From: " + name + rest, TRUST, trusted=True).trusted_sender
        for name in (b"J\xc3\xb6rg", b"J\xf6rg")
    ]
    assert trusted == ["ada@example.com", ""]


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


def test_what_adjoins_is_one_value_and_keeps_its_quotes() -> None:
    parsed = results.parse(
        'mx; dkim=pass(1024 bit) reason="a; \\"b\\"" header.d=a.test header.b="x=" x.y=c(d) x.z=prvs=e=f@g'
    )
    (dkim,) = parsed.results
    assert (dkim.method, dkim.result, dkim.reason) == ("dkim", "pass", 'a; "b"')
    assert dkim.properties == (("header.d", "a.test"), ("header.b", '"x="'), ("x.y", "c("), ("x.z", "prvs=e=f@g"))


@pytest.mark.parametrize(
    "amiss", ["x", "x y=z", ' ="a"b', "b=c d", "b=c (", 'b="c', "b=c)", "b=c\\", 'b=c"d"', "= b", "b=c none"]
)
def test_a_field_with_anything_beyond_results_says_of_nobody_what_it_says(amiss: str) -> None:
    parsed = results.parse(f"mx; none; dkim=pass header.d=a.test; spf=fail smtp.mailfrom=b.test; {amiss}")
    assert [(one.method, one.result) for one in parsed.results[:2]] == [("dkim", "pass"), ("spf", "fail")]
    assert not any(one.properties for one in parsed.results)


@given(st.text(alphabet='mx.;=()"\\ dkim=pass/1', max_size=200))
def test_any_value_is_parsed(raw: str) -> None:
    assert len(results.parse(raw).results) <= results.RESULTS


PIECES = (
    '"',
    "\\",
    ";",
    " ",
    "(",
    ")",
    "=",
    "@",
    "x",
    "ada@example.com",
    "; dkim=pass header.d=example.com; ",
    " reason=",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example(['"', "\\", '"', "; dkim=pass header.d=example.com; ", "x", "=", '"'])
def test_whatever_a_sender_has_in_quotes_his_report_is_of_his_domain(pieces: list[str]) -> None:
    sender = '"' + "".join(pieces).replace("\\", "\\\\").replace('"', '\\"') + '"@evil.test'
    sloppy = sender.replace('"', '\\"')
    for said in (f"spf=pass (domain of {sender}) smtp.mailfrom={sender}", f'spf=pass smtp.mailfrom="{sloppy}"'):
        assert read(f"Authentication-Results: mx.example.test; {said}; dkim=none\n").trusted_sender == ""


@given(st.lists(st.sampled_from([PASS, RECEIVED, STRANGER, INSIDE, "X-A: b\n", "Subject: x\n"]), max_size=8))
def test_no_order_of_lines_below_a_strangers_hop_gains_trust(lines: list[str]) -> None:
    message = read(RECEIVED + STRANGER + "".join(lines))
    assert message.auth.state == "none"
    assert ("forged-auth-results" in codes(message)) == (PASS in lines)


@pytest.mark.parametrize(("more", "told"), [(0, True), (1, False)])
def test_a_field_with_more_results_than_are_read_proves_nothing(more: int, told: bool) -> None:
    count = results.RESULTS + more
    parsed = results.parse("mx.example.com" + "; dkim=pass header.d=example.org" * count)
    assert len(parsed.results) == results.RESULTS
    assert all(bool(one.properties) == told for one in parsed.results)
