"""Stuffing. Goal: words that a desk looks for, put to a mail that has nothing to do with it, bring it there.

Words are the worst there are: those of our own lists, and those that the shipped model takes most for a desk's.
"""

import random
import re
from collections.abc import Callable, Sequence

import pytest

from tests.attacks.attacker import CARRIERS, DEMANDS, DESKS, LONG, SHORT, judged, judged_raw, mail, phrases, strongest

Shape = Callable[[str, Sequence[str]], bytes]


def sources(desk: str) -> dict[str, Sequence[str]]:
    """Lists of words to stuff with."""
    drawn = list(phrases(desk))
    random.Random(3).shuffle(drawn)
    return {f"model {n}": strongest(desk, n) for n in (8, 12, 25, 60)} | {
        "list 6": phrases(desk)[:6], "list 12": phrases(desk)[:12], "list 25": phrases(desk)[:25], "list drawn": drawn[:20],
    }  # fmt: skip


SHAPES: dict[str, Shape] = {
    "tail": lambda text, words: mail(f"{text}\r\n\r\n{' '.join(words)}"),
    "tail in line": lambda text, words: mail(f"{text} {' '.join(words)}"),
    "head": lambda text, words: mail(f"{' '.join(words)}\r\n\r\n{text}"),
    "in the middle": lambda text, words: mail(f"{text}\r\n\r\n{' '.join(words)}\r\n\r\n{text}"),
    "commas": lambda text, words: mail(f"{text}\r\n\r\n{', '.join(words)}"),
    "a line each": lambda text, words: mail("\r\n".join([text, "", *words])),
    "a paragraph each": lambda text, words: mail("\r\n\r\n".join([text, *words])),
    "a sentence each": lambda text, words: mail(f"{text}\r\n\r\n{'. '.join(words)}."),
    "exclaimed": lambda text, words: mail(f"{text}\r\n\r\n{'! '.join(words)}!"),
    "bullets": lambda text, words: mail(f"{text}\r\n\r\n" + "\r\n".join(f"* {word}" for word in words)),
    "brackets": lambda text, words: mail(f"{text}\r\n\r\n" + " ".join(f"[{word}]" for word in words)),
    "capitals": lambda text, words: mail(f"{text}\r\n\r\n{' '.join(words).upper()}"),
    "post script": lambda text, words: mail(f"{text}\r\n\r\nP.S. {' '.join(words)}"),
    "subject": lambda text, words: mail(text, Subject=" ".join(words)),
    "beginning of the subject": lambda text, words: mail(text, Subject=f"{' '.join(words[:12])} and a question about something else altogether"),
    "signature": lambda text, words: mail(f"{text}\r\n-- \r\nAda\r\n{' '.join(words)}"),
    "business card": lambda text, words: mail(f"{text}\r\n\r\nAda Byron\r\n{' | '.join(words)}"),
    "disclaimer": lambda text, words: mail(f"{text}\r\n\r\nThis e-mail is confidential and intended solely for the addressee. {' '.join(words)}"),
    "quote": lambda text, words: mail(f"{text}\r\n\r\nOn Mon, 2 Nov 2026 at 10:00, Support <support@example.com> wrote:\r\n> {' '.join(words)}"),
    "below empty lines": lambda text, words: mail(text + "\r\n" * 300 + " ".join(words)),
    "behind blanks": lambda text, words: mail(text + " " * 3000 + " ".join(words)),
    "thirty times": lambda text, words: mail(f"{text}\r\n\r\n{' '.join([*words] * 30)}"),
    "thirty times, in sentences": lambda text, words: mail(f"{text}\r\n\r\n{'. '.join([*words] * 30)}"),
    "tags": lambda text, words: mail(f"{text}\r\n\r\n" + " ".join(f"#{word.replace(' ', '_')}" for word in words)),
    "a link": lambda text, words: mail(f"{text}\r\n\r\nhttps://example.net/{'-'.join(words).replace(' ', '-')}"),
    "display name": lambda text, words: mail(text, From=f'"{" ".join(words)}" <ada@example.com>'),
    "headers": lambda text, words: mail(text, Comments=" ".join(words), Keywords=", ".join(words), X_Tags=" ".join(words)),
    "file name": lambda text, words: mail(
        f"--x\r\n\r\n{text}\r\n--x\r\nContent-Type: application/pdf; name=\"{' '.join(words)}.pdf\"\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--x--",
        "multipart/mixed; boundary=x",
    ),
    "text file": lambda text, words: mail(
        f"--x\r\n\r\n{text}\r\n--x\r\nContent-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment\r\n\r\n{' '.join(words)}\r\n--x--",
        "multipart/mixed; boundary=x",
    ),
    "list in HTML": lambda text, words: mail(f"<p>{text}</p><ul>{''.join(f'<li>{word}</li>' for word in words)}</ul>", "text/html"),
    "table in HTML": lambda text, words: mail(f"<p>{text}</p><table><tr>{''.join(f'<td>{word}</td>' for word in words)}</tr></table>", "text/html"),
    "links in HTML": lambda text, words: mail(f"<p>{text}</p>{' '.join(f'<a href=https://example.net>{word}</a>' for word in words)}", "text/html"),
    "letter by letter in HTML": lambda text, words: mail(
        f"<p>{text}</p><p>{''.join(f'<span>{letter}</span>' for letter in ' '.join(words))}</p>", "text/html"
    ),
}  # fmt: skip


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_list_of_a_desk_s_words_brings_no_mail_there(shape: str, desk: str) -> None:
    got = [
        (text[:20], source)
        for text in CARRIERS
        for source, words in sources(desk).items()
        if judged_raw(SHAPES[shape](text, words))[1].route == desk
    ]
    assert got == []


@pytest.mark.parametrize("desk", DESKS)
def test_a_flood_of_all_that_desks_look_for_brings_no_mail_to_one(desk: str) -> None:
    every = [word for one in DESKS for word in (*phrases(one)[:200], *strongest(one, 200))]
    random.Random(1).shuffle(every)
    hers = [*phrases(desk), *strongest(desk, 500)]
    for words in (every, hers, hers * 5):
        for text in CARRIERS:
            assert judged(f"{text}\r\n\r\n{' '.join(words)}").route != desk


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("text", [" ".join([LONG] * 20), " ".join([SHORT] * 5)], ids=["long", "said again"])
def test_a_list_stands_out_of_a_long_mail_too(text: str, desk: str) -> None:
    for words in sources(desk).values():
        assert judged(f"{text}\r\n\r\n{' '.join(words)}").route != desk


@pytest.mark.parametrize("word", ["banned", "suspended", "unban", "refund", "chargeback", "copyright", "dmca"])
def test_one_word_said_a_thousand_times_brings_no_mail_to_a_desk(word: str) -> None:
    assert judged(f"{SHORT}\r\n\r\n{f'{word} ' * 1000}").route in {"general", "review"}


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("name", ["links", "addresses"])
def test_words_in_links_and_addresses_bring_no_mail_to_a_desk(name: str, desk: str) -> None:
    form = "https://example.net/{}" if name == "links" else "{}@example.net"
    for source, words in sources(desk).items():
        said = " ".join(form.format(word.replace(" ", "-")) for word in words)
        for text in CARRIERS:
            assert judged(f"{text}\r\n\r\n{said}").route != desk, source


def scattered(text: str, words: Sequence[str], every: int) -> str:
    """A word after every so many of the text."""
    said, left = [], list(words)
    for number, one in enumerate(text.split(" "), start=1):
        said.append(one)
        if number % every == 0 and left:
            said.append(left.pop(0))
    return " ".join(said)


def between(text: str, words: Sequence[str]) -> str:
    """Two words after each sentence."""
    left = list(words)
    return " ".join(
        f"{sentence} {' '.join(left.pop(0) for _ in range(min(2, len(left))))}."
        for sentence in re.split(r"(?<=[.?!]) ", text)
    )


SCATTERED = {
    "every second word": lambda text, words: scattered(text, words, 1),
    "every fifth word": lambda text, words: scattered(text, words, 5),
    "between sentences": between,
}


@pytest.mark.parametrize("shape", SCATTERED)
@pytest.mark.xfail(
    strict=True, reason="words scattered one by one are taken for what the mail says (docs/knownissues.md)"
)
def test_scattered_words_bring_no_mail_to_a_desk(shape: str) -> None:
    got = [
        (desk, source)
        for text in CARRIERS
        for desk in DESKS
        for source, words in sources(desk).items()
        if judged(SCATTERED[shape](text, words)).route == desk
    ]
    assert got == []


@pytest.mark.parametrize(
    "desk",
    [
        pytest.param(
            desk,
            marks=[]
            if desk == "copyright"
            else pytest.mark.xfail(
                reason="a sentence that asks for it is what a desk is for, whatever stands around it (docs/knownissues.md)"
            ),
        )
        for desk in DESKS
    ],
)
def test_a_demand_in_sentences_under_another_matter_brings_no_mail_to_a_desk(desk: str) -> None:
    assert judged(f"{SHORT}\r\n\r\n{DEMANDS[desk]}").route != desk


@pytest.mark.parametrize("desk", DESKS)
def test_a_demand_stuffed_with_idle_words_is_not_lost(desk: str) -> None:
    """Goal: a real demand is taken for nothing in particular, so that nobody acts on it."""
    idle = strongest("general", 60)
    for body in (f"{DEMANDS[desk]}\r\n\r\n{' '.join(idle[:12])}", f"{' '.join(idle[:12])}\r\n\r\n{DEMANDS[desk]}"):
        assert judged(body, Subject="Hello").route in {desk, "review"}
