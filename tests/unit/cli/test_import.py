"""`postroom import` on the command line."""

from pathlib import Path

import pytest

from tests.unit.bootstrap.test_past import MAPS, mails, put
from tests.unit.cli.conftest import SETTINGS, Postroom

assert mails, "a fixture"

ARGUMENTS = [part for one in MAPS for part in ("--map", one)]


def test_a_preview_shows_what_is_there_and_what_would_have_been_right(postroom: Postroom, mails: str) -> None:
    ran = postroom("import", mails, *ARGUMENTS)
    assert ran.code == 0
    for said in (
        "Spam",
        "written by the team",
        "nearly the same text",
        "To learn from",
        "from 2026-11-01 to 2026-11-10; languages: en 10",
        "judged the last 3 mails, knowing the 7 before",
        "Worst route first",
        "run it again with --keep",
        "x.png",
    ):
        assert said in ran.out, said


def test_kept_it_says_how_much(postroom: Postroom, mails: str) -> None:
    assert "Kept: 10 new, 0 were there before" in postroom("import", mails, *ARGUMENTS, "--keep").out
    (facts,) = postroom("import", mails, *ARGUMENTS, "--keep", "--json").lines
    assert facts["kept"] == {"new": 0, "known": 10, "remembered": 0}


def test_without_a_map_it_says_how_to_write_one(postroom: Postroom, mails: str) -> None:
    ran = postroom("import", mails)
    assert "Nothing to learn from." in ran.out
    assert "Map labels to routes: --map Appeals=ROUTE --map General=ROUTE --map Old=ROUTE" in ran.out


def test_a_map_that_fits_nothing_is_said(postroom: Postroom, mails: str) -> None:
    ran = postroom("import", mails, *ARGUMENTS, "--map", "label:Zzz=appeals")
    assert "No label fits 'label:Zzz': it maps nothing." in ran.out
    assert "No label fits 'Appeals'" not in ran.out
    ran = postroom("import", mails, "--map", "Appeals=review")
    assert (ran.code, "review is no desk" in ran.err) == (1, True)
    put(Path(mails) / "Odd name", 50, "Where is it?", Keywords="Mine, yours")
    assert "--map 'Odd name=ROUTE'" in postroom("import", str(Path(mails) / "Odd name")).out


def test_the_surest_mistakes_are_named(postroom: Postroom, mails: str) -> None:
    wrong = ("--map", "Appeals=general", "--map", "General=appeals")
    (facts,) = postroom("import", mails, *wrong, "--json").lines
    rehearsal = facts["rehearsal"]
    said = rehearsal["mistakes"]
    assert 0 < len(said) == round(rehearsal["n"] * (1 - rehearsal["accuracy"]))
    assert said == sorted(said, key=lambda one: -one["confidence"])
    assert {one["label"] for one in said} <= {"appeals", "general"}
    assert all(one["label"] != one["decided"] for one in said)
    shown = postroom("import", mails, *wrong).out
    assert "Worst mistakes, the surest first" in shown
    assert said[0]["source"] in shown
    assert rehearsal["unknown_to_model"] == []
    assert "that begin a conversation" in shown


def test_a_desk_that_the_model_does_not_know_is_named(postroom: Postroom, mails: str, folder: Path) -> None:
    (folder / "postroom.toml").write_text(SETTINGS + '[route.shipping]\ndestinations = ["general"]\n')
    ran = postroom("import", mails, "--map", "General=shipping", "--map", "Appeals=appeals")
    assert "The model doesn't know shipping: only phrases" in ran.out


def test_many_labels_are_cut(postroom: Postroom, folder: Path) -> None:
    put(folder / "Mail" / "Appeals", 1, "My account was suspended", Keywords=",".join(f"tag{n}" for n in range(60)))
    ran = postroom("import", "Mail", *ARGUMENTS)
    assert "and 21 more labels" in ran.out
    assert "1 mail from" in ran.out


def test_no_settings_are_needed_to_look(postroom: Postroom, folder: Path) -> None:
    put(folder / "Mail" / "Appeals", 1, "My account was suspended")
    (folder / "postroom.toml").unlink()
    assert postroom("import", "Mail", *ARGUMENTS).code == 0
    ran = postroom("import", "Mail", *ARGUMENTS, "--keep")
    assert ran.code == 1
    assert "no settings file" in ran.err


def test_a_bar_is_shown_to_a_person(postroom: Postroom, mails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert postroom("import", mails, *ARGUMENTS).code == 0


def test_a_mistake_is_a_sentence(postroom: Postroom) -> None:
    ran = postroom("import", "nowhere")
    assert ran.code == 1
    assert "there is no file or folder nowhere" in ran.err
