"""Saved views: searches under a name."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from postroom.model.savedviews import SavedView, ViewNumber
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.render import Missing

Number = Annotated[int, Meta(ge=1, le=2**53, description="Of the view.")]
Name = Annotated[str, Meta(min_length=1, max_length=60, examples=["Appeals in German"])]
Text = Annotated[str, Meta(max_length=500)]
Day = Annotated[str, Meta(max_length=10, description="A day (UTC).", examples=["2026-03-31"])]


class Saved(Input, frozen=True, omit_defaults=True):
    """What is searched for; what is left out means any."""

    route: Text = ""
    brand: Text = ""
    words: Text = ""
    sender: Annotated[str, Meta(max_length=500, description="An address, or @domain.")] = ""
    tag: Text = ""
    language: Text = ""
    reading: Annotated[str, Meta(max_length=10, description="unread, read, or empty for both.")] = ""
    urgent: bool = False
    unconfirmed: bool = False
    answering: Annotated[str, Meta(max_length=10, description="open, soon, overdue, or empty for any.")] = ""
    days: Annotated[int, Meta(ge=0, le=36_500, description="Came in the last so many days; 0 for any.")] = 0
    since: Day = ""
    until: Day = ""

    @property
    def asked(self) -> dict[str, str]:
        """As views are kept."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return {name: "1" if value is True else str(value) for name, value in told.items()}


class OfView(Input, frozen=True):
    """Which view."""

    view: Number


class NewView(Input, frozen=True):
    """A search and its name."""

    name: Name
    search: Saved
    shared: Annotated[bool, Meta(description="Everybody who sees its desk and brand has it; takes a lead.")] = False


class ViewChange(Input, frozen=True):
    """What becomes different; what is left out stays."""

    name: Name | None = None
    search: Saved | None = None
    shared: bool | None = None


class Order(Input, frozen=True):
    """Views in their order."""

    views: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=200, examples=[[3, 1]])]


class Beginning(Input, frozen=True):
    """The view to begin with."""

    view: Annotated[int, Meta(ge=0, le=2**53, description="0 for none.", examples=[3])]


class ViewFacts(Output, frozen=True):
    """One view."""

    number: int
    name: str
    owner: str
    shared: bool
    search: Annotated[
        dict[str, str], Meta(description="Fields of the search as the page /inbox names them -> what is asked for.")
    ]
    first: Annotated[bool, Meta(description="You begin with it.")]


class ViewList(Output, frozen=True):
    """All that you have: the shared ones first."""

    views: tuple[ViewFacts, ...]


def list_views(call: Call[Nothing, Nothing]) -> ViewList:
    """List your saved views, and those that are shared and of desks and brands that you see."""
    saved = call.room.saved
    first = saved.first(call.user)
    return ViewList(views=tuple(_facts(one, first) for one in saved.of(call.user)))


def save_view(call: Call[Nothing, NewView]) -> ViewFacts:
    """Keep a search under a name."""
    said = call.body
    return _facts(call.room.saved.save(call.user, said.name, said.search.asked, shared=said.shared))


def change_view(call: Call[OfView, ViewChange]) -> ViewFacts:
    """Give a view another name or search, share it, or no longer."""
    number, said = _found(call).number, call.body
    asked = None if said.search is None else said.search.asked
    changed = call.room.saved.change(call.user, number, name=said.name, asked=asked, shared=said.shared)
    return _facts(changed, call.room.saved.first(call.user))


def delete_view(call: Call[OfView, Nothing]) -> Done:
    """Delete a view. That it is there no more is told as 404."""
    call.room.saved.delete(call.user, _found(call).number)
    return Done()


def order_views(call: Call[Nothing, Order]) -> Done:
    """Put views in this order: shared ones for all, your own for you."""
    call.room.saved.arrange(call.user, call.body.views)
    return Done()


def begin_with_view(call: Call[Nothing, Beginning]) -> Done:
    """What you see first when you open the pages."""
    call.room.saved.begin_with(call.user, call.body.view)
    return Done()


def _found(call: Call[OfView, Any]) -> SavedView:
    view = call.room.saved.find(call.user, call.asked.view)
    if view is None:
        raise Missing("There is no such view, or it is not for you.")
    return view


def _facts(view: SavedView, first: ViewNumber = ViewNumber(0)) -> ViewFacts:
    return ViewFacts(
        number=view.number,
        name=view.name,
        owner=view.owner,
        shared=view.shared,
        search=dict(view.asked),
        first=view.number == first,
    )


OPERATIONS = (
    Operation(do=list_views, path="/views", scope="read"),
    Operation(
        do=save_view,
        path="/views",
        scope="work",
        method="POST",
        idempotent=False,
        refused=422,
        example=NewView(name="Appeals in German", search=Saved(route="appeals", language="de")),
    ),
    Operation(do=order_views, path="/views/order", scope="work", method="POST", example=Order(views=(3, 1))),
    Operation(do=begin_with_view, path="/views/first", scope="work", method="POST", example=Beginning(view=3)),
    Operation(
        do=change_view, path="/views/{view}", scope="work", method="PATCH", example=ViewChange(name="German appeals")
    ),
    Operation(do=delete_view, path="/views/{view}/delete", scope="work", method="POST"),
)
