"""What is searched for becomes FTS5 strings and nothing else; what is indexed is parted alike."""

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.store import schema
from postroom.adapters.store.words import apart, brand_word, expression, phrase, together
from postroom.model.errors import Refused

TOKENIZE = re.findall(r"tokenize = .*\"", schema.steps()[6])[0]


def found(text: str, words: str) -> bool:
    """Whether FTS5 finds the words in the text."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE VIRTUAL TABLE found USING fts5 (text, tokenize = "unicode61 remove_diacritics 2")')
        connection.execute("INSERT INTO found VALUES (?)", (apart(text),))
        return bool(connection.execute("SELECT 1 FROM found WHERE found MATCH ?", (expression(words),)).fetchall())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我的账号被封了，请帮忙", "账号"),
        ("我的账号被封了，请帮忙", "账*"),
        ("アカウントが停止されました", "停止"),
        ("บัญชีของฉันถูกระงับ", "ถูกระงับ"),
        ("계정이 정지되었습니다", "정지"),
        ("ଓଡ଼ିଆ हिन्दी में लिखा", "हिन्दी"),
        ("हिन्दी में लिखा", "हिन्* लिखा"),
        ("de\u0301ja\u0300 vu", "déjà"),
        ("Ärger mit der Rückerstattung", "ruckerstattung arger"),
        ("L'été à Zürich", '"l\'ete" ZURICH'),
        ("ЗАБЛОКИРОВАН аккаунт", "заблокирован"),
        ("my e-mail is a@example.com", "a@example.com e-mail"),
        ("order #4711-B", '"order 4711"'),
    ],
)
def test_words_are_found_in_every_script(text: str, words: str) -> None:
    assert found(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我的账号被封了", "账的"),
        ("restore my account", '"my restore"'),
        ("restore my account", "rest"),
        ("हिन्दी में लिखा", "हन"),
        ("restore my account", "account nothing"),
        ("restore my account", "restore OR nothing"),
    ],
)
def test_what_is_not_there_is_not_found(text: str, words: str) -> None:
    assert not found(text, words)


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("restore  account", '"restore" "account"'),
        ('"my account" acc*', '"my account" "acc*" *'),
        ('"my acc"*', '"my acc" *'),
        ("the end\"quoted\"", '"the" "end" "quoted"'),
        ('an "open end', '"an" "open end"'),
        ("subject:x AND ^y -z {a b}:(c)", '"subject:x" "AND" "^y" "-z" "{a" "b}:(c)"'),
        ("!! a", '"a"'),
        ("a b a", '"a" "b"'),
        ("中文*", '" 中 文 *" *'),
        ("nul\0nul", '"nul nul"'),
    ],
)  # fmt: skip
def test_each_word_is_a_string(words: str, query: str) -> None:
    assert expression(words) == query


@given(st.text())
def test_any_text_makes_one_string(text: str) -> None:
    made = phrase(text)
    assert made[0] == made[-1] == '"'
    assert not {'"', "\0"} & set(made[1:-1])


@given(st.text(st.sampled_from('中a*"():^+-{} \0~?,')))
def test_whatever_is_typed_is_a_query_or_refused(words: str) -> None:
    try:
        found("中 a", words)
    except Refused:
        assert "*" in words or len(words) > 20 or not {"中", "a"} & set(words)


@given(st.text())
def test_what_was_put_apart_is_put_together_again(text: str) -> None:
    assert together(apart(text)) == text


def test_a_piece_of_it_is_put_together_as_far_as_it_goes() -> None:
    assert together(apart("アカウントが x 停止")[:9]) == "アカウン"


def test_brands_that_differ_are_different_words() -> None:
    words = {brand_word(brand) for brand in ("a b", "a", "b", "Ä", "ä", "")}
    assert len(words) == 6
    assert all(word.isalnum() and word.isascii() for word in words)
