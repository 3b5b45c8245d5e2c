"""The receiver's code in the how-to does what it says."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from postroom.adapters.destination.webhook import facts
from postroom.model.marks import sign_webhook
from postroom.testing.destination_contract import make_parcel

PAGE = (Path(__file__).parents[4] / "docs" / "how-to" / "verify-webhooks.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_code_shown_accepts_ours_and_nothing_else() -> None:
    names: dict[str, Callable[..., bool]] = {}
    exec(compile(block("python"), "verify-webhooks.md", "exec"), names)
    verify, now = names["is_from_postroom"], int(time.time())
    good = sign_webhook(b"secret", now, b"body")
    assert verify(b"secret", good, b"body")
    assert verify(b"secret", f"{sign_webhook(b'old', now, b'body')},{good.partition(',')[2]}", b"body")
    for secret, header, body in [
        (b"other", good, b"body"),
        (b"secret", good, b"body "),
        (b"secret", sign_webhook(b"secret", now - 400, b"body"), b"body"),
        (b"secret", "", b"body"),
        (b"secret", "t=x,v1=y", b"body"),
    ]:
        assert not verify(secret, header, body)


def test_the_body_shown_has_the_names_that_are_sent() -> None:
    assert list(json.loads(block("json"))) == list(facts(make_parcel(), raw=False, link=""))
