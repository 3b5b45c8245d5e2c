"""A page that stands alone: no scripts, nothing from elsewhere, in light and dark, readable without its pictures."""

from collections.abc import Sequence

from postroom.web.markup import Html, Inside, tag
from postroom.web.plots import percent

_STYLE = """
:root{color-scheme:light dark;--ground:#fcfcfd;--card:#fff;--ink:#1b1f24;--soft:#5b6470;--edge:#e3e6ea;--grid:#eceef1;
--one:#2f5fd0;--two:#d9480f;--three:#2b8a3e;--heat:47 95 208;--wrong:217 72 15}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1c2024;--ink:#e8eaed;--soft:#9aa4af;--edge:#2d3339;
--grid:#282d33;--one:#8fb0ff;--two:#ff9f5a;--three:#7ddb91;--heat:143 176 255;--wrong:255 159 90}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:76rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:0 0 .25rem}
p{margin:.25rem 0 .75rem;max-width:62ch}
.soft,.lead{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:.75rem;margin:1.5rem 0;padding:0;list-style:none}
.tiles li,section{background:var(--card);border:1px solid var(--edge);border-radius:.75rem}
.tiles li{padding:.8rem 1rem}
.tiles b{display:block;font-size:1.5rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.tiles span{display:block;font-size:.85rem;color:var(--soft)}
.sheet{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem}
section{padding:1.1rem 1.25rem;min-width:0}
.wide{grid-column:1/-1}
.pair{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr))}
svg{display:block;width:100%;height:auto;overflow:visible;font:12px system-ui,sans-serif;fill:var(--ink)}
.grid{stroke:var(--grid)}
.tick,.note{fill:var(--soft)}
.label{font-size:12.5px;fill:var(--soft)}
.name{font-size:13px}
.diagonal,.upright{stroke:var(--soft);stroke-dasharray:3 4}
.series-1{--ours:var(--one)}.series-2{--ours:var(--two)}.series-3{--ours:var(--three)}
.line{fill:none;stroke:var(--ours);stroke-width:2.25;stroke-linejoin:round}
.series-2 .line{stroke-dasharray:7 3}.series-3 .line{stroke-dasharray:2 3}
.mark{fill:var(--ours);stroke:var(--card);stroke-width:1.25}
.whisker{stroke:var(--ours);stroke-width:2;stroke-opacity:.45;stroke-linecap:round}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.5rem 0 0;padding:0;font-size:.85rem}
.legend svg{display:inline-block;width:28px;height:16px;margin-right:.4rem;vertical-align:-3px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--soft);font-weight:500;vertical-align:bottom}
tbody th{font-weight:500}
.heat td{min-width:2.6rem;border:2px solid var(--card);border-radius:.4rem;text-align:center}
.heat th{border:0}
.heat thead th{text-align:center}
.text td,.text th{text-align:left;white-space:normal;vertical-align:top}
.text .n{text-align:right;white-space:nowrap}
.mail{white-space:pre-wrap;overflow-wrap:anywhere;color:var(--soft);max-width:70ch}
details{margin-top:.75rem;font-size:.9rem}
summary{cursor:pointer;color:var(--soft)}
summary:focus-visible{outline:2px solid var(--one);outline-offset:2px;border-radius:.25rem}
pre{overflow-x:auto;background:var(--ground);border:1px solid var(--edge);border-radius:.5rem;padding:.75rem 1rem;font-size:.85rem}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}
"""


def page(title: str, lead: str, *inside: Inside) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'",
        ),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(_STYLE)),
    )
    body = tag("body", tag("main", tag("h1", title), tag("p", lead, class_="lead"), *inside))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def tiles(figures: Sequence[tuple[str, str, str]]) -> Html:
    """The figures that matter most: name, value, and what to know of it."""
    return tag(
        "ul",
        [tag("li", tag("span", name), tag("b", value), tag("span", remark)) for name, value, remark in figures],
        class_="tiles",
    )


def section(title: str, words: str, *inside: Inside, wide: bool = False) -> Html:
    """A part of the page, with what it shows in words."""
    return tag(
        "section", tag("h2", title), tag("p", words, class_="soft"), *inside, class_="wide" if wide else "narrow"
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, class_: str = "plain") -> Html:
    """A table whose first column names its rows."""
    head = tag("tr", [tag("th", name, scope="col") for name in columns])
    body = [tag("tr", tag("th", first, scope="row"), [tag("td", cell) for cell in rest]) for first, *rest in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", body), class_=class_), class_="scroll")


def numbers(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """The numbers of a plot, folded away beside it."""
    return tag("details", tag("summary", "The numbers"), table(columns, rows))


def between(interval: Sequence[float]) -> str:
    """An interval for people."""
    low, high = interval
    return f"{percent(low)} – {percent(high)}"
