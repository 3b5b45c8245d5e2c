"""Shares for people."""


def percent(share: float) -> str:
    """A share of 0..1 in whole per cent: 100 for all of it alone, however near it comes."""
    return f"{min(round(share * 100), 99 if share < 1 else 100)}%"
