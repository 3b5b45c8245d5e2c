"""ID tokens: whether one holds, and what it says (OpenID Connect Core 1.0 §3.1.3.7). Any bytes give claims or `Refused`.

The only module that loads joserfc. Keys and algorithms are ours to choose: only asymmetric signatures are believed, so that
neither `none` nor an HMAC with the public key as its secret gets through, and no key that a token brings along is looked at.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from postroom.model.errors import Refused

PublicKey = RSAKey | ECKey | OKPKey

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Signatures that are believed (RFC 8725 §3.1)."""
LEEWAY: Final = 60.0
"""Seconds that two clocks may be apart."""
OLDEST: Final = 900.0
"""Seconds since a token was made; it comes straight from the provider."""

_MOST_KEYS: Final = 50
_MOST_TOKEN: Final = 65_536
_LEAST_RSA: Final = 2048
_MOST_RSA: Final = 8192
_MOST_SUBJECT: Final = 255


class UnknownKey(Refused):
    """The token names a key that is not among those known: the provider may have new ones."""


def keys_of(document: object) -> tuple[PublicKey, ...]:
    """Public keys for signatures of a JWK Set (RFC 7517 §5); what can't be used is left out."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = (_key(one) for one in listed[:_MOST_KEYS]) if isinstance(listed, list) else ()
    return tuple(key for key in found if key is not None)


def _key(data: object) -> PublicKey | None:
    if not isinstance(data, dict) or data.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in data.items() if name in _PUBLIC and isinstance(value, str)}
    try:
        key = JWKRegistry.import_key(public) if public.get("kty") in ("RSA", "EC", "OKP") else None  # type: ignore[arg-type]
        if isinstance(key, RSAKey) and not _LEAST_RSA <= key.public_key.key_size <= _MOST_RSA:
            return None
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


_PUBLIC: Final = frozenset({"kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"})


def claims_of(token: object, keys: Sequence[PublicKey]) -> Mapping[str, Any]:
    """What a token says whose signature holds. Raises `Refused`, and `UnknownKey` when no key fits."""
    if not isinstance(token, str) or not token.isascii() or not 0 < len(token) <= _MOST_TOKEN:
        raise Refused("the provider gave no ID token")
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Refused("the ID token is not signed in a way that is believed here")
    fitting = [key for key in keys if kid is None or key.kid == kid]
    if not fitting:
        raise UnknownKey("the ID token is signed with a key that the provider does not publish")
    for key in fitting:
        if key.get("alg") in (None, algorithm):
            try:
                return jwt.decode(token, key, algorithms=[algorithm], registry=_registry(algorithm)).claims
            except (JoseError, ValueError, TypeError, RecursionError):
                continue
    raise UnknownKey("the signature of the ID token does not hold")


def _header(token: str) -> Mapping[str, Any]:
    first = token.partition(".")[0]
    try:
        found = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        raise Refused("the ID token is none") from None
    return found if isinstance(found, dict) else {}


def _registry(algorithm: str) -> jws.JWSRegistry:
    """Headers that are strange but not critical are let through, as RFC 7515 §4 has it."""
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 8192
    return registry


def check(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float) -> str:
    """The subject of whom a token is, if it is for us, for this sign-in and for now. Raises `Refused`."""
    if claims.get("iss") != issuer:
        raise Refused("the ID token is of another issuer")
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    azp = claims.get("azp")
    if client_id not in listed or (azp is not None and azp != client_id) or (len(listed) > 1 and azp is None):
        raise Refused("the ID token is for another client")
    if claims.get("nonce") != nonce:
        raise Refused("the ID token is of another sign-in")
    expires, made, valid = _time(claims, "exp"), _time(claims, "iat"), _time(claims, "nbf", now)
    if expires + LEEWAY <= now or made + OLDEST <= now:
        raise Refused("the ID token has expired, or a clock is wrong: compare the clocks of both machines")
    if made - LEEWAY > now or valid - LEEWAY > now:
        raise Refused("the ID token is of the future: compare the clocks of both machines")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise Refused("the ID token does not say who it is of")
    return subject


def _time(claims: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A NumericDate (RFC 7519 §2), seconds since the epoch. Raises `Refused`."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise Refused(f"the ID token has no {name}")
    return float(value)
