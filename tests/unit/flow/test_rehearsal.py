"""The past again: what it teaches, and what would have been right."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.flow.measure import Labelled
from postroom.flow.past import Lesson
from postroom.flow.rehearsal import figures, judged, taught
from postroom.flow.sitting import Judges
from postroom.model.mail import RouteName
from tests.unit.flow.house import House, a_message
from tests.unit.flow.test_past import PASS, TEXT, item, lesson
from tests.unit.flow.test_verdicts import reviewing


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def judges(house: House) -> Judges:
    judging = house.judging
    return Judges(
        book=house.book,
        policy=house.policy,
        classifier=judging.classifier,
        statuses=judging.statuses,
        status_deadline=1.0,
    )


def past(number: int, body: str = TEXT, *, day: int = 1, label: str = "Appeals", **headers: str) -> Lesson:
    """Mail ``number`` of an authenticated customer."""
    date = f"{day:02d} Nov 2026 09:00:00 +0000"
    fields = {"Message_ID": f"<{number}@example.com>", "Date": date, **PASS, **headers}
    return lesson(item(a_message(body, **fields), label))


def test_what_the_team_said_is_taught_to_threads_and_senders(house: House) -> None:
    batch = [past(1), past(2, "More about it.", day=2, In_Reply_To="<1@example.com>")]
    added = taught(house.store, batch)
    house.store.keep_examples((), added)
    memory = house.store.recall(("1@example.com", "2@example.com"), (), ("a:ada@example.com", "d:example.com"))
    thread = memory.threads["2@example.com"]
    assert thread == memory.threads["1@example.com"]
    assert (thread.route, thread.confirmed, thread.mails) == ("appeals", True, 2)
    assert memory.senders["a:ada@example.com"].mails == 2
    assert memory.senders["d:example.com"].last_route == "appeals"


def test_a_sender_whose_mail_the_team_gave_to_a_desk_is_no_impostor(house: House) -> None:
    house.store.keep_examples((), taught(house.store, [past(1)]))
    known = house.store.recall((), (), ("a:ada@example.com", "d:example.com")).senders
    assert [one.confirmed for one in known.values()] == [True, True]
    spam = past(2, From="bob@example.org", Authentication_Results="mx.shop.test; dkim=pass header.d=example.org")
    spam = replace(spam, example=replace(spam.example, route=RouteName("junk")))
    house.store.keep_examples((), taught(house.store, [spam]))
    known = house.store.recall((), (), ("a:bob@example.org", "d:example.org")).senders
    assert [one.confirmed for one in known.values()] == [False, False]


def live(house: House, body: str, **headers: str) -> None:
    """A mail comes in today, is judged, and a person gives it to refunds."""
    (mail,) = house.accept(a_message(body, **PASS, **headers))
    house.judge()
    reviewing(house).give(mail, RouteName("refunds"), "ada")


def test_old_mail_changes_nothing_of_what_was_said_of_its_thread_since(house: House) -> None:
    house.store.keep_examples((), taught(house.store, [past(1)]))
    live(house, "And now I want my money back.", Message_ID="<9@example.com>", In_Reply_To="<1@example.com>")
    known = house.store.recall(("1@example.com",), (), ()).threads["1@example.com"]
    assert (known.route, known.confirmed, known.mails) == ("refunds", True, 2)
    older = past(2, "More about it.", day=2, In_Reply_To="<1@example.com>")
    (added,) = taught(house.store, [older])
    assert added.thread is not None
    assert (added.thread.route, added.thread.confirmed, added.thread.mails) == ("refunds", True, 3)
    assert added.thread.last_at == known.last_at
    assert "2@example.com" in added.links


def test_old_mail_does_not_make_certain_what_nobody_has_said_of_its_thread(house: House) -> None:
    house.accept(a_message("What is new?", Message_ID="<9@example.com>", References="<1@example.com>", **PASS))
    house.judge()
    (added,) = taught(house.store, [past(2, References="<9@example.com>")])
    assert added.thread is not None
    assert (added.thread.route, added.thread.confirmed) == ("general", False)


def test_what_came_in_itself_is_not_taught_once_more(house: House) -> None:
    live(house, TEXT, Message_ID="<1@example.com>")
    before = house.store.recall((), (), ("a:ada@example.com",)).senders
    assert taught(house.store, [past(1)]) == []
    assert house.store.recall((), (), ("a:ada@example.com",)).senders == before
    other = past(1, From="bob@example.org", Authentication_Results="mx.shop.test; dkim=pass header.d=example.org")
    assert len(taught(house.store, [other])) == 1, "a Message-ID may be anybody's"


def test_strangers_and_mails_without_a_time_teach_nothing(house: House) -> None:
    stranger = lesson(item(a_message(TEXT)))
    undated = past(2, Date="yesterday")
    assert undated.example.authenticated
    assert taught(house.store, [stranger, undated]) == []


def test_automatic_routes_are_no_threads(house: House) -> None:
    junk = past(1, label="Appeals")
    assert taught(house.store, [junk])[0].thread is not None


def test_what_was_taught_places_what_follows(house: House) -> None:
    house.store.keep_examples((), taught(house.store, [past(1, "About the matter of yesterday.")]))
    answer = past(2, "Any news?", day=2, In_Reply_To="<1@example.com>")
    (with_it,), added = judged(judges(house), house.store, [answer])
    assert (with_it.decided, with_it.right) == ("appeals", True)
    assert added[0].thread is not None
    assert added[0].thread.mails == 2
    stranger = lesson(item(a_message("Any news?", In_Reply_To="<1@example.com>")))
    (without,), _ = judged(judges(house), house.store, [stranger])
    assert without.decided == "general"


def one(route: str, decided: str, *, review: bool = False) -> Labelled:
    return Labelled(route=RouteName(route), decided=RouteName(decided), confidence=0.9, review=review)


def test_the_worst_route_comes_first() -> None:
    labelled = [
        one("appeals", "appeals"),
        one("appeals", "appeals"),
        one("appeals", "general", review=True),
        one("refunds", "general"),
        one("general", "general"),
    ]
    facts: dict[str, Any] = figures(labelled, [False, True, False, False, True])
    assert (facts["n"], facts["accuracy"], facts["review_rate"], facts["right_or_review"]) == (5, 0.6, 0.2, 0.8)
    assert [row["route"] for row in facts["routes"]] == ["refunds", "appeals", "general"]
    worst, middle, _ = facts["routes"]
    assert (worst["mails"], worst["right"], worst["review"], worst["wrong_without_a_person"]) == (1, 0.0, 0.0, 1.0)
    assert middle["right"] == pytest.approx(2 / 3)
    assert middle["precision"] == 1.0
    assert facts["first_mails"]["mails"] == 3
    assert facts["follow_ups"] == {"mails": 2, "right": 1.0, "review": 0.0, "wrong_without_a_person": 0.0}


def test_nothing_judged_is_all_zero() -> None:
    facts = figures([], [])
    assert (facts["n"], facts["right_or_review"], facts["routes"]) == (0, 0.0, [])
