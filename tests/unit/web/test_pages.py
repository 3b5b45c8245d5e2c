"""The pages of `evaluate` and `thresholds`: they stand alone, hold no stranger's markup, and tell all in tables too."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from postroom.flow.measure import Labelled, Mistake, measure
from postroom.model.mail import RouteName
from postroom.web.evaluation import evaluation_page
from postroom.web.tradeoff import tradeoff_page

HOSTILE = "</div><script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>\u202e"

#: what may fetch or run something
ACTIVE = {"script", "iframe", "img", "link", "object", "embed", "form", "base", "image", "use", "foreignobject", "a"}


def one(route: str, decided: str, confidence: float = 0.9) -> Labelled:
    return Labelled(route=RouteName(route), decided=RouteName(decided), confidence=confidence, hard=route == "appeals")


def facts(labelled: list[Labelled], **more: Any) -> dict[str, Any]:
    accuracy = {"n": 3, "accuracy": 0.5, "interval": (0.1, 0.9)}
    return measure(labelled).facts() | {
        "languages": {"en": accuracy, HOSTILE: accuracy},
        "model": "abc",
        "model_alone": False,
        **more,
    }


LABELLED = [one("appeals", "appeals", 0.8), one("appeals", "general", 0.7), one("general", "general"), one("x", "x")]
MISTAKE = Mistake(
    path=HOSTILE, language="en", route="appeals", decided=HOSTILE, confidence=0.7, review=True, subject=HOSTILE, text=HOSTILE
)  # fmt: skip


def said(page: str) -> tuple[list[tuple[str, dict[str, str | None]]], str]:
    """All tags with their attributes, and all text."""
    tags: list[tuple[str, dict[str, str | None]]] = []
    words: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((name, dict(attrs)))

        def handle_data(self, data: str) -> None:
            words.append(data)

    reader = Reader()
    reader.feed(page)
    reader.close()
    return tags, " ".join(words)


def stands_alone(page: str) -> None:
    tags, _ = said(page)
    assert not {name for name, _ in tags} & ACTIVE
    for name, attributes in tags:
        assert not [key for key in attributes if key.startswith("on") or key in {"src", "href", "xlink:href"}], name
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in str(tags)
    assert "\u202e" not in page


def every_plot_has_a_table(page: str) -> None:
    for part in re.findall(r"<section.*?</section>", page, re.DOTALL):
        if 'role="img"' in part:
            assert "<table" in part


class TestEvaluation:
    def test_all_parts_are_there(self) -> None:
        curve = [{"examples": n, "accuracy": 0.8, "interval": (0.7, 0.9)} for n in (10, 20)]
        scope = {"n": 5, "auroc": 0.95, "recall_at_5pct_rejects": 0.7, "threshold": 0.4}
        found = facts(LABELLED, learning_curve=curve, out_of_scope=scope, right_or_review=0.75)
        page = evaluation_page(found, [MISTAKE], data="d.jsonl", made="Made today")
        stands_alone(page)
        every_plot_has_a_table(page)
        _, words = said(page)
        for title in (
            "Confusion", "Reliability", "Coverage against error", "Routes, worst first", "Languages, worst first",
            "Learning curve", "Out of scope", "Where a route is rare", "Worst mistakes", "right where it is hard", "0.950",
            "right route or review", "d.jsonl", "Made today", "(to review)",
        ):  # fmt: skip
            assert title in words
        assert HOSTILE.replace("\u202e", "\ufffd") in words

    def test_what_is_not_known_is_left_out(self) -> None:
        found = facts([one("general", "general")], languages={"": {}}, model="", model_alone=True)
        page = evaluation_page(found, [], data="d", made="")
        _, words = said(page)
        assert "There are none." in words
        assert "the model alone" in words
        for title in ("Languages", "Learning curve", "Out of scope", "where it is hard", "Model "):
            assert title not in words

    def test_without_words_no_mail_is_in_it(self) -> None:
        mistake = Mistake(
            path="d#1", language="en", route="appeals", decided="general", confidence=0.7, review=False,
            subject="Our secret", text="Very private",
        )  # fmt: skip
        assert "Very private" in evaluation_page(facts(LABELLED), [mistake], data="d", made="")
        page = evaluation_page(facts(LABELLED), [mistake.untold], data="d", made="")
        assert "secret" not in page
        assert "private" not in page
        assert "d#1" in page

    def test_many_routes_are_listed_by_their_worst(self) -> None:
        many = [one(f"r{n}", f"r{n + (n == 7)}") for n in range(60)]
        page = evaluation_page(facts(many), [], data="d", made="")
        stands_alone(page)
        _, words = said(page)
        assert "the pairs that are confused most" in words
        assert 'class="heat"' not in page


def route_facts(**more: Any) -> dict[str, Any]:
    effect = {"review": 0.1, "error": 0.05, "error_interval": (0.0, 0.2), "missed": {"appeals": 0.1}, "cost": 0.4}
    curve = [
        {"threshold": threshold, "review": 0.1, "cost": 0.2, "of_route": effect} for threshold in (0.0, 0.5, 0.6, 0.99)
    ]
    return {
        "guessed": 40,
        "labelled": 41,
        "enough": True,
        "in_force": 0.6,
        "chosen": 0.5,
        "caught": 3,
        "curve": curve,
    } | more


@pytest.mark.parametrize("priors", [None, {"appeals": {"in_force": 0.1, "estimated": 0.2, "interval": (0.1, 0.3)}}])
def test_thresholds(priors: Any) -> None:
    effect = route_facts()["curve"][0]["of_route"]
    found = {
        "n": 90, "brand": HOSTILE, "costs": {"review": 1.0, "wrong": 5.0, "missed": {"appeals": 20.0}}, "priors": priors,
        "routes": {
            "appeals": route_facts(), "general": route_facts(enough=False, chosen=None), "refunds": route_facts(guessed=0),
            "copyright": route_facts(chosen=0.6),
        },
        "total": {"in_force": effect, "chosen": effect}, "settings": f"[route.appeals]\n# {HOSTILE}\n",
    }  # fmt: skip
    page = tradeoff_page(found, data="d.jsonl", made="Made today")
    stands_alone(page)
    every_plot_has_a_table(page)
    _, words = said(page)
    assert "chosen: 0.5" in words
    assert "The threshold in force stays" in words
    assert "0 – 0.99" in words
    assert "Not enough to choose by" in words
    assert "refunds" not in words
    assert ("How frequent routes are" in words) == (priors is not None)
