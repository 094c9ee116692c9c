"""Which fields a query asks of what the present resolver answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from strawberry.types.nodes import SelectedField, Selection

from api.schema.context import Info


def names_selected(info: Info) -> frozenset[str]:
    """The names of the fields directly selected, in fragments too.

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
        else:
            yield from _names(selection.selections)
