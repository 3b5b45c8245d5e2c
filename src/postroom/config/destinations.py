"""Where mail is delivered, how often that is tried, and who else is told what happens."""

from typing import Annotated, Literal

from msgspec import Meta

from postroom.config.table import Name, Table
from postroom.model.hooks import HookEvent


class Inbox(Table, frozen=True, tag_field="kind", tag="inbox"):
    """The built-in inbox: mail stays in the store; read it with `postroom inbox`."""


class Maildir(Table, frozen=True, tag_field="kind", tag="maildir"):
    """A Maildir folder."""

    path: Annotated[str, Meta(min_length=1, description="Folder; made when missing.")]


class Mbox(Table, frozen=True, tag_field="kind", tag="mbox"):
    """An mbox file (mboxrd)."""

    path: Annotated[str, Meta(min_length=1, description="File; made when missing.")]


class Relay(Table, frozen=True):
    """What forwarding by SMTP and handing over by LMTP have in common."""

    host: Annotated[str, Meta(min_length=1, description="Server.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="Port.")] = 25
    recipients: Annotated[
        tuple[str, ...], Meta(description="Addresses to forward to; empty keeps the mail's own recipients.")
    ] = ()
    tls: Annotated[
        Literal["none", "opportunistic", "required", "implicit"],
        Meta(
            description="STARTTLS: never, when offered, or verified and always; implicit: verified TLS from the start (RFC 8314)."
        ),
    ] = "opportunistic"
    user: Annotated[str, Meta(description="User name for AUTH.")] = ""
    password_file: Annotated[
        str, Meta(description="File that holds the password for AUTH; readable by postroom alone.")
    ] = ""
    concurrency: Annotated[int, Meta(ge=1, le=100, description="Deliveries at once.")] = 8
    timeout: Annotated[float, Meta(gt=0, description="Seconds for one delivery.")] = 120.0


class Smtp(Relay, frozen=True, tag_field="kind", tag="smtp"):
    """Forwarding by SMTP."""


class Lmtp(Relay, frozen=True, tag_field="kind", tag="lmtp"):
    """Handing over by LMTP (RFC 2033)."""


class Webhook(Table, frozen=True, tag_field="kind", tag="webhook"):
    """A signed HTTP POST."""

    url: Annotated[str, Meta(min_length=1, description="Where to post; https unless the host is listed in `allow`.")]
    secret_file: Annotated[str, Meta(min_length=1, description="File that holds the signing secret.")]
    content: Annotated[
        Literal["json", "json+raw", "message/rfc822"],
        Meta(description="Facts alone; with the mail in base64; or the mail itself, as it would be delivered."),
    ] = "json"
    link: Annotated[
        str, Meta(description="Where people see a mail, with {id} in it; told as links.mail. Empty: none.")
    ] = ""
    allow: Annotated[
        tuple[str, ...], Meta(description="Private networks or host names that this webhook may reach all the same.")
    ] = ()
    concurrency: Annotated[int, Meta(ge=1, le=100, description="Deliveries at once.")] = 4
    timeout: Annotated[float, Meta(gt=0, description="Seconds for one delivery.")] = 30.0


Destination = Inbox | Maildir | Mbox | Smtp | Lmtp | Webhook
DESTINATION_KINDS: dict[str, type[Table]] = {
    "inbox": Inbox,
    "maildir": Maildir,
    "mbox": Mbox,
    "smtp": Smtp,
    "lmtp": Lmtp,
    "webhook": Webhook,
}


class Delivery(Table, frozen=True):
    """Trying again, and giving up."""

    first_retry: Annotated[float, Meta(gt=0, description="Seconds to the second try.")] = 30.0
    max_retry: Annotated[float, Meta(gt=0, description="Longest pause between tries, in seconds.")] = 3600.0
    max_age_days: Annotated[
        float, Meta(gt=0, description="Parked when so old (RFC 5321 §4.5.4.1) and tried at least `min_tries` times.")
    ] = 5.0
    min_tries: Annotated[int, Meta(ge=1, description="Tries before age can park a mail.")] = 5
    probe_seconds: Annotated[
        float,
        Meta(gt=0, description="First pause of a destination that is down, before one probe; grows to max_retry."),
    ] = 10.0
    connections_per_host: Annotated[
        int,
        Meta(ge=1, le=1000, description="Deliveries at once to one host and port, by all destinations that name it."),
    ] = 8
    parking_ceiling: Annotated[
        int,
        Meta(
            ge=1, description="Mails parked by bugs in an hour at which postroom stops parking and waits for a person."
        ),
    ] = 100


class Hook(Table, frozen=True):
    """Another system that is told what happens, by a signed HTTP POST (docs/how-to/api.md). Empty lists mean all."""

    url: Annotated[str, Meta(min_length=1, description="Where to post; https unless the host is listed in `allow`.")]
    secret_file: Annotated[str, Meta(min_length=1, description="File that holds the signing secret.")]
    events: Annotated[tuple[HookEvent, ...], Meta(description="What it is told of.")] = ()
    brands: Annotated[tuple[Name, ...], Meta(description="Whose mail.")] = ()
    routes: Annotated[
        tuple[Name, ...], Meta(description="Mail of which desks, review, junk and automatic with them.")
    ] = ()
    allow: Annotated[
        tuple[str, ...], Meta(description="Private networks or host names that this hook may reach all the same.")
    ] = ()
    timeout: Annotated[float, Meta(gt=0, le=120, description="Seconds for one call.")] = 15.0
