"""`python -m postroom`."""

from postroom.cli.main import run

run()
