"""Address lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.understand import addresses


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ada@example.com", [("", "ada@example.com")]),
        ("Ada Byron <ada@Example.COM>", [("Ada Byron", "ada@example.com")]),
        (
            '"Byron, Ada" <ada@example.com>, bob@example.org',
            [("Byron, Ada", "ada@example.com"), ("", "bob@example.org")],
        ),
        ("=?utf-8?q?Byron,_Ada?= <ada@example.com>", [("Byron, Ada", "ada@example.com")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.com>', [("Jörg", "j@example.com")]),
        ("=?utf-8?q?evil=40example=2Eorg?= <a@example.com>", [("evil@example.org", "a@example.com")]),
        ("=?utf-8?q?x_=3Cspoof=40example=2Eorg=3E?= <a@example.com>", [("x <spoof@example.org>", "a@example.com")]),
        ("ada@example.com (Ada (the first))", [("Ada (the first)", "ada@example.com")]),
        ("Team: a@example.com, B <b@example.com>;", [("", "a@example.com"), ("B", "b@example.com")]),
        ("undisclosed-recipients:;", []),
        ("Ada <@relay.test,@other.test:ada@example.com>", [("Ada", "ada@example.com")]),
        ("Ada Q. Byron <ada@example.com>", [("Ada Q. Byron", "ada@example.com")]),
        ("a@example.com; b@example.com", [("", "a@example.com"), ("", "b@example.com")]),
        ("<>", []),
        ("", []),
        (",,,", []),
        ("Ada", [("Ada", "")]),
        ("<ada>", [("", "ada")]),
        ("Ada <ada@example.com", [("Ada", "ada@example.com")]),
        ("Ada Byron ada@example.com", [("Ada Byron", "ada@example.com")]),
        ("x@xn--bcher-kva.example", [("", "x@bücher.example")]),
        ("x@BÜCHER.example", [("", "x@bücher.example")]),
        ("用户@例え.test", [("", "用户@例え.test")]),
    ],
)
def test_lists(raw: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.addr) for one in addresses.parse(raw)] == expected


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        ("<ada@Example.COM>", "ada@example.com"),
        (" Ada Q. Byron <ada@example.com> ", "ada@example.com"),
        ('"Byron, Ada (the \\"first\\")" <ada@example.com>', "ada@example.com"),
        ("=?utf-8?q?Byron=2C_Ada?= <ada@example.com>", "ada@example.com"),
        ("=?utf-8?q?Ada_(at_home)?= <ada@example.com>", "ada@example.com"),
        ("(the first) Ada <ada@example.com> (Byron)", "ada@example.com"),
        ("ada@example.com (Ada Byron)", "ada@example.com"),
        ("ada@example.com <ada@example.com>", "ada@example.com"),
        ("'Ada' [Shop] <o'ada+1=a/b@example.com>", "o'ada+1=a/b@example.com"),
        ("用户@例え.test", "用户@例え.test"),
        ("a@xn--bcher-kva.example", "a@bücher.example"),
    ],
)
def test_one_plain_mailbox_is_certain(raw: str, address: str) -> None:
    assert addresses.certain(raw) == address
    assert [one.addr for one in addresses.parse(raw)] == [address]


@pytest.mark.parametrize(
    "raw",
    [
        # mended
        "<'ada@example.com>", "<ada@example.com'>", "'ada@example.com'", "<a da@example.com>", "< ada@example.com>",
        "a da@example.com", "<ada@example.com.>", "<ada@.example.com>", "<ada@example.com", "ada@example.com>",
        "Ada ada@example.com", "<@relay.test:ada@example.com>", "a\\da@example.com", "<ada (x)@example.com>",
        "=?utf-8?q?ada?=@example.com", "<=?utf-8?q?ada=40example.com?=>", "<ada@=?utf-8?q?example.com?=>",
        # more than one, or something beside it
        "<ada@example.com> <eve@example.com>", "<ada@example.com><eve@example.com>", "<ada@example.com> eve@example.com",
        "ada@example.com, eve@example.com", "eve@example.com <ada@example.com>", "Ada @ home <ada@example.com>", "<ada@example.com>,", "<ada@example.com>;", "<ada@example.com> x",
        "eve@example.com (x) <", "=?utf-8?q?eve@example.com,?= <ada@example.com>", "<ada@example.com@example.org>",
        # groups, quotes, comments
        "team: ada@example.com;", "team: <ada@example.com>", '"ada"@example.com', '"eve x"@example.com',
        '"eve" <"ada"@example.com>', "(eve (x)) ada@example.com", '"Ada <ada@example.com>', "(Ada <ada@example.com>",
        # no address
        "", "Ada", "<>", "<ada>", "ada@", "@example.com", "ada@[203.0.113.9]", "<" + "a" * 65 + "@example.com>",
    ],
)  # fmt: skip
def test_what_readers_may_read_differently_is_not_certain(raw: str) -> None:
    assert addresses.certain(raw) == ""


@given(st.text(alphabet="<>@,;:\"\\()=?qa.' ", max_size=60))
def test_a_certain_address_is_an_address(raw: str) -> None:
    found = addresses.certain(raw)
    assert not found or (found.count("@") == 1 and found == addresses.normal(found))


def test_their_number_is_bounded() -> None:
    assert len(addresses.parse("a@example.com, " * 2000)) == addresses.ADDRESSES


@pytest.mark.parametrize(
    "host", ["xn--", "xn--a", "xn--\x00", "xn--99999999999", "xn--" + "a" * 80, "xn--abc-.test", "xn--EXAMPLE-.test"]
)
def test_a_forged_a_label_stays_as_it_is(host: str) -> None:
    assert addresses.domain(host) == host.lower().strip(". ")


@given(st.text(max_size=300))
def test_any_value_is_read(raw: str) -> None:
    for one in addresses.parse(raw):
        assert one.name or one.addr
        assert one.addr == addresses.normal(one.addr)


@given(st.text(alphabet='<>@,;:"\\()=?qa. ', max_size=200))
def test_any_punctuation_is_read(raw: str) -> None:
    assert len(addresses.parse(raw)) <= addresses.ADDRESSES
