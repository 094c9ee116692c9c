"""Terms that another release has for the same concepts: which concepts are the same, and which terms are lent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from clinic import RecordsInMemory, imported
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Concept, Mapping, Record, SynonymScope, Term, TermKind
from graph.release import ReleaseHome
from linker.gathered_terms import gather_terms
from linker.mapped_terms import MappedTerm, mapped_terms

Lend = Callable[[Iterable[Record], Iterable[Record]], list[tuple[str, str, str]]]

KIDNEY, ASTHMA, RETIRED = "SNOMEDCT:1", "SNOMEDCT:2", "SNOMEDCT:3"
GAZETTEER: list[Record] = [
    Concept(KIDNEY),
    Concept(ASTHMA),
    Concept(RETIRED, active=False),
    Term(KIDNEY, "fracaso renal", "es"),
    Term(ASTHMA, "asma", "es"),
]
ONTOLOGY: list[Record] = [
    Concept("HP:1", semantic_tag="finding"),
    Term("HP:1", "Insuficiencia renal (finding)", "en", TermKind.FSN),
    Term("HP:1", "Insuficiencia renal", "es", TermKind.PREFERRED),
    Term("HP:1", "Riñones que no trabajan.", "es", TermKind.DEFINITION),
    Term("HP:1", "Enfermedad renal", "es", scope=SynonymScope.BROAD),
]


@pytest.fixture
def lent(tmp_path: Path) -> Lend:
    """What a release of records lends to another, as (text, language, concept)."""
    home = ReleaseHome(tmp_path)

    def lend(own: Iterable[Record], other: Iterable[Record]) -> list[tuple[str, str, str]]:
        imported(home, "own", own)
        imported(home, "other", other)
        with home.open("own") as ours, home.open("other") as theirs:
            found = list(mapped_terms(ours.store, theirs.store))
        assert {one.lent_by for one in found} <= {"HP:1"}
        return [(one.text, one.language, one.concept) for one in found]

    return lend


class TestTheSame:
    def test_a_concept_that_maps_to_one_lends_it_its_names(self, lent: Lend) -> None:
        assert sorted(lent(GAZETTEER, [*ONTOLOGY, Mapping("HP:1", KIDNEY)])) == [
            ("Insuficiencia renal", "en", KIDNEY),
            ("Insuficiencia renal", "es", KIDNEY),
        ]

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ([Mapping(KIDNEY, "HP:1")], []),
            ([Mapping(KIDNEY, "UMLS:C1")], [Mapping("HP:1", "UMLS:C1", "exact")]),
            # A code that several have tells nothing, and takes nothing from one that tells.
            (
                [Mapping(KIDNEY, "UMLS:C1"), Mapping(KIDNEY, "MESH:1"), Mapping(ASTHMA, "MESH:1")],
                [Mapping("HP:1", "UMLS:C1"), Mapping("HP:1", "MESH:1")],
            ),
            # What is retired has no code.
            ([Mapping(KIDNEY, "UMLS:C1"), Mapping(RETIRED, "UMLS:C1")], [Mapping("HP:1", "UMLS:C1")]),
        ],
    )
    def test_either_may_map_to_the_other_or_both_to_one_code(
        self, lent: Lend, ours: list[Record], theirs: list[Record]
    ) -> None:
        found = lent([*GAZETTEER, *ours], [*ONTOLOGY, *theirs])
        assert ("Insuficiencia renal", "es", KIDNEY) in found
        assert {concept for _, _, concept in found} == {KIDNEY}

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ([], []),
            ([], [Mapping("HP:1", KIDNEY, "broad")]),
            ([], [Mapping("HP:1", KIDNEY, "narrow")]),
            ([], [Mapping("HP:1", RETIRED)]),
            # Two of ours have the code, or two of theirs.
            ([Mapping(KIDNEY, "MESH:1"), Mapping(ASTHMA, "MESH:1")], [Mapping("HP:1", "MESH:1")]),
            ([], [Concept("HP:2"), Mapping("HP:1", KIDNEY), Mapping("HP:2", KIDNEY)]),
            # The one is both of ours, so it is broader than each.
            ([], [Mapping("HP:1", KIDNEY), Mapping("HP:1", ASTHMA)]),
        ],
    )
    def test_what_is_broader_or_not_told_lends_nothing(
        self, lent: Lend, ours: list[Record], theirs: list[Record]
    ) -> None:
        assert lent([*GAZETTEER, *ours], [*ONTOLOGY, *theirs]) == []

    def test_a_retired_concept_lends_nothing(self, lent: Lend) -> None:
        records = [Concept("HP:1", active=False), *ONTOLOGY[1:], Mapping("HP:1", KIDNEY)]
        assert lent(GAZETTEER, records) == []


@given(
    ours=st.sets(st.tuples(st.integers(1, 3), st.integers(1, 4))),
    theirs=st.sets(st.tuples(st.integers(1, 3), st.integers(1, 4))),
)
def test_every_concept_lends_to_one_at_most_that_shares_a_code_no_other_has(
    ours: set[tuple[int, int]], theirs: set[tuple[int, int]]
) -> None:
    def records(prefix: str, codes: set[tuple[int, int]]) -> list[Record]:
        ids = [f"{prefix}:{number}" for number in range(1, 4)]
        named = [record for id in ids for record in (Concept(id), Term(id, f"de {id}", "es"))]
        return [*named, *(Mapping(f"{prefix}:{one}", f"C:{code}") for one, code in sorted(codes))]

    found = {
        (term.lent_by, term.concept)
        for term in mapped_terms(RecordsInMemory(records("A", ours)), RecordsInMemory(records("B", theirs)))  # type: ignore[arg-type]
    }

    def alone(codes: set[tuple[int, int]], code: int) -> int | None:
        holders = [one for one, other in codes if other == code]
        return holders[0] if len(holders) == 1 else None

    pairs = {(alone(theirs, code), alone(ours, code)) for code in range(1, 5)}
    told = {(b, a) for b, a in pairs if a and b}
    expected = {(b, a) for b, a in told if len({other for one, other in told if one == b}) == 1}
    assert found == {(f"B:{b}", f"A:{a}") for b, a in expected}


class TestIndexing:
    """What of the lent terms is indexed."""

    OWN = (
        *GAZETTEER,
        Concept("SNOMEDCT:4"),
    )

    def gathered(
        self, lent: Iterable[tuple[str, str, str]], mentions: Iterable[tuple[str, str]] = ()
    ) -> dict[str, set[str]]:
        found = gather_terms(
            RecordsInMemory(self.OWN),  # type: ignore[arg-type]
            ["es", "en"],
            mentions,
            mapped={
                "other": [MappedTerm(text, language, concept, "HP:1") for concept, text, language in lent]
            },
        )
        self.taken = found.mapped
        self.lent_by = {found.texts[row]: ids for row, ids in found.lent_by.items()}
        self.preferred = dict(zip(found.concept_ids, found.preferred, strict=True))
        return {
            text: {found.concept_ids[ordinal] for ordinal in found.senses.of(row)}
            for row, text in enumerate(found.texts)
        }

    def test_lent_terms_are_further_terms(self) -> None:
        found = self.gathered([(KIDNEY, "insuficiencia renal", "es"), (ASTHMA, "asma bronquial", "es")])
        assert found["insuficiencia renal"] == {KIDNEY}
        assert found["asma bronquial"] == {ASTHMA}
        assert self.taken == {"other": 2}
        assert self.lent_by == {"insuficiencia renal": ["HP:1"], "asma bronquial": ["HP:1"]}
        assert self.preferred[KIDNEY] == "fracaso renal"

    def test_a_string_of_the_release_or_a_mention_keeps_its_meaning(self) -> None:
        lent = [(KIDNEY, "Asma", "es"), (KIDNEY, "IRC", "es"), (ASTHMA, "Fracasó renal", "es")]
        found = self.gathered(lent, [("irc", ASTHMA)])
        assert found == {"fracaso renal": {KIDNEY}, "asma": {ASTHMA}, "irc": {ASTHMA}}
        assert self.taken == {"other": 0}

    def test_only_languages_of_the_release_are_taken(self) -> None:
        assert "kidney failure" not in self.gathered([(KIDNEY, "kidney failure", "en")])

    def test_a_concept_without_a_term_of_its_own_is_shown_by_a_lent_one(self) -> None:
        found = self.gathered([("SNOMEDCT:4", "tos", "es"), (RETIRED, "pertussis", "es")])
        assert found["tos"] == {"SNOMEDCT:4"}
        assert self.preferred["SNOMEDCT:4"] == "tos"
        assert "pertussis" not in found
