"""The built-in inbox: mail stays in the store, and people read it with postroom itself."""

from concurrent.futures import CancelledError

from postroom.model.errors import TryLater
from postroom.model.mail import DestinationName, Mail
from postroom.model.work import Parcel, Receipt
from postroom.ports import Inboxes


class InboxDestination:
    """Files mail into the store. A repeat with the same key changes nothing, whatever happened before."""

    can_withdraw = True

    def __init__(self, name: str, store: Inboxes, *, concurrency: int = 64, timeout: float = 60.0) -> None:
        self.name = DestinationName(name)
        #: high, since the store commits concurrent calls together
        self.concurrency = concurrency
        self._store = store
        self._timeout = timeout

    def deliver(self, parcel: Parcel) -> Receipt:
        """Returns once the store has it durably. Raises `TryLater` when the store can't take it, or not in time."""
        try:
            self._store.file(parcel).result(self._timeout)
        except (TimeoutError, CancelledError) as error:
            raise TryLater("the store did not answer in time", lane_down=True) from error
        return Receipt(reference=f"inbox {self.name}")

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """The mail leaves the inbox, opened or not; never too late. Raises `TryLater`."""
        self._store.withdraw(mail.id, self.name, generation)
        return True

    def check(self) -> str:
        """A sentence for people. Raises `TryLater` when the store can't be read."""
        self._store.entries(self.name, limit=1)
        return f"inbox {self.name}: kept in the store"

    def close(self) -> None:
        """There is nothing to let go of: the store is closed by whoever opened it."""
