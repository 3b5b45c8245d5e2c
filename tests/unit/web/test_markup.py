"""Markup: what a stranger wrote stays text."""

import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from postroom.web.markup import Html, escaped, joined, tag


def test_tags_attributes_and_what_is_inside() -> None:
    assert tag("p", "a < b", class_="x", aria_label='"') == '<p class="x" aria-label="&quot;">a &lt; b</p>'
    assert tag("line", x1=1, y1=2.5, stroke_width=0.333) == '<line x1="1" y1="2.5" stroke-width="0.33"/>'
    assert tag("ul", [tag("li", "1"), tag("li", "2")]) == "<ul><li>1</li><li>2</li></ul>"
    assert tag("td", "") == "<td></td>"
    assert joined((Html("<b>"), Html("</b>"))) == "<b></b>"


def test_markup_is_not_escaped_twice() -> None:
    assert tag("p", tag("b", "&")) == "<p><b>&amp;</b></p>"
    assert isinstance(escaped("x"), Html)


def test_what_a_browser_may_obey_is_replaced() -> None:
    assert escaped("a\x00b\x1b[31m\u202eevil\ud800") == "a\ufffdb\ufffd[31m\ufffdevil\ufffd"
    assert escaped("سلام‌ها\n\t") == "سلام‌ها\n\t"


@given(st.text())
def test_any_text_is_one_element_with_that_text(text: str) -> None:
    tags: list[str] = []
    said: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(name)
            said.extend(value or "" for _, value in attrs)

        def handle_data(self, data: str) -> None:
            said.append(data)

    reader = Reader()
    reader.feed(tag("p", text, title=text).encode("utf-8").decode("utf-8"))
    reader.close()
    assert tags == ["p"]
    assert "".join(said) == html.unescape(escaped(text)) * 2
