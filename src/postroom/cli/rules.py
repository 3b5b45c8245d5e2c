"""`postroom rules`: test the example mails beside the rules, try rules on the past; list the fields that rules may use."""

import typer

from postroom.cli import backtest
from postroom.cli.console import AsJson, Config, examples, print_json, print_table, printable, say
from postroom.cli.files import any_house

app = typer.Typer(
    no_args_is_help=True, help="Rules: test their examples, try them on the past, list what they may ask of a mail."
)
backtest.register(app)


@app.command("test", epilog=examples("postroom rules test  # examples are in rules/examples/*.toml"))
def run_examples(config: Config = None, as_json: AsJson = False) -> None:
    """Judge every example mail kept beside the rules; exit 1 when one comes out differently than it says."""
    from postroom.bootstrap.examples import test_rules

    house = any_house(config)
    results, problems = test_rules(house)
    failed = [r for r in results if r.differences]
    if as_json:
        for r in results:
            print_json(
                {
                    "example": r.example.name,
                    "file": r.example.source,
                    "line": r.example.line,
                    "ok": not r.differences,
                    "differences": r.differences,
                }
            )
    for problem in problems:
        typer.echo(str(problem), err=True)
    if not as_json:
        for r in failed:
            say(printable(f"{r.example.source}:{r.example.line}: {r.example.name}: {'; '.join(r.differences)}"))
        say(f"{len(results) - len(failed)} of {len(results)} examples come out as they say.")
    house.close()
    raise typer.Exit(1 if failed or problems else 0)


@app.command(epilog=examples("postroom rules fields"))
def fields(as_json: AsJson = False) -> None:
    """Everything that a rule may ask of a mail: name, type, meaning, example."""
    from postroom.decide.context import FIELDS

    rows = [(f.name, f.type, f.meaning, f.example) for f in FIELDS]
    if as_json:
        for name, kind, meaning, example in rows:
            print_json({"name": name, "type": kind, "meaning": meaning, "example": example})
    else:
        print_table("", ("field", "type", "meaning", "example"), rows)
