"""Programmes that call the API of an installation for tests."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.pages_house import Answer, Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Calls with one key."""

    here: Installation
    token: str
    more: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, said: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, b"" if said is None else json.dumps(said).encode(), **headers)

    def patch(self, path: str, said: Any) -> Answer:
        return self.ask("PATCH", path, json.dumps(said).encode())

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """A call below /api/v1; header names with _ for -."""
        usual = {"content-type": "application/json"} if body else {}
        sign = {"authorization": f"Bearer {self.token}"} if self.token else {}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.here.browser()._ask(method, f"/api/v1{path}", body, usual | sign | self.more | given)


def programme(here: Installation, user: str, scope: str, **facts: Any) -> Programme:
    """A programme with a key of somebody who is there, or is added with a role that the scope takes."""
    token, _ = here.house.people.team.make_key(user, scope, "", facts.get("expires_at"), "root")  # type: ignore[arg-type]
    return Programme(here=here, token=token)


def told(answer: Answer) -> Any:
    """What an answer says, which is JSON."""
    return json.loads(answer.text)


def problem(answer: Answer) -> Any:
    """What went wrong, as every problem is told."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = json.loads(answer.text)
    assert found["status"] == answer.status
    assert found["title"]
    assert found["detail"].endswith((".", "!", "?"))
    return found
