"""What was asked for, until its end."""

from postroom.model.backtest import Asked, Backtest, Report, TestNumber


def test_it_is_open_until_its_end() -> None:
    asked = Asked(days=14)
    states = ("waiting", "running", "done", "failed", "cancelled", "lost")
    found = [Backtest(number=TestNumber(1), asked=asked, state=state).open for state in states]
    assert found == [True, True, False, False, False, False]


def test_no_time_at_all_is_an_hour() -> None:
    assert Report(since=1.0, until=1.0, in_force=("", ""), tried=("", ""), mails=0).days == 1 / 24
