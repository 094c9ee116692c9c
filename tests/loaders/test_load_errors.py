from __future__ import annotations

import inspect

from graph.errors import EnlaceError
from loaders import errors
from loaders.errors import LoadError
from loaders.rejections import Rejected, Rejections


def test_every_error_is_drawn_in_the_tree_and_descends_from_load_error() -> None:
    found = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, EnlaceError) and kind is not EnlaceError
    ]
    assert len(found) > 5
    for kind in found:
        assert issubclass(kind, LoadError)
        assert kind.__name__ in (errors.__doc__ or "")
        assert kind.__doc__


def test_a_long_header_is_cut_in_the_message() -> None:
    told = str(errors.ColumnMissing("t.tsv", ["id"], [f"column{number}" for number in range(500)]))
    assert len(told) < 500


def test_rejections_count_all_and_keep_some() -> None:
    rejections = Rejections(kept=2)
    assert not rejections
    for row in range(5):
        rejections.add("t.tsv", row, "blank" if row else "short", "x" * 1000)
    assert rejections
    assert rejections.count == 5
    assert rejections.by_reason == {"blank": 4, "short": 1}
    assert list(rejections) == [
        Rejected("t.tsv", 0, "short", "x" * 200),
        Rejected("t.tsv", 1, "blank", "x" * 200),
    ]
