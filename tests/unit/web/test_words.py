"""How pages put things."""

from postroom.web import words


def test_words_of_a_mail_keep_their_direction_inside_our_sentences() -> None:
    assert words.quoted("phrases: «حسابي», «<b>»") == "phrases: <bdi>«حسابي»</bdi>, <bdi>«&lt;b&gt;»</bdi>"
    assert words.quoted("no\u202ene «left open") == "none «left open"


def test_spans_and_shares_round_down_to_what_people_say() -> None:
    assert [words.span(seconds) for seconds in (5, 61, 7300, 200_000)] == ["< 1 min", "1 min", "2 h", "2 d"]
    assert words.ago(100.0, 130.0) == "now"
    assert words.ago(0.0, 7300.0) == "2 h ago"
    assert [words.percent(share) for share in (0.0, 0.994, 0.9999, 1.0)] == ["0 %", "99 %", "99 %", "100 %"]
    assert [words.size(count) for count in (7, 1500, 2_500_000, 3_000_000_000)] == ["7 B", "1.5 kB", "2.5 MB", "3 GB"]
    assert (words.stamp(0.0), words.machine(0.0)) == ("1970-01-01 00:00", "1970-01-01T00:00:00Z")
