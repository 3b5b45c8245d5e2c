"""Names and texts of sheets."""

import pytest

from postroom.model.rulebooks import SheetName, Version, digest_of, kind_of, normal_text, sheet_name


@pytest.mark.parametrize("name", ["rules/press.toml", "phrases/a-b_C9.toml", "examples/0.toml"])
def test_names_of_sheets(name: str) -> None:
    assert sheet_name(name) == name
    assert kind_of(SheetName(name)) == name.partition("/")[0]


@pytest.mark.parametrize(
    "name",
    ["", "press.toml", "rules/", "rules/.toml", "rules/.x.toml", "rules/../x.toml", "rules/a/b.toml", "rules/x.txt", "/rules/x.toml", "rules\\x.toml", "rules/ü.toml", "rules/x.toml\n", "secrets/x.toml", "rules/" + "x" * 81 + ".toml"],
)  # fmt: skip
def test_what_is_no_name(name: str) -> None:
    assert sheet_name(name) is None


def test_line_ends_are_those_of_files() -> None:
    assert normal_text("a\r\nb\rc") == "a\nb\nc\n"
    assert normal_text("a\n") == "a\n"
    assert normal_text("") == ""


def test_a_version_without_its_text_was_erased_unless_there_was_none() -> None:
    sheet = SheetName("rules/x.toml")
    assert Version(sheet=sheet, how="saved", at=1.0, digest=digest_of("x")).erased
    assert not Version(sheet=sheet, how="removed", at=1.0).erased
    assert digest_of("\ud800") != digest_of("")
