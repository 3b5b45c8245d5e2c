"""What every store of the API's answers must do, as tests. Subclass; the fixture ``answers`` is a `ports.answers.Answers`
that keeps `MOST` bytes of one caller's."""

import pytest

from postroom.model.errors import Refused
from postroom.ports.answers import Answers, Kept

KEY, OTHER = b"k" * 32, b"o" * 32
DIGEST = b"d" * 32
NOW = 1_800_000_000.0
DAY = 86_400.0
MOST = 10_000


class AnswersContract:
    """A call is done once a key and day."""

    def test_a_call_begins_once(self, answers: Answers) -> None:
        assert answers.begin(KEY, DIGEST, NOW) is None
        assert answers.begin(KEY, DIGEST, NOW + 1) == Kept(digest=DIGEST, status=0, body=b"")
        assert answers.begin(OTHER, DIGEST, NOW) is None

    def test_what_was_answered_is_kept_for_a_day(self, answers: Answers) -> None:
        answers.begin(KEY, DIGEST, NOW)
        answers.finish(KEY, 200, b'{"a":1}')
        assert answers.begin(KEY, b"another", NOW + DAY - 1) == Kept(digest=DIGEST, status=200, body=b'{"a":1}')
        answers.finish(KEY, 500, b"later")
        assert answers.begin(KEY, DIGEST, NOW + 1) == Kept(digest=DIGEST, status=200, body=b'{"a":1}')
        assert answers.begin(KEY, DIGEST, NOW + DAY + 1) is None

    def test_a_call_that_was_lost_may_begin_again(self, answers: Answers) -> None:
        answers.begin(KEY, DIGEST, NOW)
        assert answers.begin(KEY, DIGEST, NOW + 59) is not None
        assert answers.begin(KEY, DIGEST, NOW + 61) is None
        assert answers.begin(KEY, DIGEST, NOW + 62) is not None

    def test_what_came_to_nothing_is_forgotten(self, answers: Answers) -> None:
        answers.begin(KEY, DIGEST, NOW)
        answers.forget(KEY)
        answers.forget(KEY)
        assert answers.begin(KEY, DIGEST, NOW) is None

    def test_an_answer_to_what_nobody_knows_is_nothing(self, answers: Answers) -> None:
        answers.finish(KEY, 200, b"")
        assert answers.begin(KEY, DIGEST, NOW) is None

    def test_a_caller_whose_answers_fill_what_is_kept_begins_no_more_until_some_are_gone(
        self, answers: Answers
    ) -> None:
        mine, yours = b"m" * 32, b"y" * 32
        assert answers.begin(KEY, DIGEST, NOW, owner=mine) is None
        answers.finish(KEY, 200, b"x" * MOST)
        with pytest.raises(Refused, match="Idempotency-Key"):
            answers.begin(OTHER, DIGEST, NOW + 1, owner=mine)
        assert answers.begin(OTHER, DIGEST, NOW + 1, owner=yours) is None
        known = answers.begin(KEY, DIGEST, NOW + 1, owner=mine)
        assert known is not None
        assert len(known.body) == MOST
        assert answers.begin(b"n" * 32, DIGEST, NOW + DAY + 1, owner=mine) is None
        answers.forget(b"n" * 32)
        assert answers.begin(b"n" * 32, DIGEST, NOW + DAY + 2, owner=mine) is None

    def test_many_small_ones_fill_it_too(self, answers: Answers) -> None:
        mine = b"m" * 32
        refused = 0
        for number in range(MOST // 100):
            try:
                answers.begin(number.to_bytes(32, "big"), DIGEST, NOW, owner=mine)
            except Refused:
                refused += 1
        assert 0 < refused < MOST // 100
