"""The reader on thousands of real and odd messages (kept outside the repository)."""

import json
import os
import re
import statistics
import tarfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from postroom.model.message import Message
from postroom.understand import addresses, reader
from tests.unit.understand import pace

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("POSTROOM_DATA", ROOT.parent / "shared" / "data"))
LIST = ROOT / "docs" / "explanation" / "mime-differences.md"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not (DATA / "mime.tar.xz").exists(), reason="the development data is not here"),
]


def members(archive: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(DATA / archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def sound(name: str, message: Message) -> None:
    assert "reader-bug" not in {defect.code for defect in message.defects}, (name, message.defects)
    msgspec.json.encode(message).decode("utf-8")


def test_every_odd_message_is_read() -> None:
    count = 0
    for name, raw in members("mime.tar.xz"):
        if name.endswith((".eml", ".txt")) or "/maildir/" in name:
            sound(name, reader.read_bytes(raw))
            count += 1
    assert count > 250


@pytest.mark.slow
def test_every_real_message_is_read_quickly() -> None:
    reader.warm()
    taken: list[tuple[float, str]] = []
    for name, raw in members("rawmail.tar.xz"):
        started = time.process_time()
        message = reader.read_bytes(raw)
        taken.append((time.process_time() - started, name))
        sound(name, message)
    assert len(taken) >= 5996
    # aims on a quiet machine: worst 20 ms, median 0.3 ms; an ordinary mail of 100 KB takes 25 ms there
    began = time.process_time()
    reader.read_bytes(pace.MAIL)
    ordinary = time.process_time() - began
    assert statistics.median(seconds for seconds, _ in taken) < 0.04 * ordinary
    assert sorted(taken)[-3][0] < 2 * ordinary, sorted(taken)[-3:]


def theirs(parsed: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in parsed["parts"][0]["headers"]:
        if isinstance(field["name"], str):
            values.setdefault(field["name"], field["value"])
    subject = values.get("subject")
    return {
        "subject": subject.get("Text", "") if isinstance(subject, dict) else "",
        "from": their_addresses(values.get("from"))[:1],
        "to": their_addresses(values.get("to")),
        "date": their_date(values.get("date")),
    }


def their_addresses(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return []
    value = value.get("Address", value)
    found = value.get("List") or [one for group in value.get("Group", []) for one in group["addresses"]]
    return [(one.get("name") or "", addresses.normal(one.get("address") or "")) for one in found]


def their_date(value: Any) -> float | None:
    date = value.get("DateTime") if isinstance(value, dict) else None
    if not date:
        return None
    zone = timedelta(hours=date["tz_hour"], minutes=date["tz_minute"]) * (-1 if date["tz_before_gmt"] else 1)
    parts = [date[name] for name in ("year", "month", "day", "hour", "minute", "second")]
    return datetime(*parts, tzinfo=timezone(zone)).timestamp()


def ours(message: Message) -> dict[str, Any]:
    return {
        "subject": message.subject,
        "from": [(message.from_.name, message.from_.addr)] if message.from_ else [],
        "to": [(one.name, one.addr) for one in message.to],
        "date": message.date,
    }


def test_the_differences_from_another_parser_are_the_listed_ones() -> None:
    files = dict(members("mime.tar.xz"))
    compared = 0
    differing: set[tuple[str, str]] = set()
    for name, raw in files.items():
        expected = files.get(name.removesuffix(".eml") + ".json")
        if not name.endswith(".eml") or expected is None or "stalwart" not in name:
            continue
        their, our = theirs(json.loads(expected)), ours(reader.read_bytes(raw))
        compared += len(their)
        short = "/".join(name.removesuffix(".eml").split("/")[-2:])
        differing |= {(short, value) for value in their if their[value] != our[value]}
    assert compared >= 4 * 100
    assert len(differing) <= 0.03 * compared
    listed = set(re.findall(r"^\| (\S+/\S+) \| (subject|from|to|date) \|", LIST.read_text("utf-8"), re.MULTILINE))
    assert differing == listed
