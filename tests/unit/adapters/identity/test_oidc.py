"""A provider over HTTP: what is believed of it, and every way of lying that the standards name."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from postroom.adapters.destination.guard import Guard
from postroom.adapters.identity import oidc, tokens
from postroom.adapters.identity.oidc import Client, OidcProvider
from postroom.model.errors import ConfigError, Refused, TryLater
from postroom.model.identity import Vouched
from tests.oidc_provider import Provider, by_public_key, critical, provider, rsa, unsigned

VERIFIER = "v" * 43
BACK = "https://postroom.example.com/sign-in/back"


class Ticks:
    """A clock that stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as one:
        yield one


def ours(there: Provider, ticks: Ticks | None = None, **changes: Any) -> OidcProvider:
    client = Client(
        issuer=there.issuer,
        client_id="postroom",
        secret=there.secret,
        scopes=("email", "profile"),
        redirect=BACK,
        left="https://postroom.example.com/sign-in",
        groups="",
    )
    return OidcProvider(replace(client, **changes), Guard(allow=["127.0.0.1"]), ticks=ticks or time.monotonic)


def go(one: OidcProvider, there: Provider, nonce: str = "a-nonce") -> dict[str, str]:
    """Off and back: what the browser brings."""
    way = one.way(state="a-state", nonce="a-nonce", verifier=VERIFIER)
    return {name: values[-1] for name, values in parse_qs(urlsplit(there.authorize(way)).query).items()}


def come(one: OidcProvider, there: Provider, **changes: str) -> Vouched:
    return one.vouched(go(one, there) | changes, nonce="a-nonce", verifier=VERIFIER)


def test_somebody_signs_in(there: Provider) -> None:
    one = ours(there)
    way = one.way(state="a-state", nonce="a-nonce", verifier=VERIFIER)
    asked = parse_qs(urlsplit(way).query)
    assert asked["scope"] == ["openid email profile"]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert VERIFIER not in way
    assert come(one, there) == Vouched(
        issuer=there.issuer, subject="ada-1", email="ada@example.com", email_verified=True, shown="Ada L."
    )
    come(one, there)
    assert there.asked.count("/.well-known/openid-configuration") == there.asked.count("/keys") == 1


@pytest.mark.parametrize(
    ("methods", "secret"),
    [(["client_secret_post"], "s3cret/ +%"), (["client_secret_basic"], "s3cret"), (None, "s3cret"), (["none"], "")],
)
def test_how_we_say_who_we_are(there: Provider, methods: list[str] | None, secret: str) -> None:
    there.document = {"token_endpoint_auth_methods_supported": methods}
    there.secret = secret
    assert come(ours(there), there).subject == "ada-1"
    if secret:
        with pytest.raises(Refused, match="invalid_client"):
            come(ours(there, secret="another"), there)


NOW = int(time.time())
OTHER = RSAKey.generate_key(2048, {"kid": "first"})
FORGED: dict[str, Any] = {
    "unsigned": unsigned,
    "by the public key": by_public_key,
    "by another key": lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, OTHER),
    "by a key that it brings along": lambda claims: jwt.encode(
        {"alg": "RS256", "jwk": OTHER.as_dict(private=False)}, claims, OTHER
    ),
    "by a key of another kind": lambda claims: jwt.encode(
        {"alg": "ES256", "kid": "first"}, claims, ECKey.generate_key("P-256")
    ),
    "with something critical": critical,
    "by a short secret": lambda claims: jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key("a secret of the client, which is long enough")
    ),
    "no token": lambda _: "none at all",
    "no JSON": lambda _: "e30.e30.",
    "no object": lambda _: "W10.e30.",
    "not ASCII": lambda _: "é.é.é",
    "far too long": lambda _: "e30." + "A" * 70_000,
    "deep": lambda _: "W1tb" * 15_000 + ".x.x",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_token_that_is_not_signed_by_the_provider(there: Provider, how: str) -> None:
    there.sign = FORGED[how]
    with pytest.raises(Refused, match="ID token"):
        come(ours(there), there)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"iss": "https://other.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another"}, "another client"),
        ({"aud": ["another", "third"], "azp": "another"}, "another client"),
        ({"aud": ["postroom", "another"]}, "another client"),
        ({"aud": ["postroom", "another"], "azp": "another"}, "another client"),
        ({"azp": "another"}, "another client"),
        ({"aud": None}, "another client"),
        ({"nonce": "of another"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"exp": NOW - 3600}, "expired"),
        ({"exp": None}, "no exp"),
        ({"exp": "tomorrow"}, "no exp"),
        ({"exp": True}, "no exp"),
        ({"iat": NOW - 3600}, "expired"),
        ({"iat": NOW + 7200}, "future"),
        ({"iat": None}, "no iat"),
        ({"iat": 1e300}, "no iat"),
        ({"nbf": NOW + 7200}, "future"),
        ({"sub": None}, "who it is of"),
        ({"sub": ""}, "who it is of"),
        ({"sub": 7}, "who it is of"),
        ({"sub": "x" * 256}, "who it is of"),
        ({"sub": "a\nb"}, "who it is of"),
    ],
)
def test_a_token_that_is_not_for_us_or_for_now(there: Provider, claims: dict[str, Any], says: str) -> None:
    there.claims = claims
    with pytest.raises(Refused, match=says):
        come(ours(there), there)


def test_a_token_for_several_that_names_us(there: Provider) -> None:
    there.claims = {"aud": ["postroom", "another"], "azp": "postroom"}
    assert come(ours(there), there).subject == "ada-1"


def test_an_answer_of_another_provider_goes_nowhere(there: Provider) -> None:
    """Mix-up (RFC 9207): its code must not be shown to ours."""
    one = ours(there)
    back = go(one, there)
    for answer in (back | {"iss": "https://evil.example"}, {name: back[name] for name in ("code", "state")}):
        with pytest.raises(Refused, match="another provider"):
            one.vouched(answer, nonce="a-nonce", verifier=VERIFIER)
    assert "/token" not in there.asked
    there.document = {"authorization_response_iss_parameter_supported": None}
    assert ours(there).vouched({"code": back["code"]}, nonce="a-nonce", verifier=VERIFIER).subject == "ada-1"


def test_a_code_works_once(there: Provider) -> None:
    one = ours(there)
    back = go(one, there)
    one.vouched(back, nonce="a-nonce", verifier=VERIFIER)
    with pytest.raises(Refused, match="invalid_grant"):
        one.vouched(back, nonce="a-nonce", verifier=VERIFIER)
    for code in ("", "x" * 5000):
        with pytest.raises(Refused, match="no code"):
            come(one, there, code=code)


def test_the_provider_says_no(there: Provider) -> None:
    there.error = "access_denied"
    with pytest.raises(Refused, match="said no: access_denied"):
        come(ours(there), there)
    with pytest.raises(Refused, match="said no: not today "):
        come(ours(there), there, error_description="not today\x1b")
    there.error = ""
    there.instead["/token"] = (400, b"[]")
    with pytest.raises(Refused, match="HTTP 400"):
        come(ours(there), there)


def test_new_keys_are_asked_for_but_not_all_the_time(there: Provider) -> None:
    ticks = Ticks()
    one = ours(there, ticks)
    come(one, there)
    there.key = "second"
    with pytest.raises(Refused, match="does not publish"):
        come(one, there)
    ticks.now += oidc.PAUSE
    assert come(one, there).subject == "ada-1"
    come(one, there)
    assert there.asked.count("/keys") == 2
    ticks.now += oidc.FRESH
    come(one, there)
    assert there.asked.count("/keys") == 3


def test_what_is_told_elsewhere(there: Provider) -> None:
    """Some providers put little into the ID token; what they verified is said of the address beside it."""
    there.person = {"sub": "ada-1"}
    there.userinfo = {"sub": "ada-1", "email": "ada@example.com", "email_verified": "true", "groups": ["a", 7, "b"]}
    assert come(ours(there, groups="groups"), there) == Vouched(
        issuer=there.issuer, subject="ada-1", email="ada@example.com", email_verified=True, groups=("a", "b")
    )
    there.person = {"sub": "ada-1", "email": "eve@example.com"}
    found = come(ours(there, groups="groups"), there)
    assert (found.email, found.email_verified, found.groups) == ("eve@example.com", False, ("a", "b"))
    there.userinfo |= {"sub": "eve"}
    with pytest.raises(Refused, match="somebody else"):
        come(ours(there, groups="groups"), there)
    there.instead["/userinfo"] = (401, b"")
    assert come(ours(there, groups="groups"), there).groups == ()


@pytest.mark.parametrize(
    ("path", "claims", "groups"),
    [
        ("groups", {"groups": "one"}, ("one",)),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, ("a",)),
        ("https://example.com/roles", {"https://example.com/roles": ["b"]}, ("b",)),
        ("realm_access.roles", {"realm_access": []}, ()),
        ("groups", {"groups": {"a": 1}}, ()),
    ],
)
def test_groups(there: Provider, path: str, claims: dict[str, Any], groups: tuple[str, ...]) -> None:
    there.claims = claims
    assert come(ours(there, groups=path), there).groups == groups


def test_words_that_are_no_line_are_left_out(there: Provider) -> None:
    there.claims = {"email": "a\r\nb@example.com", "email_verified": True, "name": ["x"]}
    found = come(ours(there), there)
    assert (found.email, found.email_verified, found.shown) == ("", False, "")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (500, b"{}", "HTTP 500"),
        (302, b"{}", "HTTP 302"),
        (200, b"x" * 5_000_000, "more than"),
        (200, b"<html>", "no JSON object"),
        (200, b"[" * 100_000, "no JSON object"),
        (200, b"[]", "no JSON object"),
    ],
)
def test_a_provider_that_answers_nonsense(there: Provider, path: str, status: int, body: bytes, says: str) -> None:
    there.instead[path] = (status, body)
    with pytest.raises(TryLater, match=says):
        come(ours(there), there)


def test_a_provider_that_is_slow_or_gone(there: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "TIMEOUT", 0.2)
    there.instead["/token"] = lambda: (200, b"{}") if there.stop.wait(30) else (500, b"")
    one = ours(there)
    with pytest.raises(TryLater, match="timed out"):
        come(one, there)
    with pytest.raises(TryLater, match="can't be reached"):
        ours(there, issuer="http://127.0.0.1:1").way(state="s", nonce="n", verifier=VERIFIER)


def test_what_was_found_is_used_while_the_provider_is_down(there: Provider) -> None:
    ticks = Ticks()
    one = ours(there, ticks)
    path = "/.well-known/openid-configuration"
    there.instead[path] = (503, b"")
    for _ in range(3):
        with pytest.raises(TryLater, match="HTTP 503"):
            one.way_out()
    assert there.asked == [path]
    ticks.now += oidc.PAUSE
    del there.instead[path]
    assert one.way_out().startswith(f"{there.issuer}/out?client_id=postroom&post_logout_redirect_uri=https%3A%2F%2F")
    there.instead[path] = (503, b"")
    ticks.now += oidc.FRESH
    assert one.way_out() == one.way_out() != ""
    assert there.asked == [path] * 3


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"issuer": "https://other.example"}, "write exactly that"),
        ({"issuer": None}, "write exactly that"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"jwks_uri": 7}, "no jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "can't be used"),
        ({"authorization_endpoint": "https://id.example/#x"}, "no authorization_endpoint"),
        ({"token_endpoint": "https://user:pass@id.example/"}, "can't be used"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    ],
)
def test_a_provider_that_can_not_be_used(there: Provider, document: dict[str, Any], says: str) -> None:
    there.document = document
    with pytest.raises(Refused, match=says):
        ours(there).check()
    with pytest.raises(TryLater, match=says):
        ours(there).way(state="s", nonce="n", verifier=VERIFIER)


def test_a_provider_that_leads_into_our_own_network(there: Provider) -> None:
    there.document = {"token_endpoint": "http://169.254.169.254/latest", "end_session_endpoint": None}
    one = ours(there)
    with pytest.raises(TryLater, match="private or reserved"):
        come(one, there)
    assert one.way_out() == ""


def test_endpoints_without_tls_of_an_issuer_with_it() -> None:
    class Answers(Guard):
        def request(self, *_: Any, **__: Any) -> Any:
            found = {"issuer": "https://id.example", "authorization_endpoint": "http://id.example/a"}
            return oidc.Answer(status=200, headers={}, body=json.dumps(found).encode(), whole=True)

    client = Client(issuer="https://id.example", client_id="c", secret="", scopes=(), redirect="", left="", groups="")
    with pytest.raises(Refused, match="without TLS"):
        OidcProvider(client, Answers()).check()
    with pytest.raises(ConfigError):
        OidcProvider(replace(client, issuer="ftp://id.example"), Answers())


def test_what_a_check_says(there: Provider) -> None:
    assert ours(there).check() == f"{there.issuer} answers, publishes 1 keys, and ends sessions"
    there.instead["/keys"] = (200, b'{"keys": []}')
    with pytest.raises(Refused, match="no key"):
        ours(there).check()


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_keys_that_can_not_be_used_are_left_out() -> None:
    good = rsa("first").as_dict(private=False)
    listed = [
        good,
        good | {"use": "enc"},
        {"kty": "oct", "k": "AAAA"},
        RSAKey.generate_key(1024).as_dict(private=False),
        {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "EC", "crv": "P-000", "x": "A", "y": "A"},
        {"kty": "new"},
        "none",
        7,
    ]
    assert [key.kid for key in tokens.keys_of({"keys": listed})] == ["first"]
    assert tokens.keys_of({"keys": {}}) == tokens.keys_of([]) == tokens.keys_of(None) == ()


def test_a_key_without_a_name(there: Provider) -> None:
    bare = rsa("first").as_dict(private=False)
    del bare["kid"]
    there.instead["/keys"] = (200, json.dumps({"keys": [bare | {"alg": "PS256"}, bare]}).encode())
    there.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, rsa("first"))
    assert come(ours(there), there).subject == "ada-1"
