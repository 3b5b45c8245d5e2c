"""What final delivery into files adds and changes: Return-Path (RFC 5321 §4.4) and line ends of Unix."""

import re

from postroom.flow.stamp import header_end
from postroom.model.lines import canonical
from postroom.model.work import Parcel

_WRITABLE = re.compile(r"[^\x00-\x20\x7f-\x9f<>\u2028\u2029\ud800-\udfff]{0,320}")


def filed(parcel: Parcel) -> bytes:
    """The bytes to keep in a file: the stamped mail with lone LFs, below a Return-Path unless it has this very one."""
    mail = canonical(parcel.stamped)
    sender = parcel.mail.envelope.mail_from
    if _WRITABLE.fullmatch(sender):
        line = b"Return-Path: <" + sender.encode() + b">"
        section = mail[: header_end(mail)]
        if not re.search(rb"^" + re.escape(line) + rb"\r$", section, re.IGNORECASE | re.MULTILINE):
            mail = line + b"\r\n" + mail
    return mail.replace(b"\r\n", b"\n")
