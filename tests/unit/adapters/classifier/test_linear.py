"""The linear classifier: learns, says by which words, and is the same after a journey through its file."""

from dataclasses import replace

import numpy as np
import pytest

from postroom.adapters.classifier.features import MAX_REMARKS, MAX_WORDS, pieces, remarks, words
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump, load, parse
from postroom.adapters.classifier.training import Example, train
from postroom.decide.folding import Folded, fold
from postroom.model.errors import ConfigError
from postroom.model.message import Message
from postroom.understand.reader import read_bytes

TEXTS = {
    "appeals": [
        "my account was suspended",
        "please unban my account",
        "banned for nothing",
        "アカウントが停止されました",
    ],
    "refunds": ["I want my money back", "you charged me twice", "refund my order please", "返金してください"],
    "general": ["how do I change my name", "great app", "the app crashes when I open it", "ありがとうございます"],
}


def read(text: str, subject: str = "") -> tuple[Message, Folded]:
    message = read_bytes(f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode())
    return message, fold(message.subject, message.new_text)


def example(route: str, text: str, subject: str = "") -> Example:
    message, folded = read(text, subject)
    return Example(words=words(folded), remarks=remarks(message, folded), route=route)


def learned() -> Model:
    return train([example(route, text) for route, texts in TEXTS.items() for text in texts * 2], {"made_for": "tests"})


@pytest.fixture(scope="module")
def model() -> Model:
    """So few texts make no model sure of itself."""
    return replace(learned(), slope=4.0)


def test_it_knows_what_it_learned_and_what_is_like_it(model: Model) -> None:
    mind = LinearClassifier(model)
    asked = ["they suspended my accounts", "charged twice!", "it crashed again", "アカウントを停止されて"]
    best = [opinions[0] for opinions in mind.classify([read(text) for text in asked])]
    assert [one.route for one in best] == ["appeals", "refunds", "general", "appeals"]
    assert all(one.share > 1 / 3 for one in best)


def test_shares_sum_to_one_and_empty_texts_have_them_too(model: Model) -> None:
    for text in ("", "\0 \x01", "x" * 50_000, "a " * 50_000, "🙂🙃", "my account"):
        opinions = LinearClassifier(model).classify([read(text, text[:200])])[0]
        assert sum(one.share for one in opinions) == pytest.approx(1.0, abs=1e-5)
        assert [one.share for one in opinions] == sorted((one.share for one in opinions), reverse=True)


def test_it_says_by_which_words_and_where_they_stand(model: Model) -> None:
    message, folded = read("Hello.\nMy ACCOUNT was suspended!!", subject="Help")
    best = LinearClassifier(model).classify([(message, folded)])[0][0]
    text = f"{message.subject}\n{message.new_text}"
    told = {clue.word: text[clue.span[0] : clue.span[1]] for clue in best.clues}
    assert told["suspended"] == "suspended"
    assert told["account"] == "ACCOUNT"
    assert next(clue.weight for clue in best.clues if clue.weight > 0) == max(clue.weight for clue in best.clues)


def test_weights_of_all_words_add_up_to_the_decision(model: Model) -> None:
    """Log-odds of words, pairs and bias are the whole of the score: nothing moves a text that is not told."""
    mind = LinearClassifier(model)
    message, folded = read("my account was suspended")
    (scored,) = mind._words.score([(words(folded), remarks(message, folded))])
    logits = scored.added(0).sum(0) + model.bias * model.slope
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(scored.shares[0], abs=1e-5)


def test_a_word_said_often_weighs_once(model: Model) -> None:
    mind = LinearClassifier(model)
    once, often = (mind.classify([read(text)])[0] for text in ("suspended", "suspended " * 1000))
    assert {one.route: one.share for one in often} == pytest.approx({one.route: one.share for one in once}, abs=0.05)


def test_a_full_table_of_words_is_begun_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.adapters.classifier.linear._KEPT_WORDS", 1)
    mind = LinearClassifier(model)
    first = mind.classify([read("my account was suspended")])
    for number in range(4):
        mind.classify([read(" ".join(f"w{number}x{n}" for n in range(2500)))])
    assert len(mind._words._at) <= mind._words._most
    assert mind.classify([read("my account was suspended")]) == first


def test_training_is_reproducible_and_its_file_keeps_everything(model: Model, tmp_path) -> None:
    assert dump(learned()) == dump(learned())
    (tmp_path / "m").write_bytes(dump(model))
    kept = load(tmp_path / "m")
    assert (kept.classes, kept.card, kept.version, dump(kept)) == (
        model.classes,
        model.card,
        model.version,
        dump(model),
    )


def test_two_routes_are_enough_and_one_is_not() -> None:
    two = train([example(route, text) for route in ("appeals", "general") for text in TEXTS[route] * 2], {})
    best = LinearClassifier(two).classify([read("unban me")])[0][0]
    assert best.route == "appeals"
    with pytest.raises(ValueError, match="two routes"):
        train([example("appeals", "unban me")], {})


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda b: b"x" + b, "does not begin"),
        (lambda b: b[:17] + b"{", "no end"),
        (lambda b: b.replace(b'"classes"', b'"klasses"'), "header is damaged"),
        (lambda b: b.replace(b'"slope": ', b'"slope": -'), "makes no sense"),
        (lambda b: b[:-1], "another length"),
        (lambda b: b + b"x", "another length"),
        (lambda b: b[:-1] + bytes([b[-1] ^ 1]), "checksum"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(model: Model, tmp_path, harm, said) -> None:
    path = tmp_path / "m"
    path.write_bytes(harm(dump(model)))
    with pytest.raises(ConfigError, match=said):
        load(path)


def test_numbers_that_make_no_sense_are_refused_even_with_a_right_checksum(model: Model) -> None:
    for wrong in (
        replace(model, keys=model.keys[::-1].copy()),
        replace(model, bias=np.full_like(model.bias, np.nan)),
    ):
        with pytest.raises(ValueError, match="make no sense"):
            parse(dump(wrong))


def test_a_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none")


def test_long_texts_and_words_are_read_in_part() -> None:
    message, folded = read(" ".join(f"w{n}" for n in range(9000)), subject=" ".join(f"s{n}" for n in range(200)))
    assert len(words(folded)) == MAX_WORDS
    assert len(remarks(message, folded)) == MAX_REMARKS
    assert len(pieces("a" * 5000)) < 20
    assert len(pieces("".join(map(chr, range(0x4E00, 0x4E00 + 3000))))) < 130


STRONG = ("suspended", "banned", "unban", "charged", "refund", "money", "account", "nothing", "twice", "order")


IDLE = "we would like to see the house by the river and then walk up the hill with all of them before it gets dark"


@pytest.fixture(scope="module")
def heavy() -> LinearClassifier:
    """A model in which single words weigh much, and a few others nothing."""
    idle = IDLE.split()
    found = train(
        [example("appeals", " ".join((word, word))) for word in STRONG for _ in range(3)]
        + [example("general", " ".join((word, word))) for word in idle for _ in range(3)],
        {},
    )
    return LinearClassifier(replace(found, slope=30.0))


@pytest.mark.parametrize(
    ("text", "heaped"),
    [
        (f"{IDLE} {' '.join(STRONG)}", True), (f"{' '.join(STRONG)}! {IDLE}", True), (f"{IDLE} {'. '.join(STRONG)}", True),
        (f"{IDLE} {' '.join(f'{word} the' for word in STRONG)}", True), (" ".join(STRONG), False),
        (f"{IDLE} suspended {IDLE} banned {IDLE}", False), (f"{' '.join(STRONG[:4])} {IDLE}", False), (IDLE, False),
    ],
)  # fmt: skip
def test_words_as_close_as_in_a_list_are_told(heavy: LinearClassifier, text: str, heaped: bool) -> None:
    opinions = heavy.classify([read(text)])[0]
    told = {one.route: one.heaped for one in opinions}
    assert told["appeals"] is heaped
    assert sum(told.values()) <= 1


def test_a_text_of_many_words_that_nobody_knows_is_strange(heavy: LinearClassifier) -> None:
    made_up = " ".join(f"xq{chr(97 + n % 26)}{chr(97 + n // 26)}zv" for n in range(150))
    clauses = "、".join(f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}" for n in range(150))
    assert heavy.classify([read(made_up)])[0][0].strange
    assert not any(one.strange for one in heavy.classify([read(made_up)])[0][1:])
    for text in (made_up[:500], clauses, f"{IDLE} {made_up[:300]}", f"{made_up} {IDLE} {' '.join(STRONG)}"):
        assert not heavy.classify([read(text)])[0][0].strange
