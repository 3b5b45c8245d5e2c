"""What rules asked of a mail, part by part."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide import asking, rulebook
from postroom.decide.asking import Asked, Part, ask
from postroom.decide.judge import facts, judge
from postroom.decide.policy import Policy
from postroom.decide.substance import fold_mail
from postroom.model.mail import RouteName
from tests.unit.decide.build import NOW, PHRASES, ROUTES, book, case

FILE = "rules/x.toml"


def asked(condition: str, text: str = "restore my account") -> Asked:
    """What one rule with this condition, in TOML, asks of a mail."""
    rules = f'[[rule]]\nname = "x"\n{condition}\nroute = "appeals"\n'
    made, problems = rulebook.compile({FILE: rules}, PHRASES, ROUTES)
    assert not [one for one in problems if one.severity == "error"], problems
    (found,) = ask(case(text), made, file=FILE)
    return found


def shown(part: Part) -> Any:
    """A part as a test writes it."""
    if not part.parts:
        return f"{'+' if part.holds else '-'}{part.text}"
    return (part.holds, part.joined, [shown(one) for one in part.parts])


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("when = 'subject == \"x\"'", '-subject == "x"'),
        ("when = 'new_text != \"\" && subject == \"x\"'", (False, "all", ['+new_text != ""', '-subject == "x"'])),
        ("when = 'new_text != \"\" && true || subject == \"x\"'", (True, "any", [(True, "all", ['+new_text != ""', "+true"]), '-subject == "x"'])),
        ("all = ['true', 'subject == \"x\"']", (False, "all", ["+true", '-subject == "x"'])),
        ("any = ['false', 'true']\nwhen = 'received < 9'", (True, "all", ["+received < 9", (True, "any", ["-false", "+true"])])),
        ("not = ['false', 'true']", "-!((false ) || (true ))"),
        ("when = '(true) && (false)'", (False, "all", ["+true", "-false"])),
        ("when = '((true && false))'", (False, "all", ["+true", "-false"])),
        ("when = 'subject == \"a && b\" || new_text.contains(\"||\")'", (False, "any", ['-subject == "a && b"', '-new_text.contains("||")'])),
        ("when = '''subject.matches(r\"\\(\") && subject == 'it\\'s (' && true'''", (False, "all", ['-subject.matches(r"\\(")', "-subject == 'it\\'s ('", "+true"])),
        ("when = 'to.exists(a, a == \"x\" || a == \"y\")'", '-to.exists(a, a == "x" || a == "y")'),
        ("when = 'true ? false && true : true'", "-true ? false && true : true"),
        ("when = 'phrases[\"appeals\"] > 0 && phrases[\"refunds\"] > 0'", (False, "all", ['+phrases["appeals"] > 0', '-phrases["refunds"] > 0'])),
    ],
)  # fmt: skip
def test_conditions_are_taken_apart_where_they_are_joined(condition: str, parts: Any) -> None:
    assert shown(asked(condition).condition) == parts


def test_a_part_that_fails_says_so() -> None:
    found = asked('when = \'headers["x"] == "" && 1 / size(cc) > 0\'', text="x")
    first, second = found.condition.parts
    assert first.holds
    assert not second.holds
    assert "divi" in second.error


def test_deep_conditions_are_asked_as_a_whole_below() -> None:
    nested = "true"
    for number in range(8):
        nested = f"({nested} {'&&' if number % 2 else '||'} true)"
    part, depth = asked(f"when = '{nested}'").condition, 0
    while part.parts:
        part, depth = part.parts[0], depth + 1
    assert depth == 5
    assert "&&" in part.text


def test_of_very_many_parts_some_are_asked() -> None:
    found = asked(f"when = '{' || '.join(['false'] * 300)}'").condition
    assert len(found.parts) == 100


def test_what_does_not_compile_by_itself_says_so() -> None:
    known = case("x")
    made = book()
    assert "does not compile" in str(
        made.rules.answer("subject ==", facts(known, made, fold_mail(known.message), {}, ()))
    )


def test_rules_that_do_not_count_say_why() -> None:
    assert asked("when = 'true'\nenabled_from = 2050-01-01").silent == "it does not count yet"
    rules = '[[rule]]\nname = "x"\nwhen = "true"\nroute = "appeals"\n'
    made, _ = rulebook.compile({FILE: rules}, {}, ROUTES)
    (found,) = ask(case("x", kind="auto-reply"), made, file=FILE)
    assert "automatic mail" in found.silent
    assert asked("when = 'true'").silent == ""


def test_the_rules_of_one_file_are_asked_in_their_order() -> None:
    one = '[[rule]]\nname = "late"\nwhen = "true"\nroute = "appeals"\npriority = 5\n[[rule]]\nname = "early"\nwhen = "false"\nroute = "appeals"\n'
    other = '[[rule]]\nname = "other"\nwhen = "true"\nroute = "appeals"\n'
    made, _ = rulebook.compile({FILE: one, "rules/y.toml": other}, {}, ROUTES)
    found = ask(case("x"), made, file=FILE)
    assert [(asked.rule, asked.line) for asked in found] == [("early", 6), ("late", 1)]
    assert len(ask(case("x"), made, file=FILE, limit=1)) == 1


@pytest.mark.parametrize("text", ["(a) && (b)", "a)", "(a", "(a))", "((a)", "()", "( ( a ) )"])
def test_brackets_around_all_of_it_are_taken_away(text: str) -> None:
    assert asking._bare(text) == {"( ( a ) )": "a", "()": ""}.get(text, text)


CONDITIONS = st.recursive(
    st.sampled_from(["true", "false", 'new_text == "x"', "received > 0", 'subject.contains("(")', "sender.trusted"]),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
    ),
    max_leaves=8,
)


@given(condition=CONDITIONS, text=st.sampled_from(["", "x"]))
def test_parts_together_are_the_whole_and_the_whole_is_what_the_rule_said(condition: str, text: str) -> None:
    rules = f'[[rule]]\nname = "x"\nwhen = \'{condition}\'\nroute = "appeals"\n'
    made, _ = rulebook.compile({FILE: rules}, {}, ROUTES)
    known = case(text)
    (found,) = ask(known, made, file=FILE)

    def together(part: Part) -> bool:
        answers = [together(one) for one in part.parts]
        said = {"": part.holds, "all": all(answers), "any": any(answers)}[part.joined]
        assert said == part.holds, part
        return said

    matched = any(one.source == "rule" for one in judge(known, made, Policy(version="", fallback=RouteName("general"))).findings)  # fmt: skip
    assert together(found.condition) == matched
    assert known.now == NOW
