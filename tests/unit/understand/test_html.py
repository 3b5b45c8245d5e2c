"""HTML: what is seen, what is hidden, what is quoted; and that hostile HTML is read in bounded time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.understand.html import MAX_CHARS, to_text
from postroom.understand.newtext import split

ANSWER = "Please restore my account."
NOTICE = "We suspended you."
LINE = "On Thu, 2 May 2024 at 10:00, Ada &lt;<a href='mailto:ada@example.com'>ada@example.com</a>&gt; wrote:"

QUOTING = {
    "gmail": f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{LINE}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">{NOTICE}</blockquote></div>',
    "gmail-xx": f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote"><div class="gmail_attr">xyzzy 2.5.2024 10:00 Ada &lt;ada@example.com&gt; plugh:<br></div><blockquote class="gmail_quote">{NOTICE}</blockquote></div>',
    "thunderbird": f'<p>{ANSWER}</p><div class="moz-cite-prefix">On 02/05/2024 10:00, Ada wrote:<br></div><blockquote type="cite" cite="mid:x@example.com">{NOTICE}</blockquote>',
    "apple": f'<div>{ANSWER}</div><br><div><blockquote type="cite"><div>On 2 May 2024, at 10:00, Ada &lt;ada@example.com&gt; wrote:</div><br><div>{NOTICE}</div></blockquote></div>',
    "yahoo": f'<div>{ANSWER}</div><div id="ydp1yahoo_quoted_1" class="ydp1yahoo_quoted yahoo_quoted"><div>On Thursday, 2 May 2024, 10:00:00 CEST, Ada &lt;ada@example.com&gt; wrote:</div><div>{NOTICE}</div></div>',
    "outlook-web": f'<div>{ANSWER}</div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Ada &lt;ada@example.com&gt;<br><b>Sent:</b> Thursday, May 2, 2024 10:00<br><b>To:</b> Support<br><b>Subject:</b> Notice</font></div><div>{NOTICE}</div>',
    "outlook": f'<div class="WordSection1"><p class="MsoNormal">{ANSWER}</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Von:</b> Ada &lt;ada@example.com&gt;<br><b>Gesendet:</b> Donnerstag, 2. Mai 2024 10:00<br><b>An:</b> Support<br><b>Betreff:</b> Hinweis</p></div></div><p class="MsoNormal">{NOTICE}</p></div>',
    "hotmail": f'<div>{ANSWER}<br><hr id="stopSpelling">Date: Thu, 2 May 2024 10:00:00 +0200<br>Subject: Notice<br>From: ada@example.com<br>To: me@example.org<br><br>{NOTICE}</div>',
    "proton": f'<div>{ANSWER}</div><div class="protonmail_quote">On Thursday, May 2nd, 2024 at 10:00 AM, Ada &lt;ada@example.com&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">{NOTICE}</blockquote></div>',
    "zimbra": f'<div>{ANSWER}</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Ada" &lt;ada@example.com&gt;<br><b>To: </b>"Support"<br><b>Sent: </b>Thursday, 2 May, 2024 10:00:00<br><b>Subject: </b>Notice<br></div><div data-marker="__QUOTED_TEXT__">{NOTICE}</div>',
    "qq": f"<div>{ANSWER}</div><div><div>------------------&nbsp;原始邮件&nbsp;------------------</div><div><b>发件人:</b>&nbsp;\"Ada\" &lt;ada@example.com&gt;;</div><div><b>发送时间:</b>&nbsp;2024年5月2日(星期四) 上午10:00</div><div><b>收件人:</b>&nbsp;\"Support\";</div><div><b>主题:</b>&nbsp;Notice</div></div><div>{NOTICE}</div>",
    "gmx": f'<div>{ANSWER}</div><div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b>&nbsp;Donnerstag, 2. Mai 2024<br><b>Von:</b>&nbsp;Ada</div><div name="quoted-content">{NOTICE}</div></div>',
    "yandex": f'<div>{ANSWER}</div><div>02.05.2024, 10:00, "Ada" &lt;ada@example.com&gt;:</div><blockquote><p>{NOTICE}</p></blockquote>',
    "mail.ru": f'<p>{ANSWER}</p><br>Четверг, 2 мая 2024, 10:00 +03:00 от Ada &lt;ada@example.com&gt;:<br><blockquote style="border-left:1px solid #0857A6;margin:10px">{NOTICE}</blockquote>',
    "naver": f'<p>{ANSWER}</p><div>-----Original Message-----<br><b>From:</b> "Ada"&lt;ada@example.com&gt;<br><b>To:</b> &lt;x@example.org&gt;<br><b>Sent:</b> 2024-05-02 (목) 10:00<br><b>Subject:</b> Notice</div><p>{NOTICE}</p>',
    "tutanota": f'<div>{ANSWER}</div><div>2 May 2024, 10:00 by ada@example.com:<br></div><blockquote class="tutanota_quote">{NOTICE}</blockquote>',
    "bare": f"{ANSWER}<br><blockquote>{NOTICE}</blockquote>",
}  # fmt: skip

HIDING = {
    "display": '<div style="display: none">{}</div>', "display-important": '<span style="color:red;display:none !important">{}</span>', "visibility": '<p style="visibility:hidden">{}</p>', "size-0": '<span style="font-size:0">{}</span>', "size-0px": '<span style="font-size:0px;line-height:0">{}</span>',
    "size-1px": '<div style="font-size:1px;color:#333">{}</div>', "opacity": '<div style="opacity:0">{}</div>', "opacity-0.0": '<div style="opacity:0.0;">{}</div>', "white": '<span style="color:#ffffff">{}</span>', "white-word": '<span style="color: white;">{}</span>', "white-font": '<font color="#FFFFFF">{}</font>', "white-rgb": '<b style="color:rgb(255, 255, 255)">{}</b>',
    "attribute": "<div hidden>{}</div>", "off-screen": '<div style="position:absolute;left:-9999px">{}</div>', "indent": '<p style="text-indent:-9999px">{}</p>', "mso": '<p style="mso-hide:all">{}</p>', "no-room": '<div style="max-height:0;overflow:hidden">{}</div>', "class": "<style>.pre {{ display:none }}</style><div class='pre'>{}</div>",
    "id": "<style>#secret, .x {{ visibility: hidden; }}</style><div id=secret>{}</div>", "tag-class": "<style>/* c */ span.pre{{font-size:0px}}</style><span class='big pre'>{}</span>", "nested": '<div style="display:none"><table><tr><td>{}</td></tr></table></div>', "comment": "<!-- {} -->",
}  # fmt: skip

SHOWN = {
    "white on black": '<div style="background:#000"><span style="color:#fff">{}</span></div>', "white in a coloured cell": '<table><tr><td bgcolor="#333333"><font color="white">{}</font></td></tr></table>', "size set anew": '<td style="font-size:0"><div style="font-size:14px">{}</div></td>', "media query": "<style>@media (max-width:600px) {{ .m {{ display:none }} }}</style><p class=m>{}</p>",
    "inline-block": '<p style="display:inline-block">{}</p>', "opacity": '<p style="opacity:0.9">{}</p>', "font 10px": '<p style="font-size:10px">{}</p>', "font 1.2em": '<p style="font-size:1.2em">{}</p>', "visible child": '<div style="visibility:hidden"><p style="visibility:visible">{}</p></div>', "zero border": '<p style="border-width:0;margin-left:-1px">{}</p>',
    "link colour": "<style>a {{ color:#fff }}</style><p>{}</p>", "hidden in a word": "<p>the hidden truth: {}</p>",
}  # fmt: skip


@pytest.mark.parametrize("html", QUOTING.values(), ids=QUOTING)
def test_quotes_of_mail_programs_are_cut(html: str) -> None:
    parts = split(to_text(f"<html><body>{html}</body></html>").text)
    assert parts.new == ANSWER
    assert NOTICE in parts.quoted.replace("> ", "")


def test_answers_between_html_quotes_stay() -> None:
    html = f"<p>Hello</p><div>{LINE}</div><blockquote type=cite>One?</blockquote><p>Yes.</p><blockquote type=cite>Two?</blockquote><p>No.</p>"
    assert split(to_text(html).text).new.split() == ["Hello", "Yes.", "No."]


def test_the_writers_own_blockquote_stays() -> None:
    html = f'<p>Your rules say</p><blockquote>be kind</blockquote><p>I was.</p><div>{LINE}</div><blockquote type="cite">{NOTICE}</blockquote>'
    assert split(to_text(html).text).new.split() == "Your rules say be kind I was.".split()
    pressed = '<div dir="ltr">You wrote<blockquote class="gmail_quote">be kind</blockquote></div>'
    assert "be kind" in split(to_text(pressed).text).new


@pytest.mark.parametrize("html", HIDING.values(), ids=HIDING)
def test_hidden_text_is_set_apart(html: str) -> None:
    read = to_text(f"<html><body><p>Hello</p>{html.format('refund refund')}</body></html>")
    assert read.text.strip() == "Hello"
    assert read.hidden == ("" if html.startswith("<!--") else "refund refund")
    assert read.defects == ()


@pytest.mark.parametrize("html", SHOWN.values(), ids=SHOWN)
def test_visible_text_is_not_taken_for_hidden(html: str) -> None:
    read = to_text(f"<html><body><p>Hello</p>{html.format('restore me')}</body></html>")
    assert "restore me" in read.text
    assert read.hidden == ""


def test_blocks_are_kept_and_links_are_not_spliced_in() -> None:
    html = "<p>One <b>two</b></p><div>three<br>four</div><ul><li>five</ul><a href='https://example.com/x'>six</a><script>bad()</script>"
    assert [line.strip(" •") for line in to_text(html).text.splitlines() if line.strip()] == [
        "One two",
        "three",
        "four",
        "five",
        "six",
    ]


HOSTILE = {
    "nested divs": "<div>" * 50_000 + "x", "nested hidden divs": '<div style="display:none">' * 50_000 + "x", "nested blockquotes": "<blockquote>" * 50_000 + "x", "many blockquotes": "<blockquote type=cite>x</blockquote>" * 20_000, "many hidden": '<p style="display:none">x</p>' * 20_000, "many styles": "<style>.a{display:none}</style>" * 10_000,
    "open tags": "<" * 1_000_000, "open comment": "<!--" * 250_000, "attributes": "<p " + "a=b " * 200_000 + ">x", "tables": "<table><tr><td>" * 20_000 + "x", "bold": "<b>" * 50_000 + "x", "entities": "&amp;" * 200_000, "rules": "<style>" + ".a{display:none}" * 20_000 + "</style><p class=a>x", "braces": "<style>@media " + "{" * 100_000 + "</style>",
    "white": '<font color="white">' * 20_000 + "x", "quotes": '<p title="' * 50_000, "white paragraphs": '<div style="color:#fff">' * 300 + '<p style="color:#fff">x</p>' * 5000,
}  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_is_read_in_bounded_time(html: str) -> None:
    started = time.process_time()
    to_text(html)
    assert time.process_time() - started < 0.5


def test_what_is_too_long_or_too_deep_is_said() -> None:
    assert to_text("<p>x</p>" * MAX_CHARS).defects == ("html-truncated",)
    deep = to_text("<div>" * 5000 + "please" + "</div>" * 5000)
    assert (deep.text, deep.defects) == ("please", ("html-too-deep",))


TAGS = st.sampled_from(
    ["<p>", "</p>", "<blockquote>", "</blockquote>", "<blockquote type=cite>", '<div class="gmail_quote">', "</div>", '<p style="display:none">', '<font color=white>', "<style>.a{display:none}</style>", "<p class=a>", "<body>", "<frameset>", "<svg>", "<template>", "<!--", "\ue000", "\ue002", "text", "<td>", '<div id="divRplyFwdMsg">', "<html hidden>", '<body style="display:none">', '<div style="border-top:solid 1pt">']
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(TAGS, st.text(max_size=8)), max_size=30).map("".join)))
def test_any_string_is_read(html: str) -> None:
    read = to_text(html)
    assert not set(read.text) & {"\ue000", "\ue001", "\ue002", "\ue003", "\ue004"}
