"""An OpenID provider on loopback, with real keys and signatures. It lets anybody in, and lies when a test says so."""

import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey


@cache
def rsa(name: str) -> RSAKey:
    """A key of this name; making one takes its time."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass(slots=True)
class Provider:
    """What it says, and what was asked of it."""

    issuer: str = ""
    client_id: str = "postroom"
    secret: str = "a secret of the client"
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "name": "Ada L."}
    )
    #: changes of the ID token's claims; None leaves one out
    claims: dict[str, Any] = field(default_factory=dict)
    #: changes of the discovery document
    document: dict[str, Any] = field(default_factory=dict)
    #: answered instead of what belongs at a path: status and body, or what makes them
    instead: dict[str, tuple[int, bytes] | Callable[[], tuple[int, bytes]]] = field(default_factory=dict)
    #: makes the token of claims instead of signing it with the key
    sign: Callable[[dict[str, Any]], str] | None = None
    userinfo: dict[str, Any] | None = None
    #: (what went wrong) instead of a code
    error: str = ""
    key: str = "first"
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)

    def published(self) -> dict[str, Any]:
        """The discovery document."""
        usual = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/out",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        if self.userinfo is not None:
            usual["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return {name: value for name, value in (usual | self.document).items() if value is not None}

    def authorize(self, url: str) -> str:
        """Somebody signs in who came by this address: where the browser goes back to."""
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        if self.error:
            given = {"error": self.error}
        else:
            code = f"code-{len(self.codes)}"
            self.codes[code] = asked
            given = {"code": code}
        return f"{asked['redirect_uri']}?{urlencode(given | {'state': asked['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Tokens for a code, once, for whoever knows the verifier and the secret."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert challenge == asked["code_challenge"]
        assert asked["code_challenge_method"] == "S256"
        assert form["redirect_uri"] == asked["redirect_uri"]
        if self.secret and self.secret.replace(" ", "%20") not in _decoded(authorization) + form.get(
            "client_secret", ""
        ).replace(" ", "%20"):
            return 401, {"error": "invalid_client"}
        return 200, {
            "token_type": "Bearer",
            "access_token": "an-access-token",
            "id_token": self.id_token(asked["nonce"]),
        }

    def id_token(self, nonce: str) -> str:
        """Signed, unless a test says otherwise."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode({"alg": "RS256", "kid": self.key}, claims, rsa(self.key))


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token that no library would make."""
    signed = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return f"{signed}.{urlsafe_b64encode(sign(signed.encode())).rstrip(b'=').decode()}"


def unsigned(claims: dict[str, Any]) -> str:
    """A token with alg none (RFC 7519 §6)."""
    return by_hand({"alg": "none"}, claims, lambda _: b"")


def by_public_key(claims: dict[str, Any]) -> str:
    """Signed with HS256, with the provider's public key as the secret (RFC 8725 §2.1)."""
    secret = rsa("first").as_pem(private=False)
    return by_hand({"alg": "HS256", "kid": "first"}, claims, lambda text: hmac.new(secret, text, sha256).digest())


def critical(claims: dict[str, Any]) -> str:
    """Rightly signed, with a header that must be understood and is not (RFC 7515 §4.1.11)."""
    header = {"alg": "RS256", "kid": "first", "crit": ["strange"], "strange": 1}
    return by_hand(header, claims, lambda text: rsa("first").private_key.sign(text, PKCS1v15(), SHA256()))


def _decoded(authorization: str) -> str:
    return b64decode(authorization.partition(" ")[2]).decode() if authorization else ""


@contextmanager
def provider() -> Iterator[Provider]:
    """One that listens."""
    made = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"made": made}))
    server.daemon_threads = True
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    made: Provider

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer({name: values[-1] for name, values in parse_qs(body.decode()).items()})

    def answer(self, form: dict[str, str]) -> None:
        made, path = self.made, urlsplit(self.path).path
        made.asked.append(path)
        if path in made.instead:
            there = made.instead[path]
            self.give(*(there if isinstance(there, tuple) else there()))
        elif path == "/.well-known/openid-configuration":
            self.give(200, made.published())
        elif path == "/keys":
            self.give(200, {"keys": [rsa(made.key).as_dict(private=False)]})
        elif path == "/authorize":
            self.send_response(302)
            self.send_header("Location", made.authorize(self.path))
            self.end_headers()
        elif path == "/token":
            self.give(*made.token(form, self.headers.get("authorization", "")))
        elif path == "/userinfo":
            assert self.headers["authorization"] == "Bearer an-access-token"
            self.give(200, made.userinfo or {})
        else:
            self.give(404, {})

    def give(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)
