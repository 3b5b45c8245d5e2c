"""Hidden text. Goal: what a reader does not see steers to a desk, or keeps what he does see from it."""

import pytest

from tests.attacks.attacker import DEMANDS, IDLE, SHORT, judged, judged_raw

WAYS = {
    "comment": "<p>{seen}</p><!-- {hidden} -->",
    "title": "<html><head><title>{hidden}</title></head><body><p>{seen}</p></body></html>",
    "meta": '<html><head><meta name=description content="{hidden}"></head><body><p>{seen}</p></body></html>',
    "preheader": '<span style="display:none!important;mso-hide:all;visibility:hidden;opacity:0;color:transparent;height:0;width:0">{hidden}</span><p>{seen}</p>',
    "invisible": '<p>{seen}</p><p style="visibility:hidden">{hidden}</p>',
    "faint": '<p>{seen}</p><p style="opacity:0.01">{hidden}</p>',
    "filtered": '<p>{seen}</p><p style="filter:opacity(0)">{hidden}</p>',
    "blurred": '<p>{seen}</p><p style="filter:blur(40px)">{hidden}</p>',
    "tiny": '<p>{seen}</p><font style="font-size:1px;line-height:1px">{hidden}</font>',
    "tiny in tiny": '<p>{seen}</p><div style="font-size:0"><div style="font-size:1em">{hidden}</div></div>',
    "zoomed away": '<p>{seen}</p><div style="zoom:0.01">{hidden}</div>',
    "white": '<p>{seen}</p><font color="#ffffff">{hidden}</font>',
    "nearly white": '<p>{seen}</p><font color="#fdfdfd">{hidden}</font>',
    "black on black": '<body bgcolor=black><font color=white>{seen}</font><p><font color="#010101">{hidden}</font></p></body>',
    "white in a table": '<table bgcolor="#fff"><tr><td>{seen}</td></tr><tr><td style="color:hsl(0,0%,100%)">{hidden}</td></tr></table>',
    "white by hwb": '<p>{seen}</p><p style="color:hwb(0 100% 0%)">{hidden}</p>',
    "white by lab": '<p>{seen}</p><p style="color:lab(100% 0 0)">{hidden}</p>',
    "white by oklch": '<p>{seen}</p><p style="color:oklch(1 0 0)">{hidden}</p>',
    "white by the system": '<p>{seen}</p><p style="color:Canvas">{hidden}</p>',
    "its ground's colour": '<p>{seen}</p><p style="background:tomato;color:tomato">{hidden}</p>',
    "filled with nothing": '<p>{seen}</p><p style="-webkit-text-fill-color:transparent">{hidden}</p>',
    "clear": '<p>{seen}</p><p style="color:#00000000">{hidden}</p>',
    "off to the left": '<p>{seen}</p><div style="position:absolute;left:-9999px">{hidden}</div>',
    "off to the right": '<p>{seen}</p><div style="position:absolute;left:9999px">{hidden}</div>',
    "off below": '<p>{seen}</p><div style="position:absolute;top:200vh">{hidden}</div>',
    "indented": '<p>{seen}</p><div style="text-indent:-9999px">{hidden}</div>',
    "moved": '<p>{seen}</p><div style="transform:translateX(-9999px)">{hidden}</div>',
    "moved by itself": '<p>{seen}</p><div style="translate:-9999px">{hidden}</div>',
    "on edge": '<p>{seen}</p><div style="transform:rotateY(90deg)">{hidden}</div>',
    "scaled": '<p>{seen}</p><div style="transform:scale(0)">{hidden}</div>',
    "clipped": '<p>{seen}</p><div style="position:absolute;clip:rect(0,0,0,0)">{hidden}</div>',
    "clipped to a point": '<p>{seen}</p><div style="clip-path:circle(0)">{hidden}</div>',
    "clipped to a line": '<p>{seen}</p><div style="clip-path:polygon(0 0,0 0,0 0)">{hidden}</div>',
    "cut": '<p>{seen}</p><div style="max-height:0px;overflow:hidden">{hidden}</div>',
    "letters on letters": '<p>{seen}</p><div style="letter-spacing:-99px">{hidden}</div>',
    "by class": "<style>.x{{display:none}}</style><p>{seen}</p><div class=x>{hidden}</div>",
    "by id": "<style>#x{{display:none}}</style><p>{seen}</p><div id=x>{hidden}</div>",
    "by element": "<style>section{{display:none}}</style><p>{seen}</p><section>{hidden}</section>",
    "by medium": "<style>@media screen{{.x{{display:none}}}}</style><p>{seen}</p><div class=x>{hidden}</div>",
    "by variable": '<style>:root{{--d:none}}</style><p>{seen}</p><div style="display:var(--d)">{hidden}</div>',
    "escaped": '<p>{seen}</p><div style="d\\69splay:none">{hidden}</div>',
    "by entity": '<p>{seen}</p><div style="display&#58;none">{hidden}</div>',
    "by comment": '<p>{seen}</p><div style="display/**/:none">{hidden}</div>',
    "by content": '<style>p::after{{content:"{hidden}"}}</style><p>{seen}</p>',
    "by attribute": "<p>{seen}</p><div hidden>{hidden}</div>",
    "template": "<p>{seen}</p><template>{hidden}</template>",
    "noframes": "<p>{seen}</p><noframes>{hidden}</noframes>",
    "frame": '<p>{seen}</p><iframe srcdoc="{hidden}"></iframe>',
    "field": '<p>{seen}</p><input type=hidden value="{hidden}">',
    "picture": '<p>{seen}</p><img alt="{hidden}" width=1 height=1>',
    "tool tip": '<p title="{hidden}">{seen}</p>',
    "folded up": "<p>{seen}</p><details><summary>.</summary>{hidden}</details>",
    "drawing": "<p>{seen}</p><svg><title>{hidden}</title><desc>{hidden}</desc></svg>",
    "choices": "<p>{seen}</p><datalist><option>{hidden}</option></datalist>",
    "canvas": "<p>{seen}</p><canvas>{hidden}</canvas>",
    "dialog": "<p>{seen}</p><dialog>{hidden}</dialog>",
    "for Outlook": "<p>{seen}</p><!--[if mso]><p>{hidden}</p><![endif]-->",
    "CDATA": "<p>{seen}</p><![CDATA[{hidden}]]>",
}
NOT_SEEN_THROUGH = {
    "by attribute selector": "<style>[data-x]{{display:none}}</style><p>{seen}</p><div data-x>{hidden}</div>",
    "by place": "<style>p:nth-child(2){{display:none}}</style><p>{seen}</p><p>{hidden}</p>",
    "by neighbour": "<style>p + p{{display:none}}</style><p>{seen}</p><p>{hidden}</p>",
    "worked out": '<p>{seen}</p><p style="font-size:calc(1px - 1px)">{hidden}</p>',
    "behind": '<div style="position:relative;background:#fff"><p>{seen}</p></div><div style="position:absolute;z-index:-1;top:0">{hidden}</div>',
    "on a drawn ground": '<div style="background:linear-gradient(#fff,#fff);color:#fff">{hidden}</div><p>{seen}</p>',
    "mixed colours": '<p>{seen}</p><p style="color:color-mix(in srgb,white,white)">{hidden}</p>',
    "masked": '<p>{seen}</p><div style="mask:linear-gradient(transparent,transparent)">{hidden}</div>',
    "light grey": '<p>{seen}</p><p style="color:#eeeeee">{hidden}</p>',
    "an empty font": '<p>{seen}</p><p style="font-family:Blank">{hidden}</p>',
    "far below": '<p>{seen}</p><div style="height:20000px"></div><p>{hidden}</p>',
}


@pytest.mark.parametrize("desk", DEMANDS)
@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_sees_brings_no_mail_to_a_desk(way: str, desk: str) -> None:
    decision = judged(WAYS[way].format(seen=SHORT, hidden=DEMANDS[desk]), "text/html")
    assert decision.route != desk, decision.because


@pytest.mark.parametrize("desk", DEMANDS)
@pytest.mark.parametrize("way", [*WAYS, *NOT_SEEN_THROUGH])
def test_what_nobody_sees_keeps_no_mail_from_its_desk(way: str, desk: str) -> None:
    page = (WAYS | NOT_SEEN_THROUGH)[way].format(seen=DEMANDS[desk], hidden=IDLE)
    assert judged(page, "text/html", Subject="Hello").route in {desk, "review"}


@pytest.mark.parametrize("way", NOT_SEEN_THROUGH)
@pytest.mark.xfail(strict=True, reason="only drawing the page would tell that this can't be seen (docs/knownissues.md)")
def test_what_only_drawing_would_tell_brings_no_mail_to_a_desk(way: str) -> None:
    page = NOT_SEEN_THROUGH[way]
    assert [desk for desk, demand in DEMANDS.items() if judged(page.format(seen=SHORT, hidden=demand), "text/html").route == desk] == []  # fmt: skip


def forms(plain: str, page: str, first: str = "plain") -> bytes:
    """A mail in two forms."""
    parts = [
        f"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n",
        f"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{page}</p></body></html>\r\n",
    ]
    body = "".join(parts if first == "plain" else reversed(parts)) + "--x--\r\n"
    head = "From: Ada <ada@example.com>\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    return f"{head}Content-Type: multipart/alternative; boundary=x\r\n\r\n{body}".encode()


@pytest.mark.parametrize("first", ["plain", "html"])
@pytest.mark.parametrize("desk", DEMANDS)
def test_forms_that_say_different_things_decide_nothing(desk: str, first: str) -> None:
    """Goal: the machine reads one of them, people the other."""
    for raw in (forms(DEMANDS[desk], SHORT, first), forms(SHORT, DEMANDS[desk], first)):
        _, decision = judged_raw(raw)
        assert decision.route == "review"
        assert "different things" in decision.because


@pytest.mark.parametrize("desk", DEMANDS)
def test_forms_that_say_the_same_are_believed(desk: str) -> None:
    demand = DEMANDS[desk]
    assert judged_raw(forms(demand, f"<b>{demand.replace('. ', '.<br>')}</b><img src=logo.png>"))[1].route == desk
