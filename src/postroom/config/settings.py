"""Every setting there is, with its type, default and meaning. The reference in the docs is generated from here."""

from typing import Annotated, Literal

from msgspec import Meta, field

from postroom.config.answers import Answers
from postroom.config.oidc import Oidc
from postroom.config.table import Name, Share, Table, Words
from postroom.model.cases import Start
from postroom.model.hooks import HookEvent
from postroom.model.judgement import AccountState


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


class Brand(Table, frozen=True):
    """One public face of the team: its addresses."""

    addresses: Annotated[
        tuple[Words, ...],
        Meta(min_length=1, description="Addresses that mail is accepted for; @example.com takes a whole domain."),
    ]
    routes: Annotated[
        tuple[Name, ...], Meta(description="Desks of this brand, beside the fallback; all when empty.")
    ] = ()
    answer_from: Annotated[
        str, Meta(description="Address that people are answered from; empty: the first of `addresses` that is whole.")
    ] = ""
    answer_name: Annotated[str, Meta(max_length=100, description="Display name of that address.")] = ""
    thresholds: Annotated[dict[Name, Share], Meta(description="Thresholds of this brand, by route.")] = field(
        default_factory=dict
    )


class Route(Table, frozen=True):
    """A desk."""

    destinations: Annotated[
        tuple[Name, ...], Meta(min_length=1, description="Where its mail is delivered; each is its own job.")
    ]
    threshold: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        Meta(description="Least confidence; below it a person is asked. Unset: 0.6, and 0.54 for the fallback route."),
    ] = None
    prior: Annotated[
        Annotated[float, Meta(gt=0.0, lt=1.0)] | None,
        Meta(
            description="Share of all mail that is expected for this desk. Unset: most for the fallback, the rest evenly."
        ),
    ] = None
    stage: Annotated[
        Literal["shadow", "canary", "live"],
        Meta(description="shadow: decide and record, deliver to `before`; canary: a share of threads; live: all."),
    ] = "live"
    canary_percent: Annotated[
        int, Meta(ge=0, le=100, description="Share of threads that take the new way in stage canary.")
    ] = 10
    before: Annotated[
        tuple[Name, ...], Meta(description="Destinations that its mail went to before postroom, for shadow and canary.")
    ] = ()

    acknowledge: Annotated[
        str,
        Meta(
            description="Template that tells people by itself that their mail has come to this desk; empty: nobody is told (docs/how-to/answer.md)."
        ),
    ] = ""
    outcomes: Annotated[
        dict[Literal["granted", "rejected", "withdrawn"], str],
        Meta(description="Template that tells them how their case ended, by outcome; those left out are not told."),
    ] = field(default_factory=dict)
    cases: Annotated[
        bool, Meta(description="A case a person and incident opens by itself for its mail (docs/how-to/cases.md).")
    ] = False
    first_answer: Annotated[
        str,
        Meta(
            description="Time in which whoever writes is to get a first answer, e.g. `8 business hours`; empty: no target (docs/how-to/urgent.md)."
        ),
    ] = ""
    calendar: Annotated[
        str, Meta(description="Calendar that its business hours and days are counted by; `default` is shipped.")
    ] = "default"
    clocks: Annotated[
        tuple[str, ...],
        Meta(
            description="Clocks that its cases are under: `dsa`, `card-dispute` and `dmca` are shipped, others yours."
        ),
    ] = ()
    second_person: Annotated[
        Literal["never", "rejection"],
        Meta(description="rejection: one proposes to reject, another confirms; never: one person decides."),
    ] = "never"
    again_days: Annotated[
        float,
        Meta(ge=0, le=3650, description="Whoever writes again so soon after a decision joins its case, marked again."),
    ] = 30.0


_WORKING_DAY = ("09:00-17:00",)


class Calendar(Table, frozen=True):
    """When a team works. `default`, Monday to Friday from 09:00 to 17:00 UTC, is shipped and may be set anew."""

    zone: Annotated[str, Meta(description="Time zone, e.g. Europe/Berlin (IANA).")] = "UTC"
    monday: Annotated[tuple[str, ...], Meta(description='Open hours, e.g. ["09:00-12:30", "13:30-18:00"].')] = (
        _WORKING_DAY
    )
    tuesday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    wednesday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    thursday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    friday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    saturday: Annotated[tuple[str, ...], Meta(description="Likewise; empty: closed.")] = ()
    sunday: Annotated[tuple[str, ...], Meta(description="Likewise; hours go up to 24:00.")] = ()
    holidays: Annotated[tuple[str, ...], Meta(description='Days off, e.g. ["2026-12-25", "2027-01-01"].')] = ()


class Clock(Table, frozen=True):
    """A time that cases are under. Lengths are written as `14 days`, `6 months`, `48 hours`, `10 business days`, `8 business hours`."""

    within: Annotated[str, Meta(description="How long it runs.")]
    starts: Annotated[
        Start,
        Meta(
            description="received: the case's first mail; decided: the decision; informed, notice, counter-notice: a day that somebody names in the case, unknown until then."
        ),
    ] = "received"
    stops: Annotated[Literal["decided", "first answer"], Meta(description="What the team must have done by then.")] = (
        "decided"
    )
    whose: Annotated[
        Literal["team", "person"],
        Meta(description="person: it is their own window; a mail that comes later is told to be late, never refused."),
    ] = "team"
    not_before: Annotated[str, Meta(description="Nor may the team act before so much has passed; empty: it may.")] = ""
    warn: Annotated[
        str,
        Meta(
            description="It is near its end, and warned of, when no more than this is left or, like `75 %`, so much has passed; empty: not before it has run out."
        ),
    ] = "75 %"
    calendar: Annotated[str, Meta(description="Calendar that it is counted by; empty: that of the desk.")] = ""
    label: Annotated[str, Meta(description="What people read; empty: its name.")] = ""


#: clocks that are there without being named in the settings; one of the same name takes the place of each
SHIPPED_CLOCKS: dict[str, Clock] = {
    "dsa": Clock(
        label="Complaint within six months (EU DSA art. 20)", starts="informed", within="6 months", whose="person"
    ),
    "card-dispute": Clock(label="Card dispute", starts="notice", within="7 days", warn="2 days"),
    "dmca": Clock(
        label="DMCA counter-notice (17 USC 512(g)(2)(C))",
        starts="counter-notice",
        not_before="10 business days",
        within="14 business days",
        warn="2 business days",
    ),
}


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


class Review(Table, frozen=True):
    """Where the uncertain wait, and for how long."""

    destinations: Annotated[
        tuple[Name, ...], Meta(min_length=1, description="Where mail is put that a person must look at.")
    ] = ("review",)
    hours: Annotated[
        float, Meta(gt=0, description="Unseen for so long, it goes to the best guess, marked unconfirmed.")
    ] = 24.0
    tell: Annotated[
        tuple[Name, ...], Meta(description="Destinations (a lead's mailbox, a webhook) told when that happens.")
    ] = ()
    undo_seconds: Annotated[
        float,
        Meta(
            ge=0.0,
            le=3600.0,
            description="What a verdict sends to where it can't be taken back (smtp, lmtp, webhook, mbox) waits so long, unless the mail is urgent; `postroom review undo` stops it. 0: it goes at once.",
        ),
    ] = 60.0
    calendar: Annotated[
        str,
        Meta(
            description="Calendar (`[calendar.NAME]`, or default) of the hours in which reviewers are there: `hours` are counted in these alone. Empty: always."
        ),
    ] = ""
    second_look_share: Annotated[
        float,
        Meta(
            ge=0.0,
            le=1.0,
            description="Share of what people are asked that a second reviewer is shown too, without the first one's answer: how well they agree is known from these. Delays nothing.",
        ),
    ] = 0.05
    audit_share: Annotated[
        float,
        Meta(
            ge=0.0,
            le=0.2,
            description="Share of the decisions that go anywhere else which `postroom review` asks about too, drawn at random: how often they are right is known from these alone. Delays nothing.",
        ),
    ] = 0.01


class Urgent(Table, frozen=True):
    """Threats, self-harm, child safety, police, security reports, data-subject requests."""

    destinations: Annotated[
        tuple[Name, ...],
        Meta(description="Named people's mailboxes or webhooks that get such mail at once, beside its desk."),
    ] = ()
    repeat_minutes: Annotated[
        float,
        Meta(
            ge=1.0,
            le=1440.0,
            description="Nobody has taken it for so long: the hooks of `urgent` are told again, and again after as long.",
        ),
    ] = 15.0


class Judging(Table, frozen=True):
    """Rules and phrases."""

    starter: Annotated[bool, Meta(description="Use the shipped rules and phrases, before your own.")] = True
    rules: Annotated[
        str, Meta(description="Folder with your rules (*.toml), beside this file; `rules test` runs its examples/.")
    ] = "rules"
    phrases: Annotated[str, Meta(description="Folder with your phrase lists (*.toml).")] = "phrases"
    model: Annotated[
        str,
        Meta(
            min_length=1,
            description="Learned model: `learned` (the one that `postroom learn` put into force, the shipped one until then), `shipped`, `none`, or a file that `postroom train` wrote, beside this file; a heavier model FILE.heavy is used with it.",
        ),
    ] = "shipped"
    two_matters: Annotated[
        Literal["first", "copies", "review"],
        Meta(
            description="Mail about two things: to the first desk, which is told of the second; a linked copy to both; or to a person."
        ),
    ] = "first"
    fallback: Annotated[str, Meta(description="Route of mail that no evidence speaks about.")] = "general"
    status_deadline: Annotated[
        float, Meta(gt=0, description="Seconds to wait for account status before it counts as unknown.")
    ] = 2.0


class Learning(Table, frozen=True):
    """Learning from verdicts: `postroom learn`. Counts while `judging.model` is `learned`."""

    half_life_days: Annotated[
        float, Meta(ge=1.0, description="Days in which what a person said loses half its weight.")
    ] = 180.0
    keep: Annotated[int, Meta(ge=2, le=1000, description="Models that are kept, to go back to.")] = 10
    every_days: Annotated[
        float,
        Meta(
            ge=0.0,
            le=30.0,
            description="`postroom serve` learns by itself so often, in a process of the least priority; 0 for never. Needs the extra `train`.",
        ),
    ] = 0.0


class Retention(Table, frozen=True):
    """How long mail is kept, in days since it came; 0 for ever (docs/how-to/privacy.md).

    What is older is erased once a day, unless it is held, asked about, to be delivered or parked, or its thread goes on.
    """

    mail_days: Annotated[float, Meta(ge=0.0, description="Mail at every desk that `routes` does not name.")] = 0.0
    routes: Annotated[
        dict[Name, Annotated[float, Meta(ge=0.0)]],
        Meta(description="Desk, or junk, automatic or review -> days."),
    ] = field(default_factory=dict)


class Status(Table, frozen=True):
    """Who knows the state of an account: asked for authenticated senders alone (docs/how-to/account-status.md)."""

    kind: Annotated[
        Literal["none", "csv", "http"],
        Meta(description="none: every account is unknown; csv: read `file`; http: ask `url`."),
    ] = "none"
    file: Annotated[
        str, Meta(description="CSV file with the columns address, state and since; read again when it changes.")
    ] = ""
    url: Annotated[str, Meta(description="Where to ask with a POST; https unless the host is listed in `allow`.")] = ""
    token_file: Annotated[str, Meta(description="File that holds the bearer token for `url`; empty: none.")] = ""
    allow: Annotated[
        tuple[str, ...], Meta(description="Private networks or host names that `url` may lead to all the same.")
    ] = ()
    states: Annotated[
        dict[Words, AccountState],
        Meta(description="What your system calls a state -> active, limited, suspended, banned, closed or unknown."),
    ] = field(default_factory=dict)
    cache_seconds: Annotated[float, Meta(ge=0, description="How long an answer of `url` is good.")] = 60.0
    cache_size: Annotated[
        int, Meta(ge=0, le=10_000_000, description="Answers of `url` that each worker remembers at most.")
    ] = 100_000
    pause_seconds: Annotated[
        float,
        Meta(gt=0, description="First pause after `url` failed, in which it is not asked; doubles up to 5 minutes."),
    ] = 5.0


class SecondOpinion(Table, frozen=True):
    """A language model outside that is asked about uncertain mail, redacted. Off while `url` is empty."""

    url: Annotated[
        str,
        Meta(
            description="Base of an OpenAI-compatible API, e.g. https://api.example.com/v1; https unless the host is listed in `allow`. Empty: nobody is asked."
        ),
    ] = ""
    model: Annotated[str, Meta(description="Name of the model.")] = ""
    key_file: Annotated[
        str, Meta(description="File that holds the key of the API; readable by postroom alone. Empty: none is sent.")
    ] = ""
    allow: Annotated[
        tuple[str, ...], Meta(description="Private networks or host names that may be reached all the same.")
    ] = ()
    brands: Annotated[tuple[Name, ...], Meta(description="Brands whose mail may be told; all when empty.")] = ()
    routes: Annotated[tuple[Name, ...], Meta(description="Best guesses that may be asked about; all when empty.")] = ()
    about: Annotated[
        dict[Name, Words], Meta(description="What a desk is for, in a sentence; the shipped desks have one.")
    ] = field(default_factory=dict)
    floor: Annotated[
        Share, Meta(description="Least confidence of a best guess that is asked about; the threshold is the most.")
    ] = 0.3
    timeout: Annotated[
        float, Meta(gt=0, le=30, description="Seconds that uncertain mail waits, for all answers of a batch together.")
    ] = 2.0
    max_text: Annotated[
        int, Meta(ge=100, le=10_000, description="Characters of a mail that are told at most, after redaction.")
    ] = 2000
    concurrency: Annotated[int, Meta(ge=1, le=64, description="Requests at once, of one judge process.")] = 8
    requests_per_day: Annotated[int, Meta(ge=1, description="Requests a day (UTC), of all processes together.")] = 1000
    tokens_per_day: Annotated[
        int, Meta(ge=1, description="Tokens a day (UTC), as estimated before each request: three bytes a token.")
    ] = 1_000_000


class Workers(Table, frozen=True):
    """The processes that judge and deliver."""

    judge: Annotated[int, Meta(ge=1, le=64, description="Processes that judge.")] = 1
    batch: Annotated[int, Meta(ge=2, le=1000, description="Mails claimed at once.")] = 64
    hang_seconds: Annotated[
        float, Meta(gt=0, description="A worker that is silent for so long with a mail in hand is stopped.")
    ] = 30.0


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


class Web(Table, frozen=True):
    """Health and metrics."""

    listen: Annotated[str, Meta(description="host:port of /healthz, /readyz and /metrics; empty for none.")] = (
        "127.0.0.1:8025"
    )


class Pages(Table, frozen=True):
    """Pages and API for people (docs/how-to/pages.md)."""

    listen: Annotated[
        str, Meta(description="host:port of the pages and of /api/v1; empty for none. By TLS only through a proxy.")
    ] = "127.0.0.1:8026"
    url: Annotated[
        str,
        Meta(
            description="Address that people use, e.g. https://postroom.example.com, when a proxy stands before the pages: others are refused."
        ),
    ] = ""
    idle_hours: Annotated[float, Meta(gt=0, description="Whoever did nothing for so long signs in again.")] = 12.0
    session_days: Annotated[float, Meta(gt=0, le=90, description="Whoever signed in so long ago signs in again.")] = (
        14.0
    )
    lease_minutes: Annotated[
        float, Meta(gt=0, le=120, description="So long a mail in review is in one person's hands.")
    ] = 10.0
    api_per_minute: Annotated[int, Meta(ge=1, description="Calls of the API that each key may make a minute.")] = 600
    customer_info_secret_file: Annotated[
        str,
        Meta(
            description="File of the secret that a helpdesk signs with when it asks about a customer; empty: it is told nothing."
        ),
    ] = ""
    oidc: Oidc = field(default_factory=Oidc)


class Log(Table, frozen=True):
    """Structured logs on standard error."""

    format: Annotated[
        Literal["auto", "console", "json"], Meta(description="auto: console on a terminal, else JSON.")
    ] = "auto"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least important level that is written.")
    ] = "info"
    addresses: Annotated[bool, Meta(description="Also write envelope senders and recipients of what is accepted.")] = (
        False
    )


class Settings(Table, frozen=True):
    """The whole of postroom.toml."""

    data: Annotated[
        str, Meta(min_length=1, description="Folder of the store, on a local disk; relative to this file.")
    ] = "data"
    hostname: Annotated[
        str, Meta(min_length=1, max_length=253, description="Our name in the SMTP greeting and Received lines.")
    ] = "localhost"
    return_domain: Annotated[
        str, Meta(description="Domain of signed return addresses, accepted by us; empty: the hostname.")
    ] = ""
    intake: Intake = field(default_factory=Intake)
    trust: Trusting = field(default_factory=Trusting)
    brand: Annotated[dict[Name, Brand], Meta(description="The team's public faces.")] = field(default_factory=dict)
    route: Annotated[dict[Name, Route], Meta(description="The desks.")] = field(default_factory=dict)
    destination: Annotated[dict[Name, Destination], Meta(description="Where mail is delivered.")] = field(
        default_factory=dict
    )
    calendar: Annotated[dict[Name, Calendar], Meta(description="When the team works.")] = field(default_factory=dict)
    clock: Annotated[dict[Name, Clock], Meta(description="Times that cases are under.")] = field(default_factory=dict)
    hook: Annotated[dict[Name, Hook], Meta(description="Other systems that are told what happens.")] = field(
        default_factory=dict
    )
    answers: Answers = field(default_factory=Answers)
    review: Review = field(default_factory=Review)
    urgent: Urgent = field(default_factory=Urgent)
    judging: Judging = field(default_factory=Judging)
    learning: Learning = field(default_factory=Learning)
    retention: Retention = field(default_factory=Retention)
    status: Status = field(default_factory=Status)
    second_opinion: SecondOpinion = field(default_factory=SecondOpinion)
    workers: Workers = field(default_factory=Workers)
    delivery: Delivery = field(default_factory=Delivery)
    web: Web = field(default_factory=Web)
    pages: Pages = field(default_factory=Pages)
    log: Log = field(default_factory=Log)
