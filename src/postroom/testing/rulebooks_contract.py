"""What every store of versions and drafts must do, as tests. Subclass; the fixtures are ports of `ports.rulebooks`, ``templates`` versions of answers in the same store."""

from dataclasses import replace

import pytest

from postroom.model.errors import Refused
from postroom.model.people import Deed
from postroom.model.rulebooks import DraftId, SheetName, Texts, Version, VersionNumber, digest_of
from postroom.ports.accounts import Journal
from postroom.ports.rulebooks import Drafts, Versions

PRESS, MONEY = SheetName("rules/press.toml"), SheetName("phrases/money.toml")
NOW = 1_800_000_000.0
DAY = 86_400.0
FIRST = VersionNumber(0)
TEXTS: Texts = {PRESS: "# «ü»\r\n", MONEY: ""}


def a_version(sheet: SheetName = PRESS, text: str | None = "# one", at: float = NOW, why: str = "") -> Version:
    """A text that somebody saved."""
    return Version(
        sheet=sheet,
        how="saved" if text is not None else "removed",
        at=at,
        by="root",
        why=why,
        digest="" if text is None else digest_of(text),
        text=text,
    )


def a_deed() -> Deed:
    """That it was done."""
    return Deed(at=NOW, by="root", what="rules-saved", to=PRESS)


class VersionsContract:
    """Every text that a file had can be found again."""

    def test_there_is_nothing_at_first(self, versions: Versions) -> None:
        assert versions.newest() == {}
        assert versions.of(PRESS) == ()
        assert versions.each(9) == {}
        assert versions.version(VersionNumber(1)) is None

    def test_what_is_noted_is_found_again(self, versions: Versions) -> None:
        given = a_version(text="# «ü» \ud800\n", why="because")
        number = versions.note([given], [], after=FIRST)
        (found,) = versions.of(PRESS)
        assert found == replace(given, number=number)
        assert versions.version(number) == found
        assert versions.newest() == {PRESS: found}
        assert not found.erased

    def test_the_newest_of_each_sheet(self, versions: Versions) -> None:
        last = versions.note([a_version(), a_version(MONEY, "# money")], [], after=FIRST)
        last = versions.note([a_version(text="# two", at=NOW + 1)], [], after=last)
        last = versions.note([a_version(MONEY, None, at=NOW + 2)], [], after=last)
        newest = versions.newest()
        assert {name: one.text for name, one in newest.items()} == {PRESS: "# two", MONEY: None}
        assert newest[MONEY].digest == ""
        assert not newest[MONEY].erased
        assert newest[MONEY].number == last

    def test_pages_newest_first(self, versions: Versions) -> None:
        last = FIRST
        for number in range(5):
            last = versions.note([a_version(text=str(number)), a_version(MONEY, str(number))], [], after=last)
        first = versions.of(PRESS, limit=2)
        assert [one.text for one in first] == ["4", "3"]
        assert versions.each(2) == {PRESS: first, MONEY: versions.of(MONEY, limit=2)}
        assert [one.text for one in versions.of(PRESS, before=first[-1].number, limit=9)] == ["2", "1", "0"]

    def test_whoever_did_not_see_the_last_writes_nothing(self, versions: Versions, journal: Journal) -> None:
        last = versions.note([a_version()], [], after=FIRST)
        with pytest.raises(Refused, match="meanwhile"):
            versions.note([a_version(text="# two")], [a_deed()], after=FIRST)
        assert [one.number for one in versions.of(PRESS)] == [last]
        assert journal.deeds() == ()

    def test_deeds_come_with_it(self, versions: Versions, journal: Journal) -> None:
        versions.note([a_version()], [a_deed()], after=FIRST)
        assert [(one.what, one.to) for one in journal.deeds()] == [("rules-saved", PRESS)]

    def test_sheets_of_other_kinds_are_not_there(self, versions: Versions, templates: Versions) -> None:
        mine = a_version(SheetName("answers/more.toml"), "# more")
        number = templates.note([mine], [], after=FIRST)
        assert versions.newest() == {}
        assert versions.version(number) is None
        assert versions.of(mine.sheet) == ()
        versions.note([a_version()], [], after=FIRST)  # nobody has changed these meanwhile
        assert set(templates.newest()) == {mine.sheet}


class DraftsContract:
    """What somebody tries is there as it was, for a while."""

    def test_a_draft_is_found_again(self, drafts: Drafts) -> None:
        number = drafts.keep(TEXTS, "root", NOW)
        other = drafts.keep({}, "lea", NOW + 1)
        found = drafts.get(number)
        assert found is not None
        assert (found.id, found.at, found.by, dict(found.texts)) == (number, NOW, "root", TEXTS)
        empty = drafts.get(other)
        assert empty is not None
        assert empty.texts == {}
        assert other != number

    def test_the_newest_come_first_with_their_names(self, drafts: Drafts) -> None:
        for name in ("", "orders", "press"):
            drafts.keep(TEXTS, "root", NOW, name)
        found = drafts.newest(2)
        assert [one.name for one in found] == ["press", "orders"]
        assert found[0] == drafts.get(found[0].id)
        drafts.keep(TEXTS, "root", NOW + 31 * DAY, "late")
        assert [one.name for one in drafts.newest()] == ["late"]

    def test_there_is_none_of_another_number(self, drafts: Drafts) -> None:
        assert drafts.get(DraftId(1)) is None

    def test_it_is_kept_for_a_month(self, drafts: Drafts) -> None:
        old = drafts.keep(TEXTS, "root", NOW)
        assert drafts.keep(TEXTS, "root", NOW + 29 * DAY) != old
        assert drafts.get(old) is not None
        new = drafts.keep(TEXTS, "root", NOW + 31 * DAY)
        assert drafts.get(old) is None
        assert new != old

    def test_the_newest_two_hundred_are_kept(self, drafts: Drafts) -> None:
        numbers = [drafts.keep(TEXTS, "root", NOW) for _ in range(201)]
        assert [drafts.get(one) is not None for one in numbers[:2]] == [False, True]
