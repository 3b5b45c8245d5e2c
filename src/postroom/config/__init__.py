"""postroom.toml as typed settings: `settings` says what there is, `load` reads it and finds every mistake."""

from postroom.config.load import Problem, load, located, read
from postroom.config.settings import Settings

__all__ = ["Problem", "Settings", "load", "located", "read"]
