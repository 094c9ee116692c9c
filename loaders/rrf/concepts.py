"""Concepts, their terms, semantic types and codes, as columns of records, a range of concepts at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import Concept, Mapping, Relation, Term, TermKind
from loaders.prefixes import canonical_curie, canonical_prefix
from loaders.rejections import Rejections
from loaders.rrf.atoms import Atoms
from loaders.rrf.columns import CONCEPTS, DEFINITIONS, TYPES
from loaders.rrf.identifiers import AUI, CUI, PREFIX, TUI, concept_ids
from loaders.rrf.release import Metathesaurus
from loaders.rrf.rows import Kind, Rows, read_rows
from loaders.rrf.shelves import RANGES, Shelf

#: The type of the relation from a concept to each of its semantic types, and the prefix of those: `STY:T047`.
SEMANTIC_TYPE = f"{PREFIX}:STY"
SEMANTIC_TYPE_PREFIX = "STY"

NOT_A_CONCEPT = f"the concept is not in {CONCEPTS}"
NOT_LOADED = "the concept has no term that was asked for"

_DEFINITION_COLUMNS = {
    "CUI": Kind.CUI, "ATUI": Kind.TEXT, "SAB": Kind.WORD, "DEF": Kind.TEXT, "SUPPRESS": Kind.WORD,
}  # fmt: skip
_TYPE_COLUMNS = {"CUI": Kind.CUI, "TUI": Kind.TUI, "STY": Kind.WORD}


class Descriptions:
    """What MRDEF.RRF and MRSTY.RRF tell, by concept; and the name of each semantic type by its number."""

    def __init__(self) -> None:
        self.definitions = Shelf(cui=pa.uint32(), language=pa.int8(), text=pa.string(), id=pa.string())
        self.types = Shelf(cui=pa.uint32(), type=pa.uint32())
        self.type_names: dict[int, str] = {}

    def close(self) -> None:
        """Let go of what is on disk."""
        self.definitions.close()
        self.types.close()


def read_descriptions(
    release: Metathesaurus, atoms: Atoms, made: Descriptions, rejections: Rejections
) -> None:
    """Read MRDEF.RRF and MRSTY.RRF, where they are, into `made`. Raises SourceDamaged."""
    selection = atoms.selection
    table = release.table(DEFINITIONS)
    if table is not None:
        for rows in read_rows(table, _DEFINITION_COLUMNS, selection.words, rejections):
            rows = of_known(rows, "CUI", atoms, rejections)
            rows = selection.unsuppressed(rows, rejections)
            rows = selection.of_sources(rows, rejections)
            rows, languages = selection.in_languages(rows, atoms.languages_of(rows["SAB"]), rejections)
            blank = pc.equal(pc.utf8_trim_whitespace(rows["DEF"]), "").to_numpy(zero_copy_only=False)
            languages = languages[~blank]
            rows = rows.rejecting(blank, "the definition has no text", "DEF", rejections)
            made.definitions.put(
                rows["CUI"], cui=rows["CUI"], language=languages, text=rows["DEF"], id=rows["ATUI"]
            )
    table = release.table(TYPES)
    if table is not None:
        for rows in read_rows(table, _TYPE_COLUMNS, selection.words, rejections):
            rows = of_known(rows, "CUI", atoms, rejections)
            made.types.put(rows["CUI"], cui=rows["CUI"], type=rows["TUI"])
            types, firsts = np.unique(rows["TUI"], return_index=True)
            for type, name in zip(types.tolist(), rows["STY"][firsts].tolist(), strict=True):
                made.type_names.setdefault(type, selection.words.texts[name])


def of_known(rows: Rows, column: str, atoms: Atoms, rejections: Rejections) -> Rows:
    """The rows whose concept any row of MRCONSO.RRF speaks of; the others are rejected."""
    return rows.rejecting(~atoms.known[rows[column]], NOT_A_CONCEPT, column, rejections, CUI)


def records(atoms: Atoms, descriptions: Descriptions, rejections: Rejections) -> Iterator[RecordBatch]:
    """The concepts that have a term, in the order of their CUIs, with all that belongs to them."""
    names = [
        descriptions.type_names.get(type, "") for type in range(max(descriptions.type_names, default=0) + 1)
    ]
    for part in RANGES:
        terms = atoms.terms.take(part)
        if not terms.num_rows:
            continue
        types = _types(descriptions.types.numbers(part), atoms)
        yield _concepts(np.unique(terms["cui"].to_numpy()), types, pa.array(names))
        yield _terms(terms, atoms.selection.languages, rejections)
        yield _definitions(descriptions.definitions.take(part), atoms)
        yield RecordBatch(
            Relation,
            _columns(
                source=concept_ids(types["cui"]),
                type=pa.repeat(SEMANTIC_TYPE, len(types["cui"])),
                target=pc.binary_join_element_wise(SEMANTIC_TYPE_PREFIX, TUI.texts(types["type"]), ":"),
            ),
        )
        yield _mappings(atoms.codes.take(part), atoms)


def _concepts(cuis: NDArray[np.uint32], types: dict[str, NDArray[np.uint32]], names: pa.Array) -> RecordBatch:
    """A concept's tag is the name of its first semantic type by TUI."""
    owners, firsts = np.unique(types["cui"], return_index=True)
    tags = np.full(len(cuis), -1)
    # Every owner is declared, and so is among the concepts.
    tags[np.searchsorted(cuis, owners)] = types["type"][firsts]
    tag = names.take(pa.array(tags, mask=tags < 0)).fill_null("") if len(names) else pa.repeat("", len(cuis))
    return RecordBatch(Concept, _columns(id=concept_ids(cuis), semantic_tag=tag))


def _types(types: dict[str, NDArray[np.uint32]], atoms: Atoms) -> dict[str, NDArray[np.uint32]]:
    """(concept, type) once each, sorted, of declared concepts."""
    keep = atoms.declared[types["cui"]]
    pairs = np.unique(types["cui"][keep].astype(np.uint64) << np.uint64(32) | types["type"][keep])
    return {"cui": (pairs >> np.uint64(32)).astype(np.uint32), "type": pairs.astype(np.uint32)}


def _terms(terms: pa.Table, languages: list[str], rejections: Rejections) -> RecordBatch:
    """Each text once a concept and language; the first in the order of preference is preferred."""
    cui, language, order, aui = (terms[name].to_numpy() for name in ("cui", "language", "order", "aui"))
    sorting = np.lexsort((aui, order, language, cui))
    cui, language = cui[sorting], language[sorting]
    codes = terms["text"].combine_chunks().dictionary_encode()
    text = codes.indices.to_numpy()[sorting]
    groups = np.cumsum(np.concatenate(([False], (cui[1:] != cui[:-1]) | (language[1:] != language[:-1]))))
    # The first of equal ones is that of the most preferred atom.
    _, kept = np.unique(groups * len(codes.dictionary) + text, return_index=True)
    kept.sort()
    repeated = len(groups) - len(kept)
    if repeated:
        rejections.leave_out("another atom of the concept has the same text", repeated)
    preferred = np.concatenate(([True], groups[kept][1:] != groups[kept][:-1]))
    kinds = pa.array([TermKind.SYNONYM.value, TermKind.PREFERRED.value])
    return RecordBatch(
        Term,
        _columns(
            concept=concept_ids(cui[kept]),
            text=codes.dictionary.take(pa.array(text[kept])),
            language=pa.DictionaryArray.from_arrays(pa.array(language[kept]), languages),
            kind=pa.DictionaryArray.from_arrays(pa.array(preferred.astype(np.int8)), kinds),
            id=AUI.texts(aui[sorting][kept]),
        ),
    )


def _definitions(definitions: pa.Table, atoms: Atoms) -> RecordBatch:
    """Each text once a concept and language, with the least of its identifiers."""
    definitions = definitions.filter(pa.array(atoms.declared[definitions["cui"].to_numpy()]))
    definitions = definitions.sort_by([(name, "ascending") for name in ("cui", "language", "text", "id")])
    firsts = _firsts(definitions, ("cui", "language", "text"))
    return RecordBatch(
        Term,
        _columns(
            concept=concept_ids(firsts["cui"].to_numpy()),
            text=firsts["text"].combine_chunks(),
            language=pa.DictionaryArray.from_arrays(
                firsts["language"].combine_chunks(), atoms.selection.languages
            ),
            kind=pa.repeat(TermKind.DEFINITION.value, firsts.num_rows),
            id=firsts["id"].combine_chunks(),
        ),
    )


def _mappings(codes: pa.Table, atoms: Atoms) -> RecordBatch:
    """Each code of another system once a concept."""
    codes = codes.filter(pa.array(atoms.declared[codes["cui"].to_numpy()]))
    codes = _firsts(
        codes.sort_by([(name, "ascending") for name in ("cui", "system", "code")]), ("cui", "system", "code")
    )
    system = pa.array(atoms.systems.texts, pa.string()).take(codes["system"].combine_chunks())
    code = codes["code"].combine_chunks()
    targets = pc.binary_join_element_wise(system, code, ":")
    # Some systems write their prefix into the code (HP:0001658), some have two kinds of codes.
    odd = pc.or_(pc.match_substring(code, ":"), pc.equal(system, "OMIM"))
    if pc.any(odd).as_py():
        written = zip(system.filter(odd).to_pylist(), code.filter(odd).to_pylist(), strict=True)
        targets = pc.replace_with_mask(
            targets, odd, pa.array([_target(*one) for one in written], pa.string())
        )
    # A code that is written with its prefix and without is one.
    pairs = pa.table({"cui": codes["cui"], "target": targets}).group_by(["cui", "target"], use_threads=False)
    distinct = pairs.aggregate([]).combine_chunks()
    concept, target = concept_ids(distinct["cui"].to_numpy()), distinct["target"].combine_chunks()
    return RecordBatch(Mapping, _columns(concept=concept, target=target))


def _target(system: str, code: str) -> str:
    prefix, colon, _ = code.partition(":")
    whole = code if colon and canonical_prefix(prefix) == system else f"{system}:{code}"
    return canonical_curie(whole) or whole


def _firsts(rows: pa.Table, by: tuple[str, ...]) -> pa.Table:
    """Of sorted rows, those that differ in `by` from the one before."""
    if rows.num_rows < 2:
        return rows
    first = np.zeros(rows.num_rows, np.bool_)
    first[0] = True
    for name in by:
        values = rows[name].combine_chunks()
        first[1:] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return rows.filter(pa.array(first))


def _columns(**columns: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)
