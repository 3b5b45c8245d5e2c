"""A team's past as the settings of an installation see it: looked at, rehearsed, kept once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.bootstrap.house import House
from postroom.bootstrap.past import Wanted, import_past
from postroom.config import load
from postroom.model.errors import ConfigError, Refused
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import a_message

NOW = 1_800_000_000.0
MAPS = ("Appeals=appeals", "General=general")
TOPICS = ("parcel", "password", "invoice", "video", "shop", "garden", "violin", "harbour", "winter", "pencil")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings, problems = load(
        SETTINGS + '[trust]\nauthserv_ids = ["mx.shop.test"]\nteam_domains = ["shop.test"]\n[judging]\nmodel = "none"\n'
    )
    assert settings is not None, problems
    house = House(settings, tmp_path)
    yield house
    house.close()


def put(path: Path, number: int, body: str, **headers: str) -> None:
    path.mkdir(parents=True, exist_ok=True)
    raw = a_message(
        body,
        Authentication_Results="mx.shop.test; dkim=pass header.d=example.com",
        **{
            "From": f"user{number}@example.com",
            "Message_ID": f"<{number}@example.com>",
            "Date": f"{1 + number:02d} Nov 2026 09:00:00 +0000",
            **headers,
        },
    )
    (path / f"{number}.eml").write_bytes(raw)


@pytest.fixture
def mails(tmp_path: Path) -> str:
    """Ten mails on ten days, five of each route, and some to be left out."""
    root = tmp_path / "Mail"
    for number, topic in enumerate(TOPICS):
        folder = "General" if number % 2 else "Appeals"
        said = f"I ask about the {topic}, number {number}, because my {topic} is not as it was said to be on your page."
        put(root / folder, number, "My account was suspended. " * (folder == "Appeals") + said)
    put(root / "Appeals", 20, "We look at it", From="bob@shop.test")
    put(root / "Appeals", 21, "Gone fishing", Auto_Submitted="auto-replied")
    put(root / "Spam", 22, "Buy now, cheap")
    again = f"I ask about the {TOPICS[1]}, number 77, because my {TOPICS[1]} is not as it was said to be on your page."
    put(root / "General", 23, again)
    put(root / "Old", 1, "The same Message-ID as another.")
    (root / "Appeals" / "x.png").write_bytes(b"\x89PNG")
    return str(root)


def run(house: House, *paths: str, **changes: Any) -> dict[str, Any]:
    return import_past(house, Wanted(**{"paths": paths, "maps": MAPS} | changes), now=NOW)


def test_it_is_looked_at_and_nothing_is_kept(house: House, mails: str) -> None:
    facts = run(house, mails, maps=(*MAPS, "Old=general"))
    assert json.loads(json.dumps(facts)).keys() == facts.keys()
    assert facts["examples"] == 10
    assert {one["label"]: (one["mails"], one["route"]) for one in facts["labels"]} == {
        "Appeals": (7, "appeals"),
        "General": (6, "general"),
        "Spam": (1, None),
        "Old": (1, "general"),
    }
    assert facts["left_out"] == {
        "team": 1,
        "automatic": 1,
        "unmapped": 1,
        "again": 1,
        "nearly-again": 1,
        "unreadable": 1,
    }
    assert (facts["first"], facts["last"], facts["languages"]) == ("2026-11-01", "2026-11-10", {"en": 10})
    assert {route: one["examples"] for route, one in facts["routes"].items()} == {"appeals": 5, "general": 5}
    assert [Path(one["source"]).name for one in facts["troubles"]] == ["x.png"]
    assert facts["kept"] is None
    assert not house.has_store


def test_the_last_third_is_judged_by_what_came_before(house: House, mails: str) -> None:
    facts = run(house, mails)["rehearsal"]
    assert (facts["taught"], facts["n"], facts["model"]) == (7, 3, "")
    assert {row["route"]: row["mails"] for row in facts["routes"]} == {"appeals": 1, "general": 2}
    assert facts["accuracy"] == 1.0


def test_what_was_taught_counts_in_the_rehearsal(house: House, tmp_path: Path) -> None:
    """The words of a sender's last mail say nothing; that he always wrote to appeals does."""
    root = tmp_path / "Mail"
    put(root / "Appeals", 0, "My account was suspended, please look at it again.", From="ann@example.com")
    for number in range(1, 6):
        put(root / "Appeals", number, f"The {TOPICS[number]} of which I told you is a {TOPICS[number + 1]} now, and nobody answers me.", From="ann@example.com", In_Reply_To="<0@example.com>")  # fmt: skip
    facts = run(house, str(root))["rehearsal"]
    assert (facts["taught"], facts["n"], facts["accuracy"]) == (4, 2, 1.0)
    assert facts["follow_ups"]["mails"] == 2


def test_kept_twice_it_is_there_once(house: House, mails: str) -> None:
    first = run(house, mails, keep=True)
    assert first["kept"] == {"new": 10, "known": 0, "remembered": 10}
    before = house.store.recall((), (), ("a:user3@example.com",)).senders
    again = run(house, mails, keep=True)
    assert again["kept"] == {"new": 0, "known": 10, "remembered": 0}
    assert house.store.recall((), (), ("a:user3@example.com",)).senders == before
    examples = house.store.examples()
    assert len(examples) == 10
    assert [one.at for one in examples] == sorted(one.at for one in examples)
    assert house.store.count_examples() == {"appeals": 5, "general": 5}
    assert {one.origin for one in examples} == {"import: Appeals", "import: General"}
    assert all(one.authenticated for one in examples)


def test_another_mapping_moves_what_is_there(house: House, mails: str) -> None:
    run(house, mails, keep=True)
    moved = run(house, mails, maps=("Appeals=general", "General=general"), keep=True)
    assert moved["kept"]["new"] == 0
    assert house.store.count_examples() == {"general": 10}


def test_without_a_map_it_says_what_there_is(house: House, mails: str) -> None:
    facts = run(house, mails, maps=())
    assert facts["examples"] == 0
    assert facts["rehearsal"] is None
    assert facts["left_out"]["unmapped"] == 13
    assert run(house, mails, maps=(), keep=True)["kept"] == {"new": 0, "known": 0, "remembered": 0}


def test_tickets_are_believed_only_if_a_person_says_so(house: House, tmp_path: Path) -> None:
    lines = [
        {"id": n, "subject": topic, "requester_email": "ann@example.com", "tags": ["appeal"], "created_at": f"2026-01-{n + 1:02d}",
         "description": f"My {topic} account was suspended, why? It says {topic} {n} is no good, but I never had a {topic} there."}
        for n, topic in enumerate(TOPICS)
    ]  # fmt: skip
    path = tmp_path / "tickets.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    facts = run(house, str(path), maps=("label:appeal=appeals",), keep=True)
    assert (facts["examples"], facts["authenticated"], facts["kept"]["remembered"]) == (10, 0, 0)
    assert run(house, str(path), maps=("label:appeal=appeals",), believe=True)["authenticated"] == 10


def test_exports_that_overlap_are_learned_once(house: House, tmp_path: Path) -> None:
    row = "{0},2026-01-{0:02d},ann@example.com,{1},My {1} was suspended and I want to have the {1} back please,appeal"
    rows = [row.format(n, topic) for n, topic in enumerate(TOPICS, start=1)]
    for name, some in (("oct.csv", rows[:6]), ("nov.csv", rows[3:])):
        (tmp_path / name).write_text("\n".join(("id,created,from,subject,body,tags", *some)))
    wanted: dict[str, Any] = {"maps": ("label:appeal=appeals",), "believe": True, "keep": True}
    assert run(house, str(tmp_path / "oct.csv"), **wanted)["kept"] == {"new": 6, "known": 0, "remembered": 6}
    assert run(house, str(tmp_path / "nov.csv"), **wanted)["kept"] == {"new": 4, "known": 3, "remembered": 4}
    assert house.store.recall((), (), ("a:ann@example.com",)).senders["a:ann@example.com"].mails == 10


def test_maps_and_columns_may_be_in_a_file(house: House, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Betreff,Inhalt,tags\nHallo,Gib mir mein Konto zurück,einspruch\n")
    file = tmp_path / "map.toml"
    file.write_text('[map]\n"label:einspruch" = "appeals"\n[columns]\nsubject = "Betreff"\nbody = "x"\n')
    facts = run(house, str(tmp_path / "t.csv"), maps=(), map_file=file, columns=("body=Inhalt",))
    assert facts["routes"]["appeals"]["subjects"] == ["Hallo"]
    assert facts["rehearsal"] is None, "of one mail there is nothing to judge"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"maps": ("Appeals=apeals",)}, "Did you mean 'appeals'"),
        ({"maps": ("Appeals",)}, "write LABEL=ROUTE"),
        ({"brand": "shpo"}, "Did you mean 'shop'"),
        ({"columns": ("body",)}, "write body=NAME"),
        ({"columns": ("bdy=x",)}, "Did you mean 'body'"),
        ({"paths": ("nowhere",)}, "there is no file or folder nowhere"),
    ],
)
def test_mistakes_are_said_before_anything_is_read(house: House, mails: str, changes: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        run(house, mails, **changes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[map", "is no TOML"),
        ("map = 1", "must be a table"),
        ("columns = 1", "must be a table"),
        ("\udcff", "is no TOML"),
    ],
)
def test_a_map_file_that_is_none_is_said(house: House, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "map.toml"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(ConfigError, match=says):
        run(house, str(tmp_path), map_file=file)
    with pytest.raises(ConfigError, match="can't read the map file"):
        run(house, str(tmp_path), map_file=tmp_path / "none.toml")


def test_progress_goes_through_all_stages(house: House, mails: str) -> None:
    told: list[tuple[str, int, int]] = []
    wanted = Wanted(paths=(mails,), maps=MAPS, keep=True)
    import_past(house, wanted, now=NOW, tell=lambda stage, done, total: told.append((stage, done, total)))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["reading", "rehearsing", "keeping"]
    for stage in ("reading", "rehearsing", "keeping"):
        last = [(done, total) for name, done, total in told if name == stage][-1]
        assert last[0] == last[1] > 0
