"""What a worker process says when it can't go on."""

import pytest

from postroom.bootstrap.failures import tell_failure
from postroom.model.errors import ConfigError
from tests.unit.flow.house import Told


@pytest.mark.parametrize("error", [ConfigError("the rules have mistakes"), OSError("no room")])
def test_what_was_raised_on_purpose_is_told_in_its_words(error: Exception) -> None:
    told = Told()
    tell_failure(told, error)
    assert told.of("worker-failed") == [{"error": str(error)}]


def test_of_a_bug_its_place_is_told_and_no_words_that_may_be_a_mails() -> None:
    told = Told()
    try:
        {}["a customer's words"]
    except KeyError as error:
        tell_failure(told, error)
    (failed,) = told.of("worker-failed")
    assert failed["error"] == "a bug: KeyError"
    assert failed["at"].startswith("test_work.py:")
    assert "customer" not in str(failed)
