"""Lists by page: every list whose length the release decides is a connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry

from api.schema.context import Info
from api.schema.cursors import ListMark
from api.schema.fields import check_first, described
from graph.model import Release

T = TypeVar("T")
R = TypeVar("R")

After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor of this list, as `endCursor` of its last page: what follows it is answered; "
        "without one, the list's beginning."
    ),
]


@strawberry.type(description="Where a page of a list ends.")
class PageInfo:
    """The end of a page."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last item, to be given as `after`; null for an empty page."
    )


@strawberry.type(description="An item of a list with its place in it.")
class Edge(Generic[T]):
    """An item and its cursor."""

    cursor: str = strawberry.field(
        description="The item's place in this list of this release, to be given as `after`."
    )
    node: T = strawberry.field(description="The item.")


@strawberry.type(
    description="A page of a list: at most `first` items after `after`. The list's order never changes "
    "within a release."
)
class Connection(Generic[T]):
    """A page of a list of `total_count` items that begins at `start`."""

    total_count: int = strawberry.field(description="How many items the whole list has.")
    nodes: list[T] = strawberry.field(description="The items of the page.")
    start: strawberry.Private[int]
    size: strawberry.Private[int]
    mark: strawberry.Private[ListMark]

    @described
    def edges(self) -> list[Edge[T]]:
        """The items of the page, each with its cursor."""
        return edges_of(self.nodes, self.start, self.mark)

    @described
    def page_info(self) -> PageInfo:
        """Whether there is more, and from where."""
        end = self.start + self.size
        return page_info_of(self.start, self.size, end < self.total_count, self.mark)


def edges_of(nodes: Sequence[T], start: int, mark: ListMark) -> list[Edge[T]]:
    """Nodes that stand in a list from `start` on, with their cursors."""
    return [Edge(cursor=mark.cursor(start + at), node=node) for at, node in enumerate(nodes)]


def page_info_of(start: int, size: int, more: bool, mark: ListMark) -> PageInfo:
    """The end of a page of `size` items from `start` on."""
    return PageInfo(has_next_page=more, end_cursor=mark.cursor(start + size - 1) if size else None)


def begin(
    info: Info, release: Release, first: int, after: str | None, *parts: object
) -> tuple[int, ListMark]:
    """Where the page begins in the list that `parts` tell apart. Raises ArgumentRejected."""
    check_first(info, first)
    mark = ListMark.of(release, *parts)
    return mark.place_after(after), mark


def record_page(
    info: Info,
    release: Release,
    records: Sequence[R],
    shown: Callable[[R], T],
    first: int,
    after: str | None,
    *parts: object,
) -> Connection[T]:
    """A page of records that are in memory, `shown` as the schema has them. Raises ArgumentRejected."""
    start, mark = begin(info, release, first, after, *parts)
    page = records[start : start + first]
    return Connection(
        total_count=len(records),
        nodes=[shown(record) for record in page],
        start=start,
        size=len(page),
        mark=mark,
    )
