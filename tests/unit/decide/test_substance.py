"""How much a mail says by itself, and when its subject is of an earlier one."""

import pytest

from postroom.decide.substance import emptiness, fold_mail, has_stale_subject, words
from postroom.model.message import Forward

from .build import message


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("any news?", 2),
        ("ещё нет ответа", 3),
        ("まだですか、返事をください", 5),
        ("Café 你", 2),
        ("x " * 9000, 500),
    ],
)
def test_words_are_counted_in_any_script(text: str, count: int) -> None:
    assert words(message(text)) == count


def test_what_says_little_is_empty_and_what_says_much_is_not() -> None:
    assert emptiness(message("any news?")) == 1.0
    assert emptiness(message("word " * 200)) == 0.0
    assert 0.0 < emptiness(message("word " * 30)) < 1.0


def test_a_reply_that_says_enough_needs_no_inherited_subject() -> None:
    topic = "By the way, could you tell me where I find the invoices of last year please?"
    assert has_stale_subject(message(topic, subject="Re: my ban", references=("1@example.com",)))
    assert has_stale_subject(message(topic, subject="AW: Sperrung"))
    assert not has_stale_subject(message("any news?", subject="Re: my ban", references=("1@example.com",)))
    assert not has_stale_subject(message(topic, subject="Reminder: my ban"))
    passed_on = Forward(how="colleague", customer=None)
    assert not has_stale_subject(message(topic, subject="Re: my ban", references=("1@example.com",), forward=passed_on))


def test_a_stale_subject_is_folded_but_does_not_count() -> None:
    topic = "By the way, could you tell me where I find the invoices of last year please?"
    folded = fold_mail(message(topic, subject="Re: ban"))
    assert folded.text.startswith("re: ban")
    assert folded.fresh_from == folded.subject_end == len("re: ban")
    assert fold_mail(message("any news?", subject="Re: ban")).fresh_from == 0
