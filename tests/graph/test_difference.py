"""What changed between two releases: by example on real stores, and by property on releases of chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.difference import Change, ChangeKind, differences
from graph.ladybug_builder import LadybugBuilder
from graph.model import IS_A, Concept, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.store import GraphStore, open_store


def name(terms: Sequence[Term]) -> str | None:
    preferred = [term for term in terms if term.kind is TermKind.PREFERRED]
    return max(preferred, key=lambda term: term.language).text if preferred else None


def build(path: Path, records: Iterable[Record]) -> GraphStore:
    builder = LadybugBuilder.open(path)
    builder.add(records)
    builder.finish()
    return open_store(path)


BEFORE: list[Record] = [
    Concept("X:1"),
    Concept("X:2", semantic_tag="hallazgo", module="M:1"),
    Concept("X:3"),
    Concept("X:4", active=False),
    Concept("X:5"),
    Concept("X:6", active=False),
    Concept("X:7"),
    Term("X:1", "uno", "es", TermKind.PREFERRED),
    Term("X:2", "dos (hallazgo)", "es", TermKind.FSN),
    Term("X:2", "dos", "es", TermKind.PREFERRED),
    Term("X:2", "two", "en", TermKind.PREFERRED),
    Term("X:2", "par", "es"),
    Term("X:3", "tres", "es", TermKind.PREFERRED),
    Term("X:5", "cinco", "es", TermKind.PREFERRED),
    Relation("X:2", IS_A, "X:1"),
    Relation("X:3", IS_A, "X:1"),
    Relation("X:7", IS_A, "X:1"),
    Relation("Z:9", IS_A, "X:1"),
]
AFTER: list[Record] = [
    Concept("X:1"),
    Concept("X:10"),
    Concept("X:2", semantic_tag="trastorno", module="M:2"),
    Concept("X:3", active=False),
    Concept("X:4"),
    Concept("X:6", active=False),
    Concept("X:7"),
    Term("X:1", "uno", "es", TermKind.PREFERRED),
    Term("X:1", "one", "en", TermKind.PREFERRED),
    Term("X:10", "diez", "es", TermKind.PREFERRED),
    Term("X:2", "dos (trastorno)", "es", TermKind.FSN),
    Term("X:2", "dúo", "es", TermKind.PREFERRED),
    Term("X:2", "two", "en", TermKind.PREFERRED),
    Term("X:2", "pareja", "es"),
    Term("X:3", "tres", "es", TermKind.PREFERRED),
    Relation("X:2", IS_A, "X:1"),
    Relation("X:2", IS_A, "X:10"),
    Relation("X:7", IS_A, "X:10"),
    Succession("X:3", "X:2", SuccessionKind.REPLACED_BY),
    Succession("X:3", "X:1", SuccessionKind.SAME_AS),
]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GraphStore, GraphStore]]:
    folder = tmp_path_factory.mktemp("stores")
    before, after = build(folder / "before.lbug", BEFORE), build(folder / "after.lbug", AFTER)
    yield before, after
    before.close()
    after.close()


def test_every_kind_of_change(stores: tuple[GraphStore, GraphStore]) -> None:
    assert list(differences(*stores, name=name)) == [
        Change(ChangeKind.ADDED, "X:10", "diez", "new"),
        Change(ChangeKind.RENAMED, "X:2", "dúo", "es fsn", ("dos (hallazgo)",), ("dos (trastorno)",)),
        Change(ChangeKind.RENAMED, "X:2", "dúo", "es preferred", ("dos",), ("dúo",)),
        Change(ChangeKind.MOVED, "X:2", "dúo", "semantic tag", ("hallazgo",), ("trastorno",)),
        Change(ChangeKind.MOVED, "X:2", "dúo", "module", ("M:1",), ("M:2",)),
        Change(ChangeKind.REPARENTED, "X:2", "dúo", "parents", (), ("X:10",)),
        Change(ChangeKind.RETIRED, "X:3", "tres", "inactive", (), ("X:1", "X:2")),
        Change(ChangeKind.ADDED, "X:4", "X:4", "active again"),
        Change(ChangeKind.RETIRED, "X:5", "cinco", "absent"),
        Change(ChangeKind.REPARENTED, "X:7", "X:7", "parents", ("X:1",), ("X:10",)),
    ]


def test_backwards_what_was_added_is_retired(stores: tuple[GraphStore, GraphStore]) -> None:
    changes = list(differences(stores[1], stores[0], name=name))
    assert [(c.concept, c.aspect) for c in changes if c.kind is ChangeKind.ADDED] == [
        ("X:3", "active again"),
        ("X:5", "new"),
    ]
    assert [(c.concept, c.aspect) for c in changes if c.kind is ChangeKind.RETIRED] == [
        ("X:10", "absent"),
        ("X:4", "inactive"),
    ]


def test_a_release_does_not_differ_from_itself(stores: tuple[GraphStore, GraphStore]) -> None:
    for store in stores:
        assert list(differences(store, store, name=name)) == []


def test_progress_is_told(stores: tuple[GraphStore, GraphStore], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.difference._CHANGES_AT_ONCE", 3)
    told: list[int] = []
    changes = list(differences(*stores, name=name, progress=told.append))
    assert told == [3, 6]
    assert changes[6].after == ("X:1", "X:2"), "successors are asked for a few changes at once"


class Scans:
    """The part of a store that is compared, in memory."""

    def __init__(self, concepts: dict[str, tuple[bool, str, frozenset[str]]]) -> None:
        """Each id's activity, preferred term and parents."""
        self._concepts = dict(sorted(concepts.items()))

    def scan_concepts(self) -> Iterator[Concept]:
        return (Concept(id, active) for id, (active, _, _) in self._concepts.items())

    def scan_terms(self) -> Iterator[Term]:
        for id, (_, text, _) in self._concepts.items():
            yield from [Term(id, text, "es", TermKind.PREFERRED)] if text else []

    def scan_is_a(self) -> Iterator[tuple[str, str]]:
        return ((id, parent) for id, (_, _, parents) in self._concepts.items() for parent in sorted(parents))

    def successors(self, ids: Sequence[str]) -> list[tuple[Succession, ...]]:
        return [() for _ in ids]


IDS = st.sampled_from([f"{prefix}:{number}" for prefix in ("A", "Ñ") for number in (1, 2, 10, 11)])
RELEASES = st.dictionaries(
    IDS, st.tuples(st.booleans(), st.sampled_from(["", "uno", "dos"]), st.frozensets(IDS, max_size=3))
)


@given(before=RELEASES, after=RELEASES)
def test_changes_are_those_of_a_plain_comparison(before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = list(differences(cast(GraphStore, Scans(before)), cast(GraphStore, Scans(after)), name=name))
    was = {id for id, (active, _, _) in before.items() if active}
    is_ = {id for id, (active, _, _) in after.items() if active}
    both = was & is_

    def found(kind: ChangeKind) -> set[str]:
        return {change.concept for change in changes if change.kind is kind}

    assert [change.concept for change in changes] == sorted(change.concept for change in changes)
    assert found(ChangeKind.ADDED) == is_ - was
    assert found(ChangeKind.RETIRED) == was - is_
    assert found(ChangeKind.RENAMED) == {
        id for id in both if before[id][1] and after[id][1] and before[id][1] != after[id][1]
    }
    assert found(ChangeKind.REPARENTED) == {id for id in both if before[id][2] != after[id][2]}
    for change in changes:
        if change.kind is ChangeKind.REPARENTED:
            parents = before[change.concept][2] - set(change.before) | set(change.after)
            assert parents == after[change.concept][2]
