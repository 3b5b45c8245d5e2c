"""Calendars, clocks and cases in the settings."""

from datetime import date

import pytest

from postroom.config import load
from postroom.config.cases import all_calendars, all_clocks, calendar_of, clock_of, opening
from postroom.config.settings import Settings
from postroom.decide.clocks import span

BASE = """
[brand.shop]
addresses = ["support@shop.test"]
[route.general]
destinations = ["general"]
[destination.general]
kind = "inbox"
[urgent]
destinations = ["general"]
"""
CASES = '[route.appeals]\ndestinations = ["general"]\ncases = true\n'
TEAM = (
    '[calendar.berlin]\nzone = "Europe/Berlin"\nsaturday = ["10:00-14:00", "14:30-24:00"]\nholidays = ["2026-12-25"]\n'
)


def settings(text: str) -> Settings:
    found, problems = load(BASE + text)
    assert not problems, [str(one) for one in problems]
    assert found is not None
    return found


def test_a_desk_with_all_there_is() -> None:
    found = settings(
        CASES
        + 'first_answer = "8 business hours"\ncalendar = "berlin"\nclocks = ["dsa", "ours"]\nsecond_person = "rejection"\nagain_days = 60\n'
        + TEAM
        + '[clock.ours]\nlabel = "Our promise"\nwithin = "14 days"\nwarn = "2 days"\ncalendar = "berlin"\n'
    )
    route = found.route["appeals"]
    assert route.cases
    assert (route.first_answer, route.again_days, route.second_person) == ("8 business hours", 60, "rejection")
    berlin = calendar_of(all_calendars(found)["berlin"])
    assert berlin.zone == "Europe/Berlin"
    assert berlin.week[0] == ((540, 1020),)
    assert berlin.week[5] == ((600, 840), (870, 1440))
    assert berlin.holidays == {date(2026, 12, 25)}
    ours = clock_of("ours", all_clocks(found)["ours"], berlin)
    assert (ours.label, ours.within, ours.warn, ours.not_before) == (
        "Our promise",
        span("14 days"),
        span("2 days"),
        None,
    )
    assert ours.calendar == berlin


def test_what_is_shipped_has_no_mistakes_and_may_be_set_anew() -> None:
    found = settings(
        '[clock.card-dispute]\nstarts = "notice"\nwithin = "20 days"\n[calendar.default]\nzone = "Asia/Tokyo"\n'
    )
    rules = {
        name: clock_of(name, clock, calendar_of(all_calendars(found)["default"]))
        for name, clock in all_clocks(found).items()
    }
    assert set(rules) == {"dsa", "card-dispute", "dmca"}
    assert (rules["dsa"].whose, rules["dsa"].starts, rules["dsa"].within) == ("person", "informed", span("6 months"))
    assert (rules["dmca"].not_before, rules["dmca"].within) == (span("10 business days"), span("14 business days"))
    assert rules["card-dispute"].within == span("20 days")
    assert rules["card-dispute"].label == "card-dispute"
    assert rules["dsa"].calendar.zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    "text", ["", "9:00-17:00", "09:00", "17:00-09:00", "09:00-09:00", "09:00-24:01", "09:60-10:00", "25:00-26:00"]
)
def test_what_are_no_open_hours(text: str) -> None:
    with pytest.raises(ValueError):
        opening(text)


@pytest.mark.parametrize(
    ("text", "path", "says", "remedy"),
    [
        ('[calendar.x]\nzone = "Mars/Olympus"', "calendar.x.zone", "no time zone", "Europe/Berlin"),
        ('[calendar.x]\nzone = "../etc/passwd"', "calendar.x.zone", "no time zone", "Europe/Berlin"),
        ('[calendar.x]\nmonday = ["nine to five"]', "calendar.x.monday", "no open hours", "09:00-17:00"),
        ('[calendar.x]\nfriday = ["09:00-12:00", "11:00-17:00"]', "calendar.x.friday", "begins before", "in order"),
        ('[calendar.x]\nholidays = ["Christmas"]', "calendar.x.holidays", "no day", "2026-12-25"),
        (
            "[calendar.x]\n"
            + "".join(f"{day} = []\n" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")),
            "calendar.x",
            "never open",
            "Add hours",
        ),
        ('[clock.x]\nwithin = "two weeks"', "clock.x.within", "no length of time", "14 days"),
        ('[clock.x]\nlabel = "x"', "clock.x.within", "is missing", "Add within"),
        ('[clock.x]\nwithin = "7 days"\nwarn = "soon"', "clock.x.warn", "neither a length of time", "48 hours"),
        ('[clock.x]\nwithin = "7 days"\nwarn = "100 %"', "clock.x.warn", "nor a part of it", "75 %"),
        (CASES + 'first_answer = "soon"', "route.appeals.first_answer", "no length of time", "8 business hours"),
        ('[clock.x]\nwithin = "7 days"\nnot_before = "8 days"', "clock.x.not_before", "comes after 7 days", "shorter"),
        ('[clock.x]\nwithin = "7 days"\ncalendar = "berlni"\n' + TEAM, "clock.x.calendar", "no calendar", "'berlin'"),
        ('[clock.x]\nwithin = "7 days"\nstarts = "birth"', "clock.x.starts", "Invalid enum", "informed"),
        ('[clock.x]\nwithin = "7 days"\nstarts = "decided"', "clock.x.starts", "Invalid enum", "informed"),
        ('[clock.x]\nwithin = "7 days"\nwhose = "person"', "clock.x.starts", "before they write", "informed"),
        (CASES + 'clocks = ["dmac"]', "route.appeals.clocks", "no clock is called", "'dmca'"),
        (CASES + 'calendar = "work"', "route.appeals.calendar", "no calendar is called", "default"),
        ('[review]\ncalendar = "work"', "review.calendar", "no calendar is called", "default"),
    ],
)
def test_a_mistake_is_told_with_a_remedy(text: str, path: str, says: str, remedy: str) -> None:
    found, problems = load(BASE + text)
    assert found is None
    (problem,) = [one for one in problems if one.path == path]
    assert says in problem.message
    assert remedy in problem.remedy


def test_what_counts_for_nothing_is_warned_of() -> None:
    found, problems = load(
        BASE
        + '[route.appeals]\ndestinations = ["general"]\nclocks = ["dsa"]\nfirst_answer = "4 business hours"\nsecond_person = "rejection"\n'
    )
    assert found is not None
    assert {one.path for one in problems} == {f"route.appeals.{key}" for key in ("clocks", "second_person")}
    found, (problem,) = load(BASE + CASES + '[pages]\nlisten = ""\n')
    assert found is not None
    assert problem.path == "pages.listen"


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ('first_answer = "4 business hours"', "first answers are reckoned in the process of the pages"),
        ('acknowledge = "appeal-received"', "what acknowledge and outcomes name is told in the process of the pages"),
    ],
)
def test_what_only_the_pages_process_does_is_missed_where_there_is_none(wanted: str, what: str) -> None:
    sends = '[answers]\nhost = "mail.example.com"\n[pages]\nlisten = ""\n'
    found, problems = load(f'{BASE}[route.appeals]\ndestinations = ["general"]\n{wanted}\n{sends}')
    assert found is not None
    assert [what in one.message for one in problems if one.path == "pages.listen"] == [True]
