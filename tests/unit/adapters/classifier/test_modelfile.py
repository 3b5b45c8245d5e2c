"""Files of both kinds of models are read alike: the same bounds, the same checks, and never another error."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.classifier import kernel, model, modelfile
from postroom.adapters.classifier.modelfile import HEAVIER, LIGHT, Form, header, opening
from postroom.model.errors import ConfigError
from tests.unit.adapters.classifier.test_kernel import a_head
from tests.unit.adapters.classifier.test_linear import learned

Parse = Callable[[bytes], Any]

CONTENT = {LIGHT: model.dump(learned()), HEAVIER: kernel.dump(a_head(60))}
PARSE: dict[Form, Parse] = {LIGHT: model.parse, HEAVIER: kernel.parse}

both = pytest.mark.parametrize("form", [LIGHT, HEAVIER], ids=lambda form: form.name)


@both
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda _form, _content: b"", "does not begin with 'postroom "),
        (lambda _form, _content: b"\x80\x04.", "does not begin"),
        (lambda _form, content: b"x" + content, "does not begin"),
        (lambda form, _content: form.magic, "no end"),
        (lambda form, content: content[: len(form.magic) + 9], "no end"),
        (lambda form, _content: form.magic + b" " * form.max_header + b"\n", "no end"),
        (lambda form, _content: form.magic + b"{}\n", "header is damaged"),
        (lambda form, _content: form.magic + b"[]\n", "header is damaged"),
        (lambda form, _content: form.magic + b"\xff\n", "header is damaged"),
        (lambda form, _content: form.magic + b"[" * 100_000 + b"\n", "header is damaged"),
        (lambda form, _content: form.magic + b'{"a": ' + b"9" * 5000 + b"}\n", "header is damaged"),
        (lambda _form, content: content.replace(b'"classes"', b'"klasses"'), "header is damaged"),
        (lambda _form, content: content.replace(b'"card": {', b'"card": 1, "x": {'), "header is damaged"),
        (lambda _form, content: content[:-1], "another length"),
        (lambda _form, content: content + b"\0", "another length"),
        (lambda _form, content: content[:-1] + bytes([content[-1] ^ 1]), "checksum is wrong"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(
    form: Form, harm: Callable[[Form, bytes], bytes], said: str, tmp_path: Path
) -> None:
    content = harm(form, CONTENT[form])
    with pytest.raises(ValueError, match=said):
        PARSE[form](content)
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ConfigError, match=f"/m is no {form.name} that this postroom can use: .*{said}"):
        modelfile.read(tmp_path / "m", form, PARSE[form])


@pytest.mark.parametrize(("form", "name"), [(LIGHT, "features"), (HEAVIER, "axes")])
@pytest.mark.parametrize(
    ("value", "said"), [("1e999", "header is damaged"), ("NaN", "header is damaged"), ("-1", "makes no sense")]
)
def test_a_size_that_is_none_is_refused(form: Form, name: str, value: str, said: str) -> None:
    before, after = CONTENT[form].split(f'"{name}": '.encode(), 1)
    lying = before + f'"{name}": {value}, "was": '.encode() + after
    with pytest.raises(ValueError, match=said):
        PARSE[form](lying)


@both
def test_a_missing_file_is_a_sentence(form: Form, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"can't read the {form.name} .*/none: No such file"):
        modelfile.read(tmp_path / "none", form, PARSE[form])
    with pytest.raises(ConfigError, match="Is a directory"):
        modelfile.read(tmp_path, form, PARSE[form])


@both
def test_of_a_huge_file_no_more_is_read_than_one_may_have(form: Form, tmp_path: Path) -> None:
    small = replace(form, max_bytes=1000)
    (tmp_path / "m").write_bytes(form.magic + b"{}\n" + b"\0" * 5000)
    sizes = []

    def parse(content: bytes) -> int:
        sizes.append(len(content))
        return header(content, small, len)[1]

    with pytest.raises(ConfigError, match="it is larger than 1000 bytes"):
        modelfile.read(tmp_path / "m", small, parse)
    assert sizes == [1001]


@both
@given(facts=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()), rest=st.binary(max_size=50))
def test_what_was_written_is_read(form: Form, facts: dict[str, object], rest: bytes) -> None:
    content = opening(form, facts) + rest
    found, at = header(content, form, dict)
    assert (found, content[at:]) == (facts, rest)
    assert opening(form, found) == content[:at]


@both
@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_value_error(form: Form, content: bytes) -> None:
    for tried in (content, form.magic + content, form.magic + content + b"\n"):
        with pytest.raises(ValueError, match="it"):
            PARSE[form](tried)
