"""The elements of HTML, by what they do to the text of a mail: tables before code."""

from typing import Final


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


VOID: Final = _names(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
)
#: elements that begin a line or a cell: all that the text's shape needs
BLOCKS: Final = _names(
    "address article aside blockquote caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup legend li listing main menu nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
#: blocks whose lines are indented, so that text grows with their depth
LISTS: Final = _names("ul ol menu dir")
#: what is written where a block begins and ends; the extraction never ends the indent of a list with nothing at all in it
TAGS: Final = {name: (f"<{name}>" + "<!---->" * (name in LISTS), f"</{name}>") for name in BLOCKS}
ENDS_P: Final = BLOCKS - frozenset(["tbody", "td", "tfoot", "th", "thead", "tr", "caption", "legend"]) | {"hr"}
INLINE: Final = _names(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp small span strike strong sub sup tt u var"
)
#: elements that the parser opens again after a block that ended before them
FORMATTING: Final = _names("a b big code em font i nobr s small strike strong tt u")
#: an end tag does not reach beyond these, unless it ends a part of a table
WALLS: Final = _names("table td th caption button object applet marquee template")
TABLE: Final = _names("table tbody thead tfoot tr td th caption")
#: start tag -> elements that it ends, up to one of those that hold them
IMPLIED: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (frozenset(["li"]), _names("ul ol menu dir table td th")),
    "dd": (frozenset(["dd", "dt"]), _names("dl table td th")),
    "dt": (frozenset(["dd", "dt"]), _names("dl table td th")),
    "td": (frozenset(["td", "th"]), _names("table tr")),
    "th": (frozenset(["td", "th"]), _names("table tr")),
    "tr": (_names("td th tr"), _names("table tbody thead tfoot")),
    "tbody": (_names("td th tr tbody thead tfoot"), frozenset(["table"])),
    "option": (frozenset(["option"]), frozenset(["select"])),
}
#: elements that are never shown where a mail is read
UNSHOWN: Final = _names("template noscript select datalist canvas meter progress rp annotation annotation-xml")
#: elements whose looks are not all said by styles
SPECIAL: Final = UNSHOWN | {"a"}
#: elements that mean something without any attribute
TELLING: Final = _names("blockquote details dialog marquee")
#: elements that go on to the end of the mail, whatever their end tags say
LASTING: Final = frozenset(["html", "body"])
#: elements whose content is shown as it stands, tags and all
VERBATIM: Final = frozenset(["xmp"])
#: elements whose content is for programs of long ago
FALLBACK: Final = frozenset(["noembed", "noframes"])
