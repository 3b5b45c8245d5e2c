"""Content between 354 and its end mark: found, unstuffed and looked at with a few C-speed scans, never line by line.

Only CRLF.CRLF ends content. A mail is held once while it comes and once more when it is whole; what is over a cap is
thrown away as it comes and refused after its end mark.
"""

from dataclasses import dataclass
from typing import Final

from postroom.adapters.intake.options import SmtpOptions
from postroom.adapters.intake.protocol import BAD_HEADER, BAD_LINE, BAD_OCTETS, NO_ROOM, TOO_BIG, Memory

LONGEST_LINE: Final = 998
"""RFC 5322 §2.1.1, without CRLF."""

_END: Final = b"\r\n.\r\n"
_ORDINARY: Final = bytes(octet for octet in range(256) if octet not in b"\r\n\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaws:
    """What is unusual about content."""

    #: CR without LF, LF without CR, or NUL (RFC 5321 §2.3.8, RFC 5322 §4)
    forbidden_octets: bool
    #: a line beyond 998 octets
    long_line: bool
    #: a line beyond the caller's cap
    overlong_line: bool
    #: a header section beyond the caller's cap
    overlong_header: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Content that is complete."""

    #: dots unstuffed; empty when ``reply`` is set
    raw: bytes
    flaws: Flaws
    #: why it is not taken, ``b""`` when it is
    reply: bytes


_NO_FLAWS: Final = Flaws(forbidden_octets=False, long_line=False, overlong_line=False, overlong_header=False)


class Content:
    """Reads one content after another out of a session's buffer, which holds nothing else meanwhile."""

    __slots__ = ("_dropped", "_held", "_limit", "_memory", "_options", "_reply", "_scanned", "_stuffed")

    def __init__(self, options: SmtpOptions, memory: Memory) -> None:
        self._options = options
        self._memory = memory
        self._limit = options.max_size_on_wire
        self._held = self._scanned = self._dropped = 0
        self._reply = b""
        self._stuffed = False

    def begin(self, buffer: bytearray) -> None:
        """354 was said. The CRLF of the command is part of the end mark: a dot may come first (RFC 5321 §4.1.1.4)."""
        buffer[:0] = b"\r\n"
        self._scanned = self._dropped = 0
        self._reply = b""
        self._stuffed = False

    def received(self, buffer: bytearray) -> int:
        """How many bytes of the present content have come."""
        return self._dropped + len(buffer)

    def read(self, buffer: bytearray, *, strict: bool) -> Whole | None:
        """The content, once it is whole, taken out of ``buffer``; ``strict`` refuses forbidden octets."""
        end = self._find_end(buffer)
        if not self._reply:
            # without its end, the CRLF put in front and up to two octets of an end mark are not content
            self._reply = self._reserve(end if end >= 0 else max(0, len(buffer) - 4))
        if end >= 0:
            return self._take(buffer, end, strict=strict)
        if self._reply and len(buffer) > 4:
            self._dropped += len(buffer) - 4
            del buffer[:-4]
        self._scanned = len(buffer)
        return None

    def _find_end(self, buffer: bytearray) -> int:
        """Where the end mark begins, -1 while there is none. A mail without a dot at the start of a line is scanned once."""
        dot = buffer.find(b"\r\n.", max(0, self._scanned - 4))
        if dot < 0 or buffer.startswith(_END, dot):
            return dot
        self._stuffed = True
        return buffer.find(_END, dot)

    def release(self) -> None:
        """The mail is answered or gone: its memory is free. Idempotent."""
        self._memory.give(self._held)
        self._held = 0

    def _reserve(self, size: int) -> bytes:
        """Hold memory for what has come; a reply when it is too much."""
        if size > self._limit:
            self.release()
            return TOO_BIG
        more = size - self._held
        if more > 0:
            if not self._memory.take(more):
                self.release()
                return NO_ROOM
            self._held = size
        return b""

    def _take(self, buffer: bytearray, end: int, *, strict: bool) -> Whole:
        if self._reply:
            del buffer[: end + len(_END)]
            return Whole(raw=b"", flaws=_NO_FLAWS, reply=self._reply)
        with memoryview(buffer) as view:
            raw = bytes(view[: end + 2] if self._stuffed else view[2 : end + 2])
        del buffer[: end + len(_END)]
        if self._stuffed:  # RFC 5321 §4.5.2: a dot at the start of a line goes
            raw = raw.replace(b"\r\n.", b"\r\n")[2:]
        flaws = inspect(raw, max_line=self._options.max_text_line, max_header=self._options.max_header_bytes)
        reply = self._judge(raw, flaws, strict=strict)
        return Whole(raw=b"" if reply else raw, flaws=flaws, reply=reply)

    def _judge(self, raw: bytes, flaws: Flaws, *, strict: bool) -> bytes:
        if len(raw) > self._options.max_size:
            return TOO_BIG
        if flaws.forbidden_octets and strict:
            return BAD_OCTETS
        if flaws.overlong_line:
            return BAD_LINE
        return BAD_HEADER if flaws.overlong_header else b""


def inspect(raw: bytes, *, max_line: int, max_header: int) -> Flaws:
    """Flaws of content after dot-unstuffing. Total: any bytes; time linear in their number."""
    long_line = has_line_beyond(raw, LONGEST_LINE)
    return Flaws(
        # where CR, LF and NUL are twice as many as CRLF pairs, each of them is part of a pair
        forbidden_octets=len(raw.translate(None, _ORDINARY)) != 2 * raw.count(b"\r\n"),
        long_line=long_line,
        overlong_line=(long_line or max_line < LONGEST_LINE) and has_line_beyond(raw, max_line),
        overlong_header=len(raw) > max_header and not _header_ends_within(raw, max_header),
    )


def has_line_beyond(raw: bytes, limit: int) -> bool:
    """Whether a line, without its line end, is longer than ``limit`` octets; jumps from line end to line end, as far as one may be away."""
    start, size, step = 0, len(raw), limit + 2
    while start + limit < size:
        newline = raw.rfind(b"\n", start, start + step)
        if newline < 0:
            return True
        start = newline + 1
    return False


def _header_ends_within(raw: bytes, limit: int) -> bool:
    """Whether the empty line after the header section comes within ``limit`` octets; line ends may be bare."""
    return raw.find(b"\r\n\r\n", 0, limit) >= 0 or raw.find(b"\n\n", 0, limit) >= 0 or raw.startswith((b"\r\n", b"\n"))
