from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from graph.errors import EnlaceError
from graph.rejected import Reason
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
    assert rejections.reasons == (
        Reason("blank", 4, "t.tsv:1", "x" * 200),
        Reason("short", 1, "t.tsv:0", "x" * 200),
    )


def test_rejected_rows_are_written_as_a_table(tmp_path: Path) -> None:
    rejections = Rejections()
    assert rejections.write(tmp_path / "none.tsv") == 0
    assert (tmp_path / "none.tsv").read_text() == "place\treason\tvalue\n"
    rejections.add("a.tsv", 2, "no text", "uno\tdos\r\ntres")
    assert rejections.write(tmp_path / "one.tsv") == 1
    rejections.add("b.zip!c.tsv", 3, "no ñ", "")
    assert rejections.write(tmp_path / "two.tsv") == 2
    assert (tmp_path / "two.tsv").read_text("utf-8").splitlines() == [
        "place\treason\tvalue",
        "a.tsv:2\tno text\tuno dos  tres",
        "b.zip!c.tsv:3\tno ñ\t",
    ]


def test_of_very_many_rejected_rows_the_first_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.rejections._IN_MEMORY_BYTES", 1000)
    rejections = Rejections(writable=300)
    for row in range(1000):
        rejections.add("t.tsv", row, "blank")
    assert rejections.count == 1000
    assert rejections.write(tmp_path / "rows.tsv") == 300
    assert len((tmp_path / "rows.tsv").read_text().splitlines()) == 301


def test_rows_left_out_on_purpose_are_counted_apart() -> None:
    rejections = Rejections()
    rejections.leave_out("another language")
    rejections.leave_out("suppressed", 40)
    assert not rejections
    assert rejections.count == 0
    assert rejections.left_out == {"suppressed": 40, "another language": 1}


def test_an_error_is_one_line_whatever_a_file_holds() -> None:
    told = str(errors.SourceDamaged("a\nb.ttl", "its Turtle is malformed ('\x07' is not allowed)"))
    assert told.isprintable()
    assert "its Turtle is malformed ('\ufffd' is not allowed)" in told
