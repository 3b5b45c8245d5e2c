"""HTML: what is seen, what is hidden, what is quoted; and that hostile HTML is read in bounded time."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from resiliparse.extract.html2text import extract_plain_text

from postroom.understand import html, html_quotes, html_scan
from postroom.understand.html import MAX_CHARS, to_text
from postroom.understand.newtext import split
from tests.unit.understand import pace

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
    "near white": '<p style="color:#fdfdfd">{}</p>', "black on black": '<div style="background:#000"><p style="color:#010101">{}</p></div>', "white, with a class": '<div class="x"><p class="y" style="color:white">{}</p></div>', "hsl": '<p style="color:hsl(0,0%,100%)">{}</p>', "transparent": '<p style="color:transparent">{}</p>', "alpha": '<p style="background:red;color:rgba(9,9,9,0.01)">{}</p>',
    "white by a class": "<style>.w{{color:#fff}}</style><p class=w>{}</p>", "below a class": "<style>.out .in{{display:none}}</style><div class=out><p><b class=in>{}</b></p></div>", "@media all": "<style>@media all{{.m{{display:none}}}}</style><p class=m>{}</p>", "css comment": '<p style="display:/**/none">{}</p>', "css escape": '<p style="display:n\\6f ne">{}</p>', "entities": '<p style="display&#58;none">{}</p>',
    "em of nothing": '<div style="font-size:0"><p style="font-size:2em">{}</p></div>', "font shorthand": '<p style="font:0px/0 Arial">{}</p>', "template": "<template>{}</template>", "wrong end tags": '<div style="display:none"></span></p></x>{}</div>', "end tag in an attribute": '<div style="display:none"><p title="</div>">{}</p></div>', "end tag in a comment": '<div style="display:none"><!-- </div> -->{}</div>',
    "end tag behind a table": '<div style="display:none"><table><tr><td></div>{}</td></tr></table></div>', "formatting goes on": "<p><font color=white></p><p>{}</p></font>", "block in formatting": '<b><div style="display:none"></b>{}</div>', "quote in an attribute": """<div a'="'" style="display:none">{}</div>""", "deep": "<div>" * 3000 + '<p style="display:none">{}</p>', "late": '<p style="display:none"></p>' * 300 + '<p style="display:none">{}</p>',
    "body": '<div style="display:none"></body></html>{}</div>',
    "attribute": "<div hidden>{}</div>", "off-screen": '<div style="position:absolute;left:-9999px">{}</div>', "indent": '<p style="text-indent:-9999px">{}</p>', "mso": '<p style="mso-hide:all">{}</p>', "no-room": '<div style="max-height:0;overflow:hidden">{}</div>', "class": "<style>.pre {{ display:none }}</style><div class='pre'>{}</div>",
    "id": "<style>#secret, .x {{ visibility: hidden; }}</style><div id=secret>{}</div>", "tag-class": "<style>/* c */ span.pre{{font-size:0px}}</style><span class='big pre'>{}</span>", "nested": '<div style="display:none"><table><tr><td>{}</td></tr></table></div>', "comment": "<!-- {} -->",
}  # fmt: skip

HIDING |= {
    "important in a sheet": "<style>.h{{display:none!important}}</style><div class=h style='display:block'>{}</div>", "later rule": "<style>.a{{display:block}}.h{{display:none}}</style><p class='h a'>{}</p>", "id over class": "<style>#h{{display:none}}.a{{display:block}}</style><p class=a id=h>{}</p>", "other case": "<style>.H{{display:none}}</style><p class=h>{}</p>", "many classes": "<style>.h{{display:none}}</style><p class='" + " ".join(f"c{n}" for n in range(30)) + " h'>{}</p>",
    "escaped class": "<style>.\\68 {{display:none}}</style><p class=h>{}</p>", "escaped letter": r"<p style='di\splay:none'>{}</p>", "class beyond ASCII": "<style>.ä{{display:none}}</style><p class=ä>{}</p>", "comments in a sheet": "<style>.h{{display/**/:/**/none}}</style><p class=h>{}</p>",
    "wide screens": "<style>@media screen and (min-width:1px){{.h{{display:none}}}}</style><p class=h>{}</p>", "width in em": "<style>@media only screen and (min-width: 40em) and (max-width:9999px){{.h{{display:none}}}}</style><p class=h>{}</p>", "range": "<style>@media (width>=1px){{.h{{display:none}}}}</style><p class=h>{}</p>", "one of two queries": "<style>@media print,screen{{.h{{display:none}}}}</style><p class=h>{}</p>", "media of a sheet": "<style media='screen, print'>.h{{display:none}}</style><p class=h>{}</p>",
    "supports": "<style>@supports (display:none) and (color: red){{.h{{display:none}}}}</style><p class=h>{}</p>", "layer": "<style>@layer a;@layer a.b{{.h{{display:none}}}}</style><p class=h>{}</p>", "nested rule": "<style>body{{color:#111;.h{{display:none}}}}</style><p class=h>{}</p>", "nested with &": "<style>p{{&.h{{display:none}}}}</style><p class=h>{}</p>", "nested condition": "<style>.h{{@media all{{display:none}}}}</style><p class=h>{}</p>",
    "rule left open": "<style>.h{{display:none</style><p class=h>{}</p>", "sheet left open": "<style>@media print{{</style><style>.h{{display:none}}</style><p class=h>{}</p>", "brace in a string": "<style>.x{{content:'{{'}}.h{{display:none}}</style><p class=h>{}</p>", "brace in an address": "<style>.x{{background:url({{)}}.h{{display:none}}</style><p class=h>{}</p>", "escaped quote": r"<style>.x\'{{}}.h{{display:none}}.y\'{{}}</style><p class=h>{}</p>",
    "variable": "<div style='--x:none;display:var(--x)'>{}</div>", "variable visibility": "<div style='--x:hidden;visibility:var(--x)'>{}</div>", "nonsense after": "<p style='display:none;display:x'>{}</p>", "filter": "<div style='filter:blur(0) opacity(0)'>{}</div>", "share of opacity": "<div style='opacity:1%'>{}</div>", "zoom": "<div style='zoom:.01'>{}</div>", "scale": "<div style='scale:0'>{}</div>", "content-visibility": "<div style='content-visibility:hidden'>{}</div>", "size with exponent": "<p style='font-size:1e-9px'>{}</p>",
    "details": "<details>{}</details>", "details, styled": "<details style='display:block'>{}</details>", "second summary": "<details><summary></summary><summary>{}</summary></details>", "summary deeper": "<details><div><summary>{}</summary></div></details>", "summary in hidden": "<details hidden><summary>{}</summary></details>", "details in details": "<details><details><summary>{}</summary></details></details>", "dialog": "<dialog>{}</dialog>",
    "canvas": "<canvas>{}</canvas>", "meter": "<meter>{}</meter>", "ruby": "<ruby><rp>{}</rp></ruby>", "noframes": "<noframes>{}</noframes>", "noembed": "<noembed>{}</noembed>", "annotation": "<math><semantics><annotation>{}</annotation></semantics></math>", "marquee": "<marquee style='height:0'>{}</marquee>",
}  # fmt: skip

SHOWN = {
    "white on black": '<div style="background:#000"><span style="color:#fff">{}</span></div>', "white in a coloured cell": '<table><tr><td bgcolor="#333333"><font color="white">{}</font></td></tr></table>', "size set anew": '<td style="font-size:0"><div style="font-size:14px">{}</div></td>', "media query": "<style>@media (max-width:600px) {{ .m {{ display:none }} }}</style><p class=m>{}</p>",
    "inline-block": '<p style="display:inline-block">{}</p>', "opacity": '<p style="opacity:0.9">{}</p>', "font 10px": '<p style="font-size:10px">{}</p>', "font 1.2em": '<p style="font-size:1.2em">{}</p>', "visible child": '<div style="visibility:hidden"><p style="visibility:visible">{}</p></div>', "zero border": '<p style="border-width:0;margin-left:-1px">{}</p>',
    "painted by a class": "<style>.dark td{{background:#123}} .x{{background-image:url(a)}}</style><p class=x style='color:white'>{}</p>", "rem in nothing": '<td style="font-size:0"><p style="font-size:1rem">{}</p></td>', "link in white": '<span style="color:#fff"><a href="https://example.com">{}</a></span>', "white on a picture": '<td background="a.png"><b style="color:#fff">{}</b></td>', "after a hidden paragraph": '<p style="display:none">&nbsp;<div>{}</div>',
    "after a hidden item": '<ul><li style="display:none">&nbsp;<li>{}</ul>', "after a hidden cell": '<table><tr><td style="display:none">&nbsp;<td>{}</table>', "important": '<p style="display:block !important;display:none">{}</p>', "shown again": "<p hidden style='display:block'>{}</p>", "wide but flat": '<p style="max-width:0;overflow:visible">{}</p>', "less than": "<p style='color:white'>&nbsp;</p><p>1 < 2 and {}</p>", "table of zero width": '<table width="0" style="width:100%"><tr><td>{}</td></tr></table>',
    "summary": "<details><summary>{}</summary>&nbsp;</details>", "summary of a hidden one": "<div><details style='color:red'>&nbsp;<summary><b>{}</b></summary></details></div>", "open details": "<details open><summary>&nbsp;</summary>{}</details>", "open dialog": "<dialog open>{}</dialog>", "shown dialog": "<dialog style='display:block'>{}</dialog>", "zoom of nothing": "<p style='zoom:0'>{}</p>", "zoom": "<p style='zoom:1;scale:1;filter:opacity(.9)'>{}</p>",
    "for paper": "<style media=print>.h{{display:none}}</style><p class=h>{}</p>", "for phones": "<style media='only screen and (max-width:600px)'>.h{{display:none}}</style><p class=h>{}</p>", "in the dark": "<style>@media (prefers-color-scheme: dark){{.h{{display:none!important}}}}</style><p class=h>{}</p>", "one program": "<style>@supports (-webkit-touch-callout:none){{.h{{display:none}}}}</style><p class=h>{}</p>", "not on a desk": "<style>@media screen and (min-width:601px) and (max-width:1024px){{.h{{display:none}}}}</style><p class=h>{}</p>", "keyframes": "<style>@keyframes a{{from{{opacity:0}}}}</style><p>{}</p>",
    "beside": "<style>p+div{{display:none}}</style><div>{}</div>", "inside the nested rule's": "<style>.a{{color:#111;.h{{display:none}}}}</style><p class=a>{}</p>", "important inline": "<style>.h{{display:none!important}}</style><p class=h style='display:block!important'>{}</p>", "stronger rule": "<style>p.h{{display:block}}.h{{display:none}}</style><p class=h>{}</p>", "in a long table": "<style>.t td{{background:#fff}}</style><table class=t>" + "<tr><td>&nbsp;</td></tr>" * 1500 + "<tr><td>{}</td></tr></table>",
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
    assert split(to_text(html).text).new.split() == ["Your", "rules", "say", "be", "kind", "I", "was."]
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


def test_choices_of_a_form_are_nobodys_words() -> None:
    read = to_text("<p>Hello</p><select name=a><option>refund<option>appeal</select><p hidden>x</p><p>you</p>")
    assert (read.text.split(), read.hidden) == (["Hello", "you"], "x")


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


HOSTILE |= {
    "end tags in attributes": '<div title="></div></div></div>">' * 10_000, "attributes of all names": "<p " + " ".join(f"a{n}='>'" for n in range(35_000)) + ">x", "attributes of many bodies": "".join(f"<body a{n}=1>" for n in range(25_000)), "formatting": "<p>" + "".join(f"<font a={n}>" for n in range(300)) + "</p>" + "<p>x</p>" * 5000, "links in bold": "<a><b>" * 30_000,
    "many styles of one element": "<style>" + "".join(f"td{{left:{n}px}}" for n in range(12_000)) + "</style>" + "".join(f"<td id=a{n}>" for n in range(10_000)), "rules in rules": "<style>.a .b{color:red}" + "td{left:1px}" * 100 + "</style>" + "<td class=b>" * 20_000, "open rules": "<style>{" + "@a" * 190_000, "endless selector": "<style>{" + "a" * 390_000, "one selector often": "<style>" + ",".join([".a"] * 100_000) + "{display:none}</style>",
    "styles": "".join(f'<p style="color:#fff;left:{n}px">x</p>' for n in range(12_000)), "own blockquotes": "<p>On 1 May 2024 at 10:00 Ada wrote:</p><blockquote>x</blockquote>" * 6000, "end tags of one": "<x><table>" + "<div>" * 20_000 + "</x>" * 30_000, "marks": "\ue000" * 400_000, "cells": "<table>" + "<tr><td>x" * 40_000, "items": "<li>x" * 70_000, "scripts": "<script>" * 50_000, "entities unseen": "<font color=white>" + "&amp;" * 70_000,
}  # fmt: skip


HOSTILE |= {
    "one long name": "<" + "a" * 100_000, "digits": f'<p style="font:{"0" * 100_000}">x', "digits and a letter": f'<p style="font-size:0{"0" * 100_000}x">x', "blocks": f'<p style="display:none;display:{"block" * 20_000}\n">x', "rules in rules in rules": "<style>" + "display:none{" * 30_000, "selectors": "<style>" + ",".join(f".a{n} .b" for n in range(30_000)) + "{display:none}</style><p class=b>x", "strings": "<style>" + "''" * 190_000 + "{display:none}", "conditions": "<style>" + "@media (min-width:1px) and (b){a{display:none}}" * 8000, "sheets": "<style media='(min-width:1px)'>a{display:none}</style>" * 8000,
    "asked anew": "<style>" + "".join(f".x{n} p{{background:#fff}}" for n in range(20)) + "</style>" + f"<div class='{' '.join(f'x{n}' for n in range(20))}'>" * 60 + "<i><p></p></i>" * 4800, "summaries": "<details>" + "<summary>x</summary>" * 20_000, "details": "<details><summary>x" * 20_000, "classes": "<style>" + "".join(f".x{n}{{background:#fff}}" for n in range(2900)) + "</style>" + f"<p class='{' '.join(f'x{n}' for n in range(2900))}'>" * 15,
}  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_is_read_in_bounded_time(html: str) -> None:
    # as long as four times the ordinary text is at the usual size of these
    assert pace.within(12, lambda: to_text(pace.HTML), lambda: to_text(html))


def test_what_is_too_long_is_said() -> None:
    assert to_text("<p>x</p>" * MAX_CHARS).defects == ("html-truncated",)
    assert to_text("<p>x" * (html_scan.MAX_TAGS + 1)).defects == ("html-truncated",)


def test_depth_changes_nothing() -> None:
    deep = to_text("<div>" * 5000 + "please" + "</div>" * 5000 + '<p style="display:none">refund</p>')
    assert (deep.text, deep.hidden, deep.defects) == ("please", "refund", ())


def test_lists_are_indented_so_far_and_no_further() -> None:
    read = to_text("<ul><li>a" * 300 + "</ul>" * 300 + "<ul><li>b</ul>c")
    lines = [line for line in read.text.split("\n") if line.strip()]
    depths = [len(line) - len(line.lstrip()) for line in lines]
    assert depths[: html_scan.MAX_LISTS] == sorted(set(depths[: html_scan.MAX_LISTS]))
    assert max(depths) == depths[html_scan.MAX_LISTS] == depths[299]
    assert [line.strip(" •") for line in lines[300:]] == ["b", "c"]
    assert depths[300:] == [depths[0], 0]


LISTS = st.sampled_from(["a", "<ul>", "<ol>", "<menu>", "<dir>", "</ul>", "</ol>", "<li>", "</li>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<p>", "</p>", "<b>", "<caption>", "<select>", "<blockquote>"])  # fmt: skip


@example(["<ul>", "</ul>"], 40)
@example(["<ul>", "a", "<tr>", "<select>"], 40)
@given(st.lists(LISTS, min_size=2, max_size=20), st.integers(20, 60))
def test_no_nesting_of_lists_indents_further(tags: list[str], times: int) -> None:
    read = html_scan.scan("".join(tags) * times + "<br>a", hides=False)
    text = str(extract_plain_text(read.html))
    assert max(len(line) - len(line.lstrip()) for line in text.split("\n")) <= 2 * html_scan.MAX_LISTS + 8


def test_one_of_many_parts_says_the_same() -> None:
    for page in (*QUOTING.values(), *SHOWN.values()):
        assert to_text(page, among_many=True).text.split() == to_text(page).text.split()


def test_style_sheets_beyond_measure_hide_what_they_may_hide() -> None:
    rules = "".join(f".a{n}{{display:none}}" for n in range(5000))
    read = to_text(f"<style>{rules}</style><p>seen</p><p class=a4999>unsure</p>")
    assert (read.text.strip(), read.hidden, read.defects) == ("seen", "unsure", ("html-styles",))


TAGS = st.sampled_from(
    ["<p>", "</p>", "<blockquote>", "</blockquote>", "<blockquote type=cite>", '<div class="gmail_quote">', "</div>", '<p style="display:none">', '<font color=white>', "<style>.a{display:none}</style>", "<p class=a>", "<body>", "<frameset>", "<svg>", "<template>", "<!--", "\ue000", "\ue002", "text", "<td>", '<div id="divRplyFwdMsg">', "<html hidden>", '<body style="display:none">', '<div style="border-top:solid 1pt">']
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(TAGS, st.text(max_size=8)), max_size=30).map("".join)))
def test_any_string_is_read(html: str) -> None:
    read = to_text(html)
    assert not set(read.text) & {"\ue000", "\ue001", "\ue002", "\ue003", "\ue004"}


def test_a_line_that_a_program_drew_inside_a_quote_is_not_drawn_again() -> None:
    def marked(inner: str) -> str:
        return html_quotes.prefixed(inner.replace("[", html_quotes.OPEN).replace("]", html_quotes.CLOSE))

    assert marked(f"words\n{html_quotes.RULE}\nmore") == "words\n" + "_" * 32 + "\nmore"
    assert marked(f"words\n[\nold\n{html_quotes.RULE}\nolder\n]") == "words\n> old\n> older"


def test_the_end_of_a_quote_that_never_began_is_passed_over() -> None:
    assert html_quotes.prefixed(f"words{html_quotes.CLOSE}more\nand more") == "words\nmore\nand more"


def test_a_document_that_the_library_refuses_is_shown_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_more: object) -> str:
        raise RuntimeError("bad tree")

    monkeypatch.setattr(html, "extract_plain_text", refuse)
    read = to_text("<p>Fish &amp; chips</p>")
    assert (read.text, read.defects) == ("<p>Fish & chips</p>", ("html-unreadable",))


def test_tags_in_verbatim_text_are_words() -> None:
    read = to_text("<blockquote>old</blockquote><p>new</p><xmp>if a <b then</xmp><textarea>x <i>y</i></textarea>")
    assert read.text.splitlines()[-1].startswith("if a <b then")


def test_a_quoting_element_that_ends_inside_a_block_ends_its_quote() -> None:
    read = to_text(f"<p>{ANSWER}</p><span class='yahoo_quoted'>{NOTICE}<div></span>later</div><p>last</p>")
    assert read.text == f"{ANSWER}\n\n>\n> {NOTICE}\n>\n\nlater\n\nlast"


def test_of_very_many_attributes_the_first_count() -> None:
    many = " ".join(f"data-{n}='{n}'" for n in range(300))
    late, early = f"<div {many} style='display:none'>seen</div>", f"<div style='display:none' {many}>hidden</div>"
    assert to_text(late).text == "seen"
    assert to_text(early).text == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><br><br><br><br><br><br><br><p>two</p>", "one\n\n\ntwo"),
        ("<blockquote type=cite>old</blockquote><p>one<hr>two</p>", "one\n\ntwo"),
        ("<blockquote type=cite>old</blockquote>one</br>two", "one\ntwo"),
    ],
    ids=["many-blanks", "line", "break-that-ends"],
)
def test_what_parts_lines(source: str, text: str) -> None:
    assert to_text(source).text.endswith(text)


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;clip:rect(0,0,0,0)", "clip:rect(1px 1px 1px 1px)", "clip-path:inset(50%)", "transform:scale(0)", "color:#fff0", "color:#12345600", "color:#1230", "color:#ffffffff", "color:#ffff", "color:rgba(1,2,3,0)", "color:#fff;background:rgba(0,0,0,0)", "color:hsl(1,2%,99%)", "color:rgb(100%,100%,100%)",
        "clip-path:circle(0)", "clip-path:ellipse(0 0 at 50% 50%)", "clip-path:polygon(0 0,0 0,0 0)", "transform:translateX(-2000px)", "transform:translate(0, 3000px)", "transform:translate3d(0,-1000px,0)", "translate:5000px", "transform:rotateY(90deg)", "rotate:x 90deg", "left:9999px;position:absolute", "left:200vw;position:absolute", "top:100vh;position:absolute", "letter-spacing:-20px", "letter-spacing:-1em", "filter:blur(30px)", "-webkit-text-fill-color:transparent", "color:hwb(0 100% 0%)", "color:lab(99% 0 0)", "color:oklch(1 0 0)", "color:oklab(98% 0 0)", "color:canvas", "color:tomato;background:tomato", "background-color:lab(50% 40 59);color:lab(50% 40 59)",
    ],
)  # fmt: skip
def test_what_is_cut_away_or_clear_is_hidden(style: str) -> None:
    read = to_text(f"<p>seen</p><div style='{style}'>secret</div>")
    assert (read.text.strip(), read.hidden.strip()) == ("seen", "secret")


@pytest.mark.parametrize(
    "style",
    [
        "clip:rect(0,100px,100px,0)", "clip-path:inset(10%)", "transform:scale(1)", "color:#1238", "color:#123456ff", "color:#12_456", "color:#12345", "color:hsl(1,2%,50%)", "color:hsl(1,2%,2%)", "color:rgb(1)", "color:#fff;background:linear-gradient(red,blue)", "color:#fff;background-image:url(a.png)", "color:#fff;background:#123",
        "clip-path:circle(40%)", "clip-path:polygon(0 0,0 100%,100% 100%)", "clip-path:url(#a)", "transform:translate(-50%,-50%)", "translate:20px", "transform:rotate(90deg)", "rotate:90deg", "transform:rotateY(10deg)", "left:500px;position:absolute", "left:50vw;position:absolute", "letter-spacing:-1px", "letter-spacing:-.02em", "filter:blur(1px)", "-webkit-text-fill-color:red", "color:hwb(0 10% 0%)", "color:hwb(0)", "color:lab(29% 39 20)", "color:oklch(.6 .2 20)", "color:tomato;background:bisque", "color:none;background:none",
    ],
)  # fmt: skip
def test_what_is_little_changed_is_seen(style: str) -> None:
    read = to_text(f"<p>seen</p><div style='{style}'>this too</div>")
    assert (read.text.split(), read.hidden) == (["seen", "this", "too"], "")


@pytest.mark.parametrize("at", ["@bogus{", "@{", "@font-face{"])
def test_rules_inside_what_no_program_knows_do_not_count(at: str) -> None:
    read = to_text(f"<style>{at}.h{{display:none}}}}</style><p class=h>seen</p>")
    assert (read.text.strip(), read.hidden) == ("seen", "")


def test_two_rules_that_ask_what_is_around_ask_once() -> None:
    rules = ".a .h{color:#111} .b .h{display:none} .c .h{display:block}"
    read = to_text(
        f"<style>{rules}</style><div class=a><div class=b><p class=h>secret</p><p class=h>too</p></div></div>"
    )
    assert (read.text.strip(), read.hidden.split()) == ("", ["secret", "too"])
