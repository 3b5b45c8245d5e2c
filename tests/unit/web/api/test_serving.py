"""Every call: how large, who, how often, may they, was it said before."""

import json
from pathlib import Path

import pytest

from postroom.model.errors import TryLater
from postroom.model.people import SCOPES
from postroom.web.api.document import document
from postroom.web.api.operation import Operation
from postroom.web.api.table import OPERATIONS
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import APPEAL, REFUND, Installation, installation

DOCUMENT = document(OPERATIONS)


def place(operation: Operation) -> str:
    """Its path, with ids that nothing has."""
    return (
        operation.path.replace("{id}", "nothing")
        .replace("{name}", "nobody")
        .replace("{number}", "0")
        .replace("{case}", "99")
    )


def ask(caller: Programme, operation: Operation) -> int:
    """Call an operation as its example says."""
    body = json.dumps(DOCUMENT["paths"][f"/api/v1{operation.path}"][operation.method.lower()].get("requestBody", {})
                      .get("content", {}).get("application/json", {}).get("example", "")) if operation.example else ""  # fmt: skip
    answer = caller.ask(operation.method, place(operation), body.encode())
    if answer.status >= 400:
        problem(answer)
    return answer.status


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_operation_takes_a_key_of_its_scope(here: Installation, operation: Operation) -> None:
    assert ask(Programme(here=here, token=""), operation) == 401
    assert ask(Programme(here=here, token="pr_nothing_like_it"), operation) == 401
    scopes = list(SCOPES)
    here.house.people.team.change("root", "root", urgent=True)
    enough = programme(here, "root", operation.scope)
    assert ask(enough, operation) in (200, 404, 409, 422)
    for scope in scopes[: scopes.index(operation.scope)]:
        assert ask(programme(here, "root", scope), operation) == 403


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_a_scope_gives_no_more_than_its_users_role(here: Installation, operation: Operation) -> None:
    if operation.role == "viewer":
        pytest.skip("whoever has a key may")
    lesser = {"agent": "viewer", "reviewer": "agent", "lead": "reviewer", "admin": "lead"}[operation.role]
    here.user("vic", operation.role)
    caller = programme(here, "vic", operation.scope)
    here.house.people.team.change("vic", "root", role=lesser)
    assert ask(caller, operation) == 403


def test_a_browser_that_has_signed_in_is_nobody_here(here: Installation) -> None:
    browser = here.user("ada", "admin")
    assert browser.cookies
    assert browser.get("/api/v1/me").status == 401
    assert browser.get("/api/v1/me", authorization="Basic YTpi").status == 401


def test_a_key_that_ended_opens_nothing(here: Installation) -> None:
    caller = programme(here, "root", "admin")
    name = told(caller.get("/me"))["key"]
    assert caller.post(f"/keys/{name}/revoke").status == 200
    answer = caller.get("/me")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="postroom", error="invalid_token"'


def test_a_refusal_says_which_scope_it_takes(here: Installation) -> None:
    answer = programme(here, "root", "read").get("/people")
    assert answer.headers["www-authenticate"].endswith('error="insufficient_scope", scope="admin"')


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
def test_other_methods_are_refused_with_those_there_are(root: Programme, method: str) -> None:
    answer = root.ask(method, "/people")
    assert problem(answer)["status"] == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_head_is_get(root: Programme) -> None:
    assert root.ask("HEAD", "/me").status == 200


@pytest.mark.parametrize("path", ["/nowhere", "/mails/", "/mails/a/b"])
def test_a_path_that_is_not_there_is_a_problem_too(root: Programme, path: str) -> None:
    for method in ("GET", "POST", "NONSENSE"):
        assert problem(root.ask(method, path))["status"] == 404


def test_a_body_is_no_larger_than_a_megabyte(root: Programme) -> None:
    body = b'{"skip":["' + b"x" * 1_000_000 + b'"]}'
    assert problem(root.ask("POST", "/review/take", body))["status"] == 413
    assert problem(root.ask("POST", "/review/take", b"{}", content_length="9" * 30))["status"] == 413
    assert problem(root.ask("GET", "/me", body))["status"] == 413


def test_another_host_gets_nothing(here: Installation) -> None:
    browser = here.browser()
    browser.host = "evil.example"
    assert browser.get("/api/v1/openapi.json").status == 400


def test_whoever_calls_too_often_is_told_how_long_to_wait(tmp_path: Path) -> None:
    with installation(tmp_path, api_per_minute=3) as here:
        caller, other = programme(here, "root", "read"), programme(here, "root", "read")
        answers = [caller.get("/me") for _ in range(4)]
        assert [one.status for one in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=60'
        assert answers[0].headers["ratelimit"].startswith('"key";r=2;')
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert problem(answers[3])
        assert other.get("/me").status == 200


def test_whoever_tries_keys_is_slowed_down(tmp_path: Path) -> None:
    with installation(tmp_path, api_per_minute=3) as here:
        stranger, known = Programme(here=here, token="pr_guess"), programme(here, "root", "read")
        assert [stranger.get("/me").status for _ in range(4)] == [401, 401, 401, 429]
        assert known.get("/me").status == 200


def test_a_call_with_an_idempotency_key_is_done_once(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    path = f"/mails/{mail}/verdict"
    first = root.post(path, {"route": "refunds"}, idempotency_key="one")
    again = root.post(path, {"route": "refunds"}, idempotency_key="one")
    assert first.status == again.status == 200
    assert (first.text, again.headers["idempotency-replayed"]) == (again.text, "true")
    assert "idempotency-replayed" not in first.headers
    assert len(here.house.store.decisions(mail)) == 2
    assert problem(root.post(path, {"route": "general"}, idempotency_key="one"))["status"] == 422
    assert problem(root.post("/letters/retry", {"numbers": [1]}, idempotency_key="one"))["status"] == 422
    assert root.post(path, {"route": "refunds"}, idempotency_key="two").status == 200
    assert len(here.house.store.decisions(mail)) == 3


def test_who_has_filled_what_is_kept_of_answers_is_told_before_anything_is_done(
    here: Installation, root: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mail,) = here.receive(APPEAL)
    path = f"/mails/{mail}/verdict"
    assert root.post(path, {"route": "refunds"}, idempotency_key="one").status == 200
    monkeypatch.setattr(here.room.answers, "_most", 1)
    answer = root.post(path, {"route": "general"}, idempotency_key="two")
    assert problem(answer)["status"] == 429
    assert answer.headers["retry-after"] == "3600"
    assert "without Idempotency-Key" in problem(answer)["detail"]
    assert len(here.house.store.decisions(mail)) == 2
    assert root.post(path, {"route": "refunds"}, idempotency_key="one").headers["idempotency-replayed"] == "true"
    assert root.post(path, {"route": "general"}).status == 200
    other = programme(here, "root", "admin")
    assert other.post(path, {"route": "appeals"}, idempotency_key="two").status == 200, "each key has room of its own"


def test_an_idempotency_key_belongs_to_who_uses_it(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    other = programme(here, "root", "admin")
    for caller in (root, other):
        assert caller.post(f"/mails/{mail}/verdict", {}, idempotency_key="one").status == 200
    assert len(here.house.store.decisions(mail)) == 3


def test_an_answer_is_given_again_only_to_whoever_may_see_it_still(here: Installation) -> None:
    (mail,) = here.receive(APPEAL)
    here.user("ada", "agent")
    ada = programme(here, "ada", "work")
    path = f"/mails/{mail}/verdict"
    assert ada.post(path, {"route": "refunds"}, idempotency_key="one").status == 200
    here.house.people.team.change("ada", "root", routes=("copyright",))
    again = ada.post(path, {"route": "refunds"}, idempotency_key="one")
    assert problem(again)["status"] == 422
    assert "decision" not in again.text
    assert len(here.house.store.decisions(mail)) == 2


def test_what_went_wrong_is_answered_again_too(root: Programme) -> None:
    first = root.post("/mails/nothing/verdict", {}, idempotency_key="one")
    again = root.post("/mails/nothing/verdict", {}, idempotency_key="one")
    assert (first.status, first.text) == (again.status, again.text)
    assert problem(again)["status"] == 404
    assert again.headers["idempotency-replayed"] == "true"


def test_what_is_under_way_is_not_done_twice(
    here: Installation, root: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mail,) = here.receive(APPEAL)
    give, inner = here.house.reviewing().__class__.give, []

    def meanwhile(*args: object, **more: object) -> object:
        if not inner:
            inner.append(root.post(f"/mails/{mail}/verdict", {}, idempotency_key="one"))
        return give(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(here.house.reviewing().__class__, "give", meanwhile)
    assert _outside(root, mail) == 200
    assert problem(inner[0])["status"] == 409
    assert inner[0].headers["retry-after"] == "1"


def _outside(root: Programme, mail: str) -> int:
    """A call from a thread of its own: inside it another is made."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: root.post(f"/mails/{mail}/verdict", {}, idempotency_key="one").status).result()


@pytest.mark.parametrize("error", [TryLater("the store is locked", after=7.2), RuntimeError("a mail's words")])
def test_what_came_to_nothing_may_be_tried_again(
    here: Installation, root: Programme, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (mail,) = here.receive(APPEAL)
    kind = here.house.reviewing().__class__
    with monkeypatch.context() as patched:

        def fail(*_: object, **__: object) -> None:
            raise error

        patched.setattr(kind, "give", fail)
        answer = root.post(f"/mails/{mail}/verdict", {}, idempotency_key="one")
    if isinstance(error, TryLater):
        assert answer.headers["retry-after"] == "8"
        assert problem(answer) | {"errors": []} == {
            "title": "Service Unavailable", "status": 503, "detail": "The store is locked.", "type": "about:blank", "errors": [],
        }  # fmt: skip
    else:
        assert problem(answer)["status"] == 500
        assert "words" not in answer.text
    assert root.post(f"/mails/{mail}/verdict", {}, idempotency_key="one").status == 200


@pytest.mark.parametrize("generation", [1, 7], ids=["done", "refused"])
def test_what_came_of_it_is_told_although_it_can_not_be_noted(
    here: Installation, root: Programme, monkeypatch: pytest.MonkeyPatch, generation: int
) -> None:
    (mail,) = here.receive(APPEAL)

    def full(*_: object) -> None:
        raise TryLater("the disk is full")

    monkeypatch.setattr(here.room.answers, "finish", full)
    answer = root.post(f"/mails/{mail}/verdict", {"generation": generation}, idempotency_key="one")
    assert answer.status == (200 if generation == 1 else 409)
    assert root.post(f"/mails/{mail}/verdict", {"generation": generation}, idempotency_key="one").status == 409


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "\xe4"])
def test_an_idempotency_key_is_a_word(here: Installation, root: Programme, key: str) -> None:
    (mail,) = here.receive(REFUND)
    answer = root.post(f"/mails/{mail}/verdict", {}, idempotency_key=key or " ")
    assert problem(answer)["status"] == 422
