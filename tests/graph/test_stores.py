"""The stores there are, each held to the contract, and what is particular to the embedded one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import ladybug
import pytest
from store_contract import (
    BARE,
    CONCEPTS,
    INFARCTION,
    IS_AS,
    MAPPINGS,
    MEMBERSHIPS,
    RECORDS,
    RELATIONS,
    SUCCESSIONS,
    TERMS,
    Build,
    StoreContract,
)

import graph.ladybug_builder
import graph.ladybug_store
import graph.spool
from graph.batches import RecordOrBatch
from graph.counting import CountingStore
from graph.errors import ReleaseDamaged, ReleaseExists, StoreUnavailable
from graph.ladybug_builder import LadybugBuilder
from graph.ladybug_store import LadybugStore
from graph.model import Concept
from graph.store import GraphStore, open_store


def written(path: Path, records: Iterable[RecordOrBatch]) -> Path:
    builder = LadybugBuilder.open(path)
    builder.add(records)
    builder.finish()
    return path


@pytest.fixture(scope="module", params=["ladybug", "ladybug loaded in many parts", "counting"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    opened: list[GraphStore] = []
    patch = pytest.MonkeyPatch()
    if "parts" in request.param:
        patch.setattr(graph.spool, "BYTES_IN_MEMORY", 700)
        patch.setattr(graph.spool, "_SAMPLE", 1)
        patch.setattr(graph.ladybug_builder, "_ROWS_AN_OPENING", 3)

    def build(records: Iterable[RecordOrBatch]) -> GraphStore:
        path = tmp_path_factory.mktemp("store") / "graph.lbug"
        store: GraphStore = LadybugStore.open(written(path, records))
        opened.append(store)
        return CountingStore(store) if request.param == "counting" else store

    yield build
    patch.undo()
    for store in opened:
        store.close()


@pytest.fixture(scope="module")
def store(build: Build) -> GraphStore:
    return build(RECORDS)


@pytest.fixture(scope="module")
def bare(build: Build) -> GraphStore:
    return build(BARE)


class TestStores(StoreContract):
    """Every store keeps the contract, and so does the one that counts."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("ladybug") / "graph.lbug", RECORDS)


def test_a_counting_store_counts_calls_and_ids(path: Path) -> None:
    store = CountingStore(open_store(path))
    store.terms(["X:1", "X:2"])
    store.terms([])
    list(store.scan_concepts())
    assert store.calls == {"terms": 2, "scan_concepts": 1}
    assert store.ids == {"terms": 2}
    store.reset()
    assert store.calls == {}
    store.close()


def test_a_store_is_opened_by_path_or_by_url(path: Path) -> None:
    for address in (path, str(path), f"ladybug://{path}"):
        store = open_store(address)
        assert store.concepts([INFARCTION]) == CONCEPTS[:1]
        store.close()


@pytest.mark.parametrize("url", ["https://example.org/x", "postgres://localhost/x", "neo://localhost"])
def test_other_kinds_of_store_are_refused_clearly(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="is no kind of store; write neo4j://localhost:7687"):
        open_store(url)


def test_a_missing_store_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="There is no store"):
        open_store(tmp_path / "graph.lbug")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_store_is_damaged(tmp_path: Path) -> None:
    for content in (b"", b"hello" * 1000, b"LBUG1" + b"\0" * 10_000):
        junk = tmp_path / "graph.lbug"
        junk.write_bytes(content)
        with pytest.raises(ReleaseDamaged, match=r"load the release again\.$"):
            open_store(junk)


def test_a_cut_store_is_damaged(path: Path, tmp_path: Path) -> None:
    whole, cut = path.read_bytes(), tmp_path / "graph.lbug"
    for size in (4, len(whole) // 2, len(whole) - 4096):
        cut.write_bytes(whole[:size])
        with pytest.raises(ReleaseDamaged, match=r"load the release again\.$"):
            open_store(cut)


def test_any_folder_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "it's a \\ [folder] of año*?"
    folder.mkdir()
    store = open_store(written(folder / "graph.lbug", RECORDS))
    assert store.concepts([INFARCTION]) == CONCEPTS[:1]
    store.close()


def test_a_ladybug_file_of_another_program_is_damaged(tmp_path: Path) -> None:
    other = tmp_path / "other.lbug"
    with ladybug.Database(other) as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE NODE TABLE City(name STRING PRIMARY KEY)")
    with pytest.raises(ReleaseDamaged, match="not a store that Enlace wrote"):
        open_store(other)


def test_a_store_of_another_schema_version_is_damaged(tmp_path: Path) -> None:
    path = written(tmp_path / "graph.lbug", [Concept("X:1")])
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        connection.execute("MATCH (e:Enlace {about: 'schema_version'}) SET e.value = 99")
    with pytest.raises(ReleaseDamaged, match="schema version 99"):
        open_store(path)


def test_scans_longer_than_one_reading_are_whole_and_in_order(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph.ladybug_store, "_SCAN", 2)
    store = open_store(path)
    assert list(store.scan_concepts()) == sorted(CONCEPTS, key=lambda concept: concept.id)
    assert list(store.scan_terms()) == [TERMS[-1], *TERMS[:6]]
    assert list(store.scan_is_a()) == sorted((r.source, r.target) for r in IS_AS)
    assert sorted(m.target for m in store.scan_mappings()) == sorted(m.target for m in MAPPINGS)
    assert {*store.scan_relations()} == {*RELATIONS, *IS_AS}
    assert [relation.source for relation in store.scan_relations()] == sorted(
        relation.source for relation in [*RELATIONS, *IS_AS]
    )
    assert list(store.scan_memberships()) == [MEMBERSHIPS[i] for i in (3, 1, 0, 2)]
    assert list(store.scan_successions()) == [SUCCESSIONS[i] for i in (2, 1, 0)]
    store.close()


def test_a_second_process_reads_the_same_file(path: Path) -> None:
    program = (
        "import sys; from graph.store import open_store; "
        "print(open_store(sys.argv[1]).concepts([sys.argv[2]])[0].semantic_tag)"
    )
    store = open_store(path)
    asked = [sys.executable, "-c", program, str(path), INFARCTION]
    other = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert other.stdout.strip() == "trastorno"
    assert store.concepts([INFARCTION]) == CONCEPTS[:1]
    store.close()


def test_reading_leaves_the_folder_as_it_was(path: Path) -> None:
    before = [(p.name, p.stat().st_mtime_ns) for p in path.parent.iterdir()]
    store = open_store(path)
    list(store.scan_terms())
    store.close()
    assert [(p.name, p.stat().st_mtime_ns) for p in path.parent.iterdir()] == before


def test_a_failure_inside_ladybug_is_told_in_a_sentence(path: Path) -> None:
    store = LadybugStore.open(path)
    with pytest.raises(StoreUnavailable, match=r"failed while answering: .*\.$"):
        store._ask("MATCH (n:Nothing) RETURN n")
    store.close()


def test_a_scan_under_way_ends_clearly_when_its_store_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph.ladybug_store, "_SCAN", 1)
    store = open_store(path)
    terms = store.scan_terms()
    next(terms)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        list(terms)


def test_building_tells_what_it_holds(tmp_path: Path) -> None:
    builder = LadybugBuilder.open(tmp_path / "graph.lbug")
    builder.add(RECORDS)
    contents = builder.finish()
    assert contents.languages == ("en", "es")
    assert contents.counts == {
        "concepts": 5,
        "active_concepts": 4,
        "terms": 7,
        "is_a": 4,
        "relations": 4,
        "mappings": 4,
        "successions": 3,
        "memberships": 4,
        "undeclared": 10,
        "orphan_terms": 0,
    }


def test_nothing_is_at_its_place_before_a_build_is_finished(tmp_path: Path) -> None:
    builder = LadybugBuilder.open(tmp_path / "graph.lbug")
    builder.add(RECORDS)
    assert not (tmp_path / "graph.lbug").exists()
    builder.finish()
    assert [p.name for p in tmp_path.iterdir()] == ["graph.lbug"]


def test_an_abandoned_build_leaves_no_trace(tmp_path: Path) -> None:
    builder = LadybugBuilder.open(tmp_path / "graph.lbug")
    builder.add(RECORDS)
    builder.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_build_does_not_overwrite_a_store(path: Path) -> None:
    with pytest.raises(ReleaseExists):
        LadybugBuilder.open(path)
