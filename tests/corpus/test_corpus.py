"""The corpus is what its README says: whole, varied, nobody's copy of anybody."""

import json
import re
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, triu

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
ROUTES = {"appeals", "refunds", "copyright", "general"}
SIGNALS = {"threat", "self-harm", "child-safety", "legal", "security", "data-request"}
REQUIRED = {"id", "route", "lang", "subject", "body", "hard"}
#: what every letter may begin or end with
COURTESY = re.compile(r"dear|geehrte|hormat|grüßen|cumprimentos|regards|уважени|shalom|merhaba|salut", re.IGNORECASE)
LONG = 40


@pytest.fixture(scope="module")
def messages() -> list[dict[str, Any]]:
    paths = sorted(CORPUS.glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_message_is_whole(messages: list[dict[str, Any]]) -> None:
    for one in messages:
        assert one.keys() >= REQUIRED, one["id"]
        assert one.keys() - REQUIRED <= {"acceptable", "urgent"}, one["id"]
        assert one["route"] in ROUTES
        assert isinstance(one["hard"], bool)
        assert (one["subject"] + one["body"]).strip()
        assert set(one.get("acceptable", ())) <= ROUTES - {one["route"]}
        assert set(one.get("urgent", ())) <= SIGNALS
        assert re.fullmatch(r"[a-z]{2}(-Latn)?", one["lang"])
    assert max(Counter(one["id"] for one in messages).values()) == 1


def test_it_is_as_large_and_as_wide_as_it_says(messages: list[dict[str, Any]]) -> None:
    languages = Counter(one["lang"] for one in messages)
    hard = sum(one["hard"] for one in messages)
    tempting = sum(one["hard"] and one["route"] == "general" for one in messages)
    words = [len(one["body"].split()) for one in messages if one["lang"] == "en"]
    assert len(messages) >= 2000
    assert sum(count >= 24 for count in languages.values()) >= 28
    assert hard >= len(messages) / 3
    assert tempting >= len(messages) / 5
    assert min(Counter(one["route"] for one in messages).values()) >= 200
    assert all(
        sum(low <= count < high for count in words) >= 80 for low, high in ((1, 16), (16, 61), (61, 201), (201, 9999))
    )
    told = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert f"{len(messages):,} messages" in told
    for route in ROUTES:
        of_it = [one for one in messages if one["route"] == route]
        assert f"| {route} | {len(of_it):,} | {sum(one['hard'] for one in of_it):,} |" in told


def test_no_sentence_is_written_twice(messages: list[dict[str, Any]]) -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for one in messages:
        for sentence in {" ".join(s.split()) for s in re.split(r"[.!?\n。！？]+", one["body"].lower())}:
            if len(sentence) >= LONG and not sentence.startswith(">") and not COURTESY.search(sentence):
                where[sentence].append(one["id"])
    assert {sentence: ids for sentence, ids in where.items() if len(ids) > 1} == {}


def test_no_two_are_nearly_the_same(messages: list[dict[str, Any]]) -> None:
    grams = [_grams(f"{one['subject']} {one['body']}") for one in messages]
    lengths = np.array(list(map(len, grams)))
    rows = np.repeat(np.arange(len(grams)), lengths)
    hashes = np.fromiter(map(hash, chain.from_iterable(grams)), np.int64, lengths.sum())
    _, columns, held = np.unique(hashes, return_inverse=True, return_counts=True)
    telling = (held[columns] > 1) & (held[columns] < 60)
    has = csr_array((np.ones(telling.sum(), np.int32), (rows[telling], columns[telling])))
    shared = triu(has @ has.T, k=1).tocoo()
    shorter = np.minimum(lengths[shared.row], lengths[shared.col])
    near = (shorter > 40) & (shared.data > 0.6 * shorter)
    pairs = zip(shared.row[near], shared.col[near], strict=True)
    assert [(messages[one]["id"], messages[other]["id"]) for one, other in pairs] == []


def _grams(text: str) -> set[str]:
    plain = re.sub(r"\W+", " ", text.lower())
    return {plain[at : at + 7] for at in range(len(plain) - 6)}


def test_nobody_real_is_addressed(messages: list[dict[str, Any]]) -> None:
    for one in messages:
        for domain in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", one["body"]):
            assert re.search(r"(^|\.)example\.(com|org|net|test)$|\.test$", domain), (one["id"], domain)
