"""The Neo4j store on a real server: the contract, and the same answers as the embedded store's."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from neo4j_graphs import Graphs
from neo4j_server import Server
from store_contract import BARE, CONCEPTS, DISEASE, INFARCTION, RECORDS, Build, StoreContract

import graph.neo4j_builder
import graph.neo4j_store
from benchmarks.synthetic_records import small_release
from graph import neo4j_releases as releases
from graph.errors import ReleaseDamaged, StoreUnavailable
from graph.ladybug_builder import LadybugBuilder
from graph.model import (
    IS_A,
    Acceptability,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)
from graph.neo4j_schema import State
from graph.store import GraphStore, open_store


@pytest.fixture(scope="module")
def graphs(neo4j_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graphs]:
    with Graphs(neo4j_server, tmp_path_factory.mktemp("neo4j")) as graphs:
        yield graphs


@pytest.fixture(scope="module")
def build(graphs: Graphs) -> Build:
    return graphs.store


@pytest.fixture(scope="module")
def store(build: Build) -> GraphStore:
    return build(RECORDS)


@pytest.fixture(scope="module")
def bare(build: Build) -> GraphStore:
    return build(BARE)


class TestNeo4jStore(StoreContract):
    """The contract, against a real server."""


# One contract, two stores ----------------------------------------------------------------------------------

LOOK_UPS = (
    "concepts",
    "terms",
    "relations",
    "mappings",
    "mapped_from",
    "successors",
    "predecessors",
    "memberships",
    "members",
)
SCANS = (
    "scan_concepts",
    "scan_terms",
    "scan_mappings",
    "scan_is_a",
    "scan_relations",
    "scan_successions",
    "scan_memberships",
)

#: Ids and texts that a query language, a sort or an encoding could take amiss.
ODD = (
    "X:'; MATCH (n) DETACH DELETE n //",
    'X:"} ) RETURN 1 UNION MATCH (n) RETURN n //',
    "X:`x` $ids {id: 1} \\u0027",
    "X:\\",
    "X:ñ",
    "X:n\u0303",
    "X:Ñ",
    "X:z",
    "X:é",
    "X:\uffef",
    "X:🫀",
    "X:東京",
    "X: space ",
    "X:tab\tline\nend\r",
    "X:null",
    "X:0",
    "X:00",
    '#"texto con ""comillas"""',
    "#-0.5",
)


def odd_records(seed: int = 7, concepts: int = 150) -> list[Record]:
    """Records of every kind with odd ids and texts, repeats, ties and ends that nothing declares."""
    chance = random.Random(seed)
    ids = [*ODD, *(f"X:{number}" for number in range(concepts - len(ODD)))]
    declared, texts = ids[: concepts - 20], [*ODD, "", "infarto", "Infarto", "infarto agudo"]
    refsets = [Acceptability(f"R:{number}", bool(number % 2)) for number in range(4)]

    def row_id() -> str:
        return chance.choice(["", str(chance.randrange(10**18))])

    made: list[Record] = [
        Concept(id, chance.random() < 0.8, chance.choice(texts), str(chance.randrange(2000, 2027)), "M:1")
        for id in declared * 2
    ]
    for _ in range(4 * concepts):
        source, target, kind = chance.choice(ids), chance.choice(ids), chance.choice(list(SuccessionKind))
        held_by = tuple(sorted(chance.sample(refsets, chance.randrange(4))))
        made += [
            Term(
                source, chance.choice(texts), chance.choice(["es", "en", "gl"]), chance.choice(list(TermKind)),
                chance.choice(list(SynonymScope)), row_id(), held_by,
            ),
            Relation(source, chance.choice(["T:1", "T:2", *ODD[:3]]), target, chance.randrange(3), row_id()),
            Relation(source, IS_A, target, 0, row_id()),
            Mapping(
                source, chance.choice([target, "ICD10:I21.9"]), chance.choice(["xref", "exact"]),
                chance.randrange(2), chance.randrange(2), chance.choice(texts), chance.choice(texts), row_id(),
            ),
            Succession(source, target, kind, row_id()),
            Membership(chance.choice(["R:1", "R:2", ODD[0]]), source, row_id()),
        ]  # fmt: skip
    chance.shuffle(made)
    return made


def ids_in(store: GraphStore) -> list[str]:
    """Every id that a release declares or speaks of."""
    found = {concept.id for concept in store.scan_concepts()}
    found.update(end for relation in store.scan_relations() for end in (relation.source, relation.target))
    found.update(end for mapping in store.scan_mappings() for end in (mapping.concept, mapping.target))
    found.update(end for s in store.scan_successions() for end in (s.retired, s.successor))
    found.update(end for m in store.scan_memberships() for end in (m.refset, m.member))
    return sorted(found)


def check_alike(embedded: GraphStore, served: GraphStore, unknown: Sequence[str] = ("X:none", "")) -> None:
    for scan in SCANS:
        assert list(getattr(served, scan)()) == list(getattr(embedded, scan)()), scan
    ids = [*ids_in(embedded), *unknown]
    random.Random(1).shuffle(ids)
    for look_up in LOOK_UPS:
        assert getattr(served, look_up)(ids) == getattr(embedded, look_up)(ids), look_up


@pytest.mark.parametrize("name", ["synthetic", "odd"])
def test_both_stores_answer_alike_and_in_the_same_order(
    name: str, graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = small_release(2000) if name == "synthetic" else odd_records()
    if name == "odd":
        # Many batches and many pages, with ends in the middle of a concept.
        monkeypatch.setattr(graph.neo4j_builder, "_ROWS_A_BATCH", 100)
        monkeypatch.setattr(graph.neo4j_store, "_CONCEPTS_A_PAGE", 37)
        monkeypatch.setattr(graph.neo4j_store, "_IDS_A_QUESTION", 50)
    builder = LadybugBuilder.open(tmp_path / "graph.lbug")
    builder.add(records)
    contents = builder.finish()
    address, served_contents = graphs.write(records)
    assert served_contents == contents
    embedded, served = open_store(tmp_path / "graph.lbug"), graphs.open(address)
    check_alike(embedded, served)
    embedded.close()


def test_an_id_is_never_read_as_cypher(graphs: Graphs, store: GraphStore) -> None:
    before = list(store.scan_terms())
    assert store.concepts(list(ODD)) == [None] * len(ODD)
    for look_up in LOOK_UPS[1:]:
        assert getattr(store, look_up)(list(ODD)) == [()] * len(ODD)
    assert list(store.scan_terms()) == before


# Graphs side by side ---------------------------------------------------------------------------------------


def test_graphs_of_one_server_know_nothing_of_each_other(graphs: Graphs) -> None:
    one = graphs.store([Concept("X:1"), Term("X:1", "uno", "es"), Relation("X:1", IS_A, "X:2")])
    other_address, _ = graphs.write([Concept("X:1", False), Concept("X:2"), Term("X:1", "other", "en")])
    other = graphs.open(other_address)
    assert one.concepts(["X:1", "X:2"]) == [Concept("X:1"), None]
    assert other.concepts(["X:1", "X:2"]) == [Concept("X:1", False), Concept("X:2")]
    assert [term.text for term in one.scan_terms()] == ["uno"]
    assert [term.text for term in other.scan_terms()] == ["other"]
    assert list(other.scan_is_a()) == []

    graphs.remove(other_address.key)
    assert [term.text for term in one.scan_terms()] == ["uno"]


def test_a_graph_goes_in_batches_and_leaves_nothing(graphs: Graphs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "_CONCEPTS_A_BATCH", 2)
    monkeypatch.setattr(releases, "_CODES_A_BATCH", 3)
    address, contents = graphs.write(RECORDS)
    told: list[int] = []
    removed = graphs.remove(address.key, told.append)
    assert removed == contents.counts["concepts"] + contents.counts["undeclared"]
    assert told == [2, 4, 5, 8, 11, 14, 15][: len(told)]
    assert told[-1] == removed
    assert graphs.nodes_of(address) == 0
    assert graphs.remove(address.key) == 0


def test_who_reads_a_graph_that_is_being_removed_is_told(graphs: Graphs) -> None:
    address, _ = graphs.write(RECORDS)
    store = graphs.open(address)
    scan = store.scan_concepts()
    assert next(scan)
    graphs.set_state(address, State.REMOVING)
    for ask in (
        lambda: store.concepts([DISEASE]),
        lambda: store.terms(["X:none"]),
        lambda: list(store.scan_is_a()),
    ):
        with pytest.raises(ReleaseDamaged, match=r"was removed from Neo4j at neo4j://.* open it again\.$"):
            ask()
    graphs.remove(address.key)
    with pytest.raises(ReleaseDamaged, match="was removed"):
        store.concepts([DISEASE])


@pytest.mark.parametrize("state", [State.IMPORTING, State.REMOVING])
def test_a_graph_that_is_not_whole_is_not_opened(graphs: Graphs, state: State) -> None:
    address, _ = graphs.write(BARE)
    graphs.set_state(address, state)
    with pytest.raises(ReleaseDamaged, match=f"is not whole but {state}; load the release again"):
        graphs.open(address)


def test_a_graph_that_is_not_there_is_damaged(graphs: Graphs) -> None:
    with pytest.raises(ReleaseDamaged, match=r"has no graph 'demo@.*'; load the release again"):
        graphs.open(graphs.new_address())


def test_a_graph_of_another_schema_version_is_damaged(graphs: Graphs) -> None:
    address, _ = graphs.write(BARE)
    graphs.ask("MATCH (r:Release {key: $key}) SET r.schema_version = 99", key=address.key)
    with pytest.raises(ReleaseDamaged, match="schema version 99 and this Enlace reads 1"):
        graphs.open(address)


def test_closing_ends_a_scan_clearly(graphs: Graphs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph.neo4j_store, "_CONCEPTS_A_PAGE", 1)
    address, _ = graphs.write(RECORDS)
    store = graphs.open(address)
    scan = store.scan_terms()
    next(scan)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        list(scan)


# Building --------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_a_build_is_finished(graphs: Graphs) -> None:
    address = graphs.new_address()
    builder = graphs.builder(address)
    builder.add(RECORDS)
    assert graphs.nodes_of(address) == 0
    builder.abandon()
    with pytest.raises(ReleaseDamaged, match="has no graph"):
        graphs.open(address)


def test_a_build_that_fails_half_way_leaves_no_trace(
    graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unplugged(Exception):
        pass

    def unplug(done: int) -> None:
        assert graphs.nodes_of(address)
        raise Unplugged

    monkeypatch.setattr(graph.neo4j_builder, "_ROWS_A_BATCH", 2)
    address = graphs.new_address()
    builder = graphs.builder(address, progress=unplug)
    builder.add(RECORDS)
    with pytest.raises(Unplugged):
        builder.finish()
    with pytest.raises(ReleaseDamaged, match="is not whole but importing"):
        graphs.open(address)
    builder.abandon()
    builder.abandon()
    assert graphs.nodes_of(address) == 0


def test_progress_counts_all_that_is_sent(graphs: Graphs) -> None:
    told: list[int] = []
    address = graphs.new_address()
    builder = graphs.builder(address, progress=told.append)
    builder.add(RECORDS)
    counts = builder.finish().counts
    edges = sum(counts[kind] for kind in ("is_a", "relations", "mappings", "successions", "memberships"))
    assert told == sorted(told)
    assert told[-1] == counts["concepts"] + counts["undeclared"] + 2 * counts["terms"] + edges


def test_the_embedded_store_needs_no_driver(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = (
        "import sys\n"
        "from graph.importing import import_release\n"
        "from graph.model import Concept\n"
        "from graph.release import ReleaseHome\n"
        "home = ReleaseHome(sys.argv[1])\n"
        "import_release(home, 'demo', [Concept('X:1')], sources=[])\n"
        "with home.open('demo') as opened:\n"
        "    assert opened.store.concepts(['X:1'])\n"
        "home.remove('demo')\n"
        "print('neo4j' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"


def test_concepts_of_the_contract_are_told_with_their_properties(graphs: Graphs) -> None:
    address, _ = graphs.write(RECORDS)
    found = graphs.ask(
        "MATCH (c:Concept {release: $key, id: $id}) RETURN properties(c) AS c", key=address.key, id=INFARCTION
    )
    assert found[0]["c"] == {
        "release": address.key,
        "id": CONCEPTS[0].id,
        "active": True,
        "semantic_tag": "trastorno",
        "effective_time": "20240101",
        "module": "SNOMEDCT:449081005",
        "defined": True,
    }
