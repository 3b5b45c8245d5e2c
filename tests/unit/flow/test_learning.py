"""Learning as a whole: what teaches, what is held back, what comes of a flood of wrong words, and what is forgotten."""

from dataclasses import replace

import pytest

from postroom.flow.holdout import TooFew
from postroom.flow.learning import LEAST_OF_ROUTE
from postroom.model.judgement import AccountStatus, Advice, Finding
from postroom.model.mail import RouteName
from postroom.testing.values import a_decision, an_example
from tests.unit.flow.school import DAY, NOW, ROUTES, Counting, Knows, School, Shelf, prose

APPEALS = RouteName("appeals")


def test_a_team_teaches_and_the_challenger_wins() -> None:
    school = School()
    school.lessons(400, routes=(*ROUTES, "shipping"))
    told: list[tuple[str, int]] = []
    found = school.learning(tell=lambda stage, done: told.append((stage, done))).run(NOW)
    assert found.contest is not None
    assert found.contest.won, found.contest.against
    assert found.contest.accuracy.challenger > 0.9
    assert (found.counts.trained, found.counts.held) == (300, 100)
    assert found.counts.why == {"audit": 200, "review": 200}
    assert found.counts.routes[RouteName("shipping")] == 100
    assert len(found.sources) == 300
    assert set(found.sources) == {one.mail_id for one in school.said if one.at < found.until}
    assert {stage for stage, _ in told} == {"reading", "training", "comparing"}
    assert ("training", 120 + 300) in told


def test_too_few_words_teach_nothing_yet() -> None:
    school = School()
    school.lessons(100)
    found = school.learning().run(NOW)
    assert (found.too_few, found.contest, found.model) == (TooFew(have=100, need=120), None, b"")


def test_what_is_held_back_was_not_trained_on() -> None:
    school = School()
    school.lessons(240)
    trainer = Counting()
    found = school.learning(trainer=trainer).run(NOW)
    trained = {one.folded.text for one in trainer.trained}
    held = [one.mail_id for one in school.said if one.at >= found.until]
    assert len(held) == found.counts.held == 60
    for mail_id in held:
        assert school.mails[mail_id].raw.decode().split("\r\n\r\n")[1].strip() not in " ".join(trained)
    assert {one.group for one in trainer.trained} >= {"", "family 0"}


def test_a_new_route_is_learned_from_ten_texts_on() -> None:
    school = School()
    for number in range(LEAST_OF_ROUTE - 1):
        school.teach(prose("shipping", number), "shipping")
    school.lessons(240)
    trainer = Counting()
    found = school.learning(trainer=trainer).run(NOW)
    assert found.counts.left_out == ("shipping",)
    assert "shipping" not in {one.route for one in trainer.trained}
    assert found.counts.trained == len(found.sources) == 240 + 9 - 9 - found.counts.held
    school.said.insert(0, replace(school.teach(prose("shipping", "one more"), "shipping"), at=school.said[0].at))
    school.said = [replace(one, number=number) for number, one in enumerate(school.said[:-1], 1)]
    school.learning(trainer=trainer).run(NOW)
    assert "shipping" in {one.route for one in trainer.trained}


def test_both_are_tried_with_what_was_known_of_the_mail() -> None:
    """Thread, history and account as recorded; no second opinion, and not the champion's word on it."""
    school = School()
    school.lessons(240)
    for one in school.said:
        recorded = a_decision(
            one.mail_id,
            decided=RouteName("general"),
            account=AccountStatus(state="banned"),
            findings=(
                Finding(source="classifier", route=RouteName("refunds"), score=0.99, reason="it said so"),
                Finding(source="verdict", route=one.said, score=0.99, reason="people said so of its like"),
            ),
        )
        school.decided[one.mail_id] = (recorded, replace(recorded, generation=2, findings=()))
    found = school.learning(champion=Knows({})).run(NOW)
    assert found.contest is not None
    assert found.contest.accuracy.champion == 1.0
    school.decided.clear()
    found = school.learning(champion=Knows({})).run(NOW)
    assert found.contest is not None
    assert found.contest.accuracy.champion < 0.5
    assert Advice(route=APPEALS, model="").route == APPEALS


def test_a_past_of_labels_is_enough() -> None:
    school = School()
    school.past = [
        an_example(n, at=NOW - 9000.0 + n, route=RouteName(ROUTES[n % 3]), new_text=prose(ROUTES[n % 3], n))
        for n in range(240)
    ]
    found = school.learning().run(NOW)
    assert found.contest is not None
    assert found.contest.won
    assert found.counts.why == {"import": 240}


@pytest.mark.parametrize("asked", ["review", "correction"])
@pytest.mark.parametrize("late", [False, True])
def test_a_flood_of_wrong_words_by_one_reviewer_flips_no_route(asked: str, late: bool) -> None:
    """500 wrong words of one among 300 honest ones, before or after them, asked for or not."""
    flood = {"by": "mallory", "asked": asked, "probability": 1.0 if asked == "review" else None}
    school = School()
    if late:
        school.lessons(300)
    for number in range(500):
        school.teach(prose("appeals", f"flood {number}"), "general", **flood)
    if not late:
        school.lessons(300)
    trainer = Counting()
    learning = school.learning(trainer=trainer)
    start = learning.trainer.classifier(learning.trainer.train(learning.corpus.texts()))
    found = replace(learning, champion=start).run(NOW)
    if found.contest is None:
        assert (late, asked) == (True, "review")
        assert found.too_few == TooFew(have=0, need=10, route=APPEALS)
        return
    weight = sum(one.weight for one in trainer.trained if one.route == "general")
    ours = trainer.trained[-len(found.sources) :]
    hers = {one.mail_id for one in school.said if one.by == "mallory"}
    assert sum(one.weight for one, n in zip(ours, found.sources, strict=True) if n in hers) <= weight / 3 * 1.01
    mind = trainer.classifier(found.model)
    fresh = [prose("appeals", f"fresh {n}") for n in range(50)]
    assert _right(mind, fresh, "appeals") >= 0.9 or not found.contest.won


def test_a_flood_of_one_sender_or_one_text_is_bounded() -> None:
    school = School()
    text = prose("appeals", "the same")
    for number in range(300):
        school.teach(f"{text} {number}", "general", by=("ada", "bob", "cyd")[number % 3])
    for number in range(200):
        school.teach(prose("appeals", f"d {number}"), "general", sender=f"x{number}@flood.example", by="bob")
    school.lessons(300)
    trainer = Counting()
    found = school.learning(trainer=trainer).run(NOW)
    general = [one for one in trainer.trained if one.route == "general"]
    total = sum(one.weight for one in general)
    ours = trainer.trained[-len(found.sources) :]
    numbers = [int(source[-5:]) for source in found.sources]
    same = sum(one.weight for one, n in zip(ours, numbers, strict=True) if n <= 300)
    domain = sum(one.weight for one, n in zip(ours, numbers, strict=True) if 300 < n <= 500)
    assert 0.0 < same <= total / 20 * 1.2
    assert 0.0 < domain <= total / 20 * 1.2


def test_what_is_erased_is_in_no_model_any_more() -> None:
    school = School()
    for number in range(10):
        school.teach(f"{prose('appeals', number)} zanzibar", "appeals", sender="ada@firm.example")
    school.lessons(240)
    learning = school.learning()
    first = learning.run(NOW)
    assert b"zanzibar" in first.model
    again = learning.renew(first.sources, first.until, NOW)
    assert b"zanzibar" in again.model
    for one in school.said[:10]:
        del school.mails[one.mail_id]
    renewed = learning.renew(first.sources, first.until, NOW)
    assert b"zanzibar" not in renewed.model
    assert set(renewed.sources) == set(first.sources) - {one.mail_id for one in school.said[:10]}
    assert (renewed.until, renewed.contest) == (first.until, None)
    assert b"zanzibar" not in learning.run(NOW).model


def test_trained_again_it_is_the_model_that_it_was() -> None:
    """Without what was like the mails held back, and by what was said until then."""
    school = School()
    for number in range(10):
        school.teach(prose("appeals", f"early {number}"), "appeals", sender="ada@firm.example")
    school.lessons(240)
    school.past = [an_example(1, at=NOW - 80 * DAY, route=APPEALS, new_text=prose("appeals", "past"))]
    school.teach(prose("appeals", "late"), "appeals", sender="ada@firm.example", asked="audit")
    trainer = Counting()
    first = school.learning(trainer=trainer, half_life=30.0).run(NOW)
    before = [(one.folded.text, one.route, one.weight) for one in trainer.trained]
    assert first.counts.trained == len(first.sources) < 251 - first.counts.held
    moved = next(one for one in school.said if one.mail_id in first.sources)
    school.again(moved.mail_id, "refunds", over="ada", asked="correction", probability=None)
    school.past.append(an_example(2, at=NOW - DAY, route=APPEALS, new_text=prose("appeals", "imported since")))
    again = school.learning(trainer=trainer, half_life=30.0).renew(first.sources, first.until, NOW)
    assert [(one.folded.text, one.route, one.weight) for one in trainer.trained] == before
    assert (again.model, again.sources) == (first.model, first.sources)


def test_one_that_is_no_better_does_not_win() -> None:
    school = School()
    school.lessons(240)
    words = {word: {route: 1.0} for route in ROUTES for word in _told(route)}
    found = school.learning(champion=Knows(words), corpus=Shelf([("nothing at all", "general")] * 3)).run(NOW)
    assert found.contest is not None
    assert not found.contest.won


def _told(route: str) -> list[str]:
    from tests.unit.flow.school import TOPICS

    return TOPICS[route]


def _right(mind: Knows, fresh: list[str], route: str) -> float:
    from tests.unit.flow.school import training_text

    read = [training_text(text, route) for text in fresh]
    said = mind.classify([(one.message, one.folded) for one in read])
    return sum(max(o, key=lambda one: one.share).route == route for o in said) / len(fresh)
