"""postroom.toml as typed settings: `settings` says what there is, `load` reads it and finds every mistake."""

from postroom.config.load import Problem, load, locate
from postroom.config.settings import Settings

__all__ = ["Problem", "Settings", "load", "locate"]
