"""What training sees of texts, and that a scorer of words says the same."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from postroom.adapters.classifier.features import MAX_DIGITS, pieces, words
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump, parse
from postroom.adapters.classifier.space import LONG, Space
from postroom.adapters.classifier.training import FEW, Example, train
from postroom.decide.folding import fold

ASKED = {
    "balance": ["what is my balance", "how much money is in my account", "show the balance"],
    "card": ["where is my card", "my card has not come", "order a new card"],
    "pin": ["change my pin", "i forgot the pin", "a new pin please"],
    "rate": ["which exchange rate do you use", "rate of the euro", "is the rate good"],
    "limit": ["raise my limit", "what is the limit", "limit of transfers"],
    "lost": ["i lost my phone", "my wallet was stolen", "lost and stolen"],
    "fee": ["why was there a fee", "fee for cash", "an extra charge"],
    "close": ["close the account", "i want to leave", "delete me"],
    "topup": ["top up failed", "add money by card", "top up with cash"],
    "weather": ["will it rain", "weather in paris", "is it sunny"],
    "music": ["play a song", "next song please", "louder music"],
    "joke": ["tell a joke", "make me laugh", "something funny"],
    "alarm": ["wake me at 7", "set an alarm", "alarm for 630"],
}


def text(said: str) -> list[str]:
    return words(fold("", said))


def examples(asked: dict[str, list[str]] = ASKED) -> list[Example]:
    return [Example(words=text(one), remarks=[], route=route) for route, said in asked.items() for one in said]


@dataclass(frozen=True, slots=True)
class Senses:
    """Word vectors of two directions: of weather, and of music."""

    name: str = "senses 1"

    def vectors(self, words: list[str]) -> np.ndarray:
        weather, music = ("rain", "weather", "sunny", "hailstorm"), ("song", "music", "play", "violin")
        return np.array([[word in weather, word in music] for word in words], np.float32)

    def vocabulary(self) -> list[str]:
        return ["hailstorm", "violin", "rain"]


@pytest.fixture(scope="module")
def many() -> Model:
    assert len(ASKED) > FEW
    return train(examples(), {})


def test_a_model_scores_texts_as_the_space_that_it_was_fitted_in() -> None:
    """Known words by one row each, unknown ones by their pieces: the same sums over the same length."""
    learned = examples()
    space = Space(learned)
    coefficients = np.random.default_rng(1).normal(size=(space.rows(learned).shape[1], 3))
    found = space.weights(coefficients, 10**6)
    model = Model(
        classes=("a", "b", "c"),
        keys=found.keys,
        weights=found.weights,
        scales=found.scales,
        lengths=found.lengths,
        bias=np.array([0.1, 0.0, -0.1], np.float32),
        slope=1.0,
    )
    asked = [Example(words=text(one), remarks=[], route="") for one in ("where is my crad, my card?", "rains! zzqx")]
    expected = space.rows(asked) @ coefficients + model.bias
    shares = LinearClassifier(model).shares([one.words for one in asked])
    logits = np.log(shares)
    assert logits - logits.mean(1, keepdims=True) == pytest.approx(expected - expected.mean(1, keepdims=True), abs=0.02)


def test_the_lightest_pairs_and_pieces_are_left_out_first_and_no_word() -> None:
    learned = examples()
    space = Space(learned)
    coefficients = np.random.default_rng(1).normal(size=(space.rows(learned).shape[1], 3))
    distinct = {word for one in learned for word in one.words}
    few, all_of_them = (space.weights(coefficients, most) for most in (len(distinct) + 10, 10**6))
    assert len(few.keys) == len(distinct) + 10 < len(all_of_them.keys)
    assert set(few.keys.tolist()) <= set(all_of_them.keys.tolist())
    assert len(space.weights(coefficients, 0).keys) == len(distinct)


def test_features_of_too_few_texts_weigh_nothing() -> None:
    learned = examples({"a": ["red apple", "red pear"], "b": ["red fig", "blue plum"]})
    of_words = (
        Space(learned, emphasis=LONG).rows(learned).toarray()[:, : len({"red", "apple", "pear", "fig", "blue", "plum"})]
    )
    assert (of_words != 0).tolist() == [[True, False, False, False, False, False]] * 3 + [[False] * 6]


def test_how_familiar_a_text_is_tells_the_share_of_its_known_pairs() -> None:
    asked = [
        Example(words=text(one), remarks=[], route="") for one in ("where is my card", "my card sings", "", "card")
    ]
    assert Space(examples()).familiar(asked).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_many_classes_are_known_again(many: Model) -> None:
    shares = LinearClassifier(many).shares([one.words for one in examples()])
    assert [many.classes[best] for best in shares.argmax(1)] == [one.route for one in examples()]
    assert shares.sum(1) == pytest.approx(1.0)


def test_of_many_classes_none_is_sure_of_what_is_like_nothing(many: Model) -> None:
    inside = LinearClassifier(many).shares([one.words for one in examples()]).max(1)
    outside = ["photosynthesis of ferns", "who won the cup of 1954", "", "?!", "der hund schläft"]
    assert LinearClassifier(many).shares([text(one) for one in outside]).max() < np.quantile(inside, 0.1)


def test_confidence_falls_where_pairs_of_words_are_not_known_and_the_order_stays(many: Model) -> None:
    asked = [text("where is my card"), text("card my where is"), text("card")]
    shares = LinearClassifier(many).shares(asked)
    plain = LinearClassifier(replace(many, familiar=0.0, slope=many.slope * np.exp(many.familiar))).shares(asked)
    assert shares[0] == pytest.approx(plain[0])
    assert (shares[1:].max(1) < plain[1:].max(1)).all()
    assert (np.argsort(shares, 1) == np.argsort(plain, 1)).all()


def test_texts_get_the_same_shares_alone_and_among_others(many: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [text(one) for said in ASKED.values() for one in said] + [[], text("unheard of"), text("pin pin pin")]
    together = LinearClassifier(many).shares(asked)
    monkeypatch.setattr("postroom.adapters.classifier.linear._TEXT", 8)
    monkeypatch.setattr("postroom.adapters.classifier.linear._AT_ONCE", 1)
    by_few = LinearClassifier(many)
    assert by_few.shares(asked) == pytest.approx(together, abs=1e-6)
    assert [by_few.shares([one])[0].tolist() for one in asked] == [pytest.approx(row, abs=1e-6) for row in together]
    assert by_few.shares([]).shape == (0, len(many.classes))


def test_a_model_of_many_classes_keeps_everything_in_its_file(many: Model) -> None:
    kept = parse(dump(many))
    assert kept.familiar == many.familiar > 0
    assert dump(kept) == dump(many) == dump(train(examples(), {}))
    assert replace(many, familiar=0.0).version != many.version


def test_word_vectors_teach_words_that_no_example_has() -> None:
    without, taught = (train(examples(), {}, vectors) for vectors in (None, Senses()))
    place = taught.classes.index
    plain, learned = (LinearClassifier(model).shares([["hailstorm"], ["violin"]]) for model in (without, taught))
    assert learned[0, place("weather")] > 2 * plain[0, place("weather")]
    assert learned[1, place("music")] > 2 * plain[1, place("music")]
    assert taught.card["word_vectors"] == "senses 1"
    assert "word_vectors" not in without.card


def test_so_few_examples_that_none_can_be_tried_still_make_a_model() -> None:
    model = train(examples({"yes": ["yes"], "no": ["no"]}), {})
    assert "unseen_accuracy" not in model.card
    assert LinearClassifier(model).shares([["yes"]])[0, model.classes.index("yes")] > 0.5


def test_examples_without_words_make_none() -> None:
    with pytest.raises(ValueError, match="no words"):
        train(examples({"yes": [""], "no": [""]}), {})


def test_contractions_are_one_word_and_numbers_tell_their_length_alone() -> None:
    assert text("I don't. We’ll l'été 42 4242424242424242") == [
        "i", "don't", ".", "we'll", "l", "'", "ete", "00", "0" * MAX_DIGITS,
    ]  # fmt: skip
    assert pieces("!") == pieces("\x02sword") == set()
