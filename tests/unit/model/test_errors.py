"""Errors say what to do next."""

import pytest

from postroom.model.errors import unknown


@pytest.mark.parametrize(
    ("given", "known", "said"),
    [
        (
            "refund",
            ("appeals", "refunds"),
            "there is no route 'refund'. Did you mean 'refunds'? Known: appeals, refunds",
        ),
        ("zzz", ("appeals",), "there is no route 'zzz'. Known: appeals"),
        ("zzz", (), "there is no route 'zzz'. Known: none yet"),
    ],
)
def test_an_unknown_name_comes_with_the_known_ones(given: str, known: tuple[str, ...], said: str) -> None:
    assert unknown("route", given, known) == said
