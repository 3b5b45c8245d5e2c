"""Who works at the installation, and how it is set up."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.judgement import REVIEW
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Role, User, UserName

BRANDS = dict(zip((f"brand{number}" for number in range(10)), (600, 200, 100, 50, 20, 10, 10, 5, 4, 1), strict=True))
DESKS = ("general", "appeals", "refunds", "copyright")
PASSWORD = "a password of the bench"
#: who may see urgent mail
URGENT = ("root", "lead0", "all0")
#: bearer tokens of programmes, by the user in whose name they call
KEYS = ("root", "lead0", "agent0", "agent3", "viewer0")
_SETTINGS = """
hostname = "postroom.test"
[intake]
listen = ["127.0.0.1:{smtp}"]
[web]
listen = ""
[pages]
listen = "127.0.0.1:{pages}"
api_per_minute = 1000000
[trust]
authserv_ids = ["mx1.example.com"]
[review]
hours = 336
second_look_share = 0.05
[answers]
host = "127.0.0.1"
port = 9
tls = "none"
[workers]
judge = {judges}
[destination.partner]
kind = "smtp"
host = "127.0.0.1"
port = 9
tls = "none"
recipients = ["partner@example.test"]
[calendar.office]
zone = "Europe/Berlin"
[clock.ours]
label = "Decided within two weeks"
within = "14 days"
warn = "2 days"
"""
_APPEALS = """cases = true
first_answer = "8 business hours"
calendar = "office"
clocks = ["dsa", "ours"]
second_person = "rejection"
outcomes = { granted = "appeal-granted", rejected = "appeal-rejected", withdrawn = "appeal-granted" }
"""


def settings(smtp: int, pages: int, *, judges: int = 1) -> str:
    """postroom.toml of the installation."""
    brands = "".join(f'[brand.{name}]\naddresses = ["{address(name)}"]\n' for name in BRANDS)
    routes = "".join(
        f'[route.{name}]\ndestinations = ["{name}"]\n{_APPEALS if name == "appeals" else ""}' for name in DESKS
    )
    inboxes = "".join(f'[destination.{name}]\nkind = "inbox"\n' for name in (*DESKS, REVIEW))
    return _SETTINGS.format(smtp=smtp, pages=pages, judges=judges) + brands + routes + inboxes


def address(brand: str) -> str:
    """Where mail for a brand is sent to."""
    return f"support@{brand}.example.com"


def people() -> list[User]:
    """Thirty of them: of every role, of all brands and desks or a few."""
    brands = list(BRANDS)
    found = [_user("root", "admin"), _user("boss", "admin")]
    found += [_user(f"lead{n}", "lead", brands=brands[n : n + 3] if n else ()) for n in range(3)]
    found += [_user(f"reviewer{n}", "reviewer", brands=brands[n : n + 4] if n > 2 else ()) for n in range(8)]
    found += [_user(f"agent{n}", "agent", brands=brands[:n], routes=(DESKS[n % 4],)) for n in range(9)]
    found += [_user(f"all{n}", "agent") for n in range(4)]
    return [*found, *(_user(f"viewer{n}", "viewer", brands=brands[n * 2 : n * 2 + 2]) for n in range(4))]


def secret(user: str, number: int = 0) -> str:
    """What the cookie of a session of the bench holds: as long as a real one."""
    return sha256(f"session {number} of {user}".encode()).hexdigest()[:43]


def token(user: str) -> str:
    """The token of a programme's key."""
    return f"pr_{user}_{sha256(user.encode()).hexdigest()[:40]}"


def open_house(folder: Path, text: str) -> House:
    """The installation of a folder. Its settings are written anew."""
    (folder / "postroom.toml").write_text(text)
    found, mistakes = load(text)
    assert found is not None, mistakes
    return House(found, folder, process="bench")


def _user(name: str, role: Role, brands: Sequence[str] = (), routes: Sequence[str] = ()) -> User:
    return User(
        name=UserName(name),
        role=role,
        brands=tuple(map(BrandName, brands)),
        routes=tuple(map(RouteName, routes)),
        urgent=name in URGENT,
    )
