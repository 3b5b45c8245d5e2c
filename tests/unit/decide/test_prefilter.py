"""Rules that are asked only when they may match say what they would if all were asked."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import prefilter, rulebook
from postroom.decide.context import Facts, HeadersRead, environment
from postroom.decide.folding import fold
from postroom.decide.rules import RuleSet, compile_rules
from postroom.model.judgement import SenderHistory, ThreadState
from postroom.model.mail import MailId, RouteName
from postroom.model.message import Address, Attachment

from .build import NOW, PASS, PHRASES, ROUTES, case

PARTS = (
    'subject == "refund"',
    'subject == ""',
    'subject.contains("ref")',
    'new_text.startsWith("my")',
    'text.endsWith("now")',
    'words.contains("account")',
    'new_text.matches("(?i)ORDER #[0-9]+")',
    'sender.address.endsWith("@example.com")',
    'sender.domain == "example.net"',
    '"support@shop.test" in to',
    '"x-form" in headers',
    'headers["x-form"] == "refund"',
    'headers["x-mailer"].contains("pine")',
    'headers["x-mailer"].matches("^$")',
    'headers["x-mailer"] == ""',
    'headers.exists(name, name.startsWith("x-"))',
    'headers.exists(subject, subject.contains("x-"))',
    'attachments.names.exists(x, x.endsWith(".pdf"))',
    'attachments.names.all(x, x.endsWith(".pdf"))',
    'attachments.names.exists_one(x, x.endsWith(".pdf"))',
    "attachments.count > 0",
    "attachments.count >= 1",
    "attachments.count != 0",
    "attachments.count > -1",
    "attachments.count > 1",
    'phrases["account"] > 0',
    'phrases["account"] > 1',
    'phrases["account"] == 0',
    'phrases["account"] >= 2 || phrases["refunds"] == 0',
    'account.state in ["active", "unknown"]',
    'auth.state in ["fail", ""]',
    'language in ["de", "en"]',
    'phrases.appeals >= 1 && auth.state == "pass"',
    'history.counts.exists(r, r == "refunds")',
    "history.days > -2.0",
    "history.mails > 1",
    "thread.known",
    "!thread.known",
    "sender.trusted && thread.mails > 0",
    'language == "de"',
    "1 / attachments.count > 0",
    "false",
    "true",
)
conditions = st.recursive(
    st.sampled_from(PARTS),
    lambda inner: st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda three: f"({' '.join(three)})"),
    max_leaves=4,
)


@st.composite
def facts(draw) -> Facts:
    words = st.sampled_from(
        ("", "refund", "my account", "please look at my account now", "Order #123", "appeal against it, now")
    )
    names = draw(st.lists(st.sampled_from(("a.pdf", "b.png", "c.pdf")), max_size=3))
    headers = draw(
        st.lists(st.sampled_from((("x-form", "refund"), ("x-form", ""), ("x-mailer", "alpine"), ("x-other", "1"))))
    )
    thread = ThreadState(
        matched_by="references", first_id=MailId("m"), route=RouteName("refunds"), confirmed=False, last_at=NOW, mails=2
    )
    about = case(
        draw(words),
        draw(words),
        headers=tuple(headers),
        language=draw(st.sampled_from(("", "de", "en"))),
        attachments=tuple(Attachment(name=name, type="x/y", size=1, sha256="") for name in names),
        to=draw(st.sampled_from(((), (Address(name="", addr="support@shop.test"),)))),
        from_=draw(st.sampled_from((None, Address(name="", addr="a@example.net"), Address(name="", addr="b@example.com")))),
        auth=PASS,
        about={
            "thread": draw(st.sampled_from((None, thread))),
            "history": draw(
                st.sampled_from((SenderHistory(), SenderHistory(mails=3, counts=((RouteName("refunds"), 1.0),))))
            ),
        },
    )  # fmt: skip
    counts = {"account": int("account" in about.message.text), "appeals": int("appeal" in about.message.text)}
    counts |= {"refunds": 0, "self-harm": 0}
    return Facts(case=about, folded=fold(about.message.subject, about.message.new_text), phrases=counts, urgent=())


def both(whens: list[str]) -> tuple[RuleSet, RuleSet]:
    """The rules as they are asked, and as they would be if nothing were known beforehand."""
    text = "".join(f"[[rule]]\nname='r{n}'\nwhen='''{when}'''\nroute='refunds'\n" for n, when in enumerate(whens))
    compiled, problems = rulebook.compile({"r.toml": text}, PHRASES, ROUTES)
    assert not [one for one in problems if one.severity == "error"]
    asked = {name for name in ("x-form",) if any(f'"{name}" in headers' in when for when in whens)}
    optional = frozenset({name for name in ("x-form", "x-mailer") if f'headers["{name}"]' in text} - asked)
    plain = [replace(rule, need=(), regex=True) for rule in compiled.rules.rules]
    return compiled.rules, compile_rules(plain, environment(), HeadersRead(optional=optional), {})


@settings(max_examples=150, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=12), st.lists(facts(), min_size=1, max_size=4))
def test_what_is_asked_for_cause_matches_and_fails_as_if_all_were_asked(whens, cases):
    asked, all_of_them = both(whens)
    for one in cases:
        said = [(match.rule.name, match.error) for match in asked.matches(one)]
        assert said == [(match.rule.name, match.error) for match in all_of_them.matches(one)]


@settings(max_examples=10, deadline=None)
@given(facts())
def test_many_at_once_match_as_if_each_were_asked_alone(one):
    asked, all_of_them = both([part for part in PARTS for _ in range(3)])
    said = [(match.rule.name, match.error) for match in asked.matches(one)]
    assert said == [(match.rule.name, match.error) for match in all_of_them.matches(one)]


def test_a_lone_condition_inside_not_is_still_denied():
    for when in (
        "not = ['subject == \"x\"']",
        "any = [{not = ['subject == \"x\"']}]",
        "all = [{not = ['subject == \"x\"']}]",
    ):
        text = f"[[rule]]\nname='r'\n{when}\nroute='refunds'\n"
        compiled, _ = rulebook.compile({"r.toml": text}, PHRASES, ROUTES)
        for subject, matches in (("x", 0), ("y", 1)):
            about = Facts(case=case("", subject), folded=fold(subject, ""), phrases={}, urgent=())
            assert len(compiled.rules.matches(about)) == matches


def test_only_the_headers_that_rules_name_are_handed_over_unless_one_walks_through_all():
    def read(*whens: str) -> HeadersRead:
        return both(list(whens))[0]._headers

    assert read('headers["x-form"] == "a"').named == {"x-form"}
    assert read('headers["x-form"] == "a"', '"x-form" in headers').optional == frozenset()
    assert read('headers["x-form"] == "a"', "size(headers) > 3").named is None


def test_of_many_alternatives_the_most_telling_parts_are_asked():
    sides = [f'(subject.contains("a{n}") && phrases["account"] > {n} && attachments.count > {n})' for n in range(3)]
    rule = both([" || ".join(sides)])[0].rules[0]
    assert {atom.value for atom in rule.need[0]} == {"a0", "a1", "a2"}
    assert len(rule.need) <= 6


def test_a_condition_that_never_holds_is_told_from_one_of_which_nothing_is_known():
    never, unknown, empty = (
        both([when])[0].rules[0].need
        for when in ('false && subject == "x"', "size(subject) > 3 || thread.known", "language in []")
    )
    assert prefilter.never(never)
    assert prefilter.never(empty)
    assert unknown == ()


def test_what_is_compared_by_order_says_nothing_beforehand():
    """A text that is less than another may be any, so such a rule is asked of every mail."""
    whens = ['subject < "refund"', 'subject >= "refund" && subject.contains("now")', 'subject in ["refund", ""]']
    asked, _ = both([*whens, 'subject.contains("nothing")'])
    assert [bool(rule.need) for rule in asked.rules] == [False, True, False, True]
    for subject, names in (("a", ["r0"]), ("see now", ["r1"]), ("", ["r0", "r2"]), ("refund", ["r2"])):
        about = Facts(case=case("", subject), folded=fold(subject, ""), phrases={}, urgent=())
        assert [match.rule.name for match in asked.matches(about)] == names


def test_a_field_is_one_of_several_texts():
    asked, _ = both(['language in ["de", "en"]'])
    assert [{atom.value for atom in side} for side in asked.rules[0].need] == [{"de", "en"}]
