"""Words marked where they stand."""

import re

from postroom.decide.telling import telling
from postroom.flow.explanation import Explanation
from postroom.model.judgement import REVIEW, Clue, Finding
from postroom.model.mail import MailId, RouteName
from postroom.testing.values import a_decision
from postroom.web.marks import marked

TEXT = "no subject\nI don't want to live"
FINDINGS = (
    Finding(source="classifier", route=RouteName("appeals"), score=0.9, reason="why", clues=(Clue("live", 2.0, (27, 31)), Clue("want", 1.0, (19, 23)), Clue("I", 0.5, (11, 12)))),
    Finding(source="urgent", route=RouteName(""), score=1.0, reason="self-harm", name="self-harm", spans=((13, 31),)),
)  # fmt: skip


def marks(decided: str) -> list[tuple[str, str]]:
    decision = a_decision(MailId("m"), decided=RouteName(decided), findings=FINDINGS)
    made = Explanation(
        decision=decision,
        words=(),
        text=TEXT,
        telling=telling(decision, TEXT),
        balance=(),
        changes=(),
        nearest=(),
        same_policy=True,
    )
    subject, text = marked("no subject", TEXT.partition("\n")[2], made, 100)
    return re.findall(r'<mark class="(\w+)" title="[^"]*">([^<]*)<', f"{subject}{text}")


def test_words_of_an_alarm_are_whole() -> None:
    assert marks("appeals") == [("for", "I"), ("signal", "don&#39;t want to live")]
    assert marks("general")[0] == ("against", "I")


def test_where_a_rule_wants_a_person_words_speak_neither_for_nor_against() -> None:
    assert marks(REVIEW) == [("signal", "don&#39;t want to live")]
