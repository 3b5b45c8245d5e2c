"""A helpdesk asks about a customer."""

import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api_house import problem, told
from tests.pages_house import APPEAL, REFUND, SETTINGS, Answer, Installation, installation

SECRET = "a secret that both sides know"
ACCOUNTS = """
[status]
kind = "csv"
path = "accounts.csv"
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "helpdesk").write_text(SECRET + "\n")
    (tmp_path / "accounts.csv").write_text("email,status\nada@example.net,suspended\n")
    more = {"customer_info_secret_file": "helpdesk", "url": "http://127.0.0.1:8026"}
    with installation(tmp_path, SETTINGS, **more) as made:
        yield made


def ask(
    here: Installation, *, at: float | None = None, secret: str = SECRET, method: str = "GET", **asked: str
) -> Answer:
    """A signed question."""
    query = urlencode({"email": "ada@example.net"} | asked | {"timestamp": str(int(at or time.time()))})
    signed = b64encode(hmac.digest(secret.encode(), query.encode(), "sha256")).decode()
    return here.browser()._ask(method, f"/api/v1/customer-info?{query}", b"", {"authorization": f"Bearer {signed}"})


def test_what_is_known_of_a_customer_is_told(here: Installation) -> None:
    here.receive(APPEAL, REFUND)
    found = told(ask(here))
    assert found["success"] is True
    customer = found["customer"]
    assert customer.keys() == {"name", "value", "actions", "metadata"}
    assert customer["metadata"]["Mails in this name"] == "2"
    assert customer["metadata"]["Last desk"] == "refunds"
    assert customer["metadata"]["Desks"] in ("refunds 1, appeals 1", "appeals 1, refunds 1")
    assert customer["actions"] == {"Mails in postroom": "http://127.0.0.1:8026/inbox?sender=ada@example.net"}


def test_it_may_be_told_of_some_desks_and_brands_alone(tmp_path: Path) -> None:
    for limits, expected in (
        ({"customer_info_routes": ("appeals",)}, "appeals 1"),
        ({"customer_info_brands": ("video",)}, "refunds 1"),
        ({"customer_info_brands": ("video",), "customer_info_routes": ("appeals",)}, None),
    ):
        folder = tmp_path / (expected or "none")
        folder.mkdir(exist_ok=True)
        (folder / "helpdesk").write_text(SECRET + "\n")
        with installation(folder, SETTINGS, customer_info_secret_file="helpdesk", **limits) as here:
            here.receive(APPEAL)
            here.receive(REFUND, to="help@video.test")
            assert told(ask(here))["customer"]["metadata"].get("Desks") == expected


@pytest.mark.parametrize("email", ["bob@example.net", "nobody", "@example.net", '"@x', "\x00\x00@"])
def test_of_strangers_nothing_is_known_and_that_is_no_error(here: Installation, email: str) -> None:
    here.receive(APPEAL)
    assert told(ask(here, email=email))["customer"]["metadata"] == {}


@pytest.mark.parametrize(
    "wrong", [lambda: {"secret": "another secret of that length"}, lambda: {"at": 1.0}, lambda: {"at": time.time() + 900}]
)  # fmt: skip
def test_a_question_is_signed_and_fresh(here: Installation, wrong: Callable[[], dict[str, Any]]) -> None:
    assert problem(ask(here, **wrong()))["status"] == 401


def test_a_signature_is_of_this_very_query(here: Installation) -> None:
    query = urlencode({"email": "ada@example.net", "timestamp": str(int(time.time()))})
    signed = b64encode(hmac.digest(SECRET.encode(), query.encode(), "sha256")).decode()
    for other in (query.replace("ada", "eve"), f"{query}&x=1", ""):
        answer = here.browser().get(f"/api/v1/customer-info?{other}", authorization=f"Bearer {signed}")
        assert answer.status == 401
    assert here.browser().get(f"/api/v1/customer-info?{query}", authorization=f"Basic {signed}").status == 401
    assert here.browser().get(f"/api/v1/customer-info?{query}").status == 401


def test_strangers_do_not_use_up_what_a_helpdesk_may_ask(tmp_path: Path) -> None:
    (tmp_path / "helpdesk").write_text(SECRET)
    with installation(tmp_path, customer_info_secret_file="helpdesk", api_per_minute=3) as here:
        statuses = [ask(here, secret="another secret of that length").status for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        assert [ask(here).status for _ in range(4)] == [200, 200, 200, 429]


def test_what_is_asked_is_read_strictly(here: Installation) -> None:
    assert problem(ask(here, email="x"))["status"] == 422
    assert problem(ask(here, more="x"))["status"] == 422
    assert problem(ask(here, method="POST"))["status"] == 405


def test_without_a_secret_nobody_is_told_anything(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        assert problem(ask(here))["status"] == 404


def test_the_state_of_the_account_is_told(tmp_path: Path) -> None:
    (tmp_path / "helpdesk").write_text(SECRET)
    with installation(tmp_path, customer_info_secret_file="helpdesk") as here:
        from dataclasses import replace

        from postroom.model.judgement import AccountStatus
        from postroom.web.site import site

        assert here.room.informing is not None
        states = {"ada@example.net": AccountStatus(state="suspended", since=1767225600.0)}
        informing = replace(here.room.informing, account=lambda email: states.get(email, AccountStatus()))
        asked = replace(here, app=site(replace(here.room, informing=informing)))
        customer = told(ask(asked))["customer"]
        assert customer["metadata"] == {"Account": "suspended since 2026-01-01T00:00:00Z"}
        assert customer["actions"] == {}
        assert told(ask(asked, email="bob@example.net"))["customer"]["metadata"] == {}
