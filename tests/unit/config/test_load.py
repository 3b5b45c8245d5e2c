"""Every mistake in postroom.toml is found, with its line and a remedy."""

from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.config import load, locate

GOOD = resources.files("postroom.starter").joinpath("postroom.toml").read_text(encoding="utf-8")


def test_the_shipped_settings_are_good() -> None:
    settings, problems = load(GOOD)
    assert settings is not None
    assert [p.path for p in problems] == ["urgent.destinations"]
    assert not problems[0].fatal


@pytest.mark.parametrize(
    ("change", "path", "says", "remedy"),
    [
        (('hostname = "mail.example.com"', 'hostnam = "x"'), "hostnam", "unknown setting", "Did you mean 'hostname'?"),
        (('listen = ["127.0.0.1:2525"]', 'listen = "x"'), "intake.listen", "Expected array", "Correct"),
        (('listen = ["127.0.0.1:2525"]', 'listen = ["2525"]'), "intake.listen", "not host:port", "127.0.0.1:2525"),
        (('"127.0.0.0/8"', '"127.0.0.1/8"'), "intake.trusted_networks", "host bits set", "192.0.2.0/24"),
        (
            ('addresses = ["support@example.com"]', 'addresses = ["support"]'),
            "brand.main.addresses",
            "not an address",
            "local@domain",
        ),
        (('addresses = ["support@example.com"]', ""), "brand.main.addresses", "is missing", "Add addresses"),
        (("[brand.main]", "[brand.MAIN]"), "brand.MAIN", "not a name", "lower-case"),
        (
            ("[route.appeals]", '[route.appeals]\nstage = "canary"'),
            "route.appeals.before",
            "where its mail went before",
            "Add before",
        ),
        (("[route.appeals]", "[route.appeals]\nthreshold = 2"), "route.appeals.threshold", "<= 1", "Correct"),
        (("[route.general]", "[route.generals]"), "judging.fallback", "no route is called", "Did you mean 'generals'?"),
        (
            ('destinations = ["appeals"]', 'destinations = ["apeals"]'),
            "route.appeals.destinations",
            "no destination",
            "Did you mean 'appeals'?",
        ),
        (
            ('[destination.appeals]\nkind = "inbox"', "[destination.appeals]"),
            "destination.appeals.kind",
            "is missing",
            "inbox, maildir",
        ),
        (
            ('[destination.appeals]\nkind = "inbox"', '[destination.appeals]\nkind = "fax"'),
            "destination.appeals.kind",
            "unknown kind",
            "webhook",
        ),
        (
            ('[destination.appeals]\nkind = "inbox"', '[destination.appeals]\nkind = "smtp"'),
            "destination.appeals.host",
            "is missing",
            "Add host",
        ),
        (("[review]", "[review]\nhuors = 1"), "review.huors", "unknown setting", "hours"),
        (("# tls_certificate", "tls_certificate"), "intake.tls_certificate", "come together", "Set both"),
        (
            ("starter = true", "starter = true\n\n[log]\nlevel = 3"),
            "log.level",
            "Expected `str`".replace("`", ""),
            "Correct",
        ),
        (("[urgent]", "[urgent"), "(file)", "not TOML", "Mend"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_a_remedy(
    change: tuple[str, str], path: str, says: str, remedy: str
) -> None:
    assert change[0] in GOOD
    text = GOOD.replace(*change, 1)
    settings, problems = load(text)
    assert settings is None
    found = [p for p in problems if p.path == path]
    assert found, [str(p) for p in problems]
    assert says in found[0].message
    assert remedy in found[0].remedy
    if path != "(file)":
        line = text.splitlines()[found[0].line - 1]
        assert path.rpartition(".")[2] in line or line.startswith("[") or found[0].line == 1


def test_a_mail_that_would_never_fit_into_memory_is_warned_of() -> None:
    settings, problems = load(GOOD.replace("[intake]", "[intake]\nmax_size = 600_000_000", 1))
    assert settings is not None
    (found,) = [p for p in problems if p.path == "intake.max_size"]
    assert not found.fatal
    assert "max_memory" in found.remedy


def test_all_mistakes_are_found_at_once() -> None:
    text = (
        GOOD.replace("[review]", "[review]\nhuors = 1")
        .replace("[web]", "[web]\nport = 1")
        .replace("hours = 24", "hours = 0")
    )
    _, problems = load(text)
    assert [p.path for p in problems] == ["review.huors", "review.hours", "web.port"]
    assert [p.line for p in problems] == sorted(p.line for p in problems)


def test_a_line_is_found_for_each_setting() -> None:
    assert GOOD.splitlines()[locate(GOOD, "route.appeals.destinations") - 1] == 'destinations = ["appeals"]'
    assert locate(GOOD, "nothing.like.it") == 1


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    settings, problems = load(text)
    assert (settings is None) == any(p.fatal for p in problems)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "path", "host", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["brand", "route", "destination", "review", "intake", "data", "log"]), values, max_size=4
    )
)
def test_no_structure_makes_it_raise(data: dict[str, object]) -> None:
    try:
        text = msgspec.toml.encode(data).decode()
    except (TypeError, ValueError):
        return
    settings, problems = load(text)
    assert (settings is None) == any(p.fatal for p in problems)
