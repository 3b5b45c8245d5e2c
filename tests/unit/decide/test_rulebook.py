"""What a rulebook is made of."""

from postroom.decide import rulebook
from postroom.model.mail import RouteName


def test_places_that_are_no_desks_take_no_share_of_what_is_expected():
    routes = [RouteName(name) for name in ("appeals", "general", "review", "junk", "automatic")]
    compiled, problems = rulebook.compile({}, {}, routes)
    assert problems == ()
    assert compiled.routes == ("appeals", "general")
