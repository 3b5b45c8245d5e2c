"""A signed HTTP POST for every mail (docs/how-to/verify-webhooks.md is the receiver's side)."""

import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from postroom import __version__
from postroom.adapters.destination.guard import Answer, Blocked, Guard, Unreachable, read_url
from postroom.adapters.destination.keys import key_word
from postroom.model.errors import ConfigError, GiveUp, TryLater
from postroom.model.mail import DestinationName, Mail
from postroom.model.marks import SIGNATURE_HEADER, sign_webhook
from postroom.model.work import Parcel, Receipt

Content = Literal["json", "json+raw", "message/rfc822"]
"""Facts alone; facts with the stamped mail in base64; or the stamped mail itself, with its ``X-Postroom-*`` lines."""

# Wrong for every mail until somebody mends one side: moved, not signed in, not deployed.
_ENDPOINT = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 407})
_LATER = frozenset({408, 425, 500})
_BUSY = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE = 3600.0


class SignedPost:
    """Posts to one URL, signed, with a key that is the same for every try."""

    def __init__(
        self,
        url: str,
        *,
        secret: bytes,
        guard: Guard,
        timeout: float = 30.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises `ConfigError`."""
        if len(secret) < 16:
            raise ConfigError("the signing secret of a webhook has at least 16 bytes")
        self.where = read_url(url).authority
        self._url = url
        self._secret = secret
        self._guard = guard
        self._timeout = timeout
        self._now = now

    def call(self, key: str, body: bytes, media_type: str = "application/json") -> str:
        """What the receiver said, once it has answered 2xx.

        Raises `TryLater` with ``lane_down`` when it can't be reached, is busy (with the pause it asked for), or its
        address, path or sign-in is wrong for all; `TryLater` for 408, 425 and 5xx; `GiveUp` for any other answer.
        """
        headers = {
            "Content-Type": media_type,
            "User-Agent": f"postroom/{__version__}",
            "Idempotency-Key": key_word(key),
            SIGNATURE_HEADER: sign_webhook(self._secret, int(self._now()), body),
        }
        answer = self._ask("POST", body, headers)
        if 200 <= answer.status <= 299:
            return f"HTTP {answer.status}"
        raise self._refused(answer)

    def check(self) -> str:
        """Ask with OPTIONS whether somebody is there; any HTTP answer will do. Raises `TryLater`."""
        answer = self._ask("OPTIONS", b"", {"User-Agent": f"postroom/{__version__}"})
        return f"{self.where} answers (HTTP {answer.status} to OPTIONS)"

    def _ask(self, method: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return self._guard.request(
                method, self._url, headers=headers, body=body, timeout=self._timeout, max_answer=4096
            )
        except (Blocked, Unreachable) as error:
            raise TryLater(str(error), lane_down=True) from error

    def _refused(self, answer: Answer) -> TryLater | GiveUp:
        words = f"{self.where} answered HTTP {answer.status}"
        said = "".join(char if char.isprintable() else " " for char in answer.body[:200].decode("utf-8", "replace"))
        words += f": {said.strip()}" if said.strip() else ""
        if answer.status in _BUSY:
            return TryLater(words, lane_down=True, after=retry_after(answer.headers.get("retry-after", "")))
        if answer.status in _ENDPOINT:
            hint = "; redirects are not followed" if answer.status < 400 else ""
            return TryLater(f"{words}{hint}", lane_down=True)
        if answer.status in _LATER or answer.status > 500 or answer.status < 200:
            return TryLater(words)
        return GiveUp(words)


class WebhookDestination:
    """Posts each mail to a URL.

    ``Idempotency-Key`` carries the parcel's key, the same for every try: a receiver that remembers it takes each mail
    once. One that doesn't may see a mail again when its answer was lost.
    """

    can_withdraw = False

    def __init__(
        self,
        name: str,
        url: str,
        *,
        secret: bytes,
        guard: Guard,
        content: Content = "json",
        link: str = "",
        concurrency: int = 4,
        timeout: float = 30.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``link`` is where people see a mail, with ``{id}`` in it. Raises `ConfigError`."""
        self._post = SignedPost(url, secret=secret, guard=guard, timeout=timeout, now=now)
        self.name = DestinationName(name)
        self.concurrency = concurrency
        self._content = content
        self._link = link

    def deliver(self, parcel: Parcel) -> Receipt:
        """Returns once the receiver has answered 2xx; raises what `SignedPost.call` does."""
        if self._content == "message/rfc822":
            said = self._post.call(parcel.key, parcel.stamped, "message/rfc822")
        else:
            body = msgspec.json.encode(facts(parcel, raw=self._content == "json+raw", link=self._link))
            said = self._post.call(parcel.key, body)
        return Receipt(reference=said)

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """It is too late: the receiver knows of it."""
        return False

    def check(self) -> str:
        """See `SignedPost.check`."""
        return self._post.check()

    def close(self) -> None:
        """There is nothing to let go of: each call has a connection of its own."""


def facts(parcel: Parcel, *, raw: bool, link: str) -> dict[str, Any]:
    """What is told of a mail. Names are only ever added (docs/how-to/verify-webhooks.md)."""
    mail, decision = parcel.mail, parcel.decision
    told: dict[str, Any] = {
        "version": 1,
        "id": mail.id,
        "key": plain(parcel.key),
        "generation": parcel.generation,
        "corrects": plain(parcel.corrects),
        "brand": decision.brand,
        "route": decision.route,
        "decided": decision.decided,
        "confidence": decision.confidence,
        "unconfirmed": decision.unconfirmed,
        "stage": decision.stage,
        "because": plain(decision.because),
        "urgent": [plain(name) for name in decision.urgent],
        "second": plain(decision.second),
        "tags": [plain(tag) for tag in decision.tags],
        "received_at": mail.received_at,
        "message_id": plain(mail.message_id),
        "from": plain(parcel.from_addr),
        "subject": plain(parcel.subject),
        "envelope": {
            "mail_from": plain(mail.envelope.mail_from),
            "rcpt_to": [plain(rcpt) for rcpt in mail.envelope.rcpt_to],
        },
        "links": {"mail": link.replace("{id}", mail.id)} if link else {},
    }
    if raw:
        told["raw"] = b64encode(parcel.stamped).decode("ascii")
    return told


def plain(text: str) -> str:
    """Text that can be written as UTF-8: a lone surrogate, from bytes that were none, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 §10.2.3), at most an hour; None for a date or anything else."""
    return min(float(value), _LONGEST_PAUSE) if value.isascii() and value.isdecimal() and len(value) < 10 else None
