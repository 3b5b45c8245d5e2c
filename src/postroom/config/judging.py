"""What judges mail: rules, models and what they learn, accounts, a second opinion."""

from typing import Annotated, Literal

from msgspec import Meta, field

from postroom.config.table import Name, Share, Table, Words
from postroom.model.judgement import AccountState


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
