"""Signing in elsewhere in the settings."""

import pytest

from postroom.config import load
from tests.unit.config.test_cases import BASE

GOOD = '[pages.oidc]\nissuer = "https://id.example.com"\nclient_id = "postroom"\n'


def test_all_there_is() -> None:
    found, problems = load(
        BASE
        + GOOD
        + 'make_users = true\nroles = { support = "agent", bosses = "lead" }\nbrands = ["shop"]\nroutes = ["general"]\n'
    )
    assert not problems, [str(one) for one in problems]
    assert found is not None
    assert found.pages.oidc.roles == {"support": "agent", "bosses": "lead"}
    assert found.pages.oidc.passwords


@pytest.mark.parametrize(
    ("text", "path", "says", "fatal"),
    [
        ('[pages.oidc]\nclient_id = "x"', "pages.oidc", "without an issuer", False),
        ("[pages.oidc]\npasswords = false", "pages.oidc", "without an issuer", True),
        ('[pages.oidc]\nissuer = "id.example.com"\nclient_id = "x"', "pages.oidc.issuer", "is no issuer", True),
        ('[pages.oidc]\nissuer = "https://x.test/?y"\nclient_id = "x"', "pages.oidc.issuer", "is no issuer", True),
        ('[pages.oidc]\nissuer = "https://x.test"', "pages.oidc.client_id", "who asks", True),
        (GOOD + "make_users = true", "pages.oidc.make_users", "nobody would be made", True),
        (GOOD + 'brands = ["shp"]', "pages.oidc.brands", "no brand is called 'shp'", True),
        (GOOD + 'routes = ["x"]', "pages.oidc.routes", "no route is called 'x'", True),
        (GOOD + 'roles = { support = "king" }', "pages.oidc.roles", "", True),
    ],
)
def test_mistakes(text: str, path: str, says: str, fatal: bool) -> None:
    _, problems = load(BASE + text + "\n")
    (found,) = [one for one in problems if one.path.startswith(path)]
    assert says in found.message
    assert found.fatal is fatal
    assert found.remedy
