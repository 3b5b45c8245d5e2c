"""The line of a setting in a TOML text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.config import load
from postroom.config.locate import line_of, lines

TEXT = """\
data = "x"          # 1

[intake]            # 3
listen = [
  "127.0.0.1:25",
]
"max_size" = 5      # 7
[ brand . main ]    # 8
addresses = []
[[odd]]             # 10
a = 1
[[odd]]
a = 2
trust.team_domains = []
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("data", 1), ("intake", 3), ("intake.listen", 4), ("intake.max_size", 7), ("brand.main", 8),
        ("brand.main.addresses", 9), ("odd", 10), ("odd.a", 11), ("odd.trust.team_domains", 14),
        ("intake.listen.0", 4), ("intake.missing", 3), ("missing.altogether", 1), ("", 1),
    ],
)  # fmt: skip
def test_a_setting_is_found_or_the_table_around_it(path: str, line: int) -> None:
    assert line_of(path, lines(TEXT)) == line


@given(st.text(max_size=200), st.text(max_size=30))
def test_any_text_has_a_line_for_any_path(text: str, path: str) -> None:
    assert 1 <= line_of(path, lines(text)) <= max(1, len(text.splitlines()))


@pytest.mark.parametrize("value", ['"a\\u0000b"', '"a\\u001b[31mb"', '"a\\nb"', '["\\u007f"]'])
def test_no_setting_has_a_control_character(value: str) -> None:
    name = "intake.listen" if value.startswith("[") else "data"
    text = f"[intake]\nlisten = {value}" if value.startswith("[") else f"data = {value}"
    settings, problems = load(text)
    assert settings is None
    assert ("has a control character", name) in [(p.message, p.path) for p in problems]
