"""How well reviewers agree: published figures come out, chance is taken off, and nobody reads of others."""

from collections import Counter
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.reliability import ENOUGH, Reliability, alpha, reliabilities
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.secondlooks import Said, SecondLook, said, shown


def a_look(
    first_said: str, second_said: str, *, first: str = "ada", second: str = "bea", number: int = 1
) -> SecondLook:
    return SecondLook(
        mail_id=MailId(f"01look{number:020d}"),
        brand=BrandName("shop"),
        generation=1,
        decided=RouteName("appeals"),
        first=first,
        first_said=said(first_said.split()),
        opened_at=1.0,
        second=second,
        second_said=said(second_said.split()),
        answered_at=2.0,
    )


def counted(one: str, other: str) -> Counter[tuple[Said, Said]]:
    pairs = (sorted((said([a]), said([b]))) for a, b in zip(one, other, strict=True))
    return Counter((a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): binary data of two observers; nominal data of two
        ("0100000010", "1110010000", 0.095),
        ("aabbdcccedda", "babbbcccEddd".replace("E", "e"), 0.692),
    ],
)
def test_alpha_is_as_published(one: str, other: str, published: float) -> None:
    assert alpha(counted(one, other)) == pytest.approx(published, abs=0.0005)


def test_alpha_of_one_answer_alone_is_nothing() -> None:
    assert alpha(counted("aaaa", "aaaa")) is None
    assert alpha(Counter()) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=ENOUGH, max_size=40))
def test_figures_are_shares_and_the_interval_holds_alpha(pairs: list[tuple[str, str]]) -> None:
    found = reliabilities(a_look(a, b) for a, b in pairs).all
    assert 0.0 <= found.interval[0] <= found.share <= found.interval[1] <= 1.0
    assert found.agreed == sum(a == b for a, b in pairs)
    if found.alpha is not None and found.alpha_interval is not None:
        assert -1.0 <= found.alpha_interval[0] <= found.alpha <= found.alpha_interval[1] <= 1.0


def test_the_jackknife_is_that_of_leaving_out_each_mail() -> None:
    one, other = "aabbdcccedda" * 2, "babbbcccEddd".lower() * 2
    values = [alpha(counted(one[:n] + one[n + 1 :], other[:n] + other[n + 1 :])) for n in range(len(one))]
    known = [value for value in values if value is not None]
    spread = (len(known) - 1) / len(known) * sum((value - mean(known)) ** 2 for value in known)
    found = reliabilities(a_look(a, b) for a, b in zip(one, other, strict=True)).all
    assert found.alpha is not None
    assert found.alpha_interval is not None
    assert found.alpha_interval[0] == pytest.approx(found.alpha - 1.959964 * spread**0.5)


def test_an_alpha_that_hangs_on_one_mail_has_no_interval() -> None:
    looks = [*[a_look("appeals", "appeals")] * ENOUGH, a_look("refunds", "appeals")]
    found = reliabilities(looks).all
    assert (found.alpha is None, found.alpha_interval) == (False, None)


def test_few_mails_have_no_alpha_and_none_no_figures() -> None:
    found = reliabilities([a_look("appeals", "refunds")])
    assert (found.all.mails, found.all.alpha, found.all.share) == (1, None, 0.0)
    nothing = reliabilities([])
    assert nothing.all == Reliability(mails=0, agreed=0, interval=(0.0, 1.0))
    assert (nothing.all.share, nothing.answers, nothing.apart, nothing.reviewers) == (0.0, (), (), ())


def test_pairs_of_desks_and_reviewers_are_told_apart() -> None:
    looks = [
        *(a_look("appeals", "appeals") for _ in range(6)),
        a_look("appeals", "refunds"),
        a_look("refunds", "appeals", first="Bea", second="cy"),
        a_look("general", "refunds appeals", first="cy", second="ada"),
        a_look("general", "general", second=""),
    ]
    found = reliabilities(looks)
    assert (found.all.mails, found.all.agreed) == (9, 6)
    assert found.answers[0] == ("appeals",)
    assert (found.count(said(["refunds"]), said(["appeals"])), found.count(said(["junk"]), said(["junk"]))) == (2, 0)
    first, second = found.apart
    assert (first.one, first.other, first.mails, first.of.mails, first.of.agreed) == (
        ("appeals",),
        ("refunds",),
        2,
        8,
        6,
    )
    assert (shown(second.one), shown(second.other), second.of.mails) == ("appeals and refunds", "general", 1)
    by_name = [(name.lower(), one.mails, one.agreed) for name, one in found.reviewers]
    assert by_name == [("ada", 8, 6), ("bea", 8, 6), ("cy", 2, 0)]
    assert [name for name, _ in reliabilities(looks, lambda name: name == "cy").reviewers] == ["cy"]
