"""What is kept from readers who work for some brands or desks: walked over every page and every operation that reads."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from postroom.bootstrap.backtesting import work_off
from postroom.flow.audit import Audit
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Deed, User, UserName
from postroom.model.work import Park
from postroom.testing.replies_contract import a_reply
from postroom.web.api.document import document
from postroom.web.api.table import OPERATIONS
from postroom.web.site import PAGES, site
from tests.answering import PLEA, signed
from tests.api_house import programme
from tests.pages_house import SETTINGS, Installation, installation

BRAND, DESK, PLACE, NOTE = "zqbrand", "zqdesk", "zqplace", "zqnote"
HOUSE = (
    SETTINGS.replace("[brand.video]", f'[brand.{BRAND}]\naddresses = ["help@zq.test"]\n[brand.video]')
    .replace("[route.appeals]\n", '[route.appeals]\ncases = true\nfirst_answer = "8 hours"\n')
    .replace("[route.general]\n", f'[route.{DESK}]\ncases = true\nfirst_answer = "1 hours"\ndestinations = ["{PLACE}"]\n[route.general]\n')
    + f'[destination.{PLACE}]\nkind = "inbox"\n[trust]\nauthserv_ids = ["mx.shop.test"]\n[review]\nsecond_look_share = 1.0\n'
)  # fmt: skip
READERS: dict[str, dict[str, Any]] = {
    "of-shop": {"brands": ("shop",), "urgent": True},
    "at-appeals": {"routes": ("appeals",), "urgent": True},
}
WORDS = "Hello, how do I change the language of the app to Portuguese, and the colour of its pages to a darker one?"
MONEY = "I was charged twice for my order. I want my money back, please refund the second charge."


OWN = frozenset({"/me", "/api/v1/me", "/api/v1/me/sessions"})
"""Where they read of their own sessions and keys, which a walk makes."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, HOUSE, api_per_minute=1_000_000) as made:
        house, judging = made.house, made.house.judging
        house.__dict__["judging"] = lambda: replace(judging(), audit=Audit(share=1.0, key=b"k"))  # all are asked about
        made.room.casework.filing.watch()
        made.room.first_answers.watch()
        yield made


def root(here: Installation) -> User:
    found = here.house.people.accounts.user(UserName("root"))
    assert found is not None
    return found


def settle(here: Installation) -> None:
    """What the pages' process does by itself."""
    here.room.casework.catch_up()
    here.room.first_answers.turn()


def give(here: Installation, mail_id: MailId, route: str, note: str = "") -> None:
    (mail,) = here.house.store.read([mail_id])
    here.house.reviewing().give(mail, RouteName(route), "root", note=note)
    settle(here)


def elsewhere(here: Installation, *, brand: bool, about: str = "number 4711", words: str = WORDS) -> list[MailId]:
    """Ada writes where the reader does not work, and everything that can happen to her mail there happens."""
    to = "help@zq.test" if brand else "support@shop.test"
    store, found = here.house.store, []
    for number in range(3):
        (mail_id,) = here.receive(signed(f"{words} {'x' * number}", subject=f"{about}{number}"), to=to)
        give(here, mail_id, "appeals" if brand else DESK, NOTE)
        found.append(mail_id)
    place = "appeals" if brand else PLACE
    (again,) = here.receive(signed(f"{words} It is urgent: I will kill you all.", subject=f"{about}9"), to=to)
    (mail,) = store.read([again])
    here.house.reviewing().give(mail, RouteName("refunds" if brand else DESK), "root", note=NOTE)
    jobs = store.claim("deliver", 9, "deliver.1.1", destination="refunds" if brand else place)
    store.settle([Park(job=job, error=NOTE, why="gave-up") for job in jobs])
    answer = a_reply(1, again, brand=BRAND if brand else "shop", text=NOTE, to="ada@example.net")
    here.house.replies.put(answer, Deed(at=1.0, by="root", what="answered", to=again), after="")
    asked = {"brand": BRAND} if brand else {"route": DESK}
    here.room.saved.save(root(here), f"{NOTE} {place}", asked, shared=True)
    here.room.trials.ask(root(here), 90, "", 0, here.room.clock() + 1)
    assert work_off(here.house)
    here.work()
    settle(here)
    return [*found, again]


def theirs(here: Installation, name: str, *more: str) -> list[MailId]:
    """Mail that the reader sees: judged by what Ada wrote elsewhere, moved to them, parked on its old way."""
    extra = f"In-Reply-To: <m{more[0]}@example.net>\r\n" if more else ""
    store = here.house.store
    plain, said = here.receive(signed(PLEA, extra=extra), signed(WORDS, subject="number 47110", extra=extra))
    give(here, said, DESK if name == "at-appeals" else "refunds", NOTE if name == "at-appeals" else "")
    if name == "at-appeals":
        jobs = store.claim("deliver", 9, "deliver.1.1", destination=PLACE)
        store.settle([Park(job=job, error=NOTE, why="gave-up") for job in jobs])
    give(here, said, "appeals", "a word for appeals")
    here.work()
    here.room.trials.ask(user(here, name), 90, "", 0, here.room.clock() + 2)
    assert work_off(here.house)
    return [plain, said]


def user(here: Installation, name: str) -> User:
    found = here.house.people.accounts.user(UserName(name))
    assert found is not None
    return found


def addresses(ids: list[MailId]) -> Iterator[str]:
    """Every page and operation that reads, with all that could stand in its address."""
    reading = [page.path for page in PAGES if page.method == "GET"]
    reading += [path for path, methods in document(OPERATIONS)["paths"].items() if "get" in methods]
    known: dict[str, list[Any]] = {
        "id": ids, "number": [0, 1, 2, 3, 4], "case": [1, 2, 3, 4, 5], "test": [1, 2], "name": ["root", "routing"], "kind": ["rules"],
    }  # fmt: skip
    for path in reading:
        for chosen in product(*(known[name] for name in re.findall(r"{(\w+)}", path))):
            values = iter(chosen)
            yield re.sub(r"{\w+}", lambda _: str(next(values)), path)  # noqa: B023 - used at once
    for query in (
        "route=review",
        "words=account",
        "sender=ada@example.net",
        "urgent=1",
        "answering=open",
        f"route={DESK}",
    ):
        yield f"/inbox?{query}"
    yield from (
        "/cases?state=all",
        "/letters?state=dropped",
        f"/letters?destination={PLACE}",
        "/review/agreement?days=365",
    )
    yield from (f"/api/v1/letters?destination={PLACE}", "/api/v1/cases?state=all", "/api/v1/urgent?held=true")


def walk(here: Installation, name: str, ids: list[MailId]) -> dict[str, str]:
    """What the reader is told, by address."""
    caller, browser = programme(here, name, "lead"), here.browser()
    browser.sign_in(name)
    told = {}
    for path in addresses(ids):
        if path in OWN:
            continue
        if path.startswith("/api/v1"):
            told[path] = caller.get(path.removeprefix("/api/v1")).text
        else:
            told[path] = re.sub(r'name="csrf" value="\w+"', "", browser.get(path).text)
    return told


def named(path: str, text: str, hidden: set[str]) -> set[str]:
    """The words that may not be there, but are. Whoever moves mail chooses among all desks; a back-test says where it would go."""
    chosen = re.sub(r"<option[^>]*>.*?</option>|<button name=.(route|also).*?</button>", "", text)
    found = {word for word in hidden if word not in path and word in (chosen if word == DESK else text)}
    return found - {DESK} if re.match("(/api/v1)?/backtests?/", path) else found


@pytest.mark.parametrize("name", list(READERS))
def test_no_page_and_no_operation_names_what_is_beyond_the_reader(here: Installation, name: str) -> None:
    here.user(name, "lead", **READERS[name])
    unseen = elsewhere(here, brand=name == "of-shop")
    seen = theirs(here, name)
    decision = here.house.store.decisions(seen[0])[-1]
    assert decision.history.mails >= 4, "she has a history"
    assert any(one.source == "verdict" for one in here.house.store.decisions(seen[1])[0].findings), "of texts like it"
    told = walk(here, name, [*seen, *unseen])
    hidden = {BRAND, NOTE, *unseen} if name == "of-shop" else {DESK, PLACE, NOTE, *unseen}
    leaks = {path: found for path, text in told.items() if (found := named(path, text, hidden))}
    assert not leaks, leaks
    facts = json.loads(told[f"/api/v1/mails/{seen[0]}"])
    assert facts["written"]["mails"] == 0
    assert "what the sender wrote before counts here" in told[f"/mail/{seen[0]}"]
    assert facts["decision"]["probabilities"].keys() <= {facts["decision"]["decided"], facts["decision"]["route"]}


@pytest.mark.parametrize("name", list(READERS))
def test_what_happens_elsewhere_changes_nothing_that_a_reader_is_told(here: Installation, name: str) -> None:
    here.user(name, "lead", **READERS[name])
    now = here.room.clock() + 3600.0
    still = replace(here.room, clock=lambda: now)
    calm = Installation(house=here.house, room=still, app=site(still))
    seen = theirs(here, name)
    before = [walk(calm, name, seen) for _ in range(2)][1]
    unseen = elsewhere(here, brand=name == "of-shop", about="order 8822", words=MONEY)
    after = walk(calm, name, seen)
    changed = [path for path in before if before[path] != after[path]]
    assert not changed, [(path, before[path], after[path]) for path in changed[:2]]
    assert len(unseen) == 4
