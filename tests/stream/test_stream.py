"""The stream is whole, and as it was when it was frozen."""

import hashlib
import json
from collections import Counter
from pathlib import Path

STREAM = Path(__file__).parent
FROZEN = "974b2d635e0cbcc1474d849530bd08888124e6ac36e803a3e50769eff9f018ee"


def test_it_is_frozen() -> None:
    content = hashlib.sha256()
    for path in sorted(path for path in STREAM.rglob("*") if path.suffix in {".eml", ".jsonl", ".csv"}):
        content.update(path.relative_to(STREAM).as_posix().encode() + b"\0" + path.read_bytes())
    assert content.hexdigest() == FROZEN


def test_every_mail_has_its_line() -> None:
    lines = [json.loads(line) for line in (STREAM / "stream.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["file"] for line in lines} == {f"mails/{path.name}" for path in (STREAM / "mails").iterdir()}
    assert len(lines) == 330
    assert Counter(line["needs"] for line in lines) == {
        "words": 214, "thread": 59, "headers": 29, "account": 15, "sender": 13,
    }  # fmt: skip
    told = (STREAM / "README.md").read_text(encoding="utf-8")
    for route, count in Counter(line["route"] for line in lines).items():
        assert f"{count} {route}" in told
