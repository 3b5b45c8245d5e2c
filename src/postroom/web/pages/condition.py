"""How postroom is: what waits, what is down, how old the oldest is."""

from starlette.responses import Response

from postroom.web.visit import Page, Visit


def condition(visit: Visit) -> Response:
    """Numbers of the whole installation, no mail among them."""
    store = visit.room.store
    census = store.census()
    lanes = {lane.destination: lane for lane in store.lanes()}
    return visit.page(
        "condition.html",
        title="Health",
        here="condition",
        census=census,
        lanes=sorted(lanes.values(), key=lambda one: (not one.down, one.destination)),
        oldest=census["oldest_ready"].get("judge"),
        waiting=census["waiting"],
        parked=sum(states.get("parked", 0) for states in census["jobs"].values()),
        at_work=store.claimants(),
    )


PAGES = (Page(path="/condition", do=condition, role="lead"),)
