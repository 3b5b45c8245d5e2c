"""The only room that names adapters: `house` builds from settings, `server` and `work` run what it builds."""

from postroom.bootstrap.house import House

__all__ = ["House"]
