"""Canonical line ends: the form in which two copies of a mail are compared, stamped and sent (RFC 5321 §2.3.8).

Every CRLF, lone LF and lone CR becomes one CRLF, as in Python's own SMTP client. So no byte sequence is left that one
server takes for the end of a line and the next does not, which is what message smuggling lives on.
"""

CRLF = b"\r\n"


def canonical(raw: bytes) -> bytes:
    """The same bytes with every line end as CRLF; the very same object when they are so already. Idempotent."""
    breaks = raw.count(CRLF)
    if raw.count(b"\n") == breaks == raw.count(b"\r"):
        return raw
    return raw.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)
