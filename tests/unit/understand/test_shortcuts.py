"""What is read in a shorter way because nearly every mail has it so says what the long way says."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from postroom.understand import body, dates, headers, results

DAYS = ("Mon", "Tue", "Sun")
MONTHS = ("Jan", "Feb", "Jun", "Dec")


@given(
    st.sampled_from(DAYS),
    st.integers(0, 39),
    st.sampled_from(MONTHS),
    st.integers(1000, 2999),
    st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)),
    st.sampled_from("+-"),
    st.integers(0, 9999),
    st.sampled_from(("", " (UTC)", " (CEST)")),
)
@example("Mon", 31, "Jun", 2024, (12, 0, 60), "-", 0, "")
@example("Mon", 1, "Jan", 1900, (0, 0, 0), "+", 1, "")
def test_a_date_as_nearly_every_program_writes_it(day, number, month, year, clock, sign, zone, comment):
    said = f"{day}, {number} {month} {year} {clock[0]:02}:{clock[1]:02}:{clock[2]:02} {sign}{zone:04}{comment}"
    # a blank before it is no part of the usual form, and means nothing to the long way
    assert dates.parse(said) == dates.parse(" " + said)


@given(st.text(alphabet='abAB01.-=; \t\u3000"()\\/', max_size=40))
@example("mx.example.com; spf=pass smtp.mailfrom=a=b@example.org; dkim=pass")
@example("mx.example.com 1; dkim=pass")
def test_results_without_quotes_and_comments(raw):
    if not re.search(r'["()\\]', raw):
        # an empty comment sends it the long way
        assert results.parse(raw) == results.parse(f"{raw} ()")
    assert results.authserv_id(raw) == results.parse(raw).authserv_id


names = st.text(alphabet="abcXYZ-", min_size=1, max_size=8)
values = st.text(alphabet="ab: \t=?@<>", max_size=12)
folds = st.sampled_from(("", "\r\n\t", "\r\n ", "\r\n   ", "\r\n \t ", "\n "))


@given(st.lists(st.tuples(names, values, folds, values), min_size=1, max_size=5))
def test_fields_of_a_sound_block(lines):
    raw = "\r\n".join(f"{name}:{first}{fold}{second}" for name, first, fold, second in lines).encode()
    short = headers._plain_fields(raw)
    defects: list[str] = []
    if short is not None:
        assert list(short) == headers._fields(raw, defects)[0]
        assert defects == []


@given(st.lists(names, max_size=6))
def test_fields_are_found_by_name(written):
    block = headers.parse("".join(f"{name}: {number}\n" for number, name in enumerate(written)).encode() + b"\n")
    for name in {*(one.lower() for one in written), "absent"}:
        same = [field.raw for field in block.fields if field.name == name]
        assert list(block.all(name)) == same
        assert block.first(name) == (same[0] if same else "")


STUBS = (
    "Please view this mail in your browser",
    "your client can not show HTML",
    "VIEW IT IN A BROWſER",
    "ouvrez-le dans votre navıgateur",
    "ouvrez-le dans votre NAVİGATEUR",
    "Hello, my account is blocked",
    "html",
)


@given(st.sampled_from(STUBS), st.sampled_from(STUBS))
def test_a_stub_is_seen_by_its_pattern_alone(one, other):
    text = f"{one}\n{other}"
    assert body._is_stub(text) == (body._STUB.search(" ".join(text.split())) is not None)
