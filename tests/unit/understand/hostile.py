"""Messages made to hurt a reader: each is a name and some bytes. Kept as code, since most are large and dull."""

from collections.abc import Iterator

_TOP = b"From: Ada <ada@example.com>\r\nTo: help@example.test\r\nSubject: hello\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"


def _multipart(parts: bytes, kind: bytes = b"mixed") -> bytes:
    return _TOP + b"Content-Type: multipart/" + kind + b"; boundary=x\r\n\r\n" + parts


def _nested(depth: int) -> bytes:
    levels = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(depth)
    )
    return _TOP + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + levels + b"bottom\r\n"


def _html(markup: bytes) -> bytes:
    return _TOP + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + markup


def shapes() -> Iterator[tuple[str, bytes]]:
    """Every shape, by name."""
    yield from _headers()
    yield from _structures()
    yield from _texts()
    yield from growing()


def growing() -> Iterator[tuple[str, bytes]]:
    """HTML whose text could be very much longer than it is."""
    lists = "😀a<ul><li>".encode() * 10_000
    yield "nested lists", _html(lists)
    yield "nested lists in 20 parts", _pages([lists] * 20)
    yield "nested ordered lists", _html(b"a<ol>" * 60_000)
    yield "deep and long lists", _html(b"<ul>" * 5000 + b"a<br>" * 60_000)
    yield "empty lists", _html(b"<ul></ul>a<br>" * 20_000)
    yield "few tags in many parts", _pages([b"<ul>" * 199 + b"a<br>" * 199] * 400)
    yield "quoted lines", _html("😀".encode() + b"<blockquote type=cite>" * 8 + b"<pre>" + b"a\n" * 190_000)
    yield "lists in quotes", _html(b"<blockquote>" * 8 + b"<ul>" * 60 + b"a<br>" * 60_000)
    fonts = b"<p>" + b"".join([b"<font a=%d>" % at for at in range(190)]) + b"<p>x" * 190
    yield "formatting in 100 parts", _pages([fonts] * 100)


def _pages(pages: list[bytes]) -> bytes:
    return _multipart(
        b"".join([b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page + b"\r\n" for page in pages])
    )


def _headers() -> Iterator[tuple[str, bytes]]:
    word = b"=?utf-8?q?a=C3=B6?="
    yield "50,000 encoded words in one subject", b"Subject: " + b" ".join([word] * 50_000) + b"\r\n\r\nhi\r\n"
    yield "50,000 encoded words, folded", b"Subject: " + b"\r\n ".join([word] * 50_000) + b"\r\n\r\nhi\r\n"
    yield "50,000 encoded words over many fields", b"".join([b"Subject: " + word * 10 + b"\r\n"] * 5000) + b"\r\nhi\r\n"
    yield "encoded words never closed", b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\r\n\r\nhi\r\n"
    yield "encoded words in a part", _multipart(b"--x\r\nSubject: " + (word + b" ") * 50_000 + b"\r\n\r\nhi\r\n--x--")
    yield "2 MB To", b"To: " + b", ".join([b"a%d@example.com" % at for at in range(110_000)]) + b"\r\n\r\nhi\r\n"
    yield "2 MB To of names", b"To: " + b'"A, B" <a@example.com>,\r\n ' * 80_000 + b"\r\n\r\nhi\r\n"
    yield "2 MB of open brackets in To", b"To: " + b"<" * 2_000_000 + b"\r\n\r\nhi\r\n"
    yield "2 MB of comments in From", b"From: " + b"(" * 1_000_000 + b")" * 1_000_000 + b"\r\n\r\nhi\r\n"
    yield "unclosed quotes in From", b"From: " + b'"\\' * 100_000 + b"\r\n\r\nhi\r\n"
    yield "colons in From", (b"From: x@y" + b" :" * 15_900 + b"\r\n") * 8 + b"\r\nhi\r\n"
    yield "letters before a lonely at in From", (b"From: " + b"a" * 32_000 + b" @\r\n") * 8 + b"\r\nhi\r\n"
    yield "one From of brackets", b"From: <a@b>" + b'"()' * 10_000 + b"\r\n\r\nhi\r\n"
    yield (
        "huge References",
        b"References: " + b" ".join([b"<%d@example.com>" % at for at in range(100_000)]) + b"\r\n\r\nhi\r\n",
    )
    yield "References without brackets", b"References: " + b"a@b" * 100_000 + b"\r\n\r\nhi\r\n"
    yield "100,000 fields", b"X-A: b\r\n" * 100_000 + b"\r\nhi\r\n"
    yield "100,000 Received", b"Received: from a by b\r\n" * 100_000 + b"\r\nhi\r\n"
    yield "header of spaces", b"Subject:" + b" " * 1_000_000 + b"\r\n\r\nhi\r\n"
    yield "header of folds", b"Subject: a" + b"\r\n " * 300_000 + b"\r\n\r\nhi\r\n"
    yield "a line without end", b"a" * 5_000_000
    yield "no colon anywhere", b"abc\r\n" * 500_000
    yield "only CR", b"\r" * 1_000_000
    yield "only LF", b"\n" * 1_000_000
    yield "only NUL", b"\0" * 1_000_000
    yield "bare CR in header", (_TOP + b"X: a\rb\rc\r\n\r\nhi\r\n") * 20
    yield "NUL in header", _TOP + b"X-\0: \0\0\r\nSubject: \0a\0\r\n\r\nhi\0\r\n"
    yield "8-bit header", _TOP + b"Subject: \xd0\xcf\xd3\xd4 \xff\xfe" + b"\xe9" * 20_000 + b"\r\n\r\nhi\r\n"
    yield "no header at all", b"Dear team,\nmy account is gone.\n"
    yield "empty", b""
    yield "mbox From line", b"From ada@example.com Mon Nov  2 10:00:00 2026\n" + _TOP + b"\r\nhi\r\n"
    yield (
        "Authentication-Results of brackets",
        b"Authentication-Results: mx.example.test; " + b"(" * 30_000 + b"\r\n\r\nhi\r\n",
    )
    yield (
        "Authentication-Results of quotes",
        b'Authentication-Results: mx.example.test; a="' + b'\\"' * 15_000 + b"\r\n\r\nhi\r\n",
    )
    yield (
        "Authentication-Results of equals",
        b"Authentication-Results: mx.example.test; " + b"a=b=" * 8000 + b"\r\n\r\nhi\r\n",
    )
    yield (
        "Authentication-Results of adjoining words",
        (b"Authentication-Results: mx.example.test; a=" + b'""\\"' * 4000 + b"()b" * 4000 + b"\r\n") * 8
        + b"\r\nhi\r\n",
    )
    yield (
        "many Authentication-Results",
        b"Authentication-Results: mx.example.test; dkim=pass header.d=a.test\r\n" * 3000 + b"\r\nhi",
    )
    yield "subject of ticket openings", b"Subject: " + b"[ticket " * 3000 + b"##-" * 3000 + b"\r\n\r\nhi\r\n"
    yield "punycode domain", b"From: a@" + b"xn--" + b"a" * 20_000 + b".xn--99999999999.test\r\n\r\nhi\r\n"
    yield "date of brackets", b"Date: " + b"(" * 20_000 + b")" * 9000 + b"\r\n\r\nhi\r\n"
    yield "date of numbers", b"Date: 99999999999999999999 Nov 99999999999 99:99:99 +99999999\r\n\r\nhi\r\n"


def _structures() -> Iterator[tuple[str, bytes]]:
    yield "20,000 parts", _multipart(b"--x\r\n\r\na\r\n" * 20_000)
    yield "200,000 parts", _multipart(b"--x\r\n\r\na\r\n" * 200_000)
    yield "20,000 named parts", _multipart(b"--x\r\nContent-Type: image/png; name=a.png\r\n\r\na\r\n" * 20_000)
    yield "nested 100 deep", _nested(100)
    yield "nested 10,000 deep", _nested(10_000)
    yield "message in message", _TOP + b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"hi"
    yield "multipart in itself", _multipart(b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 20_000)
    yield "boundary never used", _multipart(b"--y\r\n" * 200_000)
    yield "boundary prefix everywhere", _multipart(b"--xy\r\n" * 200_000)
    yield "empty boundary", _TOP + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n' + b"--\r\n" * 100_000
    yield "part header of 100,000 fields", _multipart(b"--x\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\nhi")
    yield "parameters", _TOP + b"Content-Type: text/plain;" + b" a=b;" * 100_000 + b"\r\n\r\nhi"
    yield (
        "RFC 2231 pieces",
        _TOP + b"Content-Type: text/plain;" + b"".join([b" name*%d=b;" % at for at in range(50_000)]) + b"\r\n\r\nhi",
    )
    yield "base64 garbage", _TOP + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"@=A!" * 500_000
    yield "8 MB of base64", _TOP + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 2_000_000
    yield (
        "quoted-printable garbage",
        _TOP + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=Z=\r\n=" * 300_000,
    )
    yield "uuencode never ended", _TOP + b"\r\n" + b"begin 644 a\r\n" * 20_000 + b"M" * 60 + b"\r\n"
    yield "uuencode lines", _TOP + b"\r\nbegin 644 a\r\n" + (b"#86)C\r\n" * 60_000) + b"nothing\r\n"
    yield (
        "delivery status of 20,000 recipients",
        _multipart(
            b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"
            + b"Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n\r\n" * 20_000,
            b"report; report-type=delivery-status",
        ),
    )


def _texts() -> Iterator[tuple[str, bytes]]:
    yield "50,000 nested div", _html(b"<div>" * 50_000 + b"hello")
    yield "50,000 nested blockquote", _html(b"<blockquote>" * 50_000 + b"hello")
    yield "50,000 nested table", _html(b"<table><tr><td>" * 50_000 + b"hello")
    yield "50,000 unclosed spans with style", _html(b'<span style="display:none">' * 50_000 + b"hello")
    yield "attributes", _html(b"<p " + b"a=b " * 200_000 + b">hello</p>")
    yield "entities", _html(b"&#xD800;&#x110000;&nbsp;&lt" * 50_000)
    yield "unclosed comment", _html(b"<!--" * 200_000)
    yield "2 MB of quote marks", _TOP + b"\r\n" + b">" * 2_000_000
    yield "quotes of many depths", _TOP + b"\r\n" + b"".join([b">" * (at % 500) + b" a\r\n" for at in range(20_000)])
    yield "flowed", _TOP + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> a \r\n" * 200_000
    yield "attributions", _TOP + b"\r\n" + b"On Mon, Ada wrote:\r\n" * 50_000
    yield "half attributions", _TOP + b"\r\n" + b"On On On On\r\n" * 100_000
    yield "spaces", _TOP + b"\r\n" + b" " * 2_000_000 + b"x"
    yield "one long word", _TOP + b"\r\n" + b"w" * 2_000_000
    yield "at signs", _TOP + b"\r\n" + b"@" * 500_000
    yield "dashes", _TOP + b"\r\n" + b"-- \r\n" * 200_000
    yield "words of absence", _TOP + b"\r\n" + b"I am currently out of the " * 20_000
    yield "bounce words", b"From: mailer-daemon@example.test\r\nSubject: x\r\n\r\n" + b"delivered to to to " * 50_000
    yield "UTF-16 surrogates", _TOP + b"Content-Type: text/plain; charset=utf-16-le\r\n\r\n" + b"\x00\xd8" * 20_000
    yield (
        "ISO-2022-JP switches",
        _TOP + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B\x1b(B" * 100_000,
    )
    yield "UTF-7", _TOP + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+AGE-" * 100_000
    yield "zlib as a charset", _TOP + b"Content-Type: text/plain; charset=zlib\r\n\r\nhello"
    yield "random-looking bytes", _TOP + b"\r\n" + bytes(range(256)) * 4000
