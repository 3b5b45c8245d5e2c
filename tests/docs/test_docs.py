"""The documentation against the code: what it names exists, and what exists is documented."""

import re
import tomllib
from pathlib import Path

import pytest

from postroom.adapters.intake.files import FoundMail
from postroom.adapters.observer.metrics import METRICS
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.cli import setup
from postroom.config import load
from postroom.decide import rulebook
from postroom.flow.templates import Template, parse
from tools import reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def test_the_reference_is_up_to_date() -> None:
    for name, text in reference.pages().items():
        assert (DOCS / "reference" / name).read_text(encoding="utf-8") == text, (
            f"run `make docs`: {name} is out of date"
        )


def test_every_key_of_rules_and_phrases_is_in_the_reference() -> None:
    """Whatever a reader of files names when it refuses a key."""
    text = "priorty = 1\n[[rule]]\nname = 'x'\nwhen = 'true'\ntags = ['x']\nurgnt = 'x'\n"
    phrases = {"a": "rout = 'x'", "b": "concept = 'x'\n[[group]]\nwher = 'any'\nphrases = ['some words']\n"}
    _, problems = rulebook.compile({"r": text}, phrases, ())
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    said = [p.remedy.removeprefix("use one of: ") for p in problems if p.remedy.startswith("use one of: ")]
    keys = [key for one in said for key in one.split(", ")]
    assert {"urgent", "enabled_from", "concept", "near", "within"} <= set(keys)
    for key in keys:
        assert f"\n| `{key}` |" in page, key


@pytest.mark.parametrize("number", range(1, 11))
def test_every_promise_has_a_row_and_a_test_named_after_it(number: int) -> None:
    assert re.search(rf"^\| {number} \| \*\*", (DOCS / "promises.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = [
        p for p in (ROOT / "tests").rglob("test_*.py") if f"def test_promise_{number}_" in p.read_text(encoding="utf-8")
    ]
    assert named, f"no test is named after promise {number}"


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("start", [ROOT / "README.md", DOCS / "index.md"], ids=lambda p: p.name)
def test_every_page_can_be_reached(start: Path) -> None:
    """From the README, and from the first page of the site."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        page = waiting.pop()
        targets = re.findall(r"\]\(([^)#\s:]+\.md)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        new = {(page.parent / target).resolve() for target in targets} - found
        found |= new
        waiting += new
    assert {str(page.relative_to(ROOT)) for page in PAGES if page not in found} <= {"docs/index.md"}


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda p: str(p.relative_to(ROOT)))
def test_settings_in_examples_are_settings(page: Path) -> None:
    """Every TOML block that is a piece of postroom.toml has known names and values."""
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        data = tomllib.loads(block)
        if set(data) <= {"rule", "group", "route", "signal", "concept", "mail"} and not isinstance(
            data.get("route"), dict
        ):
            continue
        if "text" in data:  # a template of answers
            assert isinstance(parse("x", block, ("appeals", "refunds")), Template)  # type: ignore[arg-type]
            continue
        _, problems = load(block)
        wrong = [
            str(p)
            for p in problems
            if "unknown setting" in p.message or "Expected" in p.message or "unknown kind" in p.message
        ]
        assert not wrong, f"{page.name}: {wrong}"


def test_commands_that_are_shown_exist() -> None:
    commands = reference.pages()["commands.md"]
    known = set(re.findall(r"^## `postroom ([a-z -]+)`", commands, re.MULTILINE)) | {"serve"}
    groups = {name.split()[0] for name in known}
    for page in [ROOT / "README.md", *PAGES]:
        for line in re.findall(
            r"^\$ (?:\S*/)?postroom ([a-z]+(?: [a-z]+)?)", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            first = line.split()[0]
            assert first in groups, f"{page.name}: postroom {line}"


def test_the_tutorial_s_mail_lands_on_the_desk_that_it_names(tmp_path: Path) -> None:
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    (mail,) = re.findall(r'^mail = """(.*?)"""$', page, re.MULTILINE | re.DOTALL)
    init = re.findall(r"^\$ \S*postroom init my-postroom --address (\S+)$", page, re.MULTILINE)
    setup.init(tmp_path, address=init[0], hostname="localhost", force=False)
    settings, problems = load((tmp_path / "postroom.toml").read_text(encoding="utf-8"))
    assert settings is not None, problems
    found = FoundMail(path="mail", raw=mail.replace("\n", "\r\n").encode())
    ((_, _, decision),) = Offline(House(settings, tmp_path)).decisions([found])
    assert decision.route == "appeals", decision.because
    assert "inbox list appeals" in page


def test_metrics_that_are_named_exist() -> None:
    known = {m.name for m in METRICS} | {f"{m.name}_total" for m in METRICS}
    for page in PAGES:
        for name in re.findall(r"\bpostroom_[a-z_]+", page.read_text(encoding="utf-8")):
            assert name in known or page.parent.name != "how-to", f"{page.name} names {name}"


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    for page in (DOCS / "decisions").glob("0*.md"):
        assert page.name in index, f"{page.name} is not in docs/decisions/index.md"
