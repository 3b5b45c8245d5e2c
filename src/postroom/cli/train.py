"""`train`: a model of a team's own from labelled mail."""

import time
from pathlib import Path
from typing import Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, note, print_json, say
from postroom.cli.files import any_house


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        epilog=examples(
            "postroom train labelled.jsonl --out ours.model",
            "postroom train folder-a-route/ more.jsonl --out ours.model",
        )
    )(train)


def train(
    data: Annotated[
        list[Path],
        typer.Argument(
            help="JSON Lines with `route` and `subject` + `body` or `file`; or a folder for each route.",
            metavar="DATA…",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write; name it in `judging.model`.", metavar="M")],
    vectors: Annotated[
        bool | None,
        typer.Option(
            "--vectors/--no-vectors",
            help="Whether to learn with the word vectors of the extra `vectors`, so that words no example has are known"
            " too. By default with more than 12 routes, if they are installed.",
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on labelled mail; any routes, in any language. Needs the extra `train`."""
    from postroom.bootstrap import models

    house = any_house(config)
    note(f"Reading {', '.join(map(str, data))} and training …")
    began = time.perf_counter()
    model = models.train(house, data, word_vectors=vectors)
    models.write(model, out)
    house.close()
    facts = {
        "model": str(out),
        "version": model.version,
        "routes": list(model.classes),
        "features": len(model.keys),
        "bytes": out.stat().st_size,
        "seconds": round(time.perf_counter() - began, 1),
        "card": dict(model.card),
    }
    if as_json:
        print_json(facts)
    else:
        say(
            f"Wrote {out}: {len(model.classes)} routes, {facts['features']:,} features, {facts['bytes']:,} bytes,"
            f" in {facts['seconds']} s."
        )
