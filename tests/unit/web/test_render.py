"""Templates."""

from importlib import resources

from postroom.web.render import Render


def test_every_template_is_ready_when_it_is_warm() -> None:
    render = Render()
    render.warm()
    there = [
        one.name for one in (resources.files("postroom.web") / "templates").iterdir() if one.name.endswith(".html")
    ]
    cache = render._templates.cache
    assert cache is not None
    assert len(cache) == len(there) > 10
