"""Markup wherever somebody can write something: every page that shows it shows it as text, and nothing of it happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from postroom.model.hooks import Hook, HookName
from postroom.model.identity import Identity
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.people import Deed, User, UserName
from postroom.model.work import Lane, Park
from postroom.testing.replies_contract import a_reply
from postroom.web.site import site
from tests.browser.driving import Seen, open_all
from tests.pages_house import REFUND, SETTINGS, UNSURE, Installation, installation, letter
from tools.running import free_port, wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

#: leaves attributes, texts, titles, text fields, scripts and styles behind; short enough for every field
EVIL = "'\"></a></b></textarea></title><img src=x onerror=alert(1)>"
LONG = (
    EVIL
    + "</script><script>alert(1)</script><svg onload=alert(1)></style><style>*{background:url(//trap.example)}</style>{{7*7}}"
)
HOUSE = SETTINGS.replace("[route.appeals]\n", "[route.appeals]\ncases = true\n") + "[review]\nsecond_look_share = 1.0\n"
MOST = 150
"""Pages that are looked at."""


def test_what_people_and_programmes_write_is_text(tmp_path: Path, browser: Browser) -> None:
    with installation(tmp_path, HOUSE) as here:
        plant(here)
        (hook, *_) = hooks = (Hook(name=HookName(EVIL), where=LONG),)
        here.house.hooks.set_up([hook.name])
        made = replace(here.room, known_hooks=hooks)
        with listening(made) as origin:
            secret = here.house.people.signing_in.open(_user(here, "root"), "127.0.0.1", LONG)
            context = browser.new_context(base_url=origin)
            seen = Seen(origin=origin)
            seen.watch(context)
            context.add_cookies([{"name": "postroom", "value": secret, "url": origin}])
            looked = crawl(context.new_page(), origin)
            context.close()
    assert not seen.strange, seen.strange
    for place in ("/mail/", "/case/", "/views", "/people", "/audit", "/hooks", "/letters", "/rules", "/urgent", "/me"):
        shown = [path for path, text in looked.items() if path.startswith(place) and "onerror=alert(1)" in text]
        assert shown, f"nothing was seen at {place}"


def plant(here: Installation) -> None:
    """Markup in all that is kept."""
    house, room, store = here.house, here.room, here.house.store
    root = _user(here, "root")
    room.casework.filing.watch()
    threat = "I will come to your office and kill you all. My account was suspended, please restore it."
    appeal, refund, _, urgent = here.receive(
        letter(f"My account was suspended. Please restore my account. {LONG}", subject=LONG, sender=f'"{EVIL[2:]}" <ada@example.net>'),
        REFUND,
        UNSURE,
        letter(threat, subject=f"Threat {EVIL}"),
    )  # fmt: skip
    room.casework.catch_up()
    room.reviewing.give(store.read([refund])[0], RouteName("appeals"), "root", note=LONG)
    case = room.casework.open(root, appeal)
    from postroom.flow.cases import Hand

    case = room.casework.note(Hand(by=root, number=case.number, version=0), LONG)
    room.casework.decide(Hand(by=root, number=case.number, version=0), "granted", LONG)
    room.saved.save(root, EVIL[:60], {"sender": LONG, "tag": LONG, "language": EVIL}, shared=True)
    room.saved.save(root, "plain", {"route": "appeals", "words": EVIL}, shared=False)
    people = house.people
    evil = User(name=UserName(EVIL), role="admin", shown=LONG, created_at=1.0, urgent=True)
    people.accounts.put_user(evil, Deed(at=1.0, by=EVIL, what=EVIL, to=LONG, detail=LONG))
    people.accounts.put_user(replace(root, urgent=True), Deed(at=1.0, by="", what="user-changed", to="root"), was=root)
    people.team.make_key("root", "read", EVIL, None, "root")
    for name in ("root", EVIL):
        identity = Identity(issuer=LONG, subject=f"{name}{LONG}", user=UserName(name), email=EVIL, linked_at=1.0)
        room.identities.link(identity, Deed(at=1.0, by=LONG, what="identity-linked", to=LONG, detail=LONG))
    _answers(here, appeal)
    _rules(here)
    _alarm(here, urgent)
    store.set_lane(Lane(destination=DestinationName("refunds"), down=True, probe_at=9.0, failures=3, error=LONG))
    _parked(here)


def _answers(here: Installation, mail: MailId) -> None:
    said = a_reply(1, mail, brand="shop", text=LONG, to=LONG, subject=LONG, by=EVIL, language=EVIL)
    here.house.replies.put(said, Deed(at=1.0, by=EVIL, what="answered", to=mail), after="")
    (taken,) = here.house.replies.take(said.due_at, lease=0.0, limit=9)
    here.house.replies.settle(taken, "failed", at=1.0, due_at=0.0, said=LONG)


def _rules(here: Installation) -> None:
    texts = {
        "rules/wild.toml": f"""[[rule]]\nname = '''{LONG.replace("'", "")}'''\ncomment = '''{LONG.replace("'", "")}'''\nwhen = 'true'\ntags = ["x"]\n# {LONG}\n""",
        "examples/wild.toml": f"""[[mail]]\nname = '''{EVIL[1:]}'''\nsubject = "x"\ntext = '''{LONG[1:]}'''\n[mail.expect]\nroute = "copyright"\n""",
        "phrases/wild.toml": f"""route = '''{EVIL[1:]}'''\n""",
    }
    for sheet, text in texts.items():
        path = here.house.base / sheet
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    draft = here.room.rulework.draft({"rules/other.toml": f"# {LONG}\n"}, EVIL)  # type: ignore[dict-item]
    here.room.trials.ask(_user(here, "root"), 14, "", draft, here.room.clock())


def _alarm(here: Installation, mail: MailId) -> None:
    from postroom.flow.urgency import Doer

    root = _user(here, "root")
    by = Doer(name=root.name, sight=root.sight)
    here.room.urgency.acknowledge(by, mail, note=EVIL)


def _parked(here: Installation) -> None:
    from postroom.model.mail import Envelope, Peer

    store = here.house.store
    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    raw = letter("How do I change the language of the app?", subject=f"parked {LONG}")
    here.house.reception().accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
    here.house.judging().judge(store.claim("judge", 9, "judge.1.1"))
    for name in here.house.destinations:
        for job in store.claim("deliver", 9, "deliver.1.1", destination=name):
            store.settle([Park(job=job, error=LONG, why="gave-up")])


def crawl(page: Page, origin: str) -> dict[str, str]:
    """Path and text of every page that a link of another leads to, with all of it opened; nothing has an attribute that does something."""
    begin = ["/inbox", "/me", "/review", "/urgent", "/views", "/letters", "/rules/checked", f"/inbox?words={EVIL}"]
    waiting, looked = begin, dict[str, str]()
    while waiting and len(looked) < MOST:
        path = waiting.pop(0)
        if path in looked:
            continue
        page.goto(origin + path)
        open_all(page)
        looked[path] = page.locator("body").inner_text()
        bad = page.evaluate(
            "[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((a) => a.name.startsWith('on'))"
            " || one.matches('main script, main style, main img, main svg:not(.figure svg)')).map((one) => one.outerHTML.slice(0, 200))"
        )
        assert not bad, (path, bad)
        links = page.evaluate(
            "[...document.querySelectorAll('a[href]:not([download])')].map((one) => one.href.split('#')[0])"
        )
        assert all(one.startswith(f"{origin}/") for one in links), (path, links)
        # files are kept, not looked at
        waiting += [
            one[len(origin) :] for one in links if not one.endswith((".csv", ".json", ".jsonl", "/raw", "/export"))
        ]
    return looked


@contextmanager
def listening(room: object) -> Iterator[str]:
    """The pages on a port of this machine."""
    port = free_port()
    made = replace(room, hosts=frozenset({f"127.0.0.1:{port}"}))  # type: ignore[type-var]
    server = uvicorn.Server(
        uvicorn.Config(site(made), host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", ws="none")  # type: ignore[arg-type]
    )  # fmt: skip
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_until(lambda: server.started, 20)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _user(here: Installation, name: str) -> User:
    found = here.house.people.accounts.user(UserName(name))
    assert found is not None
    return found
