"""What every graph store promises, as tests that run against each of them.

A store joins by one more parameter of the fixture `build` in `test_stores.py`: a function that takes
records in any order and returns an open store of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from graph.batches import RecordBatch, RecordOrBatch, batch_of, records_of
from graph.errors import StoreUnavailable
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
from graph.store import GraphStore, scan_batches

Build: TypeAlias = Callable[[Iterable[RecordOrBatch]], GraphStore]

INFARCTION, HEART_DISEASE, DISEASE = "SNOMEDCT:22298006", "SNOMEDCT:56265001", "SNOMEDCT:64572001"
RETIRED, DRUG = "SNOMEDCT:155304006", "SNOMEDCT:9007199254740993104"
SPAIN, LATIN_AMERICA = "SNOMEDCT:448879004", "SNOMEDCT:450828004"
RARE, COMMON = "SNOMEDCT:733073007", "SNOMEDCT:816080008"
SITE, HEART = "SNOMEDCT:363698007", "SNOMEDCT:80891009"

CONCEPTS = [
    Concept(INFARCTION, True, "trastorno", "20240101", "SNOMEDCT:449081005", True),
    Concept(HEART_DISEASE, semantic_tag="trastorno"),
    Concept(DISEASE),
    Concept(RETIRED, active=False, effective_time="20100131"),
    Concept(DRUG),
]
TERMS = [
    Term(INFARCTION, "infarto de miocardio (trastorno)", "es", TermKind.FSN, id="1"),
    Term(INFARCTION, "myocardial infarction", "en", TermKind.PREFERRED, id="2"),
    Term(
        INFARCTION,
        "infarto de miocardio",
        "es",
        TermKind.PREFERRED,
        id="3",
        acceptability=(Acceptability(SPAIN, True), Acceptability(LATIN_AMERICA)),
    ),
    Term(INFARCTION, "IAM", "es", scope=SynonymScope.RELATED, id="4"),
    Term(INFARCTION, "ataque al corazón", "es", id="5"),
    Term(INFARCTION, "Necrosis del músculo del corazón.", "es", TermKind.DEFINITION, id="6"),
    Term(RETIRED, "infarto agudo", "es"),
]
RELATIONS = [
    Relation(INFARCTION, SITE, HEART, 1, "3210022"),
    Relation(INFARCTION, "SNOMEDCT:116676008", "SNOMEDCT:55641003", 1),
    Relation(INFARCTION, SITE, HEART_DISEASE, 0),
    Relation(DRUG, "SNOMEDCT:1142135004", "#500"),
]
IS_AS = [
    Relation(INFARCTION, IS_A, HEART_DISEASE, id="3211029"),
    Relation(HEART_DISEASE, IS_A, DISEASE),
    Relation(RETIRED, IS_A, DISEASE),
    Relation(DISEASE, IS_A, "UPHENO:0001"),
]
MAPPINGS = [
    Mapping(INFARCTION, "ICD10:I21.9", "exact", 1, 2, "OTHERWISE TRUE", "ALWAYS I21.9", "b2c7"),
    Mapping(INFARCTION, "ICD10:I21.0", "exact", 1, 1, "IFA 1 | x |", ""),
    Mapping(HEART_DISEASE, "ICD10:I51.9"),
    Mapping(RETIRED, "ICD10:I21.9"),
]
SUCCESSIONS = [
    Succession(RETIRED, HEART_DISEASE, SuccessionKind.WAS_A),
    Succession(RETIRED, INFARCTION, SuccessionKind.SAME_AS, "80a1"),
    Succession("SNOMEDCT:1", INFARCTION, SuccessionKind.REPLACED_BY),
]
MEMBERSHIPS = [
    Membership(COMMON, INFARCTION, "m3"),
    Membership(RARE, INFARCTION, "m2"),
    Membership(COMMON, DISEASE, "m4"),
    Membership(COMMON, "SNOMEDCT:1"),
]
RECORDS: list[RecordOrBatch] = [*MEMBERSHIPS, *SUCCESSIONS, *MAPPINGS, *IS_AS, *RELATIONS, *TERMS, *CONCEPTS]
BARE: list[RecordOrBatch] = [Concept(DISEASE)]


class StoreContract:
    """The tests. They ask for the fixtures `build`, `store` (of RECORDS) and `bare` (of `BARE`)."""

    # Looking up ------------------------------------------------------------------------------------------

    def test_concepts_are_answered_in_the_order_asked(self, store: GraphStore) -> None:
        ids = [concept.id for concept in CONCEPTS]
        assert store.concepts(ids) == CONCEPTS
        assert store.concepts(ids[::-1]) == CONCEPTS[::-1]

    def test_an_id_asked_twice_is_answered_twice(self, store: GraphStore) -> None:
        assert store.concepts([DISEASE, DISEASE]) == [Concept(DISEASE)] * 2
        assert store.terms([RETIRED, RETIRED]) == [(TERMS[-1],)] * 2
        assert store.mappings([RETIRED, RETIRED]) == [(MAPPINGS[-1],)] * 2

    def test_an_unknown_id_gets_none_or_an_empty_tuple(self, store: GraphStore) -> None:
        unknown = ["SNOMEDCT:0", "", "x' OR 1=1 //"]
        assert store.concepts(unknown) == [None] * 3
        for ask in _lists_of(store):
            assert ask(unknown) == [()] * 3

    def test_no_ids_get_no_answers(self, store: GraphStore) -> None:
        assert store.concepts([]) == []
        for ask in _lists_of(store):
            assert ask([]) == []

    def test_an_id_that_is_only_spoken_of_is_no_concept(self, store: GraphStore) -> None:
        assert store.concepts([HEART, "ICD10:I21.9", "#500", "UPHENO:0001", "SNOMEDCT:1"]) == [None] * 5

    def test_ids_longer_than_a_double_holds_are_kept_exactly(self, store: GraphStore) -> None:
        assert store.concepts([DRUG, "SNOMEDCT:9007199254740993105"]) == [Concept(DRUG), None]

    def test_terms_come_fsn_preferred_synonyms_definitions_then_by_language_and_text(
        self, store: GraphStore
    ) -> None:
        assert store.terms([INFARCTION]) == [tuple(TERMS[:6])]

    def test_a_retired_concept_keeps_its_terms(self, store: GraphStore) -> None:
        assert store.terms([DISEASE, RETIRED]) == [(), (TERMS[-1],)]

    def test_relations_leave_is_a_out_and_come_by_group(self, store: GraphStore) -> None:
        by_group = (RELATIONS[2], RELATIONS[1], RELATIONS[0])
        assert store.relations([INFARCTION, HEART_DISEASE]) == [by_group, ()]

    def test_a_relation_whose_target_is_not_a_concept_here_is_kept(self, store: GraphStore) -> None:
        assert store.relations([DRUG]) == [(RELATIONS[3],)]

    def test_mappings_come_by_group_and_priority(self, store: GraphStore) -> None:
        assert store.mappings([INFARCTION, DRUG]) == [(MAPPINGS[1], MAPPINGS[0]), ()]

    def test_mappings_are_found_from_their_target(self, store: GraphStore) -> None:
        assert store.mapped_from(["ICD10:I21.9", "ICD10:I21"]) == [(MAPPINGS[3], MAPPINGS[0]), ()]

    def test_successors_come_closest_first(self, store: GraphStore) -> None:
        assert store.successors([RETIRED, INFARCTION]) == [(SUCCESSIONS[1], SUCCESSIONS[0]), ()]

    def test_a_retired_id_without_a_concept_has_successors_too(self, store: GraphStore) -> None:
        assert store.successors(["SNOMEDCT:1"]) == [(SUCCESSIONS[2],)]

    def test_predecessors_come_closest_first(self, store: GraphStore) -> None:
        assert store.predecessors([INFARCTION]) == [(SUCCESSIONS[1], SUCCESSIONS[2])]

    def test_memberships_come_by_refset(self, store: GraphStore) -> None:
        assert store.memberships([INFARCTION, HEART_DISEASE, "SNOMEDCT:1"]) == [
            (MEMBERSHIPS[1], MEMBERSHIPS[0]),
            (),
            (MEMBERSHIPS[3],),
        ]

    def test_members_come_by_id(self, store: GraphStore) -> None:
        assert store.members([COMMON, DISEASE, RARE]) == [
            (MEMBERSHIPS[3], MEMBERSHIPS[0], MEMBERSHIPS[2]),
            (),
            (MEMBERSHIPS[1],),
        ]

    def test_a_page_of_many_ids_is_answered_at_once(self, store: GraphStore) -> None:
        page = [f"SNOMEDCT:{number}" for number in range(3000)] + [INFARCTION]
        assert store.concepts(page)[-1] == CONCEPTS[0]
        assert store.terms(page)[-1] == tuple(TERMS[:6])

    # Reading all -----------------------------------------------------------------------------------------

    def test_scanning_concepts_gives_active_and_retired_by_id(self, store: GraphStore) -> None:
        assert list(store.scan_concepts()) == sorted(CONCEPTS, key=lambda concept: concept.id)

    def test_scanning_terms_gives_all_by_concept(self, store: GraphStore) -> None:
        assert list(store.scan_terms()) == [TERMS[-1], *TERMS[:6]]

    def test_scanning_mappings_gives_all_by_concept(self, store: GraphStore) -> None:
        assert list(store.scan_mappings()) == [MAPPINGS[3], MAPPINGS[1], MAPPINGS[0], MAPPINGS[2]]

    def test_scanning_is_a_gives_all_pairs_in_order(self, store: GraphStore) -> None:
        assert list(store.scan_is_a()) == sorted((r.source, r.target) for r in IS_AS)

    def test_scanning_relations_gives_is_a_too_by_source(self, store: GraphStore) -> None:
        assert list(store.scan_relations()) == sorted(
            [*RELATIONS, *IS_AS], key=lambda r: (r.source, r.group, r.type, r.target, r.id)
        )

    def test_scanning_successions_gives_all_by_retired_id(self, store: GraphStore) -> None:
        assert list(store.scan_successions()) == [SUCCESSIONS[2], SUCCESSIONS[1], SUCCESSIONS[0]]

    def test_scanning_memberships_gives_all_by_member(self, store: GraphStore) -> None:
        assert list(store.scan_memberships()) == [MEMBERSHIPS[i] for i in (3, 1, 0, 2)]

    @pytest.mark.parametrize(
        ("kind", "records"),
        [
            (Concept, CONCEPTS),
            (Term, TERMS),
            (Relation, [*RELATIONS, *IS_AS]),
            (Mapping, MAPPINGS),
            (Succession, SUCCESSIONS),
            (Membership, MEMBERSHIPS),
        ],
    )
    def test_records_are_read_as_columns_too(
        self, store: GraphStore, bare: GraphStore, kind: type[Record], records: Sequence[Record]
    ) -> None:
        assert {record for batch in scan_batches(store, kind) for record in records_of(batch)} == {*records}
        assert sum(len(batch) for batch in scan_batches(store, kind)) == len(records)
        assert sum(len(batch) for batch in scan_batches(bare, kind)) == (kind is Concept)

    def test_columns_that_are_named_are_read(self, store: GraphStore) -> None:
        read = [
            batch.columns.to_pylist() for batch in scan_batches(store, Term, ("concept", "text", "language"))
        ]
        told = {(row["concept"], row["text"], row["language"]) for rows in read for row in rows}
        assert told == {(term.concept, term.text, term.language) for term in TERMS}
        both = [
            batch.columns.to_pylist() for batch in scan_batches(store, Relation, ("source", "type", "target"))
        ]
        assert {(row["source"], row["type"], row["target"]) for rows in both for row in rows} == {
            (relation.source, relation.type, relation.target) for relation in (*RELATIONS, *IS_AS)
        }

    def test_what_is_alike_but_for_its_id_comes_by_id(self, build: Build) -> None:
        relations = [Relation("X:1", SITE, "X:2", 1, id) for id in ("", "1", "10", "2")]
        is_a = [Relation("X:1", IS_A, "X:2", 0, id) for id in ("", "1", "10", "2")]
        mappings = [Mapping("X:1", "ICD10:A", id=id) for id in ("", "a", "á")]
        successions = [Succession("X:1", "X:2", SuccessionKind.WAS_A, id) for id in ("", "a", "b")]
        memberships = [Membership("X:2", "X:1", id) for id in ("", "a", "b")]
        terms = [Term("X:1", "a", "es", id=id) for id in ("", "1", "10", "2")]
        held = [(), (Acceptability(SPAIN),), (Acceptability(SPAIN, True),)]
        terms += [Term("X:1", "b", "es", acceptability=acceptability) for acceptability in held]
        records = [*relations, *is_a, *mappings, *successions, *memberships, *terms]
        store = build([Concept("X:1"), Concept("X:2"), *records[::-1], *records])
        assert store.terms(["X:1"]) == [tuple(terms)] == [tuple(store.scan_terms())]
        assert store.relations(["X:1"]) == [tuple(relations)]
        assert list(store.scan_relations()) == sorted(relations + is_a, key=lambda r: (r.group, r.type, r.id))
        assert list(store.scan_is_a()) == [("X:1", "X:2")]
        assert store.mappings(["X:1"]) == [tuple(mappings)] == [tuple(store.scan_mappings())]
        assert store.successors(["X:1"]) == [tuple(successions)] == [tuple(store.scan_successions())]
        assert store.predecessors(["X:2"]) == [tuple(successions)]
        assert store.memberships(["X:1"]) == [tuple(memberships)] == [tuple(store.scan_memberships())]
        assert store.members(["X:2"]) == [tuple(memberships)]

    def test_a_release_of_concepts_alone_answers_every_question(self, bare: GraphStore) -> None:
        assert bare.concepts([DISEASE]) == [Concept(DISEASE)]
        for ask in _lists_of(bare):
            assert ask([DISEASE, INFARCTION]) == [(), ()]
        assert list(bare.scan_concepts()) == [Concept(DISEASE)]
        assert [*bare.scan_terms(), *bare.scan_mappings(), *bare.scan_is_a()] == []
        assert [*bare.scan_relations(), *bare.scan_successions(), *bare.scan_memberships()] == []

    # What building makes of records ----------------------------------------------------------------------

    def test_a_repeated_record_is_kept_once(self, build: Build) -> None:
        store = build([*RECORDS, *RECORDS])
        assert store.terms([INFARCTION]) == [tuple(TERMS[:6])]
        assert len(store.relations([INFARCTION])[0]) == 3
        assert len(store.mappings([INFARCTION])[0]) == 2
        assert len(store.successors([RETIRED])[0]) == 2
        assert len(store.members([COMMON])[0]) == 3
        assert len(list(store.scan_concepts())) == len(CONCEPTS)
        assert len(list(store.scan_is_a())) == len(IS_AS)

    def test_of_several_rows_for_a_concept_the_latest_holds(self, build: Build) -> None:
        earlier, later = Concept("X:1", effective_time="20200131"), Concept("X:1", False, "", "20210131")
        undated, dated = Concept("X:2"), Concept("X:2", effective_time="20200131", defined=True)
        first, last = Concept("X:3", semantic_tag="hallazgo"), Concept("X:3", semantic_tag="trastorno")
        store = build([later, earlier, dated, undated, first, last])
        assert store.concepts(["X:1", "X:2", "X:3"]) == [later, dated, last]

    def test_batches_mean_the_same_as_their_records(self, build: Build, store: GraphStore) -> None:
        batches: list[RecordOrBatch] = [
            batch_of(rows)
            for rows in (MEMBERSHIPS, SUCCESSIONS, MAPPINGS, [*IS_AS, *RELATIONS], TERMS, CONCEPTS)
        ]
        in_batches = build(batches)
        in_both = build([*RECORDS[1::2], *batches, *RECORDS[::2]])
        ids = sorted({c.id for c in CONCEPTS} | {COMMON, RARE, "SNOMEDCT:1", "ICD10:I21.9"})
        for other in (in_batches, in_both):
            assert other.concepts(ids) == store.concepts(ids)
            for ask, expected in zip(_lists_of(other), _lists_of(store), strict=True):
                assert ask(ids) == expected(ids)
            for scan, wanted in zip(_scans_of(other), _scans_of(store), strict=True):
                assert list(scan()) == list(wanted())

    def test_a_batch_and_a_record_of_one_concept_count_in_their_order(self, build: Build) -> None:
        def batch(tag: str) -> RecordBatch:
            return batch_of([Concept(id, semantic_tag=tag) for id in ("X:1", "X:2")])

        first, last = Concept("X:1", semantic_tag="primero"), Concept("X:2", semantic_tag="último")
        store = build([first, batch("lote"), last])
        assert store.concepts(["X:1", "X:2"]) == [Concept("X:1", semantic_tag="lote"), last]

    def test_terms_that_differ_in_anything_are_all_kept(self, build: Build) -> None:
        term = Term("X:1", "caída", "es")
        others = [
            Term("X:1", "Caída", "es"),
            Term("X:1", "caida", "es"),
            Term("X:1", "caída", "gl"),
            Term("X:1", "caída", "es", id="7"),
            Term("X:1", "caída", "es", scope=SynonymScope.NARROW),
            Term("X:1", "caída", "es", TermKind.PREFERRED),
            Term("X:1", "caída", "es", acceptability=(Acceptability(SPAIN),)),
        ]
        store = build([Concept("X:1"), term, *others])
        assert set(store.terms(["X:1"])[0]) == {term, *others}

    def test_a_term_of_an_undeclared_concept_is_left_out(self, build: Build) -> None:
        store = build([Concept("X:1"), Relation("X:1", SITE, "X:2"), Term("X:2", "a", "es")])
        assert store.terms(["X:2"]) == [()]
        assert list(store.scan_terms()) == []

    def test_text_comes_back_as_it_was(self, build: Build) -> None:
        texts = [
            "",
            " con espacios ",
            "comillas \"dobles\" y 'simples'",
            "barra \\ y | y , y ;",
            "tab\ty\nsalto\r\nde línea",
            "null",
            "año ≠ ano, µg/día, α-1, 東京, 🫀",
            "e\u0301 y é",
            "largo " * 5000,
        ]
        store = build([Concept("X:1"), *(Term("X:1", text, "es") for text in texts)])
        assert [term.text for term in store.terms(["X:1"])[0]] == sorted(texts)

    # Sharing and closing ---------------------------------------------------------------------------------

    def test_threads_may_share_a_store(self, store: GraphStore) -> None:
        def ask(_: int) -> bool:
            return (
                store.concepts([INFARCTION]) == CONCEPTS[:1]
                and store.terms([INFARCTION]) == [tuple(TERMS[:6])]
                and len(list(store.scan_is_a())) == len(IS_AS)
            )

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(ask, range(80)))

    def test_a_closed_store_says_so(self, build: Build) -> None:
        store = build([Concept("X:1"), Term("X:1", "a", "es")])
        store.close()
        store.close()
        with pytest.raises(StoreUnavailable, match="closed"):
            store.concepts(["X:1"])
        with pytest.raises(StoreUnavailable, match="closed"):
            list(store.scan_terms())


def _lists_of(store: GraphStore) -> list[Callable[[Sequence[str]], Sequence[tuple[object, ...]]]]:
    return [
        store.terms,
        store.relations,
        store.mappings,
        store.mapped_from,
        store.successors,
        store.predecessors,
        store.memberships,
        store.members,
    ]


def _scans_of(store: GraphStore) -> list[Callable[[], Iterable[object]]]:
    return [
        store.scan_concepts,
        store.scan_terms,
        store.scan_is_a,
        store.scan_relations,
        store.scan_mappings,
        store.scan_successions,
        store.scan_memberships,
    ]
