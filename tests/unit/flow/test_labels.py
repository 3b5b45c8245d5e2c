"""Labels and folders, as a person maps them to routes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.labels import LabelMap, read_map
from postroom.model.errors import Refused
from postroom.model.mail import RouteName

ROUTES = [RouteName(name) for name in ("appeals", "refunds", "general")]


def mapped(*lines: str, **table: str) -> LabelMap:
    return read_map(lines, table, ROUTES)


@pytest.mark.parametrize(
    ("pattern", "label", "fits"),
    [
        ("Appeals", "appeals", True),
        ("Appeals", "Appeals/2024", False),
        ("Appeals/*", "Appeals/2024", True),
        ("Appeals/*", "Appeals/2024/May", True),
        ("Appeals/*", "Appeals", True),
        ("Appeals/*", "Old Appeals", False),
        ("*appeal*", "Old Appeals", True),
        ("label:refund", "label:Refund", True),
        ("label:refund", "refund", False),
        ("label:re?und", "label:refund", True),
        ("label:[x]", "label:x", True),
        ("group:Tier 2", "group:tier 2", True),
        ("label:ÄRGER", "label:ärger", True),
    ],
)
def test_patterns(pattern: str, label: str, *, fits: bool) -> None:
    assert mapped(f"{pattern}=appeals").route([label]) == ("appeals" if fits else None)


def test_the_first_pattern_that_fits_any_label_counts() -> None:
    both = mapped("label:refund=refunds", "Appeals/*=appeals")
    assert both.route(["Appeals/2024", "label:refund"]) == "refunds"
    assert both.route(["Appeals/2024", "label:vip"]) == "appeals"
    assert both.route(["Inbox"]) is None
    assert both.route([]) is None
    assert mapped("a=appeals", a="refunds", b="general").route(["b", "a"]) == "appeals"


def test_a_label_may_have_an_equals_sign() -> None:
    assert mapped("label:a=b=refunds").route(["label:a=b"]) == "refunds"


@pytest.mark.parametrize("line", ["", "appeals", "=appeals", "Appeals=", " = "])
def test_what_is_no_mapping_is_said(line: str) -> None:
    with pytest.raises(Refused, match="write LABEL=ROUTE"):
        mapped(line)


def test_review_is_no_desk() -> None:
    with pytest.raises(Refused, match="review is no desk"):
        mapped("Appeals=review")


def test_patterns_that_fit_no_label_are_told_as_they_were_written() -> None:
    labels = mapped("label:Zzz=appeals", "Appeals/*=appeals", "*=general")
    assert labels.idle(["appeals/2024"]) == ["label:Zzz"]
    assert labels.idle([]) == ["label:Zzz", "Appeals/*", "*"]


def test_a_route_that_there_is_not_is_said() -> None:
    with pytest.raises(Refused, match=r"Did you mean 'appeals'\?"):
        mapped("Appeals=apeals")
    with pytest.raises(Refused, match="no route"):
        mapped(Appeals="x")


@given(st.text(), st.text())
def test_any_pattern_and_any_label(pattern: str, label: str) -> None:
    assert LabelMap([(pattern, ROUTES[0])]).route([label]) in (None, "appeals")
