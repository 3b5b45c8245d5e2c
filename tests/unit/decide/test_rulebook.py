"""What a rulebook is made of."""

from postroom.decide import rulebook
from postroom.model.mail import RouteName


def test_places_that_are_no_desks_take_no_share_of_what_is_expected():
    routes = [RouteName(name) for name in ("appeals", "general", "review", "junk", "automatic")]
    compiled, problems = rulebook.compile({}, {}, routes)
    assert problems == ()
    assert compiled.routes == ("appeals", "general")


def test_files_are_read_in_the_order_given_whatever_their_names():
    """The shipped ones are given first; a path like ``/etc/…`` must not bring a team's rules before them."""
    said = "[[rule]]\nname='{0}'\nwhen='true'\nroute='appeals'\npriority={1}\n"
    files = {"z.toml": said.format("first", 0), "/a.toml": said.format("second", 0), "b.toml": said.format("early", -1)}
    compiled, _ = rulebook.compile(files, {}, [RouteName("appeals")])
    assert [rule.name for rule in compiled.rules.rules] == ["early", "first", "second"]
    problems = rulebook.compile(files | {"0.toml": said.format("first", 0)}, {}, [RouteName("appeals")])[1]
    assert [p.file for p in problems if "already" in p.message] == ["0.toml"]


def test_a_mistake_of_two_phrase_files_is_shown_in_the_later_one():
    said = "route = '{0}'\n[[group]]\nphrases = ['my old account']\n"
    files = {"z.toml": said.format("appeals"), "/a.toml": said.format("refunds")}
    (problem,) = rulebook.compile({}, files, [RouteName("appeals"), RouteName("refunds")])[1]
    assert problem.file == "/a.toml"


def test_phrases_that_stay_as_they_were_are_not_read_again_and_what_is_wrong_with_them_is_still_told():
    said = "route = 'appeals'\n[[group]]\nphrases = ['{0}', '{0}']\n"
    routes, files = [RouteName("appeals")], {"a.toml": said.format("my old account")}
    first, wrong = rulebook.compile({}, files, routes)
    rule = {"r.toml": "[[rule]]\nname='one'\nwhen='true'\nroute='appeals'\n"}
    again, same = rulebook.compile(rule, dict(files), routes)
    assert again.phrases is first.phrases
    assert (again.rules_version, again.phrases_version) == (rulebook.version(rule), first.phrases_version)
    assert [p for p in same if p.file == "a.toml"] == list(wrong)
    assert len(wrong) == 1
    other, _ = rulebook.compile({}, {"a.toml": said.format("my new account")}, routes)
    assert other.phrases is not first.phrases
