"""Hostile HTML comes out harmless, whatever it tries; and in bounded time."""

import re
import time
from hashlib import sha256

import pytest

from postroom.understand.reader import read_bytes
from postroom.web import mailview


def mail(html: str, *, kind: str = "text/html") -> bytes:
    return (
        f"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{html}"
    ).encode()


HOSTILE = {
    "script": "<script>alert(1)</script>hello",
    "script-in-svg": "<svg><script>alert(1)</script></svg>hello",
    "svg-onload": "<svg onload=alert(1)>hello</svg>",
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "handler": "<p onclick=alert(1) onmouseover='alert(2)'>hello</p>",
    "img": "<img src=x onerror=alert(1)>",
    "remote-image": "<img src='https://tracker.example/pixel.gif?id=1' alt=logo>",
    "srcset": "<img srcset='https://tracker.example/a 2x' alt=logo>",
    "background": "<body background='https://tracker.example/x'><table background='https://tracker.example/y'><tr><td>hi",
    "css-url": '<p style="background-image:url(https://tracker.example/x)">hi</p>',
    "css-url-shorthand": '<p style="background:url(//tracker.example/x)">hi</p>',
    "css-import": "<style>@import url(https://tracker.example/x.css); p{color:red}</style><p>hi</p>",
    "css-fixed": "<div style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9'>cover</div>",
    "css-font": "<style>@font-face{font-family:x;src:url(https://tracker.example/x)}</style><p style='font-family:x'>hi</p>",
    "iframe": "<iframe src=https://evil.example></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>hi",
    "object": "<object data=https://evil.example></object><embed src=https://evil.example>hi",
    "meta": "<meta http-equiv=refresh content='0;url=https://evil.example'>hi",
    "base": "<base href='https://evil.example/'><a href=login>hi</a>",
    "link": "<link rel=stylesheet href=https://tracker.example/x.css><link rel=prefetch href=//tracker.example/y>hi",
    "form": "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "javascript": "<a href='javascript:alert(1)'>hi</a><a href='java\nscript:alert(1)'>hi</a><a href='&#106;avascript:alert(1)'>hi</a>",
    "data-link": "<a href='data:text/html,<script>alert(1)</script>'>hi</a>",
    "vbscript": "<a href='vbscript:msgbox(1)'>hi</a>",
    "video": "<video src=https://tracker.example/v poster=https://tracker.example/p></video><audio src=//tracker.example/a>",
    "comment": "<!--><script>alert(1)</script>--><!--[if mso]><script>alert(1)</script><![endif]-->hi",
    "noscript": "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "template": "<template><script>alert(1)</script></template>hi",
    "attribute": "<p title='\"><script>alert(1)</script>'>hi</p>",
    "link-trick": "<a href='https://x.example/ href=\"javascript:alert(1)'>hi</a>",
    "nested-clean": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "unclosed": "<img src='x' onerror='alert(1)' <p><a href='https://x.example",
    "ping": "<a href='https://x.example' ping='https://tracker.example' target=_top>hi</a>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_runs_is_fetched_or_leads_away(name: str) -> None:
    page = mailview.document(mail(HOSTILE[name])).partition("<body>")[2].lower()
    tags = re.findall(r"<\s*([a-z0-9]+)([^>]*)", page)
    assert not {tag for tag, _ in tags} & {
        "script", "iframe", "object", "embed", "form", "input", "button", "meta", "base", "link", "style", "svg", "math",
        "video", "audio", "template", "noscript", "body",
    }  # fmt: skip
    for _, attributes in tags:
        names = set(re.findall(r"\s([a-z-]+)=\"", attributes))
        assert names <= {"alt", "style", "title", "dir", "lang", "align", "width", "rel", "colspan"}, attributes
        assert "url(" not in attributes
        assert "position" not in attributes


def test_what_it_says_and_how_it_looks_stays() -> None:
    html = "<h1>Order</h1><p style='color:red;position:absolute'>late <b>again</b></p><a href='https://shop.example/1'>here</a>"
    page = mailview.harmless(html)
    assert page == (
        '<h1>Order</h1><p style="color:red">late <b>again</b></p><a title="https://shop.example/1">here</a>'
    )


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000 + "deep",
        "<b>" * 50_000,
        "<p>hi</p>" * 200_000,
        "x" * 5_000_000,
        "<a " + "x=1 " * 300_000 + ">hi</a>",
        "<" * 1_000_000,
        "&" * 1_000_000,
        "&" * 390_000,
        "\xa0" * 390_000,
        "&" * 40_000,
        "<table><tr><td>" * 200 + "<b><i><u>" * 80,
    ],
    ids=["div", "b", "many", "text", "attributes", "angles", "ampersands", "fewer", "spaces", "fewest", "tables"],
)
def test_html_beyond_measure_takes_no_time(html: str) -> None:
    began = time.process_time()
    page = mailview.document(mail(html))
    assert time.process_time() - began < 2.0
    assert page.endswith("</body></html>")
    assert len(page) < 8 * mailview.MAX_CHARS


@pytest.mark.parametrize(
    "html",
    [
        "<div>" + "".join(f"<font color={n}>" for n in range(240)) + "</div>" + "<div>x</div>" * 2000,
        "<div>" + "".join(f"<font color={n}></x>" for n in range(1000)) + "</div>" + "<div>x</div>" * 500,
        "<div><b style='" + "color:red;" * 2000 + "'></div>" + "<div>x</div>" * 2000,
    ],
    ids=["fonts", "bogus-ends", "long-style"],
)
def test_what_was_left_open_is_not_opened_again_in_every_block(html: str) -> None:
    assert len(mailview.document(mail(html))) < 4 * len(html)


def test_formatting_that_ends_where_it_should_is_kept_in_every_spelling() -> None:
    html = "<B>one</B> <font\ncolor='red'>two</font> <a href=https://x.example>three</a> <i>4<u>5</u></i> <blockquote>6</blockquote>"
    assert mailview.harmless(html) == (
        '<b>one</b> <font color="red">two</font> <a title="https://x.example">three</a> <i>4<u>5</u></i> <blockquote>6</blockquote>'
    )


@pytest.mark.parametrize("name", ["font", "B", "a", "nobr"])
def test_what_a_browser_opens_anew_in_each_paragraph_is_opened_once(name: str) -> None:
    """Else these 15 kB are a page of 12 MB and more, and 80 kB take more memory than a server has."""
    opened = "".join(f"<{name} color={number}>" for number in range(249))
    page = mailview.document(mail(f"<p>{opened}" + "<p>x" * 2000))
    assert len(page) < 50_000


def test_too_deep_or_too_large_is_not_shown_and_says_so() -> None:
    assert "read the plain text" in mailview.document(mail("<div>" * 300 + "x"))
    assert "read the plain text" not in mailview.document(mail("<p>x<li>y<td>z" * 300))


def test_the_page_is_served_where_it_can_do_nothing() -> None:
    policy = mailview.HEADERS["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "default-src 'none'" in policy
    assert "img-src" not in policy


def test_mail_without_html_says_so() -> None:
    assert not read_bytes(mail("hello", kind="text/plain")).has_html
    assert "no HTML" in mailview.document(mail("hello", kind="text/plain"))
    assert read_bytes(mail("<p>hello")).has_html


def with_attachment(name: str, content: bytes) -> bytes:
    return (
        b"From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: text/html; name=" + name.encode() + b"\r\n"
        b"Content-Disposition: attachment; filename=" + name.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n"
    )


def test_an_attachment_is_found_by_its_digest_and_never_shown() -> None:
    raw = with_attachment("page.html", b"<script>alert(1)</script>")
    content = b"<script>alert(1)</script>"
    assert mailview.content(raw, sha256(content).hexdigest()) == content
    assert mailview.content(raw, "0" * 64) is None
    assert not read_bytes(raw).has_html
    answer = mailview.download('pa"ge\r\nX: y\u202e.html', content)
    assert answer.media_type == "application/octet-stream"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"pa_ge__X_ y_.html\"; filename*=UTF-8''pa%22ge__X%3A%20y_.html"
    )
    assert "sandbox" in answer.headers["content-security-policy"]
    assert mailview.download("\ud800", b"").headers["content-disposition"].endswith("UTF-8''_")
    assert mailview.download("", b"").headers["content-disposition"].startswith('attachment; filename="file"')
