"""The cascade asks the heavier model where the light one is unsure, in English, and gets along without it."""

from dataclasses import replace

import numpy as np
import pytest

from postroom.adapters.classifier.cascade import ASK_BELOW, ASKED, FAILED, Cascade, join, text_of
from postroom.adapters.classifier.kernel import Head
from postroom.adapters.classifier.kernel_training import fit
from postroom.decide.folding import Folded, fold
from postroom.decide.substance import fold_mail
from postroom.model.errors import ConfigError
from postroom.model.message import Message
from postroom.understand.reader import read_bytes
from tests.unit.adapters.classifier.minds import WordEmbedder, WordModel

SURE, UNSURE = "why was I banned", "please undo the double payment"
KNOWN = {
    "appeals": ("why was I banned", "let me in again please"),
    "refunds": ("I want my money", "undo the double payment", "the payment was a mistake"),
    "general": ("hello there", "when do you open", "who are you"),
}
CLASSES = WordModel.model.classes


def read(text: str, language: str = "en") -> tuple[Message, Folded]:
    message = replace(read_bytes(f"Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()), language=language)
    return message, fold_mail(message)


@pytest.fixture(scope="module")
def head() -> Head:
    said = [(route, text) for route, texts in KNOWN.items() for text in texts]
    labels = np.array([CLASSES.index(route) for route, _ in said])
    fitted = fit(WordEmbedder().embed([text for _, text in said]), labels, np.ones(len(said)))
    return fitted.head(CLASSES, weighs=(8.0, 0.5), light="light", encoder="words")


class House:
    def __init__(self, head: Head) -> None:
        self.embedder = WordEmbedder()
        self.told: list[str] = []
        self.light = WordModel()
        self.cascade = Cascade(self.light, head, self.embedder, self.told.append)


@pytest.fixture
def house(head: Head) -> House:
    return House(head)


def test_only_what_the_light_model_is_unsure_of_is_asked(house: House) -> None:
    texts = [read(SURE), read(UNSURE), read(SURE)]
    before = house.light.classify(texts)
    found = house.cascade.classify(texts)
    assert [opinions[0].share < ASK_BELOW for opinions in before] == [False, True, False]
    assert house.embedder.asked == [text_of(*texts[1])]
    assert (found[0], found[2]) == (before[0], before[2])
    assert found[1][0].route == "refunds"
    assert found[1][0].share > before[1][0].share


def test_asked_or_not_shares_sum_to_one_and_the_likeliest_comes_first(house: House) -> None:
    for text in (SURE, UNSURE, "", "\0", "x" * 50_000):
        opinions = house.cascade.classify([read(text)])[0]
        assert sum(one.share for one in opinions) == pytest.approx(1.0, abs=1e-5)
        assert [one.share for one in opinions] == sorted((one.share for one in opinions), reverse=True)
        assert {one.route for one in opinions} == set(CLASSES)


def test_words_are_those_of_the_light_model_and_a_remark_says_that_both_were_asked(house: House) -> None:
    text = read(UNSURE)
    before = {one.route: one.clues for one in house.light.classify([text])[0]}
    found = house.cascade.classify([text])[0]
    assert house.embedder.asked
    assert {one.route: one.clues for one in found} == before
    assert any(before.values())
    assert {one.remark for one in found} == {ASKED}
    assert {one.remark for one in house.cascade.classify([read(SURE)])[0]} == {""}


@pytest.mark.parametrize(("language", "asked"), [("", True), ("en", True), ("de", False), ("ja", False)])
def test_text_that_is_known_not_to_be_english_is_never_passed_on(house: House, language: str, asked: bool) -> None:
    text = read(UNSURE, language)
    found = house.cascade.classify([text])
    assert bool(house.embedder.asked) is asked
    assert (found == house.light.classify([text])) is not asked


def test_when_it_fails_the_light_model_stands_and_that_is_told(house: House) -> None:
    texts = [read(SURE), read(UNSURE)]
    before = house.light.classify(texts)
    house.embedder.broken = True
    found = house.cascade.classify(texts)
    assert house.told == ["Broken"]
    assert [[(one.route, one.share) for one in each] for each in found] == [
        [(one.route, one.share) for one in each] for each in before
    ]
    assert [each[0].remark for each in found] == ["", FAILED]


def test_its_version_names_both(house: House, head: Head) -> None:
    assert house.cascade.version == f"light+{head.version}"
    assert house.cascade.model is house.light.model


def test_no_mail_no_opinion(house: House) -> None:
    assert house.cascade.classify([]) == []


def test_parts_that_do_not_fit_are_refused(head: Head) -> None:
    for wrong, said in (
        (replace(head, light="another"), "another model"),
        (replace(head, classes=head.classes[::-1]), "another model"),
        (replace(head, encoder="another"), "other weights"),
    ):
        with pytest.raises(ConfigError, match=said):
            Cascade(WordModel(), wrong, WordEmbedder())


def test_a_subject_of_an_earlier_mail_is_not_read() -> None:
    body = "this is about something else, namely the invoice that I got for the month of May in error"
    message = read_bytes(f"Subject: Re: my ban\nReferences: <a@shop.test>\n\n{body}\n".encode())
    assert text_of(message, fold_mail(message)) == message.new_text
    assert "my ban" in text_of(message, fold(message.subject, message.new_text))


def test_joining_weighs_both() -> None:
    scores, shares = np.array([[1.0, 0.0]]), np.array([[0.2, 0.8]])
    assert join(scores, shares, (0.0, 1.0)) == pytest.approx(shares)
    assert join(scores, shares, (10.0, 0.0)).argmax() == 0
    assert np.isfinite(join(scores, np.array([[0.0, 1.0]]), (1e5, 1e5))).all()
