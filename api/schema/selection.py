"""Which fields a query asks of what the present resolver answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from strawberry.types.nodes import SelectedField, Selection

from api.schema.context import Info

#: Between a connection and its items; no item has fields of these names.
_OF_CONNECTIONS = frozenset({"nodes", "edges", "node"})


def asks_for_nodes(info: Info) -> bool:
    """Whether a query asks of a connection for its items."""
    return not names_selected(info).isdisjoint({"nodes", "node"})


def names_selected(info: Info) -> frozenset[str]:
    """The names of the fields directly selected, in fragments too; of a connection, those of its items as well.

    Fields that @skip or @include leave out are among them: looking up too much does no harm.
    """
    # The items of a list share their selection; reading it anew for each would cost more than the answer.
    selections = info.context.selections
    place = tuple(key for key in info.path.as_list() if isinstance(key, str))
    if place not in selections:
        selections[place] = frozenset(
            name for field in info.selected_fields for name in _names(field.selections)
        )
    return selections[place]


def _names(selections: Iterable[Selection]) -> Iterator[str]:
    for selection in selections:
        if isinstance(selection, SelectedField):
            yield selection.name
            if selection.name in _OF_CONNECTIONS:
                yield from _names(selection.selections)
        else:
            yield from _names(selection.selections)
