"""Every mistake in postroom.toml is found, with its line and a remedy."""

import re
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.config import load, located
from postroom.config.mistakes import Mistake

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
        (('listen = ["127.0.0.1:2525"]', 'listen = "x"'), "intake.listen", "Expected array", "Write a list"),
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
        (
            ("[route.appeals]", "[route.appeals]\nthreshold = 2"),
            "route.appeals.threshold",
            "<= 1",
            "0 to 1, such as 0.02 for",
        ),
        (
            ("[route.appeals]", "[route.appeals]\nthreshold = 60"),
            "route.appeals.threshold",
            "<= 1",
            "Write a number from 0 to 1, such as 0.6 for 60 %",
        ),
        (
            ("[route.appeals]", '[hook.crm]\nurl = "https://crm.test/"\nevents = ["foo"]\n[route.appeals]'),
            "hook.crm.events",
            "'foo'",
            "Write one of: '",
        ),
        (
            ("[route.appeals]", "[second_opinion]\ntimeout = -3\n[route.appeals]"),
            "second_opinion.timeout",
            ">",
            "Write a number",
        ),
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
        (
            ("[web]", '[web]\nmodel = "learned"'),
            "web.model",
            "unknown setting",
            "belongs in [judging] or [second_opinion]",
        ),
        (
            ("[review]", "[review]\nlisten = []"),
            "review.listen",
            "unknown setting",
            "belongs in [intake] or [web] or [pages]",
        ),
        (("[urgent]", "[urgent]\nstarter = true"), "urgent.starter", "unknown setting", "It belongs in [judging]"),
        (("# tls_certificate", "tls_certificate"), "intake.tls_certificate", "come together", "Set both"),
        (
            ("starter = true", "starter = true\n\n[log]\nlevel = 3"),
            "log.level",
            "Expected `str`".replace("`", ""),
            "Write one of",
        ),
        (("[urgent]", "[urgent"), "(file)", "not TOML", "Mend"),
        (('"mail.example.com"', '"mail example"'), "hostname", "not a host name", "mail.example.com"),
        (('data = "data"', 'return_domain = "a@b"'), "return_domain", "not a host name", "mail.example.com"),
        (('"127.0.0.1:2525"', '"127.0.0.1:99999"'), "intake.listen", "no port 99999", "65535"),
        (("8025", "99999"), "web.listen", "no port 99999", "65535"),
        (('["127.0.0.1:2525"]', '["127.0.0.1:2525", "localhost:2525"]'), "intake.listen", "is taken", "own port"),
        (('# lmtp = ["127.0.0.1:2424"]', 'lmtp = ["0.0.0.0:2525"]'), "intake.lmtp", "taken: intake.listen", "own port"),
        (("127.0.0.1:8025", "127.0.0.1:2525"), "web.listen", "taken: intake.listen", "own port"),
        (("# tls_key", "tls_key"), "intake.tls_key", "come together", "Set both"),
        (('# team_domains = ["', 'team_domains = ["not a '), "trust.team_domains", "not a domain", "example.com"),
        (("[trust]", '[trust]\nprotected_domains = ["@x.test"]'), "trust.protected_domains", "not a domain", "Write"),
        (('# form_senders = ["forms@', 'form_senders = ["'), "trust.form_senders", "not an address", "local@domain"),
        (("[route.appeals]", "[route.review]"), "route.review", "name is taken", "[review]"),
        (
            ('kind = "inbox"', 'kind = "smtp"\nhost = "mx.example.com"\nrecipients = ["desk"]'),
            "destination.appeals.recipients",
            "not an address",
            "local@domain",
        ),
        (
            ('kind = "inbox"', 'kind = "smtp"\nport = 2525\nhost = "localhost"'),
            "destination.appeals.host",
            "this is postroom itself",
            "behind",
        ),
        (("[pages]", '[pages]\nurl = "mail.example.com"'), "pages.url", "no address", "Write https"),
        (("127.0.0.1:8026", "0.0.0.0:8026"), "pages.listen", "in the clear", "proxy"),
        (("127.0.0.1:8026", "127.0.0.1:2525"), "pages.listen", "is taken", "its own port"),
        (("[web]", '[status]\nkind = "csv"\n[web]'), "status.file", "is missing", "Name the file"),
        (
            ("[web]", '[status]\nkind = "http"\nurl = "accounts.example.com"\n[web]'),
            "status.url",
            "not an http",
            "https",
        ),
        (("[web]", '[status]\nkind = "sql"\n[web]'), "status.kind", "Invalid enum", "Write one of: 'none', 'csv'"),
        (("[web]", '[status.states]\nfrozen = "cold"\n[web]'), "status.states", "Invalid enum", "Correct"),
        (
            ("[brand.main]", "[brand.main.thresholds]\nappeal = 0.5\n[brand.main]"),
            "brand.main.thresholds.appeal",
            "no route is called",
            "Did you mean 'appeals'?",
        ),
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


def test_who_knows_accounts_and_is_not_asked_is_warned_of() -> None:
    settings, problems = load(GOOD.replace("[web]", '[status]\nfile = "accounts.csv"\n[web]', 1))
    assert settings is not None
    (found,) = [p for p in problems if p.path == "status.file"]
    assert not found.fatal
    assert found.remedy == 'Write kind = "csv"'


HOOK = '[hook.cases]\nurl = "https://cases.example.com"\nsecret_file = "cases"\n'


def test_a_hook_names_brands_and_desks_that_there_are() -> None:
    _, problems = load(GOOD.replace("[web]", f'{HOOK}brands = ["mian"]\nroutes = ["refund", "review"]\n[web]', 1))
    found = {p.path: p for p in problems if p.fatal}
    assert found.keys() == {"hook.cases.brands", "hook.cases.routes"}
    assert "main" in found["hook.cases.brands"].remedy
    assert "refunds" in found["hook.cases.routes"].remedy
    told = '[pages]\ncustomer_info_brands = ["mian"]\ncustomer_info_routes = ["refund"]\n'
    _, problems = load(GOOD.replace("[pages]\n", told, 1))
    assert {p.path for p in problems if p.fatal} == {"pages.customer_info_brands", "pages.customer_info_routes"}
    assert load(GOOD.replace("[web]", f'{HOOK}brands = ["main"]\nroutes = ["junk"]\n[web]', 1))[0] is not None


def test_hooks_need_the_process_of_the_pages() -> None:
    without = GOOD.replace('listen = "127.0.0.1:8026"', 'listen = ""', 1)
    _, problems = load(without.replace("[web]", f"{HOOK}[web]", 1))
    assert [p.path for p in problems if p.fatal] == ["pages.listen"]


@pytest.mark.parametrize(("share", "fits"), [("0", True), ("0.2", True), ("0.21", False), ("-0.1", False)])
def test_the_audit_asks_about_a_fifth_at_most(share: str, fits: bool) -> None:
    _, problems = load(GOOD.replace("[review]", f"[review]\naudit_share = {share}"))
    assert (not [p for p in problems if p.path == "review.audit_share"]) == fits


def test_all_mistakes_are_found_at_once() -> None:
    text = (
        GOOD.replace("[review]", "[review]\nhuors = 1")
        .replace("[web]", "[web]\nport = 1")
        .replace("hours = 24", "hours = 0")
    )
    _, problems = load(text)
    assert [p.path for p in problems if p.fatal] == ["review.huors", "review.hours", "web.port"]
    assert [p.line for p in problems] == sorted(p.line for p in problems)


def test_one_mistake_hides_no_other() -> None:
    """What is wrong by itself is left out, and the rest is looked at as a whole."""
    text = (
        GOOD.replace("[review]", "[review]\nhuors = 1")
        .replace('destinations = ["refunds"]', 'destinations = ["refund"]\nthreshold = 2')
        .replace("[judging]", '[judging]\nfallback = "generel"')
        .replace('"127.0.0.0/8"', '"127.0.0.1/8"')
    )
    _, problems = load(text)
    assert {p.path for p in problems if p.fatal} == {
        "intake.trusted_networks",
        "route.refunds.threshold",
        "route.refunds.destinations",
        "review.huors",
        "judging.fallback",
    }


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (('[destination.appeals]\nkind = "inbox"', '[destination.appeals]\nkind = "fax"'), "destination.appeals.kind"),
        (('[destination.appeals]\nkind = "inbox"', "[destination]\nappeals = 3"), "destination.appeals.kind"),
        (('[route.general]\ndestinations = ["general"]', "[route.general]"), "route.general.destinations"),
        (('addresses = ["support@example.com"]', "addresses = 3"), "brand.main.addresses"),
        (('kind = "inbox"', 'kind = "webhook"\nsecret_file = "x"'), "destination.appeals.url"),
        (("starter = true", "fallback = 3"), "judging.fallback"),
    ],
)
def test_a_mistake_brings_no_others_along(change: tuple[str, str], path: str) -> None:
    assert change[0] in GOOD
    _, problems = load(GOOD.replace(*change, 1))
    assert [p.path for p in problems if p.fatal] == [path]


@pytest.mark.parametrize(
    "listen", ['["0.0.0.0:25", "[::]:25"]', '["192.0.2.1:25", "192.0.2.2:25"]', '["127.0.0.1:0", "127.0.0.1:0"]']
)
def test_what_can_be_listened_on_together_is_no_mistake(listen: str) -> None:
    assert load(GOOD.replace('["127.0.0.1:2525"]', listen))[0] is not None


@pytest.mark.parametrize(
    ("host", "listen", "ours"),
    [
        ("127.0.0.1", "127.0.0.1:2525", True),
        ("LOCALHOST", "0.0.0.0:2525", True),
        ("mail.example.com", "[::]:2525", True),
        ("mail.example.com", "127.0.0.1:2525", False),
        ("192.0.2.1", "192.0.2.1:2525", True),
        ("192.0.2.1", "0.0.0.0:2525", False),
        ("desk.example.com", "0.0.0.0:2525", False),
        ("127.0.0.1", "127.0.0.1:2526", False),
    ],
)
def test_a_destination_that_leads_back_to_us(host: str, listen: str, ours: bool) -> None:
    text = GOOD.replace('kind = "inbox"', f'kind = "lmtp"\nport = 2525\nhost = "{host}"', 1)
    _, problems = load(text.replace("127.0.0.1:2525", listen))
    assert any("postroom itself" in p.message for p in problems) is ours


@pytest.mark.parametrize(("host", "says"), [("127.0.0.1", "if only on this machine"), ("mx.example.com", "mx.example")])
def test_a_password_in_the_clear_is_worth_a_warning(host: str, says: str) -> None:
    settings, problems = load(
        GOOD.replace('kind = "inbox"', f'kind = "smtp"\nhost = "{host}"\nuser = "x"\ntls = "none"', 1)
    )
    assert settings is not None
    (warning,) = (p for p in problems if p.path == "destination.appeals.tls")
    assert says in warning.message
    assert "required" in warning.remedy


def test_a_line_is_found_for_each_setting() -> None:
    found = located(GOOD, [Mistake(path=p, message="", remedy="") for p in ("route.appeals.destinations", "no.such")])
    assert [p.path for p in found] == ["no.such", "route.appeals.destinations"]
    assert found[0].line == 1
    assert GOOD.splitlines()[found[1].line - 1] == 'destinations = ["appeals"]'


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


OPINION = '[second_opinion]\nurl = "https://api.example.com/v1"\nmodel = "m1"\n'


def test_a_second_opinion_is_off_unless_it_has_a_url() -> None:
    settings, problems = load(GOOD + '[second_opinion]\nbrands = ["nobody"]\n')
    assert settings is not None
    assert settings.second_opinion.url == ""
    assert len(problems) == 1
    settings, problems = load(GOOD + OPINION + 'brands = ["main"]\nroutes = ["appeals"]\nabout = { junk = "spam" }\n')
    assert settings is not None
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("more", "path", "says", "remedy"),
    [
        (OPINION.replace("https", "ftp"), "second_opinion.url", "not an http(s) address", "https://"),
        (OPINION.replace('model = "m1"', ""), "second_opinion.model", "is missing", "Name a model"),
        (OPINION + 'brands = ["mian"]', "second_opinion.brands", "no brand", "Did you mean 'main'?"),
        (OPINION + 'routes = ["apeals"]', "second_opinion.routes", "no route", "Did you mean 'appeals'?"),
        (OPINION + 'about = { apeals = "x" }', "second_opinion.about.apeals", "no route", "Did you mean 'appeals'?"),
        (OPINION + "timeout = 31", "second_opinion.timeout", "<= 30", "number"),
        (OPINION + '[route.unsure]\ndestinations = ["general"]', "route.unsure", "taken", "another name"),
    ],
)
def test_mistakes_of_a_second_opinion(more: str, path: str, says: str, remedy: str) -> None:
    settings, problems = load(f"{GOOD}\n{more}\n")
    assert settings is None
    (problem,) = [p for p in problems if p.fatal]
    assert problem.path == path
    assert says in problem.message
    assert remedy in problem.remedy


def test_whatever_the_first_file_offers_can_be_uncommented() -> None:
    text = re.sub(r"^# (?=\[[a-z_.]+\]|[a-z_]+ = )", "", GOOD, flags=re.MULTILINE)
    settings, problems = load(text)
    assert settings is not None, [str(p) for p in problems]
    assert settings.judging.model == "learned"
    assert settings.status.kind == "csv"
    assert settings.learning.every_days == 7
