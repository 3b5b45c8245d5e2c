"""Identity providers that sign people in."""
