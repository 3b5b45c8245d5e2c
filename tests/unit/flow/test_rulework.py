"""What people do with rules: nobody's edit is lost, nothing wrong gets into force, and every change has its deed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.rulebooks import SqliteDrafts, SqliteVersions
from postroom.adapters.store.sqlite import SqliteStore
from postroom.decide.outline import outline
from postroom.decide.problems import Problem
from postroom.flow.rulework import Rulework, may_work, unchanged_since
from postroom.flow.sheetwork import Conflict, Faulty
from postroom.model.errors import Refused, TryLater
from postroom.model.judgement import AccountState
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import User, UserName
from postroom.model.rulebooks import DraftId, SheetName, Texts, VersionNumber, digest_of
from postroom.ports.rulebooks import Checked, Exemplified, Pasted, Tried

A, B = SheetName("rules/a.toml"), SheetName("rules/b.toml")


@dataclass
class Files:
    """Sheets in memory."""

    held: dict[SheetName, str] = field(default_factory=dict)
    told: int = 0
    trouble: str = ""
    fails: bool = False
    #: happens when they are read next
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def texts(self) -> Texts:
        found = dict(self.held)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return found

    def unreadable(self) -> Mapping[SheetName, str]:
        return {}

    def shipped(self) -> Texts:
        return {}

    def hindrance(self, sheet: SheetName) -> str:
        return self.trouble

    def put(self, changes: Mapping[SheetName, str | None]) -> None:
        if self.fails:
            raise TryLater("the disk is full")
        for sheet, text in changes.items():
            if text is None:
                del self.held[sheet]
            else:
                self.held[sheet] = text

    def in_force(self, texts: Texts) -> bool:
        return True

    def tell(self) -> None:
        self.told += 1


class Words:
    """A bench that finds an error wherever «wrong» stands, and a different example wherever «other» does."""

    def wake(self) -> None:
        """It is awake."""

    def check(self, texts: Texts) -> Checked:
        found = [
            Problem(file=sheet, line=1, column=1, severity="error", message=f"wrong in {sheet}")
            for sheet, text in texts.items()
            if "wrong" in text
        ]
        differ = [
            Exemplified(name=sheet, file=sheet, line=1, differences=("it differs",))
            for sheet, text in texts.items()
            if "other" in text
        ]
        fine = Exemplified(name="fine", file="x", line=1, differences=())
        return Checked(problems=tuple(found), examples=() if found else (fine, *differ))

    def judge(self, mail: Pasted, texts: Texts, sheet: SheetName) -> Tried:
        assert sheet in texts
        return Tried(now=None, then=None)


@dataclass
class Desk:
    """Somebody's work with rules."""

    work: Rulework
    files: Files
    journal: SqliteJournal

    def save(self, text: str | None, sheet: SheetName = A, **more: object) -> Checked:
        """Save over what is there."""
        seen = {sheet: digest_of(self.files.held[sheet])} if sheet in self.files.held else {}
        return self.work.save({sheet: text}, **({"seen": seen, "by": "eve"} | more))  # type: ignore[arg-type]

    def history(self, sheet: SheetName = A) -> list[tuple[str, str, str | None]]:
        """How, by whom, what; newest first."""
        return [(one.how, one.by, one.text) for one in self.work.versions.of(sheet)]

    def deeds(self) -> list[tuple[str, str, str]]:
        return [(one.by, one.what, one.to) for one in self.journal.deeds()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = SqliteStore.open(tmp_path / "postroom.db")
    files, ticks = Files(), count(1_800_000_000)
    work = Rulework(
        sheets=files,
        versions=SqliteVersions(store.units),
        drafts=SqliteDrafts(store.units),
        bench=Words(),
        clock=lambda: float(next(ticks)),
    )
    yield Desk(work=work, files=files, journal=SqliteJournal(store.units))
    store.close()


# Looking


def test_what_is_changed_by_hand_is_a_version_once_it_is_seen(desk: Desk) -> None:
    assert desk.work.look().last == 0
    desk.files.held[A] = "one\n"
    looked = desk.work.look()
    assert (looked.texts, looked.newest[A].text, looked.last) == ({A: "one\n"}, "one\n", 1)
    desk.work.look()
    desk.files.held[A] = "two\n"
    desk.work.look()
    del desk.files.held[A]
    desk.work.look()
    assert desk.work.look().newest[A].digest == ""
    assert desk.history() == [("on-disk", "", None), ("on-disk", "", "two\n"), ("on-disk", "", "one\n")]
    assert desk.deeds() == []


# Saving


def test_saving_writes_version_deed_and_file_and_tells_the_judges(desk: Desk) -> None:
    desk.save("one", why="  because\nof it ")
    assert desk.files.held == {A: "one\n"}
    assert desk.files.told == 1
    assert desk.history() == [("saved", "eve", "one\n")]
    (deed,) = desk.journal.deeds()
    assert (deed.by, deed.what, deed.to) == ("eve", "rules-saved", A)
    assert deed.detail == f"{digest_of(desk.files.held[A])[:12]} because of it"
    desk.save(None)
    assert desk.files.held == {}
    assert desk.history()[0] == ("removed", "eve", None)
    assert desk.deeds()[0] == ("eve", "rules-removed", A)


def test_several_files_are_saved_together_or_not_at_all(desk: Desk) -> None:
    desk.files.held[B] = "here\n"
    with pytest.raises(Conflict):
        desk.work.save({A: "new", B: "over"}, seen={}, by="eve")
    assert desk.files.held == {B: "here\n"}
    desk.work.save({A: "new", B: "over"}, seen={B: digest_of("here\n")}, by="eve", how="imported")
    assert desk.files.held == {A: "new\n", B: "over\n"}
    assert desk.deeds() == [("eve", "rules-imported", B), ("eve", "rules-imported", A)]


@pytest.mark.parametrize("text", ["two\n", None])
def test_what_was_done_and_nobody_heard_of_is_done_once(desk: Desk, text: str | None) -> None:
    desk.save("one")
    for _ in range(2):
        desk.work.save({A: text}, seen={A: digest_of("one\n")}, by="eve")
    assert desk.files.held.get(A) == text
    assert len(desk.history()) == 2
    assert len(desk.deeds()) == 2
    with pytest.raises(Refused, match="nothing would change"):
        desk.save(text)
    with pytest.raises(Refused, match="nothing would change"):
        desk.work.save({}, seen={}, by="eve")


def test_whoever_saw_something_else_overwrites_nothing(desk: Desk) -> None:
    desk.save("one")
    desk.files.held[A] = "by hand\n"
    with pytest.raises(Conflict, match=r"rules/a\.toml was changed meanwhile") as caught:
        desk.work.save({A: "two"}, seen={A: digest_of("one\n")}, by="eve")
    assert caught.value.now == "by hand\n"
    del desk.files.held[A]
    with pytest.raises(Conflict) as caught:
        desk.work.save({A: "two"}, seen={A: digest_of("one\n")}, by="eve")
    assert caught.value.now is None


def test_a_change_while_it_is_checked_is_seen(desk: Desk) -> None:
    desk.files.held[A] = "one\n"
    desk.files.meanwhile.append(lambda: desk.files.held.__setitem__(A, "by hand\n"))
    with pytest.raises(Conflict):
        desk.work.save({A: "two"}, seen={A: digest_of("one\n")}, by="eve")
    assert desk.files.held[A] == "by hand\n"
    assert desk.history() == [("on-disk", "", "by hand\n")]


def test_what_is_wrong_is_not_saved(desk: Desk) -> None:
    with pytest.raises(Faulty, match=r"wrong in rules/a\.toml") as caught:
        desk.save("wrong")
    assert len(caught.value.checked.errors) == 1
    assert desk.files.held == {}
    assert desk.history() == []


def test_what_is_wrong_elsewhere_keeps_nobody_from_mending(desk: Desk) -> None:
    desk.files.held[B] = "wrong\n"
    desk.save("one")
    assert desk.files.held[A] == "one\n"
    with pytest.raises(Faulty):
        desk.save("still wrong", B)
    desk.save("right", B)


def test_examples_that_newly_differ_keep_it_out_unless_that_is_meant(desk: Desk) -> None:
    with pytest.raises(Faulty, match="come out differently"):
        desk.save("other")
    assert desk.save("other", anyway=True).different
    assert desk.save("other again").different


@pytest.mark.parametrize(("text", "sheet", "said"), [
    ("x", SheetName("secrets/a.toml"), "is no name"),
    ("x", SheetName("rules/../a.toml"), "is no name"),
    ("ü" * 200_001, A, "at most 400000 bytes"),
])  # fmt: skip
def test_what_can_not_be_a_file_is_refused(desk: Desk, text: str, sheet: SheetName, said: str) -> None:
    with pytest.raises(Refused, match=said):
        desk.work.save({sheet: text}, seen={}, by="eve")
    with pytest.raises(Refused, match=said):
        desk.work.check({sheet: text})
    assert desk.files.held == {}


def test_a_file_of_another_name_that_is_there_can_be_changed(desk: Desk) -> None:
    odd = SheetName("rules/my rules.toml")
    desk.files.held[odd] = "one\n"
    desk.save("two", odd)
    assert desk.files.held[odd] == "two\n"


def test_all_together_may_not_be_too_much(desk: Desk) -> None:
    for number in range(10):
        desk.files.held[SheetName(f"rules/n{number}.toml")] = "x" * 400_000
    with pytest.raises(Refused, match="all together"):
        desk.save("one")


def test_nothing_to_save_and_nowhere_to_save_it(desk: Desk) -> None:
    desk.save("one")
    with pytest.raises(Refused, match="nothing would change"):
        desk.save("one\r\n")
    desk.files.trouble = "postroom may not write there"
    with pytest.raises(Refused, match="may not write there"):
        desk.save("two")
    assert desk.history() == [("saved", "eve", "one\n")]
    assert desk.files.told == 1


def test_a_file_that_could_not_be_written_is_seen_at_the_next_look(desk: Desk) -> None:
    desk.save("one")
    desk.files.fails = True
    with pytest.raises(TryLater):
        desk.save("two")
    assert desk.files.held == {A: "one\n"}
    assert desk.work.look().newest[A].text == "one\n"
    assert [how for how, *_ in desk.history()] == ["on-disk", "saved", "saved"]


def test_halves_of_characters_become_question_marks(desk: Desk) -> None:
    desk.save("a\ud800b")
    assert desk.files.held[A] == "a?b\n"


# Bringing back


def test_a_version_is_brought_back_as_a_new_one(desk: Desk) -> None:
    desk.save("one")
    desk.save("two")
    seen = {A: digest_of("two\n")}
    desk.work.restore(VersionNumber(1), seen=seen, by="eve", why="", anyway=False)
    assert desk.files.held[A] == "one\n"
    assert desk.history()[0] == ("restored", "eve", "one\n")
    assert desk.work.versions.of(A)[0].why == "version 1"
    desk.work.restore(VersionNumber(2), seen={A: digest_of("one\n")}, by="eve", why="after all", anyway=False)
    assert desk.work.versions.of(A)[0].why == "after all"


def test_that_there_was_none_is_brought_back_too(desk: Desk) -> None:
    desk.save("one")
    desk.save(None)
    desk.save("two")
    desk.work.restore(VersionNumber(2), seen={A: digest_of("two\n")}, by="eve", why="", anyway=False)
    assert desk.files.held == {}


def test_versions_that_are_not_kept_are_not_brought_back(desk: Desk) -> None:
    erased = replace(desk.work.look(), newest={})
    assert erased.last == 0
    for number in (1, 99):
        with pytest.raises(Refused, match="not kept any more"):
            desk.work.restore(VersionNumber(number), seen={}, by="eve", why="", anyway=False)


# Drafts and trials


def test_a_draft_holds_all_files_and_says_what_it_changes(desk: Desk) -> None:
    desk.files.held |= {A: "one\n", B: "two\n"}
    draft = desk.work.draft({A: "new"}, "eve")
    found, changes = desk.work.drafted(draft)
    assert (found.texts, found.by) == ({A: "new\n", B: "two\n"}, "eve")
    assert changes == {A: "new\n"}
    with pytest.raises(Refused, match="not kept any more"):
        desk.work.drafted(DraftId(99))


def test_drafts_that_would_change_anything_have_names(desk: Desk) -> None:
    desk.files.held |= {A: "one\n", B: "two\n"}
    desk.work.draft({A: "new"}, "eve", "  late\n orders ")
    desk.work.draft({A: "other", B: "more"}, "eve")
    desk.work.draft({A: "one"}, "eve", "as it is")
    found = [(draft.name, dict(changes)) for draft, changes in desk.work.open_drafts()]
    assert found == [(f"{A}, {B}", {A: "other\n", B: "more\n"}), ("late orders", {A: "new\n"})]


def test_checking_and_trying_change_nothing(desk: Desk) -> None:
    assert desk.work.check({A: "wrong"}).errors
    account: AccountState = "unknown"
    mail = Pasted(raw=b"", brand=BrandName("shop"), account=account)
    assert desk.work.judge(mail, {A: "one"}, A) == Tried(now=None, then=None)
    assert desk.files.held == {}
    assert desk.work.look().last == 0


# Who, and since when


@pytest.mark.parametrize(
    ("user", "may"),
    [
        (User(name=UserName("a"), role="admin", routes=(RouteName("refunds"),)), True),
        (User(name=UserName("l"), role="lead"), True),
        (User(name=UserName("l"), role="lead", routes=(RouteName("refunds"),)), False),
        (User(name=UserName("l"), role="lead", brands=(BrandName("shop"),)), False),
        (User(name=UserName("r"), role="reviewer"), False),
    ],
)
def test_rules_are_for_leads_and_admins_of_everything(user: User, may: bool) -> None:
    assert may_work(user) == may


def test_rules_say_since_when_they_stand_so(desk: Desk) -> None:
    one, two = ('[[rule]]\nname = "one"\ntags = ["{}"]\n', '[[rule]]\nname = "two"\ntags = ["{}"]\n')
    desk.save(one.format("a"))
    desk.save(one.format("a") + two.format("a"))
    desk.save(one.format("b") + two.format("a"))
    desk.save("# away")
    desk.save(one.format("b") + two.format("a"))
    desk.save(one.format("b") + two.format("a") + "# more")
    desk.save(one.format("c") + two.format("a"))
    entries = outline(desk.files.held[A].replace('name = "two"', 'name = "new"') + two.format("a"))
    found = unchanged_since(entries, desk.work.versions.of(A))
    assert {name: version.number for name, version in found.items()} == {"one": 7, "two": 7}
    assert unchanged_since(entries, ()) == {}
    desk.files.held[A] = "x"
    assert unchanged_since(outline("x = 1"), desk.work.versions.of(A)) == {}
