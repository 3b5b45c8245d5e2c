"""Signing in at a provider, through the pages."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from postroom.bootstrap import checks
from postroom.bootstrap.federation import mistake
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.people import User, UserName
from tests.api_house import programme
from tests.oidc_provider import Provider, provider
from tests.pages_house import SETTINGS, Browser, Installation, installation

OIDC = """
[pages.oidc]
issuer = "{issuer}"
name = "Example ID"
client_id = "postroom"
client_secret_file = "secret"
allow = ["127.0.0.1"]
link_by_email = true
email_domain = "example.com"
passwords = {passwords}
"""


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as one:
        yield one


def settings(there: Provider, folder: Path, passwords: str = "true") -> str:
    (folder / "secret").write_text(there.secret + "\n")
    return SETTINGS + OIDC.format(issuer=there.issuer, passwords=passwords)


@pytest.fixture
def here(there: Provider, tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, settings(there, tmp_path)) as made:
        made.house.people.team.add(User(name=UserName("ada"), role="agent"), None, "test")
        yield made


def go(browser: Browser, there: Provider, to: str = "/inbox") -> str:
    """Off to the provider: where it sends the browser back to."""
    off = browser._ask("GET", f"/sign-in/elsewhere?to={quote(to, safe='')}", b"", {})
    assert off.status == 303
    back = there.authorize(off.headers["location"])
    return back.partition("127.0.0.1:8026")[2]


def test_somebody_signs_in_and_out(here: Installation, there: Provider) -> None:
    browser = here.browser()
    page = browser.get("/sign-in?to=/inbox").text
    assert "Sign in with Example ID" in page
    assert 'href="/sign-in/elsewhere?to=/inbox"' in page
    assert 'name="password"' in page
    answer = browser.get(go(browser, there))
    assert (answer.status, browser.at) == (200, "/inbox")
    assert "postroom-elsewhere" not in browser.cookies
    assert "ada@example.com" in browser.get("/me").text
    assert "Another password" not in browser.get("/me").text
    left = browser.post("/sign-out", csrf=browser.csrf())
    assert "You are signed out" in left.text
    assert f'href="{there.issuer}/out?client_id=postroom' in left.text
    assert browser.get("/inbox").text.count("Sign in with") == 1


def test_the_cookie_that_goes_along_is_as_safe_as_the_session(here: Installation) -> None:
    off = here.browser()._ask("GET", "/sign-in/elsewhere", b"", {})
    (cookie,) = off.cookies
    assert "Max-Age=600" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert off.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "to",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil", "/" + "x" * 3000],
)
def test_nobody_is_led_to_another_site(here: Installation, there: Provider, to: str) -> None:
    browser = here.browser()
    assert browser._ask("GET", go(browser, there, to), b"", {}).headers["location"] == "/"
    assert 'value="/"' in here.browser().get(f"/sign-in?to={quote(to, safe='')}").text


def test_who_comes_back_in_vain_keeps_the_session_that_he_had(here: Installation, there: Provider) -> None:
    browser = here.user("root2", "admin")
    back = go(browser, there)
    stolen = here.browser().get(back)
    assert (stolen.status, "begin again" in stolen.text) == (403, True)
    assert browser.get("/sign-in/back?state=wrong&code=c").status == 403
    assert browser.get("/people").status == 200


def test_words_of_a_provider_are_only_words(here: Installation, there: Provider) -> None:
    browser = here.browser()
    there.error = "<script>alert(1)</script>"
    answer = browser.get(go(browser, there))
    assert answer.status == 403
    assert "&lt;script&gt;" in answer.text
    assert "<script>alert" not in answer.text


def test_a_provider_that_is_down(here: Installation, there: Provider) -> None:
    there.instead["/.well-known/openid-configuration"] = (503, b"")
    answer = here.browser().get("/sign-in/elsewhere")
    assert (answer.status, "Try again in a moment" in answer.text) == (503, True)
    assert "still be signed in" not in here.browser().get("/sign-in?left=1").text


def test_a_provider_that_goes_down_meanwhile(here: Installation, there: Provider) -> None:
    browser = here.browser()
    back = go(browser, there)
    there.instead["/token"] = (500, b"")
    assert browser.get(back).status == 503


def test_without_passwords_a_code_is_the_way_in(there: Provider, tmp_path: Path) -> None:
    with installation(tmp_path, settings(there, tmp_path, "false")) as made:
        root = made.house.people.team.find("root")
        browser = made.browser()
        page = browser.get("/sign-in").text
        assert 'name="password"' not in page
        assert "/sign-in/code" in page
        assert browser.sign_in("root").status == 403
        assert 'name="code"' in browser.get("/sign-in/code").text
        refused = browser.post("/sign-in/code", code="A" * 43)
        assert (refused.status, "this code is wrong" in refused.text) == (403, True)
        code = made.house.people.signing_in.code(root, "carla")
        assert browser.post("/sign-in/code", headers={"origin": "https://evil.example"}, code=code).status == 403
        assert browser.post("/sign-in/code", code=code).status == 200
        assert browser.get("/people").status == 200


def test_an_admin_sees_and_unlinks(here: Installation, there: Provider) -> None:
    browser, root = here.browser(), here.user("root2", "admin")
    browser.get(go(browser, there))
    page = root.get("/people")
    assert f"Signs in as <b>ada@example.com</b> at {there.issuer}" in page.text
    root.post("/people/ada/unlink", csrf=root.csrf(), issuer=there.issuer)
    assert "Signs in as" not in root.get("/people").text
    assert "Sign in with" in browser.get("/inbox").text
    assert root.post("/people/ada/unlink", csrf=root.csrf()).status == 409


def test_the_api_does_it_too(here: Installation, there: Provider) -> None:
    browser, root = here.browser(), programme(here, "root", "admin")
    browser.get(go(browser, there))
    (linked,) = json.loads(root.get("/people/ada/identities").text)["identities"]
    assert (linked["subject"], linked["user"], linked["email"]) == ("ada-1", "ada", "ada@example.com")
    assert json.loads(root.post("/people/ada/unlink").text) == {"unlinked": 1}
    assert json.loads(root.post("/people/ada/unlink").text) == {"unlinked": 0}
    assert root.get("/people/nobody/identities").status == 404


def test_a_check_tries_the_provider(here: Installation, there: Provider) -> None:
    def told() -> list[checks.Trial]:
        return [one for one in checks.trials(here.house) if one.what == "sign-in elsewhere"]

    (trial,) = told()
    assert trial.ok
    assert trial.said.endswith("browsers come back to http://127.0.0.1:8026/sign-in/back")
    there.document = {"issuer": "https://id.example"}
    (trial,) = told()
    assert (trial.ok, "write exactly that" in trial.said) == (False, True)


def test_what_is_wrong_before_anybody_is_asked(
    there: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = load(settings(there, tmp_path))
    assert found is not None
    house = House(found, tmp_path)
    assert mistake(house) == ""
    (tmp_path / "secret").write_bytes(b"\xff")
    assert "is no text" in mistake(house)
    (tmp_path / "secret").unlink()
    assert "can't read the secret file" in mistake(house)
    assert [one.path for one in checks.mistakes(house) if one.path.startswith("pages")] == ["pages.oidc"]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "pip install 'joserfc>=1.8'" in mistake(house)


def test_joserfc_is_loaded_only_where_it_is_needed() -> None:
    """It takes a tenth of a second and nine megabytes."""
    code = "import sys, postroom.bootstrap.pages; sys.exit('joserfc' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
