"""Compiles what expressions are answered from: one reading of each kind of record, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch, decode_acceptability
from graph.ecl import words
from graph.ecl.rows import RowIndex, Runs
from graph.ecl.tables import (
    NO_DAY,
    TERM_KINDS,
    UNKNOWN_TARGET,
    Attributes,
    Concepts,
    Descriptions,
    RefsetRows,
    Tables,
)
from graph.ecl.universe import Universe
from graph.ecl.well_known import ASSOCIATIONS, DEFINED, DESCRIPTION_TYPES, IS_A, PRIMITIVE
from graph.hierarchy import Hierarchy
from graph.model import CURIE, Concept, Membership, Relation, Succession, SuccessionKind, Term
from graph.model import IS_A as IS_A_TYPE
from graph.sorted_ids import SortedIds
from graph.store import GraphStore, scan_batches


def compile_tables(
    store: GraphStore, hierarchy: Hierarchy, tell: Callable[[str, int], None] = lambda stage, done: None
) -> tuple[Universe, Tables]:
    """Read a release once and compile it. `tell` hears a stage and how many records it took.

    Takes about 60 bytes a relation and 100 bytes a term, beside the terms. Raises StoreUnavailable.
    """
    known = _Known(store, hierarchy)
    tell("concepts", known.universe.concepts)
    relations = _Relations(known, scan_batches(store, Relation))
    tell("relations", len(relations.sources))
    refsets = _Refsets(known, scan_batches(store, Membership), scan_batches(store, Succession))
    terms = _Terms(known, scan_batches(store, Term))
    tell("terms", len(terms.concepts))
    universe = known.with_others()
    tables = Tables(
        concepts=known.concepts(universe),
        attributes=relations.attributes(universe),
        refset_rows=refsets.rows(universe),
        descriptions=terms.descriptions(universe),
    )
    return universe, tables


class _TextColumn:
    """A column of text that comes in parts: its distinct values and a code a row."""

    def __init__(self) -> None:
        self._parts: list[pa.DictionaryArray] = []

    def add(self, part: pa.Array) -> None:
        """Take the next rows; null for no value."""
        self._parts.append(part.dictionary_encode())

    def encoded(self) -> tuple[pa.Array, NDArray[np.int32]]:
        """The distinct values, and for each row the place of its value among them; -1 for null."""
        if not self._parts:
            return pa.array([], pa.string()), np.zeros(0, np.int32)
        column = pa.chunked_array(self._parts).unify_dictionaries()
        codes = [part.indices.fill_null(-1).to_numpy(zero_copy_only=False) for part in column.chunks]
        return column.chunk(0).dictionary, np.concatenate(codes)


class _Known:
    """The concepts of a release, and the other ids that have a role in it, as they are met."""

    def __init__(self, store: GraphStore, hierarchy: Hierarchy) -> None:
        ids, modules = _TextColumn(), _TextColumn()
        defined, times = [], []
        for batch in scan_batches(store, Concept):
            columns = batch.columns
            ids.add(columns["id"])
            modules.add(columns["module"])
            defined.append(columns["defined"].to_numpy(zero_copy_only=False))
            times.append(_days(columns["effective_time"]))
        distinct, _ = ids.encoded()
        inactive = pa.array(hierarchy.ids.ordinals_of(distinct) < 0)
        retired = SortedIds.of(distinct.filter(inactive).to_pylist())
        self.universe = Universe(hierarchy.ids, retired, SortedIds.of([]))
        self._ids = pa.array([*hierarchy.ids.array.tolist(), *retired.array.tolist()], pa.binary())
        order = np.argsort(self.numbers(ids))
        self._module_names, module_codes = modules.encoded()
        self._defined = _joined(defined)[order].astype(np.bool_)
        self._modules = module_codes[order]
        self._times = _joined(times)[order].astype(np.int32)
        self._others = {IS_A, IS_A_TYPE, DEFINED, PRIMITIVE, *DESCRIPTION_TYPES, *ASSOCIATIONS.values()}

    def numbers(self, column: _TextColumn) -> NDArray[np.int32]:
        """The number of the concept of each row; -1 where its id is none."""
        distinct, codes = column.encoded()
        found = pc.index_in(distinct.cast(pa.binary()), value_set=self._ids).fill_null(-1).to_numpy()
        return _taken(found, codes)

    def meet(self, ids: Iterable[CURIE]) -> None:
        """Note ids that have a role."""
        self._others.update(ids)

    def with_others(self) -> Universe:
        """The concepts and all other ids met."""
        self.meet(id for id in self._module_names.to_pylist() if id)
        others = sorted(self._others)
        among = self.universe.numbers(others)
        active, retired, _ = self.universe.parts
        return Universe(
            active, retired, SortedIds.of([id for id, at in zip(others, among, strict=True) if at < 0])
        )

    def concepts(self, universe: Universe) -> Concepts:
        """What is known of each concept."""
        modules = universe.numbers(self._module_names.to_pylist())
        return Concepts(self._defined, _taken(modules, self._modules), self._times)


class _Relations:
    """The rows of relations of concepts: to concepts, to concrete values, and to ids that are no concepts here."""

    def __init__(self, known: _Known, batches: Iterable[RecordBatch]) -> None:
        sources, targets, types, values = _TextColumn(), _TextColumn(), _TextColumn(), _TextColumn()
        group_numbers = []
        for batch in batches:
            columns = batch.columns
            sources.add(columns["source"])
            targets.add(columns["target"])
            types.add(columns["type"])
            is_value = pc.match_substring_regex(columns["target"], '^(#|"|true$|false$)')
            values.add(pc.if_else(is_value, columns["target"], None))
            group_numbers.append(columns["group"].to_numpy().astype(np.int32))
        source, target, group = known.numbers(sources), known.numbers(targets), _joined(group_numbers)
        self._type_names, type_codes = types.encoded()
        self._values, value_codes = values.encoded()
        names = self._type_names.to_pylist()
        self._is_a = names.index(IS_A_TYPE) if IS_A_TYPE in names else -1
        is_a = type_codes == self._is_a
        # In the hierarchy are the is-a relations of active concepts alone.
        active = known.universe.active
        in_hierarchy = (source < active) & (target >= 0) & (target < active)
        kept = (source >= 0) & (~is_a | in_hierarchy)
        self._outside_names, outside = _outside(targets, kept & (target < 0) & (value_codes < 0))
        # Sorted by source, is-a last, then by group: rows of a group come one after another.
        order = np.lexsort((group[kept], is_a[kept], source[kept]))
        self.sources = source[kept][order]
        self._targets = np.where(value_codes >= 0, -1 - value_codes, target)[kept][order]
        self._outside = outside[kept][order]
        self._types = type_codes[kept][order]
        self._group_numbers = group[kept][order]
        self._concepts = known.universe.concepts
        known.meet(names)
        known.meet(self._outside_names)

    def attributes(self, universe: Universe) -> Attributes:
        """The table."""
        type_numbers = universe.numbers(self._type_names.to_pylist()).astype(np.int32)
        outside = _taken(universe.numbers(self._outside_names), self._outside)
        targets = np.where(self._outside >= 0, outside, self._targets)
        groups, attribute_groups = self._groups(self._types == self._is_a)
        group_sources = self.sources[np.unique(groups, return_index=True)[1]]
        counts = np.bincount(group_sources[:attribute_groups], minlength=self._concepts)
        return Attributes(
            sources=self.sources,
            types=self._types.astype(np.int16),
            targets=targets,
            groups=groups,
            type_numbers=type_numbers,
            group_sources=group_sources,
            values=tuple(self._values.to_pylist()),
            attribute_groups=attribute_groups,
            is_a=self._is_a,
            by_source=Runs.of(self.sources, self._concepts),
            by_type=RowIndex.of(self._types, len(type_numbers)),
            by_target=RowIndex.of(targets, universe.size),
            group_counts=counts.astype(np.int32),
        )

    def _groups(self, is_a: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
        """The number of each row's group, and how many groups there are without those of is-a."""
        numbers, sources = self._group_numbers, self.sources
        begins = np.ones(len(sources), np.bool_)
        begins[1:] = (numbers[1:] == 0) | (numbers[1:] != numbers[:-1]) | (sources[1:] != sources[:-1])
        of_attributes = np.cumsum(begins & ~is_a)
        count = int(of_attributes[-1]) if len(is_a) else 0
        return np.where(is_a, count + np.cumsum(is_a), of_attributes).astype(np.int32) - 1, count


class _Refsets:
    """The rows of simple refsets and of historical associations whose member is a concept."""

    def __init__(
        self, known: _Known, memberships: Iterable[RecordBatch], successions: Iterable[RecordBatch]
    ) -> None:
        refsets, members, targets = _TextColumn(), _TextColumn(), _TextColumn()
        simple = 0
        for batch in memberships:
            columns = batch.columns
            refsets.add(columns["refset"])
            members.add(columns["member"])
            targets.add(pa.nulls(len(batch), pa.string()))
            simple += len(batch)
        for batch in successions:
            columns = batch.columns
            kinds = columns["kind"].dictionary_encode()
            of_kind = [ASSOCIATIONS[SuccessionKind(kind)] for kind in kinds.dictionary.to_pylist()]
            refsets.add(pa.array(of_kind, pa.string()).take(kinds.indices))
            members.add(columns["retired"])
            targets.add(columns["successor"])
        self._names, self._refsets = refsets.encoded()
        self._members, self._targets = known.numbers(members), known.numbers(targets)
        of_associations = self._targets[simple:]
        of_associations[of_associations < 0] = UNKNOWN_TARGET
        known.meet(self._names.to_pylist())

    def rows(self, universe: Universe) -> RefsetRows:
        """The table."""
        kept = np.flatnonzero(self._members >= 0)
        refsets = _taken(universe.numbers(self._names.to_pylist()), self._refsets[kept])
        order = np.lexsort((self._members[kept], refsets))
        distinct, places = np.unique(refsets[order], return_inverse=True)
        return RefsetRows(
            refsets=distinct,
            runs=Runs.of(places, len(distinct)),
            members=self._members[kept][order],
            targets=self._targets[kept][order],
        )


class _Terms:
    """The terms of concepts, with the index of their words."""

    def __init__(self, known: _Known, batches: Iterable[RecordBatch]) -> None:
        self._concept_count = known.universe.concepts
        concepts, languages, dialects, word = _TextColumn(), _TextColumn(), _TextColumn(), _TextColumn()
        kind_names = pa.array([kind.value for kind in TERM_KINDS])
        kinds, texts, rows_of_words, before = [], [], [], 0
        for batch in batches:
            columns = batch.columns
            text = words.normal(columns["text"])
            split = words.in_words(text)
            concepts.add(columns["concept"])
            languages.add(columns["language"])
            dialects.add(columns["acceptability"])
            word.add(pc.list_flatten(split))
            kinds.append(pc.index_in(columns["kind"], value_set=kind_names).to_numpy().astype(np.uint8))
            texts.append(text)
            rows_of_words.append((pc.list_parent_indices(split).to_numpy() + before).astype(np.int32))
            before += len(batch)
        self.concepts, self._kinds = known.numbers(concepts), _joined(kinds)
        self._language_names, self._languages = languages.encoded()
        acceptabilities, self._dialects = dialects.encoded()
        self._texts = pa.chunked_array(texts, pa.string())
        self._words, self._word_codes = word.encoded()
        self._word_rows = _joined(rows_of_words)
        self._held_by = [decode_acceptability(text) for text in acceptabilities.to_pylist()]
        known.meet(held.refset for some in self._held_by for held in some)

    def descriptions(self, universe: Universe) -> Descriptions:
        """The table."""
        order = np.argsort(self.concepts, kind="stable")
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        by_fold = sorted((words.folded(word), word, at) for at, word in enumerate(self._words.to_pylist()))
        rank = np.empty(len(by_fold), np.int32)
        rank[[at for _, _, at in by_fold]] = np.arange(len(by_fold))
        concepts = self.concepts[order]
        return Descriptions(
            concepts=concepts,
            kinds=self._kinds[order].astype(np.uint8),
            languages=self._languages[order].astype(np.uint8),
            dialects=self._dialects[order].astype(np.uint16),
            language_names=tuple(self._language_names.to_pylist()),
            held_by=tuple(
                tuple((universe.find(held.refset), held.preferred) for held in some) for some in self._held_by
            ),
            texts=self._texts.take(pa.array(order)).combine_chunks(),
            words=pa.array([word for _, word, _ in by_fold], pa.string()),
            folded=pa.array([fold for fold, _, _ in by_fold], pa.string()),
            by_concept=Runs.of(concepts, self._concept_count),
            by_word=_postings(rank[self._word_codes], place[self._word_rows], len(by_fold), len(order)),
        )


def _postings(
    of_pairs: NDArray[np.int32], rows: NDArray[np.int32], word_count: int, row_count: int
) -> RowIndex:
    """The rows of each word, from pairs of word and row in any order, repeats allowed."""
    keys = of_pairs.astype(np.int64) * row_count + rows
    keys.sort()
    if len(keys):
        keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))]
    counts = np.bincount(keys // max(row_count, 1), minlength=word_count)
    offsets = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return RowIndex(offsets, (keys % max(row_count, 1)).astype(np.int32))


def _outside(column: _TextColumn, rows: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.int32]]:
    """The distinct texts of some rows of a column, and for each row the place of its text; -1 for other rows."""
    distinct, codes = column.encoded()
    used = np.unique(codes[rows])
    places = np.where(rows, np.searchsorted(used, codes), -1).astype(np.int32)
    return distinct.take(pa.array(used)).to_pylist(), places


def _days(column: pa.Array) -> NDArray[np.int64]:
    """Effective times as numbers: `20240131` as 20240131, blank as 0, anything else as NO_DAY."""
    is_day = pc.match_substring_regex(column, "^[0-9]{8}$")
    days = pc.if_else(is_day, column, "0").cast(pa.int64()).to_numpy()
    odd = pc.and_(pc.invert(is_day), pc.not_equal(column, "")).to_numpy(zero_copy_only=False)
    return np.where(odd, NO_DAY, days)


def _taken(values: NDArray[np.integer], places: NDArray[np.integer]) -> NDArray[np.int32]:
    """`values` at `places`; -1 at a place of -1."""
    if len(values) == 0:
        return np.full(len(places), -1, np.int32)
    return np.where(places >= 0, values[places], -1).astype(np.int32)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)
