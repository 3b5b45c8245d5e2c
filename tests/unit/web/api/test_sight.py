"""No operation tells a mail of a route or brand that its user may not see: tried for every path of the document."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from postroom.adapters.store.rulebooks import SqliteDrafts
from postroom.bootstrap.backtesting import work_off
from postroom.flow.audit import Audit
from postroom.model.mail import Envelope, MailId, Peer
from postroom.model.people import SCOPES, Deed, Scope, Sight, User, UserName
from postroom.model.rulebooks import SheetName
from postroom.model.work import Park
from postroom.testing.replies_contract import a_reply
from postroom.web.api.document import document
from postroom.web.api.table import OPERATIONS
from tests.api_house import Programme, programme
from tests.pages_house import SETTINGS, Installation, installation

DOCUMENT = document(OPERATIONS)
CASES = SETTINGS.replace("[route.appeals]\n", "[route.appeals]\ncases = true\n").replace(
    "[route.refunds]\n", '[route.refunds]\ncases = true\nfirst_answer = "1 hours"\n'
)
TEXTS = {
    "appeals": "My account was suspended yesterday and I did nothing wrong. Please restore my account.",
    "refunds": "I was charged twice. I want my money back, please refund the second charge.",
    "copyright": "This is a DMCA takedown notice: a video on your site infringes my copyright. Please remove it.",
    "general": "How do I change the language of the app to Portuguese?",
}
BRANDS = {"shop": "support@shop.test", "video": "help@video.test"}
EYES: dict[str, dict[str, Any]] = {
    "shop-appeals": {"brands": ("shop",), "routes": ("appeals",), "urgent": True},
    "video": {"brands": ("video",)},
    "refunds": {"routes": ("refunds",)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A mail with words that only it has."""

    id: MailId
    job: int
    reply: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An installation full of mail."""

    here: Installation
    planted: tuple[Planted, ...]


@contextmanager
def watched(folder: Path) -> Iterator[Installation]:
    """The installation of a folder, with what the pages' process begins with."""
    with installation(folder, CASES, api_per_minute=1_000_000) as here:
        here.room.casework.filing.watch()
        here.room.first_answers.watch()
        yield here


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Planted, ...]]:
    """The folder of an installation full of mail, made once, and the mail."""
    folder = tmp_path_factory.mktemp("full")
    with watched(folder) as here:
        planted = tuple(plant(here))
        tried(here)
    return folder, planted


@pytest.fixture
def ground(full: tuple[Path, tuple[Planted, ...]], tmp_path: Path) -> Iterator[Ground]:
    """A copy of it, of the test's own: what is called changes much there."""
    folder, planted = full
    with watched(shutil.copytree(folder, tmp_path / "full")) as here:
        yield Ground(here=here, planted=planted)


def tried(here: Installation) -> None:
    """Rules tried on all of it for those who see all, some and less: each finds something to tell of every mail."""
    rule = "[[rule]]\nname = 'all'\nwhen = 'true'\ntags = ['tried']\n"
    draft = SqliteDrafts(here.house.store.units).keep({SheetName("rules/all.toml"): rule}, "", 1.0)
    for name, sight in (("admin", {}), *EYES.items()):
        user = User(name=UserName(name), role="admin" if name == "admin" else "lead", **sight)
        here.room.trials.ask(user, 90, "", draft, here.room.clock() + 1)
        assert work_off(here.house)


def plant(here: Installation) -> Iterator[Planted]:
    """A mail for each desk of each brand, parked, asked about, and with a verdict on another one like it."""
    from dataclasses import replace

    house, store = here.house, here.house.store
    judging = replace(house.judging(), audit=Audit(share=1.0, key=b"k"))
    for (brand, to), (route, text) in product(BRANDS.items(), TEXTS.items()):
        for twin in (True, False):
            mark = f"Zq{brand}{route}{'t' if twin else 'o'}"
            raw = (
                f"From: {mark}n <{mark}@example.net>\r\nTo: {to}\r\nSubject: {mark}s\r\nMessage-ID: <{mark}i@example.net>\r\n"
                f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
                f"<p>{text} {mark}b</p>\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename={mark}a.csv\r\n\r\n"
                f"{mark}c\r\n--b--\r\n"
            ).encode()
            envelope = Envelope(mail_from=f"{mark}e@example.net", rcpt_to=(to,))
            (mail,) = house.reception().accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
            judging.judge(store.claim("judge", 10, "judge.1.1"))
            if twin:
                house.reviewing().give(mail, route, "root", note=f"{mark}v")  # type: ignore[arg-type]
            jobs = [
                job for name in house.destinations for job in store.claim("deliver", 9, "deliver.1.1", destination=name)
            ]
            here.room.casework.catch_up()
            here.room.first_answers.turn()
            store.settle([Park(job=job, error=f"{mark}j", why="gave-up") for job in jobs])
            answer = a_reply(1, mail.id, brand=brand, text=f"{mark}w", to=f"{mark}@example.net")
            answer = replace(answer, id=mail.id[:22] + "rep" + mail.id[25])
            house.replies.put(answer, Deed(at=1.0, by="root", what="answered", to=mail.id), after="")
            if twin:
                (taken,) = [
                    one for one in house.replies.take(answer.due_at, lease=0.0, limit=99) if one.id == answer.id
                ]
                house.replies.settle(taken, "failed", at=1.0, due_at=0.0, said=f"{mark}f")
            yield Planted(id=mail.id, job=jobs[0].id, reply=answer.id, marks=(mark, mail.id, answer.id))
        view_of_root(here, f"{mark}w", route, brand)


def view_of_root(here: Installation, name: str, route: str, brand: str) -> None:
    """A saved view of a desk, shared with all who see it."""
    root = here.house.people.accounts.user(UserName("root"))
    assert root is not None
    here.room.saved.save(root, name, {"route": route, "brand": brand}, shared=True)


def hidden(ground: Ground, sight: Sight) -> tuple[str, ...]:
    """Words that somebody may never read."""
    return tuple(
        mark for one in ground.planted if ground.here.room.views.row(one.id, sight) is None for mark in one.marks
    )


def calls(ground: Ground, path: str, method: str, told: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every mail, letter and person put where the document says that one goes, and each parameter of a list."""
    candidates: dict[str, list[Any]] = {
        "id": [one.id for one in ground.planted],
        "number": [0],
        "name": ["root", "nobody"],
        "reply": [one.reply for one in ground.planted],
        "kind": ["rules"],
        "case": list(range(1, len(ground.planted) + 1)),
        "test": list(range(1, len(EYES) + 2)),
        "view": list(range(1, len(ground.planted) // 2 + 1)),
    }
    names = re.findall(r"{(\w+)}", path)
    for chosen in product(*(candidates[name] for name in names)):
        filled = path
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace(f"{{{name}}}", str(value))
        if method == "GET":
            yield filled, b""
            for parameter in told["parameters"]:
                if parameter["in"] == "query":
                    for value in values(ground, parameter):
                        yield f"{filled}?{parameter['name']}={value}", b""
            continue
        example = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        for body in bodies(ground, example):
            yield filled, body


def bodies(ground: Ground, example: dict[str, Any] | None) -> Iterator[bytes]:
    """An example with every mail and letter in the place of its own."""
    if example is None:
        yield b""
        return
    changes: list[dict[str, Any]] = [{}]
    if "numbers" in example:
        changes = [{"numbers": [one.job]} for one in ground.planted]
    elif "mail" in example:
        changes = [{"mail": one.id} for one in ground.planted]
    elif "what" in example:
        changes = [{}, *({"what": one.id} for one in ground.planted)]
    elif "mails" in example:
        changes = [{"mails": [one.id]} for one in ground.planted]
    elif "views" in example:
        changes = [{"views": [number]} for number in range(1, len(ground.planted) // 2 + 1)]
    elif "view" in example:
        changes = [{"view": number} for number in range(1, len(ground.planted) // 2 + 1)]
    elif "skip" in example:
        changes += [{"skip": [one.id for one in ground.planted][:20]}]
    versions = {name: 0 for name in ("version", "generation") if name in example}
    for change in changes:
        yield json.dumps(example | versions | change).encode()


def values(ground: Ground, parameter: dict[str, Any]) -> list[Any]:
    """What a query may ask for."""
    match parameter["name"]:
        case "route":
            return [*TEXTS, "review", "junk"]
        case "brand":
            return list(BRANDS)
        case "words":
            return [f"Zq{brand}*" for brand in BRANDS] + ["account"]
        case "from" | "email":
            return ["@example.net"]
        case "state":
            return ["parked", "held", "dropped", "waiting", "done"]
        case "after":
            return [*(one.id for one in ground.planted[:3]), 1]
        case "limit":
            return [200]
        case "answering":
            return ["open", "overdue"]
        case _:
            return ["true"] if parameter["schema"].get("type") == "boolean" else []


@pytest.mark.parametrize("scope", ["read", "lead"])
@pytest.mark.parametrize("eyes", list(EYES))
def test_nothing_is_told_of_what_may_not_be_seen(ground: Ground, eyes: str, scope: Scope) -> None:
    """With the least and the most that somebody of some brands and desks may ask: each scope holds those before it."""
    name = f"{eyes}-{scope}"
    ground.here.user(name, SCOPES[scope], **EYES[eyes])
    caller = programme(ground.here, name, scope)
    user = ground.here.house.people.accounts.user(name)  # type: ignore[arg-type]
    assert user is not None
    secret = hidden(ground, user.sight)
    assert secret
    seen, answered = 0, 0
    for path, methods in DOCUMENT["paths"].items():
        for method, told in methods.items():
            for address, body in calls(ground, path, method.upper(), told):
                answer = caller.ask(method.upper(), address.removeprefix("/api/v1"), body)
                if method == "post" and answer.status == 200:
                    ground.here.room.casework.catch_up()  # as the pages' process does by itself
                answered += answer.status == 200
                assert answer.status < 500, (method, address)
                leaked = [mark for mark in secret if mark in answer.text]
                assert not leaked, (method, address, leaked)
                seen += "Zq" in answer.text
    assert answered > 20
    assert seen > 5


def test_every_parameter_in_a_path_is_one_that_this_test_fills() -> None:
    """Whoever adds an operation about something new says here what of it there is."""
    named = {name for path in DOCUMENT["paths"] for name in re.findall(r"{(\w+)}", path)}
    assert named <= {"id", "number", "name", "case", "reply", "kind", "test", "view"}


def test_what_may_not_be_seen_and_what_is_not_there_are_the_same(ground: Ground) -> None:
    ground.here.user("same", "lead", **EYES["shop-appeals"])
    caller: Programme = programme(ground.here, "same", "lead")
    user = ground.here.house.people.accounts.user("same")  # type: ignore[arg-type]
    assert user is not None
    unseen = next(one.id for one in ground.planted if ground.here.room.views.row(one.id, user.sight) is None)
    tried = 0
    for operation in OPERATIONS:
        if "{id}" in operation.path:
            body = msgspec.json.encode(operation.example) if operation.example else b""
            path = operation.path.replace("{number}", "0")
            there = caller.ask(operation.method, path.replace("{id}", unseen), body)
            not_there = caller.ask(operation.method, path.replace("{id}", "0" * 26), body)
            assert (there.status, there.text) == (not_there.status, not_there.text) == (404, not_there.text)
            tried += 1
    assert tried > 8
