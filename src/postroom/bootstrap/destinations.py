"""Builds destinations from their settings."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from postroom.adapters.destination.guard import Guard
from postroom.adapters.destination.inbox import InboxDestination
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.mbox import MboxDestination
from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.adapters.destination.webhook import WebhookDestination
from postroom.bootstrap.meaning import destinations, return_domain
from postroom.config import Settings
from postroom.config.settings import Destination as DestinationSettings
from postroom.config.settings import Inbox, Lmtp, Maildir, Mbox, Smtp, Webhook
from postroom.model.errors import ConfigError
from postroom.model.mail import DestinationName
from postroom.ports import Destination, Inboxes


@dataclass(slots=True, kw_only=True)
class Servers:
    """The mail servers that destinations hand mail to: one for each address, way of TLS and sign-in."""

    #: name to greet them with
    greet_as: str
    #: deliveries at once to one host and port
    most: int = 8
    _servers: dict[tuple[object, ...], SmtpServer] = field(default_factory=dict, init=False)
    _turns: dict[tuple[str, int], threading.BoundedSemaphore] = field(default_factory=dict, init=False)

    def get(self, wanted: Smtp | Lmtp, password: str) -> SmtpServer:
        """The server of these settings, shared with every destination that means the same. Raises `ConfigError`."""
        lmtp = isinstance(wanted, Lmtp)
        place = (wanted.host.lower(), wanted.port)
        key = (*place, lmtp, wanted.tls, wanted.user, password)
        if key not in self._servers:
            self._servers[key] = SmtpServer(
                wanted.host,
                wanted.port,
                greet_as=self.greet_as,
                lmtp=lmtp,
                tls=wanted.tls,
                user=wanted.user,
                password=password,
                turns=self._turns.setdefault(place, threading.BoundedSemaphore(self.most)),
            )
        return self._servers[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What destinations need of the house; asked for when they are built."""

    #: folder that relative paths start from
    base: Path
    store: Callable[[], Inboxes]
    servers: Servers
    #: signs the envelope sender of what is forwarded
    return_address: Callable[[], ReturnAddress]


class Destinations(Mapping[DestinationName, Destination]):
    """Every destination of a house by its name, each built when it is first asked for. That raises `ConfigError`."""

    def __init__(
        self, settings: Settings, base: Path, *, store: Callable[[], Inboxes], key: Callable[[], bytes]
    ) -> None:
        domain = return_domain(settings)
        self._wanted = destinations(settings)
        self._around = Around(
            base=base,
            store=store,
            servers=Servers(greet_as=settings.hostname, most=settings.delivery.connections_per_host),
            return_address=lambda: ReturnAddress(domain=domain, key=key()),
        )
        self._around_without_key = replace(self._around, return_address=lambda: ReturnAddress(domain=domain, key=b""))
        self._built: dict[DestinationName, Destination] = {}

    def __getitem__(self, name: DestinationName) -> Destination:
        """One destination."""
        if name not in self._built:
            self._built[name] = build(name, self._wanted[name], self._around)
        return self._built[name]

    def __iter__(self) -> Iterator[DestinationName]:
        """Their names."""
        return iter(self._wanted)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._wanted)

    def without_key(self, name: DestinationName) -> Destination:
        """One destination for a look at whether it answers: it can't sign, and no key is made for it."""
        return build(name, self._wanted[name], self._around_without_key)

    def mistakes(self) -> dict[DestinationName, str]:
        """What is wrong with the settings of destinations that only building them shows, e.g. a secret that can't be read.

        Neither the store nor the signing key is touched.
        """
        found = {}
        for name, wanted in self._wanted.items():
            try:
                if not isinstance(wanted, Inbox):
                    self.without_key(name)
            except ConfigError as error:
                found[name] = str(error)
        return found

    def close(self) -> None:
        """Let go of those that were built."""
        for destination in self._built.values():
            destination.close()


def can_withdraw(wanted: DestinationSettings) -> bool:
    """Whether a delivery to it can be taken back; it need not be built for that."""
    return _KINDS[type(wanted)].can_withdraw


def build(name: DestinationName, wanted: DestinationSettings, around: Around) -> Destination:
    """One destination. Raises `ConfigError`."""
    match wanted:
        case Inbox():
            return InboxDestination(name, around.store())
        case Maildir(path=path):
            return MaildirDestination(name, around.base / path)
        case Mbox(path=path):
            return MboxDestination(name, around.base / path)
        case Smtp() | Lmtp():
            return _relay(name, wanted, around)
        case Webhook():
            return WebhookDestination(
                name,
                wanted.url,
                secret=secret(wanted.secret_file, around.base),
                content=wanted.content,
                link=wanted.link,
                guard=Guard(allow=wanted.allow),
                concurrency=wanted.concurrency,
                timeout=wanted.timeout,
            )


_KINDS: dict[
    type[object],
    type[InboxDestination | MaildirDestination | MboxDestination | SmtpDestination | WebhookDestination],
] = {
    Inbox: InboxDestination,
    Maildir: MaildirDestination,
    Mbox: MboxDestination,
    Smtp: SmtpDestination,
    Lmtp: SmtpDestination,
    Webhook: WebhookDestination,
}


def _relay(name: DestinationName, wanted: Smtp | Lmtp, around: Around) -> Destination:
    lmtp = isinstance(wanted, Lmtp)
    signs_in = password(wanted.password_file, around.base) if wanted.password_file else ""
    return SmtpDestination(
        name,
        around.servers.get(wanted, signs_in),
        recipients=wanted.recipients,
        lmtp=lmtp,
        return_address=None if lmtp else around.return_address(),
        concurrency=wanted.concurrency,
        timeout=wanted.timeout,
    )


def password(file: str, base: Path) -> str:
    """The password of a secret file. Raises `ConfigError`."""
    try:
        return secret(file, base).decode("ascii")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the password in {base / file} must be ASCII: SMTP servers agree on nothing else") from error


def secret(file: str, base: Path) -> bytes:
    """The content of a secret file, without the line end. Raises `ConfigError`."""
    path = base / file
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"can't read the secret file {path}: {error.strerror}") from error
