"""A small release, as records, in which each rule of linking has its case; and what imports and indexes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from graph.importing import import_release
from graph.model import CURIE, IS_A, Concept, Mapping, Record, Relation, SynonymScope, Term, TermKind
from graph.release import ReleaseHome
from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.encoder import Encoder
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.index_manifest import IndexManifest
from linker.indexing import build_index
from linker.stored_vectors import StoredVectors
from linker.vector_index import AUTO

INFARCTION, ANGINA, ASTHMA, YEAR, ANUS = "X:01", "X:02", "X:03", "X:04", "X:05"
RENAL_COLIC, COLIC, CALCIUM, COVID, BRONCHITIS = "X:06", "X:07", "X:08", "X:09", "X:10"
RETIRED, NAMELESS = "X:98", "X:99"

CONCEPTS = [
    *(Concept(id, semantic_tag="trastorno") for id in (INFARCTION, ANGINA, ASTHMA, COVID, BRONCHITIS)),
    *(Concept(id) for id in (YEAR, ANUS, RENAL_COLIC, COLIC, CALCIUM, NAMELESS)),
    Concept(RETIRED, active=False),
]
DEFINITION = "Necrosis del músculo del corazón por falta de riego."
TERMS = [
    Term(INFARCTION, "infarto agudo de miocardio (trastorno)", "es", TermKind.FSN),
    Term(INFARCTION, "infarto de miocardio", "es", TermKind.PREFERRED),
    Term(INFARCTION, "ataque al corazón", "es"),
    Term(INFARCTION, "myocardial infarction", "en", TermKind.PREFERRED),
    Term(INFARCTION, DEFINITION, "es", TermKind.DEFINITION),
    Term(ANGINA, "angina de pecho", "es", TermKind.PREFERRED),
    Term(ANGINA, "angina inestable (de reciente comienzo)", "es"),
    Term(ASTHMA, "asma", "es", TermKind.PREFERRED),
    Term(ASTHMA, "Asma bronquial", "es"),
    Term(ASTHMA, "bronchial asthma", "en", TermKind.PREFERRED),
    Term(BRONCHITIS, "bronquitis", "es", TermKind.PREFERRED),
    Term(BRONCHITIS, "bronquitis asmática", "es"),
    Term(YEAR, "año", "es", TermKind.PREFERRED),
    Term(ANUS, "ano", "es", TermKind.PREFERRED),
    Term(COLIC, "cólico", "es", TermKind.PREFERRED),
    Term(RENAL_COLIC, "cólico nefrítico", "es", TermKind.PREFERRED),
    Term(RENAL_COLIC, "cólico", "es", scope=SynonymScope.BROAD),
    Term(CALCIUM, "calcio iónico", "es", TermKind.PREFERRED),
    Term(CALCIUM, "Ca++", "es"),
    Term(COVID, "COVID-19", "es", TermKind.PREFERRED),
    Term(COVID, "myocardial infarction", "en"),
    Term(RETIRED, "perlesía", "es", TermKind.PREFERRED),
]
RECORDS: list[Record] = [*CONCEPTS, *TERMS]

INDEXED = {
    "infarto agudo de miocardio",
    "infarto de miocardio",
    "ataque al corazón",
    "myocardial infarction",
    "angina de pecho",
    "angina inestable (de reciente comienzo)",
    "asma",
    "Asma bronquial",
    "bronchial asthma",
    "bronquitis",
    "bronquitis asmática",
    "año",
    "ano",
    "cólico",
    "cólico nefrítico",
    "calcio iónico",
    "Ca++",
    "COVID-19",
}
"""Every distinct term of an active concept, as it is indexed."""

ANSWERABLE = {
    INFARCTION,
    ANGINA,
    ASTHMA,
    BRONCHITIS,
    YEAR,
    ANUS,
    RENAL_COLIC,
    COLIC,
    CALCIUM,
    COVID,
}


class RecordsInMemory:
    """As much of a store as indexing and training read."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = list(records)

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        by_id = {concept.id: concept for concept in self.scan_concepts()}
        return [by_id.get(id) for id in ids]

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        return [tuple(term for term in self.scan_terms() if term.concept == id) for id in ids]

    def scan_concepts(self) -> Iterator[Concept]:
        return iter(sorted((r for r in self._records if isinstance(r, Concept)), key=lambda c: c.id))

    def scan_terms(self) -> Iterator[Term]:
        return (r for r in self._records if isinstance(r, Term))

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        return ((r.source, r.target) for r in self._records if isinstance(r, Relation) and r.type == IS_A)

    def scan_mappings(self) -> Iterator[Mapping]:
        return (r for r in self._records if isinstance(r, Mapping))


def imported(home: ReleaseHome, name: str, records: Iterable[Record]) -> Path:
    """Import a release; the folder where its index goes."""
    import_release(home, name, records, sources=())
    with home.open(name) as opened:
        return opened.index_folder


def indexed(
    home: ReleaseHome,
    name: str,
    encoder: Encoder,
    *,
    bi_encoder: Path | str = "",
    cross_encoder: Path | str = "",
    mentions: Iterable[tuple[str, CURIE]] = (),
    stored: Sequence[StoredVectors] = (),
    kind: str = AUTO,
) -> IndexManifest:
    """Index an imported release in its place."""
    with home.open(name) as opened:
        return build_index(
            opened.index_folder,
            name,
            opened.store,
            encoder,
            bi_encoder=str(bi_encoder),
            cross_encoder=str(cross_encoder),
            mentions=mentions,
            stored=stored,
            kind=kind,
        )


def indexed_records(
    folder: Path, records: Iterable[Record], encoder: Encoder, code_axes: str = "", *, write_out: bool = True
) -> IndexManifest:
    """Index records without a release, by the bi-encoder alone."""
    return build_index(
        folder,
        "r",
        RecordsInMemory(records),  # type: ignore[arg-type]
        encoder,
        bi_encoder="",
        cross_encoder="",
        code_axes=code_axes,
        write_out=write_out,
    )


def retriever(index: TermIndex, encoder: Encoder, weights: RetrievalWeights | None = None) -> Retriever:
    """A retriever that reads mentions as they stand."""
    return Retriever(index, encoder, Abbreviations.of(()), weights or RetrievalWeights())
