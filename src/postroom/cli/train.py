"""`train`: a model of a team's own from labelled mail."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from postroom.cli.console import AsJson, Config, examples, note, print_json, say
from postroom.cli.files import any_house

_FEW = 20
"""Examples of a route below which little is learned."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="Train a classifier on labelled mail.",
        epilog=examples(
            "postroom train labelled.jsonl --out ours.model",
            "postroom train folder-a-route/ more.jsonl --out ours.model",
            "postroom train labelled.jsonl --out ours.model --heavy",
        ),
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
    heavy: Annotated[
        bool,
        typer.Option(
            "--heavy",
            help="Also a heavier model for English, beside it as M.heavy, asked where the light one is unsure. Needs the extra `embed`.",
        ),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Train a classifier on labelled mail; any routes, in any language. Needs the extra `train`."""
    from postroom.bootstrap import cascades, models

    house = any_house(config)
    note(f"Reading {', '.join(map(str, data))} and training …")
    began = time.perf_counter()
    head = None
    if heavy:
        from postroom.bootstrap import heavier

        trained = heavier.train(house, data, word_vectors=vectors)
        model, head = trained.light, trained.head
        heavier.write(head, cascades.heavier(out))
    else:
        model = models.train(house, data, word_vectors=vectors)
    models.write(model, out)
    house.close()
    facts: dict[str, Any] = {
        "model": str(out),
        "version": model.version,
        "routes": list(model.classes),
        "features": len(model.keys),
        "bytes": out.stat().st_size,
        "seconds": round(time.perf_counter() - began, 1),
        "card": dict(model.card),
    }
    if head is not None:
        beside = cascades.heavier(out)
        facts["heavy"] = {
            "model": str(beside),
            "version": head.version,
            "bytes": beside.stat().st_size,
            "card": dict(head.card),
        }
    if as_json:
        print_json(facts)
    else:
        say(
            f"Wrote {out}: {len(model.classes)} routes, {facts['features']:,} features, {facts['bytes']:,} bytes,"
            f" in {facts['seconds']} s."
        )
        if few := [f"{route} {count}" for route, count in facts["card"]["examples"].items() if count < _FEW]:
            note(f"Too few examples to learn much from: {', '.join(few)}. From {_FEW} on a route is known a little.")
        if head is not None:
            _tell_heavy(facts["heavy"])


def _tell_heavy(facts: Mapping[str, Any]) -> None:
    unseen = facts["card"]["unseen"]
    say(
        f"Wrote {facts['model']}: {facts['bytes']:,} bytes. Of {unseen['texts']} unseen texts the light model is right about"
        f" {unseen['light_accuracy']:.1%}; with the heavier one, asked about {unseen['asked']:.1%}, {unseen['accuracy']:.1%}."
    )
