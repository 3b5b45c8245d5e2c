"""An OpenID provider: discovery, the authorization code flow with PKCE, keys that change, UserInfo, signing out.

OpenID Connect Core 1.0 §3.1, Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636, RFC 9207 and RFC 9700. All calls go through
the guard, are bounded in time and size, and follow no redirect; what the provider publishes is asked for once an hour.
"""

import json
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from postroom import __version__
from postroom.adapters.destination.guard import Answer, Blocked, Guard, Unreachable, read_url
from postroom.adapters.identity.tokens import PublicKey, UnknownKey, check, claims_of, keys_of
from postroom.model.errors import ConfigError, Refused, TryLater
from postroom.model.identity import Vouched

TIMEOUT: Final = 5.0
"""Seconds of one call."""
MOST_BYTES: Final = 262_144
FRESH: Final = 3600.0
"""Seconds until what the provider publishes is asked for again."""
PAUSE: Final = 30.0
"""Seconds between two tries, after a failure or for a key that is not known."""

_MOST_TEXT: Final = 320
_MOST_GROUPS: Final = 1000
_MOST_ANSWER: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the provider knows us by."""

    issuer: str
    client_id: str
    #: ``""`` for a public client
    secret: str
    scopes: Sequence[str]
    #: where browsers come back to, and where they go after signing out there
    redirect: str
    left: str
    #: claim that lists groups, inner ones after dots; ``""`` if nobody needs them
    groups: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Published:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    #: how we say who we are at the token endpoint
    basic: bool
    #: it names itself in its answers (RFC 9207)
    names_itself: bool


class OidcProvider:
    """Everything of `postroom.ports.identity.Provider`."""

    def __init__(
        self,
        client: Client,
        guard: Guard,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `ConfigError` for an issuer that can't be called. Nothing is called yet."""
        read_url(client.issuer)
        self._client = client
        self._guard = guard
        self._clock = clock
        self._ticks = ticks
        self._lock = threading.Lock()
        self._found: _Published | None = None
        self._keys: tuple[PublicKey, ...] = ()
        self._found_at = self._keys_at = self._failed_at = -FRESH
        self._why = ""

    @property
    def issuer(self) -> str:
        """See `postroom.ports.identity.Provider.issuer`."""
        return self._client.issuer

    def way(self, *, state: str, nonce: str, verifier: str) -> str:
        """See `postroom.ports.identity.Provider.way`."""
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode("ascii")
        scopes = dict.fromkeys(("openid", *self._client.scopes))
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect,
            "scope": " ".join(scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with(self._published().authorize, asked)

    def vouched(self, answer: Mapping[str, str], *, nonce: str, verifier: str) -> Vouched:
        """See `postroom.ports.identity.Provider.vouched`."""
        published = self._published()
        # Before anything else: an answer of another provider must not reach this one's token endpoint (RFC 9207 §2.4).
        if answer.get("iss", self.issuer) != self.issuer or (published.names_itself and "iss" not in answer):
            raise Refused("this answer is of another provider than the one that was asked")
        if "error" in answer:
            said = answer.get("error_description") or answer["error"]
            raise Refused(f"the provider said no: {_plain(said)[:200]}")
        code = answer.get("code", "")
        if not 0 < len(code) <= _MOST_ANSWER:
            raise Refused("the provider gave no code")
        tokens = self._tokens(published, code, verifier)
        claims = self._claims(tokens.get("id_token"), published)
        subject = check(claims, issuer=self.issuer, client_id=self._client.client_id, nonce=nonce, now=self._clock())
        return self._person(subject, self._more(claims, subject, tokens.get("access_token"), published))

    def way_out(self) -> str:
        """See `postroom.ports.identity.Provider.way_out`."""
        place = self._published().end_session
        asked = {"client_id": self._client.client_id, "post_logout_redirect_uri": self._client.left}
        return _with(place, asked) if place else ""

    def check(self) -> str:
        """See `postroom.ports.identity.Provider.check`."""
        published = self._discover()
        keys = self._ask_keys(published)
        ends = ", and ends sessions" if published.end_session else ""
        return f"{self.issuer} answers, publishes {len(keys)} keys{ends}"

    # -- what the provider publishes --------------------------------------------------------------------------------

    def _published(self) -> _Published:
        """What was found, an hour old at most. Raises `TryLater`; a failure counts for half a minute."""
        with self._lock:
            now = self._ticks()
            if self._found is not None and now - self._found_at < FRESH:
                return self._found
            if now - self._failed_at < PAUSE:
                if self._found is not None:
                    return self._found
                raise TryLater(self._why)
            try:
                self._found = self._discover()
            except (Refused, TryLater) as error:
                self._failed_at, self._why = self._ticks(), f"{error}"
                if self._found is None:
                    raise TryLater(self._why) from error
            else:
                self._found_at = self._ticks()
            return self._found

    def _discover(self) -> _Published:
        """Raises `TryLater` and `Refused`."""
        place = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        told = self._json(self._ask("GET", place, {}), place)
        if told.get("issuer") != self.issuer:
            raise Refused(
                f"{place} is of the issuer {_plain(str(told.get('issuer')))[:200]!r}: write exactly that as issuer, if it is the right one"
            )
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        challenges = told.get("code_challenge_methods_supported", ["S256"])
        if isinstance(challenges, list) and "S256" not in challenges:
            raise Refused(f"{self.issuer} does not know PKCE with S256")
        return _Published(
            authorize=self._place(told, "authorization_endpoint"),
            token=self._place(told, "token_endpoint"),
            keys=self._place(told, "jwks_uri"),
            userinfo=self._place(told, "userinfo_endpoint", needed=False),
            end_session=self._place(told, "end_session_endpoint", needed=False),
            basic=not isinstance(methods, list)
            or "client_secret_basic" in methods
            or "client_secret_post" not in methods,
            names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        )

    def _place(self, told: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        """An endpoint, as safe as the issuer: with TLS if that has it."""
        value = told.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or len(value) > 2048 or urlsplit(value).fragment:
            raise Refused(f"{self.issuer} tells no {name}")
        try:
            target = read_url(value)
        except ConfigError as error:
            raise Refused(f"the {name} of {self.issuer} can't be used: {error}") from error
        if not target.tls and self.issuer.startswith("https:"):
            raise Refused(f"the {name} of {self.issuer} is without TLS")
        return value

    def _claims(self, token: object, published: _Published) -> Mapping[str, Any]:
        """What the ID token says, after asking for new keys where it takes one that is not known. Raises `Refused` and `TryLater`."""
        with self._lock:
            keys, stale = self._keys, self._ticks() - self._keys_at
        if keys and stale < FRESH:
            try:
                return claims_of(token, keys)
            except UnknownKey:
                if stale < PAUSE:
                    raise
        keys = self._ask_keys(published)
        with self._lock:
            self._keys, self._keys_at = keys, self._ticks()
        return claims_of(token, keys)

    def _ask_keys(self, published: _Published) -> tuple[PublicKey, ...]:
        keys = keys_of(self._json(self._ask("GET", published.keys, {}), published.keys))
        if not keys:
            raise Refused(f"{published.keys} has no key that can be used")
        return keys

    # -- one sign-in ------------------------------------------------------------------------------------------------

    def _tokens(self, published: _Published, code: str, verifier: str) -> Mapping[str, Any]:
        """The answer of the token endpoint (RFC 6749 §4.1.3). Raises `Refused` and `TryLater`."""
        client = self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if client.secret and published.basic:
            # Each part encoded as in a form first (RFC 6749 §2.3.1).
            pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode('ascii')}"
        else:
            form["client_id"] = client.client_id
            if client.secret:
                form["client_secret"] = client.secret
        answer = self._ask("POST", published.token, headers, urlencode(form).encode())
        if answer.status in (400, 401):
            raise Refused(f"the provider did not take its code back: {_error_of(answer)}")
        return self._json(answer, published.token)

    def _more(
        self, claims: Mapping[str, Any], subject: str, access: object, published: _Published
    ) -> Mapping[str, Any]:
        """The claims, with those of UserInfo where some are missing and there is one (Core §5.3)."""
        wanted = {"email", self._client.groups.partition(".")[0] or "email"}
        if wanted <= claims.keys() or not published.userinfo:
            return claims
        if not isinstance(access, str) or not access.isascii() or not access.isprintable() or " " in access:
            return claims
        answer = self._ask("GET", published.userinfo, {"Authorization": f"Bearer {access}"})
        if answer.status in (401, 403):
            return claims
        told = self._json(answer, published.userinfo)
        if told.get("sub") != subject:
            raise Refused("UserInfo is of somebody else than the ID token")
        # Whether an address was verified is said of the address beside it, and of no other.
        of_email = {"email", "email_verified"} if "email" in claims else set()
        return {name: value for name, value in told.items() if name not in of_email} | dict(claims)

    def _person(self, subject: str, claims: Mapping[str, Any]) -> Vouched:
        email = _line(claims.get("email"))
        return Vouched(
            issuer=self.issuer,
            subject=subject,
            email=email,
            # Some providers write it as text.
            email_verified=bool(email) and claims.get("email_verified") in (True, "true"),
            shown=_line(claims.get("name"))[:100],
            groups=_groups(claims, self._client.groups),
        )

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        usual = {"Accept": "application/json", "User-Agent": f"postroom/{__version__}"}
        try:
            return self._guard.request(
                method, url, headers={**usual, **headers}, body=body, timeout=TIMEOUT, max_answer=MOST_BYTES
            )
        except (Blocked, Unreachable, ConfigError) as error:
            raise TryLater(f"the provider can't be reached: {error}") from error

    def _json(self, answer: Answer, url: str) -> Mapping[str, Any]:
        """The object in an answer. Raises `TryLater`: whoever is sensible tries later, whoever runs it looks here."""
        place = read_url(url).authority
        if answer.status != 200:
            raise TryLater(f"{place} answered HTTP {answer.status}")
        if not answer.whole:
            raise TryLater(f"{place} answered more than {MOST_BYTES} bytes, or broke off")
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise TryLater(f"{place} answered what is no JSON object")
        return found


def _with(place: str, asked: Mapping[str, str]) -> str:
    return f"{place}{'&' if '?' in place else '?'}{urlencode(asked, quote_via=quote)}"


def _groups(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """Names in a claim: the whole path first, as some have dots in their names, then inwards."""
    value: Any = claims.get(path) if path else ()
    if value is None:
        value = claims
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(one for one in listed[:_MOST_GROUPS] if isinstance(one, str))


def _error_of(answer: Answer) -> str:
    try:
        told = json.loads(answer.body)
        return _plain(str(told["error"]))[:100]
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"HTTP {answer.status}"


def _line(value: object) -> str:
    """A text that can stand in a line; ``""`` for anything else."""
    return value if isinstance(value, str) and len(value) <= _MOST_TEXT and value.isprintable() else ""


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
