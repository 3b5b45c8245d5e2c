"""postroom: every mail that reaches support@ on the right desk, for certain."""

__version__ = "0.1.0"
