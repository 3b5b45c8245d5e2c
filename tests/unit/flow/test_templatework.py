"""What people do with templates: who may, what notices need, what is likely not meant; and what people would get."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from postroom.adapters.store.rulebooks import SqliteDrafts, SqliteVersions
from postroom.flow.answering import Answerable
from postroom.flow.notices import Telling
from postroom.flow.sheetwork import Faulty, Sheetwork
from postroom.flow.templatetrial import REASON, by_example, by_mail
from postroom.flow.templatework import Kept, Shelf, Templatework, Use, may_edit, may_read, name_of, of_all, sheet_of
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Role, User, UserName
from postroom.model.rulebooks import ANSWERS, SheetName, Texts, digest_of
from tests.unit.flow.test_notices import Bench, bench
from tests.unit.flow.test_rulework import Files

__all__ = ["bench"]

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
SHIPPED = {
    SheetName(
        "starter/answers/got-it.toml"
    ): 'routes = ["appeals"]\n[text]\nen = "We have it, {brand}"\nde = "Da, {brand}"\n',
    SheetName("starter/answers/theirs.toml"): 'routes = ["copyright"]\n[text]\nen = "x"\n',
}
DESKS = {
    APPEALS: Telling(received="got-it", outcomes={"granted": "won", "rejected": ""}),
    REFUNDS: Telling(received="", outcomes={"granted": "won"}),
}
WON = '[text]\nen = "It is granted: {reason} {name}"\n'


def user(role: Role = "lead", *, routes: tuple[RouteName, ...] = (), brands: tuple[BrandName, ...] = ()) -> User:  # fmt: skip
    return User(name=UserName("lea"), role=role, routes=routes, brands=brands, created_at=1.0)


def shelf(desks: Mapping[RouteName, Telling] = DESKS) -> Shelf:
    return Shelf(routes=(APPEALS, REFUNDS), desks=desks, shipped=lambda: SHIPPED)


def texts(**given: str) -> Texts:
    return {sheet_of(name.replace("_", "-")): text for name, text in given.items()}


def test_the_team_s_stand_in_the_place_of_shipped_ones() -> None:
    found = shelf().all(texts(got_it='[text]\nen = "ours"\n', won=WON, broken="x"))
    assert {name: one.origin for name, one in found.items()} == {"got-it": "changed", "won": "yours", "broken": "yours"}
    assert found["broken"].template is None
    assert found["broken"].problems[0].file == "answers/broken.toml"
    assert shelf().all({})["got-it"].origin == "shipped"
    assert found["won"].uses == (
        Use(route=APPEALS, kind="outcome", outcome="granted"),
        Use(route=REFUNDS, kind="outcome", outcome="granted"),
    )
    assert name_of(found["won"].sheet) == "won"


def test_what_is_likely_not_meant_is_remarked() -> None:
    found = shelf().check(texts(won=WON, got_it='[text]\nen = "{name}, {question}"\nfr = "oui"\n')).problems
    said = [str(one) for one in found]
    assert any("answers/won.toml:1:1: note: others for its desks are there in fr:" in one for one in said)
    assert any("is not sent where nobody knows {name}" in one and "case granted" in one for one in said)
    assert any("is not sent where nobody knows {name}, {question}" in one and "mail received" in one for one in said)
    assert not [one for one in found if one.severity == "error"]
    assert "answered in another language" in str(shelf({}).check(texts(a='[text]\nde = "a"\n')).problems[0])
    assert shelf({}).check(texts(won=f"retired = true\n{WON}")).problems == ()


def test_one_that_notices_need_is_there_and_not_retired() -> None:
    assert "notices of appeals, refunds are told by it" in shelf().check({}).errors[0].message
    assert shelf().check(texts(won=f"retired = true\n{WON}")).errors
    assert not shelf().check(texts(won=WON)).errors


@pytest.mark.parametrize(
    ("who", "routes", "reads", "edits"),
    [
        (user(), [APPEALS], True, True),
        (user(), [], True, True),
        (user("agent"), [APPEALS], True, False),
        (user("viewer"), [APPEALS], False, False),
        (user(routes=(APPEALS,)), [APPEALS], True, True),
        (user(routes=(APPEALS,)), [], True, False),
        (user(routes=(APPEALS,)), [APPEALS, REFUNDS], True, False),
        (user(routes=(REFUNDS,)), [APPEALS], False, False),
        (user(brands=(BrandName("shop"),)), [APPEALS], True, False),
    ],
)
def test_who_may(who: User, routes: list[RouteName], reads: bool, edits: bool) -> None:
    listed = ", ".join(f'"{one}"' for one in routes)
    kept = shelf({}).all(texts(a=f'routes = [{listed}]\n[text]\nen = "a"\n'))["a"]
    assert (may_read(who, kept), may_edit(who, kept)) == (reads, edits)


def test_one_with_mistakes_is_for_who_could_mend_any() -> None:
    kept = shelf({}).all(texts(a="x"))["a"]
    assert may_read(user(), kept)
    assert not may_read(user(routes=(APPEALS,)), kept)
    assert not may_read(user("agent"), kept)


def test_a_template_of_another_desk_s_notices_is_for_both() -> None:
    kept = shelf().all(texts(won=f'routes = ["appeals"]\n{WON}'))["won"]
    assert not may_edit(user(routes=(APPEALS,)), kept)
    assert may_edit(
        user(
            routes=(
                APPEALS,
                REFUNDS,
            )
        ),
        kept,
    )


@dataclass
class Work:
    files: Files
    work: Templatework


@pytest.fixture
def at_work(bench: Bench) -> Work:
    files, units = Files(), bench.house.store.units
    made = shelf({})
    sheets = Sheetwork(
        sheets=files,
        versions=SqliteVersions(units, ANSWERS),
        drafts=SqliteDrafts(units),
        bench=made,
        clock=lambda: 3_000_000.0,
        kinds=ANSWERS,
        called="template",
        largest=1000,
    )
    return Work(files=files, work=Templatework(files=sheets, shelf=made))


def test_a_change_is_for_who_may_change_what_was_and_what_will_be(at_work: Work) -> None:
    work, amy = at_work.work, user(routes=(APPEALS,))
    sheet, ours = sheet_of("a"), 'routes = ["appeals"]\n[text]\nen = "a"\n'
    work.save(amy, {sheet: ours}, seen={}, why="")
    with pytest.raises(Refused, match="all of its desks"):
        work.save(amy, {sheet: ours.replace("appeals", "refunds")}, seen={sheet: digest_of(ours)}, why="")
    with pytest.raises(Faulty, match="has no text"):
        work.save(amy, {sheet: "title = 'a'"}, seen={sheet: digest_of(ours)}, why="")
    with pytest.raises(Refused, match="all of its desks"):
        work.save(user(routes=(REFUNDS,)), {sheet: None}, seen={sheet: digest_of(ours)}, why="")
    with pytest.raises(Refused, match="at most 1000 bytes"):
        work.save(user(), {sheet: "#" * 1001}, seen={sheet: digest_of(ours)}, why="")
    with pytest.raises(Refused, match=r"answers/NAME\.toml"):
        work.check("../a", ours)
    assert work.look()[1]["a"].template is not None
    assert work.drafted("b", ours)["b"].template is not None
    assert [one.file for one in work.check("a", ours).problems] == ["answers/a.toml"]
    assert work.since() == 3_000_000.0 - 30 * 86_400
    work.save(amy, {sheet: None}, seen={sheet: digest_of(ours)}, why="")
    assert sheet not in at_work.files.held


def test_drafts_of_rules_are_none_of_templates(at_work: Work, bench: Bench) -> None:
    number = SqliteDrafts(bench.house.store.units).keep({SheetName("rules/a.toml"): "x"}, "lea", 3_000_000.0)
    with pytest.raises(Refused, match="not kept any more"):
        at_work.work.files.drafted(number)
    assert at_work.work.files.open_drafts() == ()


# What people would get


def kept(text: str, name: str = "received", desks: Mapping[RouteName, Telling] = DESKS) -> Kept:
    return shelf(desks).all({sheet_of(name): text})[name]


def test_an_example_in_each_language_and_as_each_notice() -> None:
    answers = by_example(
        kept('[text]\nde = "Hallo {name} {agent}"\nen = "Hi {brand} {reason}"\n', "won"), "Shop", "Lea"
    )
    assert [(one.language, one.text) for one in answers if one.use is None] == [
        ("de", "Hallo Kim Sample Lea"),
        ("en", f"Hi Shop {REASON}"),
    ]
    assert answers[1].left == ()
    assert {(one.use.route, one.text, one.why_not) for one in answers if one.use} == {
        (APPEALS, f"Hi Shop {REASON}", ""),
        (REFUNDS, f"Hi Shop {REASON}", ""),
    }
    (_, received) = by_example(kept('[text]\nen = "{agent} {reason}"\n', "got-it"), "Shop", "Lea")
    assert (received.text, received.why_not) == ("Shop {reason}", "nobody knows {reason}")
    assert by_example(kept("x"), "Shop", "Lea") == ()


def answerable(bench: Bench) -> Answerable:
    mail_id = bench.receive()
    (mail,) = bench.house.store.read([mail_id])
    message = bench.noticing.read(mail)
    return Answerable(mail=mail, message=message, decision=bench.house.store.decisions(mail_id)[-1])


def test_for_a_mail_and_its_desk_s_notices(bench: Bench) -> None:
    to, answering = answerable(bench), bench.noticing.answering
    one = kept('[text]\nen = "Hi {name}"\n', desks=bench.noticing.desks)
    hers = replace(user(), shown="Lea")
    found = by_mail(one, hers, to, answering, bench.noticing)
    assert [(each.text, each.use is None, each.why_not) for each in found] == [
        ("Hi Ada", True, ""),
        ("Hi Ada", False, ""),
    ]
    (_, told) = by_mail(one, hers, to, replace(answering, off="nobody sends"), bench.noticing)
    assert (told.why_not, told.text) == ("nobody sends", "")
    assert by_mail(kept("x"), hers, to, answering, bench.noticing) == ()
    with pytest.raises(Refused, match="a desk that the template is not for"):
        by_mail(kept('routes = ["refunds"]\n[text]\nen = "a"\n'), hers, to, answering, bench.noticing)
    assert bench.replies.of_mails([to.mail.id]) == {}


def test_all_of_them_are_for_who_leads_all_desks_and_brands() -> None:
    assert of_all(user())
    assert not of_all(user(routes=(APPEALS,)))
    assert not of_all(user(brands=(BrandName("shop"),)))
    assert not of_all(user("reviewer"))
