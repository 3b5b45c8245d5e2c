"""Command lines out of a session's buffer, one after another; those over the cap are skipped whole."""


class Lines:
    """Reads lines; of one over the cap nothing is held but its last octet, however long it gets."""

    __slots__ = ("_limit", "_scanned", "skipping")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._scanned = 0
        #: in the middle of a line over the cap
        self.skipping = False

    def read(self, buffer: bytearray) -> bytes | None:
        """The next line with its LF, taken out of ``buffer``; None when there is none yet, ``b""`` for one over the cap.

        A line over the cap that ends with a bare LF is given, as far as it is still there: what is behind it must not count.
        """
        end = buffer.find(b"\n", self._scanned)
        self._scanned = 0
        if end < 0:
            if len(buffer) > self._limit:
                self.skipping = True
                # its last octet may be the CR of its CRLF
                del buffer[:-1]
            self._scanned = len(buffer)
            return None
        line = bytes(buffer[: end + 1])
        del buffer[: end + 1]
        if (self.skipping or len(line) > self._limit) and line.endswith(b"\r\n"):
            self.skipping = False
            return b""
        return line
