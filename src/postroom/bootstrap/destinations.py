"""Builds destinations from their settings."""

from dataclasses import dataclass
from pathlib import Path

from postroom.adapters.destination.guard import Guard
from postroom.adapters.destination.inbox import InboxDestination
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.mbox import MboxDestination
from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.adapters.destination.webhook import WebhookDestination
from postroom.config.settings import Destination as DestinationSettings
from postroom.config.settings import Inbox, Lmtp, Maildir, Mbox, Smtp, Webhook
from postroom.model.errors import ConfigError
from postroom.model.mail import DestinationName
from postroom.ports import Destination, Inboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What destinations need of the house."""

    #: folder that relative paths start from
    base: Path
    store: Inboxes
    #: name to greet servers with
    hostname: str
    #: signs the envelope sender of what is forwarded
    return_address: ReturnAddress


def build(name: DestinationName, wanted: DestinationSettings, around: Around) -> Destination:
    """One destination. Raises `ConfigError`."""
    match wanted:
        case Inbox():
            return InboxDestination(name, around.store)
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
                secret=_secret(wanted.secret_file, around.base),
                content=wanted.content,
                guard=Guard(allow=wanted.allow),
                concurrency=wanted.concurrency,
                timeout=wanted.timeout,
            )


def _relay(name: DestinationName, wanted: Smtp | Lmtp, around: Around) -> Destination:
    lmtp = isinstance(wanted, Lmtp)
    server = SmtpServer(
        wanted.host,
        wanted.port,
        greet_as=around.hostname,
        lmtp=lmtp,
        tls=wanted.tls,
        user=wanted.user,
        password=_secret(wanted.password_file, around.base).decode() if wanted.password_file else "",
    )
    return SmtpDestination(
        name,
        server,
        recipients=wanted.recipients,
        lmtp=lmtp,
        return_address=None if lmtp else around.return_address,
        concurrency=wanted.concurrency,
        timeout=wanted.timeout,
    )


def _secret(file: str, base: Path) -> bytes:
    """The content of a secret file, without the line end. Raises `ConfigError`."""
    path = base / file
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"can't read the secret file {path}: {error.strerror}") from error
