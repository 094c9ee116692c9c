"""One ontology gives equal records in OBO, in OWL (three syntaxes) and in OBO Graphs JSON."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from written_ontologies import MATCHES, SCOPES, WrittenClass, write_all

from graph.batches import RecordBatch
from graph.model import (
    IS_A,
    Concept,
    Mapping,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)
from loaders.formats import detect_format, load

IDS = [f"HP:{number:07}" for number in range(1, 9)]

words = st.text("abñáZ09 (),;:'\"\\{}!&<>#[]ª-", min_size=1, max_size=12)
# fastobo does not read an escaped backslash at the end of a quoted text; such a line is rejected.
texts = words.map(lambda text: " ".join(text.split()).rstrip("\\")).filter(bool)
ids = st.sampled_from([*IDS, "UBERON:0000955"])
targets = st.sampled_from(["UMLS:C1", "SNOMEDCT_US:22298006", "MSH:D1", "ICD-10:I21.9"])
properties = st.sampled_from(["BFO:0000050", "RO:0002573"])


def few(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=2).map(tuple)


def pairs(
    first: st.SearchStrategy[str], second: st.SearchStrategy[str]
) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    return st.lists(st.tuples(first, second), max_size=2).map(tuple)


def classes(id: str) -> st.SearchStrategy[WrittenClass]:
    return st.builds(
        WrittenClass,
        id=st.just(id),
        label=texts | st.just(""),
        definition=texts | st.just(""),
        synonyms=pairs(st.sampled_from(SCOPES), texts),
        xrefs=few(targets),
        matches=pairs(st.sampled_from(MATCHES), targets),
        parents=few(ids),
        relations=pairs(properties, ids),
        genus=ids | st.just(""),
        differentiae=st.tuples(st.tuples(properties, ids)),
        namespace=st.sampled_from(["", "phenotype"]),
        retired=st.booleans(),
        merged=st.booleans(),
        replaced_by=few(ids),
        consider=few(ids),
        alternatives=few(st.sampled_from([*IDS, "HP:0000099"])),
    )


ontologies = st.lists(st.sampled_from(IDS), unique=True, min_size=1, max_size=5).flatmap(
    lambda chosen: st.tuples(*(classes(id) for id in chosen))
)


def read(path: Path) -> tuple[set[Record], set[str]]:
    """The distinct records, a concept as it was told last, and why some were rejected."""
    loaded = load(path)
    concepts: dict[str, Concept] = {}
    others: set[Record] = set()
    for record in loaded.records:
        assert not isinstance(record, RecordBatch)
        if isinstance(record, Concept):
            concepts[record.id] = record
        else:
            others.add(record)
    return others | set(concepts.values()), set(loaded.rejected.by_reason)


@settings(max_examples=40, deadline=None)
@given(ontologies)
def test_one_ontology_in_every_format(written: tuple[WrittenClass, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = write_all(Path(folder), written)
        assert {name: detect_format(path) for name, path in paths.items()} == {
            "obo": "obo",
            "obograph": "obograph",
            "xml": "owl",
            "turtle": "owl",
            "nt": "owl",
        }
        expected = read(paths["obograph"])
        for name in ("obo", "xml", "turtle", "nt"):
            assert read(paths[name]) == expected, name


def test_what_the_formats_say(tmp_path: Path) -> None:
    written = (
        WrittenClass("HP:1", label="All"),
        WrittenClass(
            "HP:2",
            label='Dolor {agudo} "de" costado! \\',
            definition="Dolor.",
            synonyms=(("NARROW", "Punzada"),),
            xrefs=("UMLS_CUI:C1",),
            matches=(("close", "MSH:D1"),),
            parents=("HP:1",),
            relations=(("BFO:0000050", "HP:1"),),
            alternatives=("HP:8",),
            namespace="phenotype",
        ),
        WrittenClass("HP:3", label="c", genus="HP:2", differentiae=(("RO:0002573", "HP:1"),)),
        WrittenClass("HP:4", retired=True, replaced_by=("HP:2",), consider=("HP:3",)),
        WrittenClass("HP:5", retired=True, merged=True, replaced_by=("HP:2",)),
        WrittenClass("HP:6"),
    )
    expected = {
        Concept("HP:1"),
        Concept("HP:2", semantic_tag="phenotype"),
        Concept("HP:3", defined=True),
        *(Concept(id, active=False) for id in ("HP:4", "HP:5", "HP:8")),
        Term("HP:1", "All", "en", TermKind.PREFERRED),
        Term("HP:2", 'Dolor {agudo} "de" costado! \\', "en", TermKind.PREFERRED),
        Term("HP:2", "Punzada", "en", scope=SynonymScope.NARROW),
        Term("HP:2", "Dolor.", "en", TermKind.DEFINITION),
        Term("HP:3", "c", "en", TermKind.PREFERRED),
        Mapping("HP:2", "UMLS:C1"),
        Mapping("HP:2", "MESH:D1", "close"),
        Relation("HP:2", IS_A, "HP:1"),
        Relation("HP:2", "BFO:0000050", "HP:1"),
        Relation("HP:3", IS_A, "HP:2"),
        Relation("HP:3", "RO:0002573", "HP:1"),
        Succession("HP:4", "HP:2", SuccessionKind.REPLACED_BY),
        Succession("HP:4", "HP:3", SuccessionKind.POSSIBLY_EQUIVALENT_TO),
        Succession("HP:5", "HP:2", SuccessionKind.SAME_AS),
        Succession("HP:8", "HP:2", SuccessionKind.SAME_AS),
    }
    for name, path in write_all(tmp_path, written).items():
        assert read(path) == (expected, set()), name
