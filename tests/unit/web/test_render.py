"""Templates."""

from importlib import resources

from postroom.web.render import Render, templates


def test_every_template_is_ready_when_it_is_warm() -> None:
    templates.cache_clear()
    Render().warm()
    there = [
        one.name for one in (resources.files("postroom.web") / "templates").iterdir() if one.name.endswith(".html")
    ]
    cache = templates().cache
    assert cache is not None
    assert len(cache) == len(there) > 10
