"""The status provider of an installation that knows no accounts."""

from collections.abc import Sequence

from postroom.model.judgement import AccountStatus


class NoStatus:
    """Says ``unknown`` for every address."""

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        """Unknown, at once."""
        return [AccountStatus()] * len(addresses)

    def check(self) -> str:
        """There is nobody to try."""
        return "nobody is asked; every account is unknown"
