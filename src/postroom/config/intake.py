"""The doors, and whom we believe of what comes in by them."""

from typing import Annotated

from msgspec import Meta

from postroom.config.table import Table


class Intake(Table, frozen=True):
    """The doors that mail comes in by."""

    listen: Annotated[tuple[str, ...], Meta(description="SMTP: host:port to listen on; [::]:25 for IPv6.")] = (
        "127.0.0.1:2525",
    )
    lmtp: Annotated[tuple[str, ...], Meta(description="LMTP: host:port to listen on.")] = ()
    max_size: Annotated[int, Meta(ge=1024, description="Largest mail, in bytes.")] = 52_428_800
    max_recipients: Annotated[int, Meta(ge=1, description="Recipients a mail.")] = 100
    max_header_bytes: Annotated[int, Meta(ge=1024, description="Header bytes a mail.")] = 262_144
    max_line: Annotated[int, Meta(ge=1000, description="Longest line of a mail, in bytes.")] = 1_048_576
    max_connections: Annotated[int, Meta(ge=1, description="Connections at once.")] = 1000
    max_connections_per_ip: Annotated[
        int, Meta(ge=1, description="Connections at once from one untrusted address.")
    ] = 100
    max_received: Annotated[
        int, Meta(ge=5, description="Received lines at which a mail is a loop (RFC 5321 §6.3).")
    ] = 50
    max_memory: Annotated[
        int,
        Meta(
            ge=1024,
            description="Bytes of content under way at once; more is put off with 452. One untrusted address may hold an eighth, all together three quarters.",
        ),
    ] = 536_870_912
    command_timeout: Annotated[
        float, Meta(gt=0, description="Seconds a client may take for a command (RFC 5321 §4.5.3.2).")
    ] = 300.0
    data_timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that content may stand still, or fall behind 1 KiB a second (RFC 5321 §4.5.3.2.5).",
        ),
    ] = 180.0
    session_timeout: Annotated[float, Meta(gt=0, description="Seconds a connection may last.")] = 3600.0
    trusted_networks: Annotated[
        tuple[str, ...],
        Meta(description="Networks of our own hops: their Authentication-Results and spam verdicts are believed."),
    ] = ("127.0.0.0/8", "::1/128")
    proxy_from: Annotated[
        tuple[str, ...], Meta(description="Networks of load balancers that must speak the PROXY protocol.")
    ] = ()
    tls_certificate: Annotated[str, Meta(description="PEM file with the certificate chain; offers STARTTLS.")] = ""
    tls_key: Annotated[str, Meta(description="PEM file with its key.")] = ""
    require_tls: Annotated[bool, Meta(description="Refuse mail before STARTTLS.")] = False
    user: Annotated[str, Meta(description="User to become after binding the ports, when started as root.")] = ""


class Trusting(Table, frozen=True):
    """Whom we believe."""

    authserv_ids: Annotated[
        tuple[str, ...],
        Meta(description="authserv-id of our own hop's Authentication-Results (RFC 8601); others are ignored."),
    ] = ()
    team_domains: Annotated[
        tuple[str, ...], Meta(description="The team's own domains: who forwards from here is a colleague.")
    ] = ()
    form_senders: Annotated[tuple[str, ...], Meta(description="Addresses that contact forms send from.")] = ()
    protected_domains: Annotated[
        tuple[str, ...],
        Meta(
            description="Domains whose look-alikes reach a desk by a person's hands alone, beside the brands' own and `team_domains`."
        ),
    ] = ()
    known_domains: Annotated[
        tuple[str, ...],
        Meta(
            description="Domains that are no look-alikes although their names resemble ours, with all below them: a partner, another firm of that name."
        ),
    ] = ()
