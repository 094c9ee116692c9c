"""Linking a file: every mention once, in order, whenever the run is killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import OutputMismatch
from api.linking_file import BATCH, Provenance, Row, link_stream, progress_file, resumed
from graph.release import ReleaseHome
from linker.model import Decision, DocumentContext, Linking, Reason
from linker.model import Path as Way

PROVENANCE = Provenance("input", "span", "demo", "then", "then", "encoder", "", 5)


def echo(rows: Sequence[Row]) -> list[Linking]:
    """Decide on each mention by how many mentions of its document are linked at once."""
    together = Counter(row.document for row in rows if row.document)
    return [
        Linking(
            row.mention, (), Decision(None, Way.NONE, Reason.NOTHING_CLOSE, float(together[row.document]))
        )
        for row in rows
    ]


def alone(mentions: Sequence[str]) -> Iterator[Row]:
    return (Row(mention) for mention in mentions)


def run(output: Path, mentions: Sequence[str], provenance: Provenance = PROVENANCE) -> int:
    """Link what is missing; answer how many mentions were linked."""
    return run_rows(output, alone(mentions), provenance)


def run_rows(output: Path, rows: Iterator[Row], provenance: Provenance = PROVENANCE) -> int:
    with resumed(output, provenance, rows) as (text, _, rest):
        return link_stream(echo, rest, text, lambda done: None)


def written(output: Path) -> list[str]:
    return [json.loads(line)["mention"] for line in output.read_text("utf-8").splitlines()]


MENTIONS = [f'mención {i} «ñ» "{i % 7}"' for i in range(2 * BATCH + 10)]


def test_all_mentions_in_order(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    assert run(output, MENTIONS) == len(MENTIONS)
    assert written(output) == MENTIONS


def test_a_complete_output_is_left_alone(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    run(output, MENTIONS)
    before = output.read_bytes()
    assert run(output, MENTIONS) == 0
    assert output.read_bytes() == before


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_run_cut_anywhere_ends_in_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = tmp_path_factory.mktemp("cut") / "linked.jsonl"
    mentions = MENTIONS[:40]
    together: list[tuple[str, ...]] = []

    def run() -> int:
        def link(rows: Sequence[Row]) -> list[Linking]:
            together.append(tuple(row.mention for row in rows))
            return echo(rows)

        with resumed(output, PROVENANCE, alone(mentions)) as (text, _, rest):
            return link_stream(link, rest, text, lambda done: None)

    with patch("api.linking_file.BATCH", 7):
        run()
        whole = output.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        output.write_bytes(whole[:cut])
        lines = whole[:cut].count(b"\n")
        batches = together.copy()
        assert run() == (0 if lines == 40 else 40 - lines // 7 * 7)
    assert output.read_bytes() == whole
    # Nothing is linked with other mentions than in a run that nobody killed.
    assert set(together) == set(batches)


documents = st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(1, 4)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(documents, st.data())
def test_a_document_that_a_kill_divides_is_linked_again_as_one(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[str, int]], data: st.DataObject
) -> None:
    output = tmp_path_factory.mktemp("cut") / "linked.jsonl"
    rows: list[Row] = [
        Row(f"m {at} {i}", DocumentContext(name) if name else None)
        for at, (name, size) in enumerate(sizes)
        for i in range(size)
    ]
    with patch("api.linking_file.BATCH", data.draw(st.integers(1, 9))):
        run_rows(output, iter(rows))
        whole = output.read_bytes()
        output.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        run_rows(output, iter(rows))
    assert written(output) == [row.mention for row in rows]
    assert output.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"input_sha256": "other"}, "input sha256"),
        ({"release": "other"}, "release"),
        ({"index_created": "later"}, "index created"),
        ({"encoder_sha256": "other"}, "encoder sha256"),
        ({"top": 6}, "top"),
        ({"texts_sha256": "other"}, "texts sha256"),
        ({"ecl": "<< X:1"}, "ecl"),
        ({"min_probability": 0.5}, "min probability"),
    ],
)
def test_an_output_of_something_else_is_refused(tmp_path: Path, change: dict[str, object], told: str) -> None:
    from dataclasses import replace

    output = tmp_path / "linked.jsonl"
    run(output, MENTIONS[:3])
    with pytest.raises(OutputMismatch, match=told):
        run(output, MENTIONS, replace(PROVENANCE, **change))
    assert written(output) == MENTIONS[:3]


def test_an_output_that_nothing_is_known_of_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    output.write_text("notes of mine\n", "utf-8")
    with pytest.raises(OutputMismatch, match="overwrite"):
        run(output, MENTIONS)
    assert output.read_text("utf-8") == "notes of mine\n"


def test_a_line_that_was_altered_is_found(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    run(output, MENTIONS[:5])
    lines = output.read_text("utf-8").splitlines(keepends=True)
    output.write_text("".join([lines[0], lines[2], lines[1]]), "utf-8")
    with pytest.raises(OutputMismatch, match="Line 2"):
        run(output, MENTIONS[:5])


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    with (
        resumed(output, PROVENANCE, alone(MENTIONS)),
        pytest.raises(OutputMismatch, match="another process"),
    ):
        run(output, MENTIONS)


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    output = tmp_path / "linked.jsonl"
    output.write_text("notes of mine\n", "utf-8")
    with resumed(output, PROVENANCE, alone(MENTIONS[:2]), overwrite=True) as (text, done, rest):
        assert done == 0
        link_stream(echo, rest, text, lambda done: None)
    assert written(output) == MENTIONS[:2]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mentions.tsv"
    path.write_text("doc\tspan\n" + "".join(f"d{i // 3}\tmención {i}\n" for i in range(7)), "utf-8")
    return path


def test_the_command_resumes(
    enlace, in_home: ReleaseHome, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.linking_file.BATCH", 3)
    output = tmp_path / "linked.jsonl"
    told = enlace("link", "--input", table, "--output", output, "--top", "3")
    assert (told.code, told.out) == (0, "")
    whole = output.read_bytes()
    assert written(output) == [f"mención {i}" for i in range(7)]
    assert all(len(json.loads(line)["candidates"]) == 3 for line in whole.splitlines())

    output.write_bytes(whole[: len(whole) // 2])
    told = enlace("link", "--input", table, "--output", output, "--top", "3")
    assert told.code == 0
    assert f"Continuing {output} after 3 of 7 mentions." in told.err
    assert output.read_bytes() == whole
    assert progress_file(output).is_file()

    told = enlace("link", "--input", table, "--output", output, "--top", "4")
    assert told.code == 1
    assert "another top" in told.err


def test_stdout(enlace, in_home: ReleaseHome, table: Path) -> None:
    told = enlace("link", "--input", table, "--output", "-", "--column", "span")
    assert told.code == 0
    assert [json.loads(line)["mention"] for line in told.out.splitlines()] == [
        f"mención {i}" for i in range(7)
    ]
