"""Rule files: what they may say, where a mistake is shown, and how rules are asked."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import rulebook
from postroom.decide.context import BY_NAME, FIELDS, environment
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.problems import Problem
from postroom.model.judgement import AccountStatus, SenderHistory, ThreadState
from postroom.model.mail import MailId, RouteName
from postroom.model.message import Address, Attachment, Forward, SpamVerdict

from .build import NOW, PASS, PHRASES, ROUTES, book, case, mail


def problems(rules: str, **more: str) -> tuple[Problem, ...]:
    return rulebook.compile(
        {"r.toml": rules} | {f"{name}.toml": text for name, text in more.items()}, PHRASES, ROUTES, now=NOW
    )[1]


def matched(when: str, **about: object) -> bool:
    """Whether a rule with this condition matches the case."""
    decision = judge(
        about.pop("case", None) or case(**about),
        book(f"[[rule]]\nname='r'\nwhen='''{when}'''\nroute='refunds'"),
        Policy(),
    )  # type: ignore[arg-type]
    return any(finding.source == "rule" and finding.score > 0 for finding in decision.findings)


RULE = "[[rule]]\nname = 'r'\nroute = 'refunds'\n"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_example_in_the_table_of_fields_compiles_and_evaluates(field):
    assert environment().compile(field.example)
    compiled = book(f"[[rule]]\nname='x'\nwhen='''{field.example}'''\nroute='refunds'")
    decision = judge(case("text"), compiled, Policy())
    assert not [finding for finding in decision.findings if finding.source == "rule" and finding.score == 0.0]


def test_an_unknown_field_is_shown_at_its_line_and_column_in_the_file():
    found = problems(
        "# a comment\n[[rule]]\nname = 'r'\nwhen = '''\nsubject == 'a' &&\n   sendr.mails > 1'''\nroute = 'refunds'\n"
    )
    assert [(one.file, one.line, one.column, one.severity) for one in found] == [("r.toml", 6, 4, "error")]
    assert "sendr" in found[0].message
    assert str(found[0]).startswith("r.toml:6:4: error: ")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("x = = 1", 1, 5, "not TOML"),
        ("[[rule]]\nname = 'unclosed", 2, 1, "not TOML"),
        ("rule = 3", 1, 1, "list of tables"),
        ("rule = [1]", 1, 1, "list of tables"),
        ("colour = 3", 1, 1, "no «colour»"),
        (RULE + "when = 'true'\nwight = 3", 5, 1, "no «wight»"),
        (RULE + "when = 'true'\nweight = 'much'", 5, 1, "must be a number"),
        (RULE + "when = 'true'\nweight = true", 5, 1, "must be a number"),
        (RULE + "when = 'true'\nweight = 11", 5, 1, "between"),
        (RULE + "when = 'true'\ntags = [1]", 5, 1, "list of strings"),
        ("[[rule]]\nwhen = 'true'\nroute = 'refunds'", 1, 1, "needs a name"),
        (RULE, 1, 1, "needs a condition"),
        ("[[rule]]\nname='a'\nwhen = 'true'\nroute = 'nope'", 4, 1, "no route «nope»"),
        ("[[rule]]\nname='a'\nwhen = 'true'\nroute = 'review'", 4, 1, "only surely"),
        ("[[rule]]\nname='a'\nwhen = 'true'\nstop = true", 4, 1, "needs a route"),
        ("[[rule]]\nname='a'\nwhen = 'true'\nveto = true", 4, 1, "needs a route"),
        (RULE + "when = 'true'\nstop = true\nveto = true", 6, 1, "both stop and veto"),
        ("[[rule]]\nname='a'\nwhen = 'true'", 1, 1, "does nothing"),
        (RULE + "when = 'subject'", 4, 9, "true or false"),
        (RULE + "when = 'subject +'", 4, 18, "Syntax error"),
        (RULE + "when = ' '", 4, 1, "no condition"),
        (RULE + "any = []", 4, 1, "not empty"),
        (RULE + "any = [3]", 4, 1, "no condition"),
        (RULE + "any = [{nor = ['true']}]", 1, 1, "«nor» is no condition here"),
        (RULE + "when = 'new_text.matches(\"a[b\")'", 4, 26, "missing ]"),
        (RULE + "when = 'new_text.matches(\"(?=b)\")'", 4, 26, "(?="),
        (RULE + "when = 'phrases[\"nope\"] > 0'", 4, 16, "no phrase list «nope»"),
        (RULE + "when = 'phrases.nope > 0'", 4, 9, "no phrase list «nope»"),
        (RULE + 'when = \'headers["X-A"] == "b"\'', 4, 16, "lower case"),
        (RULE + f"when = '{'!' * 10_001}true'", 4, 1, "longer than"),
        (RULE + 'when = "subject == \\"a\\" && foo"', 4, 1, "undeclared"),
    ],
)
def test_each_mistake_has_its_place_and_a_remedy(text, line, column, said):
    found = [one for one in problems(text) if one.severity == "error"]
    assert said in found[0].message, found
    assert (found[0].line, found[0].column) == (line, column), found
    assert found[0].remedy


def test_a_rule_with_a_mistake_is_left_out_and_the_others_count():
    compiled, found = rulebook.compile(
        {"r.toml": RULE + "when = 'foo'\n[[rule]]\nname='ok'\nwhen='true'\nroute='refunds'"}, {}, ROUTES
    )
    assert [rule.name for rule in compiled.rules.rules] == ["ok"]
    assert [one.severity for one in found].count("error") == 1


def test_deep_nesting_is_refused_and_never_raises():
    nested = "['true']"
    for _ in range(40):
        nested = f"[{{any = {nested}}}]"
    assert any("no condition here" in one.message for one in problems(RULE + f"any = {nested}"))
    assert any(one.severity == "error" for one in problems("x = " + "[" * 5000))
    assert any(one.severity == "error" for one in problems(RULE + f"when = '''{'(' * 600}true{')' * 600}'''"))


def test_inline_tables_have_no_lines_but_are_checked():
    found = problems("rule = [{name = 'a', when = 'foo', route = 'refunds'}]")
    assert found
    assert found[0].line == 1


@given(st.text(max_size=200) | st.text("[]{}='\"rule\nwhen.ta ", max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_a_rulebook_and_problems_never_an_exception(text):
    compiled, found = rulebook.compile(
        {"a.toml": text, "b.toml": RULE + f"when = '''{text}'''"}, {"p.toml": text}, ROUTES
    )
    assert all(one.line >= 1 and one.column >= 1 for one in found)
    judge(case("hello"), compiled, Policy())


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("all = ['words.contains(\"a\")', 'words.contains(\"b\")']", "a b", True),
        ("all = ['words.contains(\"a\")', 'words.contains(\"b\")']", "a", False),
        ("any = ['words.contains(\"a\")', 'words.contains(\"b\")']", "b", True),
        ("not = ['words.contains(\"a\")', 'words.contains(\"b\")']", "c", True),
        ("not = ['words.contains(\"a\")', 'words.contains(\"b\")']", "b", False),
        (
            "any = [{all = ['words.contains(\"a\")', 'words.contains(\"b\")']}, {not = ['words.contains(\"a\")'], when = 'words.contains(\"z\")'}]",
            "z",
            True,
        ),
        ("when = 'true // a comment'\nall = ['words.contains(\"a\")']", "a", True),
    ],
)
def test_conditions_combine(rule, text, expected):
    compiled = book(RULE + rule)
    decision = judge(case(text), compiled, Policy())
    assert any(finding.source == "rule" for finding in decision.findings) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ('subject.startsWith("Ref")', True),
        ('subject.startsWith("ref")', False),
        ('text.endsWith("please")', True),
        ('new_text.matches("(?i)ORDER #[0-9]+")', True),
        ('new_text.matches("^nothing$") || subject == "Refund"', True),
        ('new_text.matches("")', True),
        ('new_text.contains("")', True),
        ('!new_text.contains("zebra")', True),
        ('new_text.contains("zebra") || new_text.contains("order")', True),
        ('new_text.contains("zebra") && new_text.contains("order")', False),
        ('words.contains("order #12") ? true : false', True),
        ('phrases["refunds"] >= 1', True),
        ('phrases["refunds"] != 0 && phrases["appeals"] == 0', True),
        ('phrases.refunds > 0', True),
        ('phrases["general"] == 0', True),
        ('headers["x-absent"] == ""', True),
        ('"x-asked" in headers && headers["x-asked"] == "1"', False),
        ('headers["subject"] == "Refund"', True),
        ('false', False),
        ('["a", "order"].exists(w, new_text.contains(w))', True),
        ('attachments.count == 1 && attachments.names.exists(n, n.endsWith(".pdf"))', True),
        ('"application/pdf" in attachments.types', True),
        ('account.state == "suspended" && account.days > 0.9 && account.days < 1.1', True),
        ('thread.known && thread.route == "appeals" && thread.days >= 2.0 && !thread.confirmed && thread.mails == 3', True),
        ('history.mails == 4 && history.counts["refunds"] > 1.0 && history.days < 0.0', True),
        ('sender.trusted && sender.domain == "example.com" && sender.name == "Ada"', True),
        ('spam.score > 3.0 && !spam.verdict', True),
        ('"c@example.com" in cc && size(to) == 1', True),
        ('has(headers.subject) && !has(headers.foo)', True),
        ('b"a" == b"a" && null == null && -1 < 2 && 1.5 > 1.0 && 1u < 2u', True),
        ('{"a": 1}["a"] == 1 && size(to.map(t, t)) == 1 && to.all(t, t != "")', True),
        ('{"subject": "zebra"}.subject.contains("zebra")', True),
        ('{"a": subject, language: "b"}["a"] == "Refund"', True),
        ('google.protobuf.Int64Value{value: 3} == 3', True),
        ('now > timestamp("2027-01-01T00:00:00Z")', True),
    ],
)  # fmt: skip
def test_a_condition_sees_the_mail(when, expected):
    about = {
        "account": AccountStatus(state="suspended", since=NOW - 86_400),
        "thread": ThreadState(
            matched_by="references",
            first_id=MailId("x"),
            route=RouteName("appeals"),
            confirmed=False,
            last_at=NOW - 2 * 86_400,
            mails=3,
        ),
        "history": SenderHistory(mails=4, counts=((RouteName("refunds"), 3.0),)),
    }
    the_case = case(
        "Order #12 refund please", "Refund", about=about, auth=PASS, spam=SpamVerdict(by="rspamd", spam=False, score=4.0),
        attachments=(Attachment(name="a.pdf", type="application/pdf", size=3, sha256=""),), cc=(Address(name="", addr="c@example.com"),),
    )  # fmt: skip
    assert matched(when.replace('"order"', '"Order"'), case=the_case) is expected


def test_a_forward_and_nobody_have_fields_too():
    form = case("x", from_=None, forward=Forward(how="form", customer=None))
    assert matched(
        'forward.how == "form" && sender.address == "" && sender.name == "" && sender.domain == ""', case=form
    )


@pytest.mark.parametrize("when", ["1 / attachments.count == 1", "dyn(subject) > 1", 'headers[subject] == "x"'])
def test_a_failing_rule_does_not_match_says_so_and_hinders_no_other(when):
    others = "".join(f"[[rule]]\nname='ok{n}'\nwhen='size(to) == 1'\nroute='refunds'\n" for n in range(4))
    decision = judge(
        case("hello"), book(f"[[rule]]\nname='bad'\nwhen='''{when}'''\nroute='appeals'\nstop=true\n" + others), Policy()
    )
    rules = {finding.name: finding for finding in decision.findings if finding.source == "rule"}
    assert set(rules) == {"bad", "ok0", "ok1", "ok2", "ok3"}
    assert rules["bad"].route == ""
    assert "did not count" in rules["bad"].reason
    assert decision.decided == "refunds"


def test_an_endless_rule_is_stopped_by_its_budget_and_others_still_count():
    loops = "".join(f"[0,1,2,3,4,5,6,7,8,9].exists(x{n}, " for n in range(7)) + "x0 + x1 < 0" + ")" * 7
    rules = f"[[rule]]\nname='endless'\nwhen='{loops}'\nroute='appeals'\n"
    rules += "".join(f"[[rule]]\nname='ok{n}'\nwhen='size(to) == 1'\nroute='refunds'\n" for n in range(3))
    decision = judge(case("hello"), book(rules), Policy())
    endless = next(finding for finding in decision.findings if finding.name == "endless")
    assert "was stopped" in endless.reason
    assert decision.decided == "refunds"


def test_nul_and_lone_surrogates_do_not_hide_words_from_rules():
    assert matched('new_text.contains("refund")', case=case("a\0b refund"))
    assert matched('new_text.contains("refund")', case=case("\ud800 refund"))


def test_a_stop_rule_decides_and_no_later_rule_is_read():
    rules = (
        "[[rule]]\nname='one'\nwhen='words.contains(\"legal\")'\nroute='copyright'\nstop=true\ntags=['a']\n"
        "[[rule]]\nname='two'\nwhen='true'\nroute='refunds'\nweight=10\ntags=['b']\nurgent='court'\n"
    )
    decision = judge(case("legal matter"), book(rules), Policy())
    assert (decision.route, decision.confidence, decision.tags, decision.urgent) == ("copyright", 0.99, ("a",), ())
    assert sum(share for _, share in decision.probabilities) == pytest.approx(1.0)
    decision = judge(case("other matter"), book(rules), Policy())
    assert (decision.route, decision.tags, decision.urgent) == ("refunds", ("b",), ("court",))


def test_priority_comes_before_the_order_in_the_file():
    rules = "[[rule]]\nname='late'\nwhen='true'\nroute='refunds'\nstop=true\npriority=5\n[[rule]]\nname='early'\nwhen='true'\nroute='appeals'\nstop=true\n"
    assert judge(case("x"), book(rules), Policy()).route == "appeals"


def test_a_rule_does_not_count_before_its_date():
    day = datetime.datetime.fromtimestamp(NOW, datetime.UTC).date()
    for shift, expected in ((-1, True), (1, False)):
        date = day + datetime.timedelta(days=shift)
        compiled = book(RULE + f"when='true'\nenabled_from={date}")
        assert bool(judge(case("x"), compiled, Policy()).findings) is expected
    stamp = datetime.datetime.fromtimestamp(NOW - 5, datetime.UTC)
    assert judge(case("x"), book(RULE + f"when='true'\nenabled_from={stamp.isoformat()}"), Policy()).findings


def test_a_veto_takes_the_route_out_unless_all_are_vetoed():
    decision = judge(
        case("refund please"), book("[[rule]]\nname='no'\nwhen='true'\nroute='refunds'\nveto=true"), Policy()
    )
    assert decision.decided != "refunds"
    assert "refunds" not in dict(decision.probabilities)
    every = "".join(
        f"[[rule]]\nname='no-{route}'\nwhen='true'\nroute='{route}'\nveto=true\n" for route in (*ROUTES, "junk")
    )
    assert sum(share for _, share in judge(case("refund"), book(every), Policy()).probabilities) == pytest.approx(1.0)


def test_only_a_rule_that_reads_kind_is_asked_about_automatic_mail():
    rules = "[[rule]]\nname='any'\nwhen='true'\nroute='refunds'\nstop=true\n"
    assert judge(case("x", kind="list"), book(rules), Policy()).route == "automatic"
    named = "[[rule]]\nname='dmca'\nwhen='kind == \"list\" && words.contains(\"dmca\")'\nroute='copyright'\nstop=true\n"
    assert judge(case("dmca notice", kind="list"), book(named), Policy()).route == "copyright"


def test_many_rules_of_one_need_are_asked_together_and_alone_alike():
    rules = "".join(f"[[rule]]\nname='r{n}'\nwhen='phrases[\"account\"] > {n}'\nroute='refunds'\n" for n in range(60))
    decision = judge(case("my account"), book(rules), Policy())
    assert [finding.name for finding in decision.findings if finding.source == "rule"] == ["r0"]
    assert not [finding for finding in judge(case("hello"), book(rules), Policy()).findings if finding.source == "rule"]


def test_regular_expressions_are_never_lost_when_their_set_gives_up(monkeypatch):
    from postroom.decide import prefilter

    class Silent:
        def Match(self, text):
            return []

    atom = prefilter.Atom("matches", "text", "a")
    assert prefilter._Expressions(patterns=Silent(), atoms=(atom,)).holding("x") == (atom,)


def test_lint_tells_what_is_hardly_meant():
    rules = (
        "[[rule]]\nname='a'\nwhen='subject == \"x\"'\nroute='refunds'\nstop=true\n"
        "[[rule]]\nname='a'\nwhen='subject == \"x\"'\nroute='appeals'\n"
        "[[rule]]\nname='b'\nwhen='subject==\"x\"'\nroute='appeals'\n"
        "[[rule]]\nname='never'\nwhen='false && subject == \"x\"'\nroute='appeals'\n"
        "[[rule]]\nname='later'\nwhen='subject == \"y\"'\nroute='appeals'\nenabled_from=2099-01-01\n"
        "[[rule]]\nname='all'\nwhen='true'\nroute='appeals'\nstop=true\n"
        "[[rule]]\nname='dead'\nwhen='subject == \"z\"'\nroute='appeals'\n"
    )
    said = "\n".join(map(str, problems(rules)))
    for expected in ("already a rule «a»", "«a» is shadowed: «a»", "«b» has the condition and route of «a»", "«never» never matches", "before 2099-01-01", "«all» matches every mail", "«dead» is never read"):  # fmt: skip
        assert expected in said, said
    assert "never" not in "".join(map(str, rulebook.compile({"r.toml": RULE + "when='true'"}, {}, ROUTES)[1]))


STOP = "[[rule]]\nname='s'\n{0}\nroute='refunds'\nstop=true\n"
LATER = "[[rule]]\nname='later'\n{0}\nroute='appeals'\n"
C, D = 'subject == "x"', 'language == "de"'


@pytest.mark.parametrize(
    ("stop", "later", "shadowed"),
    [
        (f"when='{C}'", f"when='{C} && {D}'", True),
        (f"when='{C}'", f"when='{D}   &&  {C}'", True),
        (f"when='{C}'", f"all=['{D}', '{C}']", True),
        (f"any=['{D}', '{C}']", f"when='{C}'", True),
        (f"any=['{D}', '{C}']", f"when='({D} || {C}) && received > 1'", True),
        (f"any=['{D}', '{C}']", f"any=['{C}', '{D} && received > 1']", True),
        (f"when='{C} && {D}'", f"when='{C}'", False),
        (f"when='{C}'", f"any=['{C}', '{D}']", False),
        (f"when='{C}'", "when='subject == \" x\"'", False),
        ("when='spam.score > 1.0'", "when='spam.score > 2.0'", False),
        ("when='spam.score > 1.0'", "when='spam.score > 1.0 && received > 1'", True),
        (f"when='{C}'\nenabled_from=2099-01-01", f"when='{C} && {D}'", False),
        (f"when='{C}'\nenabled_from=2020-01-01", f"when='{C} && {D}'", True),
        # Automatic mail is asked only of rules that read its kind.
        (f"when='{C}'", f"when='{C} && kind == \"list\"'", False),
        (f"when='{C} && kind != \"none\"'", f"when='{C} && kind != \"none\" && {D}'", True),
        ("when='true'", "when='kind == \"list\"'", False),
    ],
)
def test_a_rule_behind_one_that_always_stops_before_it(stop, later, shadowed):
    said = [p.message for p in problems(STOP.format(stop) + LATER.format(later)) if "«later»" in p.message]
    assert any("is shadowed: «s» (r.toml:1)" in one for one in said) is shadowed, said


def test_a_rule_may_be_shadowed_by_several_together():
    rules = STOP.format(f"when='{C}'") + STOP.format(f"when='{D}'").replace("'s'", "'t'")
    (problem,) = problems(rules + LATER.format(f"any=['{C}', '{D}']"))
    assert "shadowed: «s» (r.toml:1) or «t» (r.toml:6) matches" in problem.message


def test_a_stop_rule_of_the_future_hides_nothing_today():
    rules = STOP.format("when='true'\nenabled_from=2099-01-01") + LATER.format(f"when='{C}'")
    assert not any("never read" in p.message for p in problems(rules))
    assert any("never read" in p.message for p in problems(rules.replace("2099", "2020")))


@pytest.mark.parametrize(
    ("when", "known"),
    [
        ('kind == "humn"', '"person"'),
        ('kind in ["person", "lst"]', '"auto-reply"'),
        ('"bnce" != kind', '"bounce"'),
        ('brand == "nosuch"', '"shop"'),
        ('auth.state == "passed"', '"pass", "fail", "none"'),
        ('account.state == "baned"', '"banned"'),
        ('forward.how == "mail"', '"colleague", "form", ""'),
        ('thread.route == "appeal"', '"appeals"'),
        ('history.last_route != "x"', '"review"'),
        ('history.open_thread == "x"', '"junk"'),
        ('"appeal" in history.counts', '"appeals"'),
        ('"selfharm" in urgent', '"self-harm"'),
        ('language == "german"', 'such as "de"'),
        ('language == "DE"', "small letters"),
        ('subject == "x" || !(kind == "humn")', '"person"'),
    ],
)
def test_a_value_that_a_field_never_has_is_worth_a_warning(when, known):
    (problem,) = rulebook.compile({"r.toml": f"{RULE}when='{when}'"}, PHRASES, ROUTES, brands=["shop"])[1]
    assert (problem.severity, problem.line) == ("warning", 1)
    assert "never is" in problem.message
    assert known in problem.remedy


@pytest.mark.parametrize(
    "when",
    [
        'kind == "person"',
        'kind == "list" || brand == "shop"',
        'thread.route == ""',
        'thread.route == "automatic"',
        'language in ["de", "fil", ""]',
        'subject == "humn"',
        'headers.exists(kind, kind == "x-form")',
        'urgent.exists(u, u == "x")',
    ],
)
def test_a_value_that_a_field_may_have_is_none(when):
    assert rulebook.compile({"r.toml": f"{RULE}when='{when}'"}, PHRASES, ROUTES, brands=["shop"])[1] == ()


def test_where_no_brands_are_known_any_may_be_meant():
    assert problems(RULE + "when='brand == \"nosuch\"'") == ()


def test_versions_change_with_any_text_and_with_nothing_else():
    one = rulebook.version({"a": "x", "b": "y"})
    assert one == rulebook.version({"b": "y", "a": "x"})
    assert one != rulebook.version({"a": "x", "b": "z"})
    assert rulebook.version({}) == ""


def test_a_rulebook_names_its_signals_and_lists():
    compiled = book("[[rule]]\nname='u'\nwhen='true'\nurgent='court'")
    assert compiled.signals == ("court", "self-harm")
    assert compiled.list_named("account") is not None
    assert compiled.list_named("nope") is None
    assert "kind" in BY_NAME
    assert mail().id


def test_of_a_header_that_stands_twice_the_first_counts():
    twice = case("", headers=(("x-form", "appeal"), ("x-form", "refund")))
    assert matched('size(headers) == 1 && headers["x-form"] == "appeal"', case=twice)
    assert matched('headers["x-form"] == "appeal"', case=twice)
    assert not matched('headers["x-form"] == "refund"', case=twice)
