"""Rules that are not in force: checked and tried in this process and in one of its own, with the same answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.bootstrap.rulebench import Bench, BenchProcess
from postroom.cli.console import read_settings
from postroom.model.mail import BrandName
from postroom.model.rulebooks import SheetName
from postroom.ports.rulebooks import Pasted
from tests.unit.bootstrap.test_shelf import RULE, SETTINGS

SHEET = SheetName("rules/b.toml")
MAIL = Pasted(raw=b"From: a@example.com\r\nSubject: back\r\n\r\nhello", brand=BrandName("shop"))
BROKEN = RULE.replace("subject", "subjet")


def example(**facts: str) -> str:
    said = "".join(f"{key} = {value!r}\n" for key, value in facts.items())
    return f'[[mail]]\nname = "one"\n{said}[mail.expect]\nrules = ["asks"]\n'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    (tmp_path / "ours" / "rules" / "examples").mkdir(parents=True)
    made = House(read_settings(tmp_path / "postroom.toml"), tmp_path)
    yield made
    made.close()


@pytest.fixture
def process(house: House) -> Iterator[BenchProcess]:
    made = BenchProcess(house=house)
    yield made
    made.close()


def test_problems_are_named_by_sheets(house: House) -> None:
    checked = Bench(house).check({SHEET: BROKEN, SheetName("examples/x.toml"): "[[mail]]\n"})
    assert {(one.file, one.line, one.severity) for one in checked.problems} == {
        ("rules/b.toml", 3, "error"),
        ("examples/x.toml", 1, "error"),
    }
    assert checked.examples == ()


def test_examples_are_judged(house: House) -> None:
    sheet = SheetName("examples/x.toml")
    fine = Bench(house).check({SHEET: RULE, sheet: example(subject="back", text="x")})
    assert len(fine.examples) > 10  # those shipped are for desks that most teams have, not all
    assert fine.different == ()
    (one,) = Bench(house).check({SHEET: RULE, sheet: example(subject="other", text="x")}).different
    assert (one.file, one.line, one.name) == (sheet, 1, "one")
    assert "did not match" in one.differences[0]


def test_examples_name_no_file_that_lies_elsewhere(house: House, tmp_path: Path) -> None:
    sheet = SheetName("examples/x.toml")
    folder = house.rules.folder("examples")
    for file in (folder / "in.eml", tmp_path / "out.eml"):
        file.write_bytes(b"Subject: back\r\n\r\nx")
    (folder / "link.eml").symlink_to(tmp_path / "out.eml")
    assert Bench(house).check({SHEET: RULE, sheet: example(file="in.eml")}).different == ()
    for name in ("../../../out.eml", str(tmp_path / "out.eml"), "link.eml", "none.eml", "."):
        (one,) = Bench(house).check({SHEET: RULE, sheet: example(file=name)}).different
        assert "no such file beside it" in one.differences[0], name


def test_a_mail_goes_elsewhere_by_other_texts(house: House) -> None:
    tried = Bench(house).judge(MAIL, {SHEET: RULE.replace('route = "general"', 'route = "junk"\nstop = true')}, SHEET)
    assert tried.then is not None
    assert tried.then.route == "junk"
    assert tried.now is not None
    assert tried.now.route != "junk"
    assert [(one.rule, one.condition.holds) for one in tried.asked] == [("asks", True)]
    assert Bench(house).judge(MAIL, {}, SheetName("phrases/x.toml")).asked == ()


def test_what_is_in_force_is_what_judges_took_last(house: House) -> None:
    file = house.rules.folder("rules") / "b.toml"
    file.write_text(RULE.replace('route = "general"', 'route = "junk"\nstop = true'))
    assert house.rules.load() == ""
    file.write_text(BROKEN)
    tried = Bench(house).judge(MAIL, {SHEET: BROKEN}, SHEET)
    assert tried.then is None
    assert tried.now is not None
    assert tried.now.route == "junk"
    (house.data / "rules.last").unlink()
    assert Bench(house).judge(MAIL, {SHEET: BROKEN}, SHEET).now is None


def test_what_is_supposed_of_the_sender_counts(house: House) -> None:
    rule = RULE.replace('subject == "back"', 'account.state == "suspended" && auth.state == "pass"')
    known = Pasted(raw=MAIL.raw, brand=MAIL.brand, authenticated=True, account="suspended")
    assert Bench(house).judge(known, {SHEET: rule}, SHEET).asked[0].condition.holds
    assert not Bench(house).judge(MAIL, {SHEET: rule}, SHEET).asked[0].condition.holds


def test_what_was_compiled_just_now_is_not_compiled_again(house: House) -> None:
    now = [0.0]
    bench = Bench(house, clock=lambda: now[0])
    texts = house.rules.drafted({SHEET: RULE})
    book, _ = bench._compile(texts)
    assert bench._compile(house.rules.drafted({SHEET: RULE}))[0] is book
    assert bench._compile(house.rules.drafted({}))[0] is not book
    assert bench._compile(texts)[0] is book
    for number in range(3):
        bench._compile(house.rules.drafted({SHEET: f"# {number}"}))
    assert len(bench._compiled) == 3
    assert bench._compile(texts)[0] is not book
    book, _ = bench._compile(texts)
    now[0] += 60
    assert bench._compile(texts)[0] is not book


def test_what_answers_need_is_prepared_until_somebody_asks(house: House) -> None:
    bench, asked = Bench(house), iter([False, False, True])
    bench.wake()
    bench.prepare(lambda: next(asked))
    assert len(bench._shipped) > 10
    assert "classifier" not in vars(house)
    bench.prepare(lambda: False)
    assert "classifier" in vars(house)


def test_a_process_that_was_woken_says_the_same(house: House, process: BenchProcess) -> None:
    process.wake()
    assert process.check({SHEET: BROKEN}) == Bench(house).check({SHEET: BROKEN})


def test_a_process_of_its_own_says_the_same(house: House, process: BenchProcess) -> None:
    here = Bench(house, clock=lambda: 1.0)
    texts = {SHEET: RULE, SheetName("examples/x.toml"): example(subject="other", text="x")}
    assert process.check(texts) == here.check(texts)
    assert process.check({SHEET: BROKEN}) == here.check({SHEET: BROKEN})
    there, same = process.judge(MAIL, {SHEET: RULE}, SHEET), here.judge(MAIL, {SHEET: RULE}, SHEET)
    assert there.asked == same.asked
    for one, other in ((there.now, same.now), (there.then, same.then)):
        assert one is not None
        assert other is not None
        assert (one.route, one.probabilities, one.findings) == (other.route, other.probabilities, other.findings)
    assert process.judge(MAIL, {SHEET: BROKEN}, SHEET).then is None
