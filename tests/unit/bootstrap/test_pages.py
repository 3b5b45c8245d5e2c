"""Under which names the pages answer."""

import pytest

from postroom.bootstrap.pages import hosts


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://desk.example.com", "desk.example.com"),
        ("https://desk.example.com:443/", "desk.example.com"),
        ("http://desk.example.com:80", "desk.example.com"),
        ("https://desk.example.com:8443", "desk.example.com:8443"),
        ("https://Bücher.example", "xn--bcher-kva.example"),
        ("https://[2001:DB8::1]", "[2001:db8::1]"),
        ("https://de$k.example.com", "de$k.example.com"),
    ],
)
def test_they_answer_under_the_name_that_browsers_ask_for(url: str, asked: str) -> None:
    assert asked in hosts(url, [])


def test_without_a_name_they_answer_on_loopback_alone() -> None:
    assert hosts("", ["127.0.0.1:8026"]) == {"127.0.0.1:8026", "localhost:8026", "[::1]:8026"}
