"""The synthetic Metathesaurus: the same bytes again, whole by its own table, shaped and awkward as it says."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks import invented_terms
from benchmarks.import_rrf import import_figures
from benchmarks.synthetic_rrf import main, write_release
from graph.batches import RecordBatch
from graph.model import Mapping
from loaders.formats import load
from loaders.rrf import columns
from loaders.sctid import ComponentKind, is_valid

CONCEPTS = 5000


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("rrf"), CONCEPTS, seed=3)


def rows(release: Path, name: str) -> list[dict[str, str]]:
    names = columns.STANDARD[name]
    with (release / name).open(encoding="utf-8") as lines:
        return [dict(zip(names, line.split("|")[:-1], strict=True)) for line in lines]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    first, again, other = (
        write_release(tmp_path / name, 300, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(set(columns.STANDARD))
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert any((first / name).read_bytes() != (other / name).read_bytes() for name in names)


def test_the_table_of_files_tells_their_rows_and_bytes(release: Path) -> None:
    for row in rows(release, columns.FILES):
        content = (release / row["FIL"]).read_bytes()
        assert int(row["RWS"]) == content.count(b"\n")
        assert int(row["BTS"]) == len(content)
        assert tuple(row["FMT"].split(",")) == columns.STANDARD[row["FIL"]]


def test_rows_are_as_many_and_as_mixed_as_said(release: Path) -> None:
    atoms, relations = rows(release, columns.CONCEPTS), rows(release, columns.RELATIONS)
    assert len(atoms) / CONCEPTS == pytest.approx(4.2, rel=0.05)
    assert len(relations) / CONCEPTS == pytest.approx(8.34, rel=0.01)
    languages = Counter(atom["LAT"] for atom in atoms)
    assert languages["ENG"] / len(atoms) == pytest.approx(0.71, abs=0.03)
    assert languages["SPA"] / len(atoms) == pytest.approx(0.16, abs=0.03)
    assert len(languages) == 8
    assert sum(atom["SUPPRESS"] != "N" for atom in atoms) / len(atoms) == pytest.approx(1 / 7, abs=0.03)
    assert len({atom["AUI"] for atom in atoms}) == len(atoms)
    assert any('"' in atom["STR"] for atom in atoms)
    sctids = {atom["SCUI"] for atom in atoms if atom["SAB"] in ("SNOMEDCT_US", "SCTSPA")}
    assert all(is_valid(sctid, ComponentKind.CONCEPT) for sctid in sctids)


def test_relations_come_in_both_directions_with_what_one_may_stumble_over(release: Path) -> None:
    relations = rows(release, columns.RELATIONS)
    parents = Counter((r["CUI1"], r["CUI2"], r["SAB"]) for r in relations if r["REL"] == "PAR")
    children = Counter((r["CUI2"], r["CUI1"], r["SAB"]) for r in relations if r["REL"] == "CHD")
    assert parents == children
    assert any(child == parent for child, parent, _ in parents)
    assert any((parent, child, source) in parents for child, parent, source in parents if child != parent)
    snomed = Counter(child for child, _, source in parents if source == "SNOMEDCT_US")
    assert 1.4 < parents_a_concept(snomed) < 1.9
    roots = [row for row in rows(release, columns.CONTEXTS) if not row["PAUI"]]
    assert {row["SAB"] for row in roots} == {"SRC"}


def parents_a_concept(parents: Counter[str]) -> float:
    return sum(parents.values()) / len(parents)


def test_it_is_read_and_little_of_it_is_rejected(release: Path) -> None:
    loaded = load(release)
    batches = [record for record in loaded.records if isinstance(record, RecordBatch)]
    counts = Counter(batch.kind.__name__ for batch in batches for _ in range(len(batch)))
    assert counts["Concept"] > 0.95 * CONCEPTS
    assert counts["Term"] > 2 * CONCEPTS
    targets = [id for b in batches if b.kind is Mapping for id in b.columns["target"].to_pylist()]
    assert {"SNOMEDCT", "MESH", "HP", "ICD10CM"} <= {target.partition(":")[0] for target in targets}
    assert set(loaded.rejected.by_reason) == {
        "the concept is its own parent",
        "the is-a relation closes a cycle",
    }
    assert loaded.rejected.count < 30


@pytest.mark.parametrize("language", ["es", "en"])
def test_invented_terms_tell_concepts_apart(language: str) -> None:
    numbers = np.arange(20_000, dtype=np.int64) * 7_321
    for style in range(invented_terms.STYLES):
        terms = invented_terms.terms(numbers, style, language).to_pylist()
        assert len(set(terms)) == len(terms)


def test_the_command_line_writes_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["synthetic_rrf", "--concepts", "200", "--output", str(tmp_path)])
    main()
    assert "MRCONSO.RRF" in capsys.readouterr().out
    with pytest.raises(FileExistsError):
        main()
    with pytest.raises(ValueError, match="A release of 5 concepts cannot be made"):
        write_release(tmp_path / "few", 5)


def test_the_benchmark_imports_through_the_installed_command(release: Path, tmp_path: Path) -> None:
    _, figures = import_figures(release, tmp_path)
    assert figures["concepts"] > 0.95 * CONCEPTS
    assert figures["rows read"] > 13 * CONCEPTS
    assert figures["peak memory of the import, MiB"] > 50
