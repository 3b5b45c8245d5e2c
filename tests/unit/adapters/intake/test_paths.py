"""Addresses and parameters: exactly what RFC 5321 §4.1.2 and RFC 6531 allow, and not one octet more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.paths import BadPath, forward_path, reverse_path

LABEL = "d" * 63


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("<ada@example.com>", "ada@example.com"),
        ("  <ada@example.com>", "ada@example.com"),
        ("<a!#$%&'*+-/=?^_`{|}~b@example.com>", "a!#$%&'*+-/=?^_`{|}~b@example.com"),
        ('<"ada"@example.com>', "ada@example.com"),
        (r'<"a\d\a.b"@example.com>', "ada.b@example.com"),
        ('<"ada b"@example.com>', '"ada b"@example.com'),
        (r'<"a\"b"@example.com>', r'"a\"b"@example.com'),
        (r'<"a\\b"@example.com>', r'"a\\b"@example.com'),
        ('<""@example.com>', '""@example.com'),
        ('<"a@b"@example.com>', '"a@b"@example.com'),
        ("<ada@[192.0.2.1]>", "ada@[192.0.2.1]"),
        ("<ada@[IPv6:2001:db8::1]>", "ada@[IPv6:2001:db8::1]"),
        ("<ada@localhost>", "ada@localhost"),
        ("<ada@a_b.example.com>", "ada@a_b.example.com"),
        ("<ada@1.2.3.example>", "ada@1.2.3.example"),
        ("<δοκιμή@παράδειγμα.example>", "δοκιμή@παράδειγμα.example"),
        (f"<{'l' * 64}@example.com>", f"{'l' * 64}@example.com"),
        # SRS and VERP make longer local parts than RFC 5321 allows
        (f"<{'l' * 200}@example.com>", f"{'l' * 200}@example.com"),
        (f"<a@{LABEL}.{LABEL}.{LABEL}>", f"a@{LABEL}.{LABEL}.{LABEL}"),
        ("<>", ""),
    ],
)
def test_a_reverse_path_is_read(argument: str, address: str) -> None:
    assert reverse_path(argument).address == address


@pytest.mark.parametrize(
    "argument",
    [
        "", "ada@example.com", "<ada@example.com", "ada@example.com>", "<ada>", "<@example.com>", "<ada@>", "<a b@example.com>", "<a@b c>",
        "<.a@example.com>", "<a.@example.com>", "<a..b@example.com>", "<a@.example.com>", "<a@example..com>", "<a@example.com.>", "<a@-a.com>",
        "<a@a-.com>", "<a@[192.0.2.256]>", "<a@[192.0.2]>", "<a@[IPv6:1]>", "<a@[::1]>", "<a@[tag:x]>", "<a@[]>", '<"a@example.com>', '<a"b"@example.com>',
        '<"a\x00"@example.com>', "<a\x01@example.com>", "<a\r@example.com>", "<a\n@example.com>", "<a\x7f@example.com>", "<a\x85@example.com>",
        "<a\u2028@example.com>", "<a\u202e@example.com>", "<a@exam\u202eple.com>", "<a@b@example.com>", "<@a,@b:c@example.com>", "<a@example.com>>",
        "<<a@example.com>>", "< a@example.com>", "<a@example.com >", f"<{'l' * 300}@example.com>", f"<a@{'d' * 64}.example>", "<a(comment)@example.com>",
        "<a@example.com>SIZE=1", "<a@example.com>\tSIZE=1", "<a@example.com> SIZE=1 size=2", "<a@example.com> =1", "<a@example.com> X=a=b", "<a@example.com> X=\u00e9",
    ],
)  # fmt: skip
def test_anything_else_is_refused(argument: str) -> None:
    with pytest.raises(BadPath) as refused:
        reverse_path(argument)
    assert refused.value.reply[:1] == b"5"
    with pytest.raises(BadPath):
        forward_path(argument)


@pytest.mark.parametrize(
    "argument",
    ["<>", "<a%b@example.com>", "<b!a@example.com>", '<"a@b"@example.com>', r'<"a\@b"@example.com>', f"<{'l' * 65}@example.com>", '<"a%b"@example.com>'],
)  # fmt: skip
def test_a_forward_path_is_stricter(argument: str) -> None:
    reverse_path(argument)
    with pytest.raises(BadPath):
        forward_path(argument)


def test_postmaster_needs_no_domain() -> None:
    assert forward_path("<PostMaster>").address == "PostMaster"
    assert forward_path("<postmaster> A=1").parameters == {"A": "1"}


def test_parameters_are_read() -> None:
    assert reverse_path("<> SIZE=10 body=8BITMIME SMTPUTF8").parameters == {
        "SIZE": "10",
        "BODY": "8BITMIME",
        "SMTPUTF8": "",
    }


@settings(deadline=None)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "<", "<a@example.com>", "<a@", '<"']),
    st.sampled_from(["", ">", "@example.com>", '"@example.com>']),
)
def test_any_text_is_a_path_or_refused(middle: str, before: str, after: str) -> None:
    for read in (reverse_path, forward_path):
        path = None
        reply = b""
        try:
            path = read(before + middle + after)
        except BadPath as bad:
            reply = bad.reply
        if path is None:
            assert reply.endswith(b"\r\n")
            assert reply.count(b"\n") == 1
            continue
        assert not any(char in path.address for char in "\r\n\0\x1b\u2028\u2029\x85")
        assert len(path.address.encode()) <= 256
        if "@" in path.address:
            assert read(f"<{path.address}>").address == path.address, "what was read reads the same again"
