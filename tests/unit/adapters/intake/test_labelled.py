"""Labelled mail: what the data says, or a sentence with the line that says nothing."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.labelled import read_labelled
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.understand.reader import read_bytes

fixture_reused = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def write(folder: Path, *items: object) -> Path:
    (folder / "data.jsonl").write_text("\n".join(json.dumps(item) for item in items) + "\n\n")
    return folder / "data.jsonl"


def test_json_lines_with_text_and_with_files(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(b"Subject: from a file\n\nhello\n")
    path = write(
        tmp_path,
        {
            "route": "appeals",
            "subject": "Grüße",
            "body": "Bitte\nsofort",
            "from": "Ada <ada@example.com>",
            "lang": "de",
        },
        {"route": "general", "file": "mail.eml", "acceptable": ["refunds"]},
    )
    first, second = read_labelled(path, 1000)
    message = read_bytes(first.mail.raw)
    assert (first.route, first.language, first.acceptable) == ("appeals", "de", ())
    assert (message.subject, message.new_text.strip()) == ("Grüße", "Bitte\nsofort")
    assert message.from_ is not None
    assert message.from_.addr == "ada@example.com"
    assert (second.route, second.acceptable, second.mail.raw) == (
        "general",
        ("refunds",),
        b"Subject: from a file\n\nhello\n",
    )
    assert [first.mail.path, second.mail.path] == [f"{path}#1", f"{path}#2"]
    (_, cut) = read_labelled(path, 10)
    assert cut.mail.raw == b"Subject: f"


def test_the_date_orders_a_stream(tmp_path: Path) -> None:
    (one,) = read_labelled(
        write(tmp_path, {"route": "a", "body": "x", "date": "Fri, 20 Nov 2026 09:00:00 +0000"}), 1000
    )
    assert read_bytes(one.mail.raw).date == 1795165200.0


def test_a_folder_for_each_route(tmp_path: Path) -> None:
    for name in ("refunds/1.eml", "appeals/2.eml", "appeals/deep/3.eml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "README").write_text("not a route")
    assert [(one.route, one.mail.raw) for one in read_labelled(tmp_path, 1000)] == [
        ("appeals", b"appeals/2.eml"), ("appeals", b"appeals/deep/3.eml"), ("refunds", b"refunds/1.eml"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"3", b'"text"', b'{"subject": "x"}', b'{"route": 3, "body": "x"}', b'{"route": null}',
        b'{"route": "a", "file": "missing.eml"}', b'{"route": "a", "file": 3}', b'{"route": "a", "file": "\\u0000"}',
        b'{"route": "a", "body": "\xff"}', b"\xff\xfe", b"[" * 100_000, b'{"route": "a", "acceptable": 3}',
    ],
)  # fmt: skip
def test_a_line_that_cant_be_used_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "data.jsonl").write_bytes(b'{"route": "a", "body": "x"}\n' + line + b"\n")
    with pytest.raises(Refused, match=r"data\.jsonl:2: "):
        list(read_labelled(tmp_path / "data.jsonl", 1000))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="can't read"):
        list(read_labelled(tmp_path / "missing.jsonl", 1000))


texts = st.text(st.characters(codec=None), max_size=60)


@fixture_reused
@given(subject=texts, body=texts, sender=texts)
@example(subject="\udcff\r\nBcc: x@example.com", body="\ud800", sender="\n\nbody")
def test_any_text_becomes_one_mail_that_says_the_same(tmp_path: Path, subject: str, body: str, sender: str) -> None:
    path = write(tmp_path, {"route": "a", "subject": subject, "body": body, "from": sender})
    (one,) = read_labelled(path, 10_000)
    head, _, rest = one.mail.raw.partition(b"\n\n")
    assert rest.decode().removesuffix("\n") == sound(body).removesuffix("\n")
    assert not [line for line in head.split(b"\n") if line.split(b":")[0].lower() == b"bcc"]


@fixture_reused
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.jsonl").write_bytes(content)
    with suppress(Refused):
        for one in read_labelled(tmp_path / "data.jsonl", 1000):
            assert isinstance(one.route, str)


def test_a_mailbox_is_sent_elsewhere_and_a_missing_route_is_named(tmp_path: Path) -> None:
    (tmp_path / "hist.mbox").write_bytes(b"From a@example.com Fri\nSubject: x\n\nhello\n")
    with pytest.raises(Refused, match=r"is mail without labels.*postroom import"):
        list(read_labelled(tmp_path / "hist.mbox", 1000))
    for item in ({"subject": "x"}, []):
        with pytest.raises(Refused, match=r"#?1: .*it has no `route`$"):
            list(read_labelled(write(tmp_path, item), 1000))
