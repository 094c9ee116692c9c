"""RF2 descriptions and text definitions as terms, and the semantic tags that fully specified names tell.

Which synonym is preferred can be told only after all language refsets were read, so the files are read twice;
what is held of a row between is some twenty bytes, and no text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import Term, TermKind
from loaders.rejections import OTHER_LANGUAGE
from loaders.rf2 import identifiers
from loaders.rf2.concepts import Concepts
from loaders.rf2.growing import GrowingArray
from loaders.rf2.keys import NONE, curies, is_blank, malformed, sctids, shown
from loaders.rf2.languages import NEVER, Acceptabilities, Dialects, survey_acceptability
from loaders.rf2.loaded import without_prefix
from loaders.rf2.package import Kind
from loaders.rf2.survey import Survey

_TAG = r"\((?P<tag>[^()]+)\)[\s\pZ]*$"

#: The kinds of term by code; behind them, what is no term of this import.
_KINDS = (TermKind.FSN, TermKind.SYNONYM, TermKind.DEFINITION, TermKind.PREFERRED)
_FSN, _SYNONYM, _DEFINITION, _PREFERRED, _UNKNOWN, _LEFT_OUT = range(6)
_TYPES = {identifiers.FSN: _FSN, identifiers.SYNONYM: _SYNONYM, identifiers.DEFINITION: _DEFINITION}
_KIND_TEXTS = pa.array([kind.value for kind in _KINDS])
_LOADED_KINDS = {
    TermKind.FSN.value: _FSN,
    TermKind.SYNONYM.value: _SYNONYM,
    TermKind.PREFERRED.value: _SYNONYM,
    TermKind.DEFINITION.value: _DEFINITION,
}
_COLUMNS = ("id", "conceptId", "languageCode", "typeId", "term")


@dataclass(frozen=True, slots=True)
class Descriptions:
    """What is known of every row of the descriptions, in the order of reading, those of a loaded release first.

    `kinds` is a code of `_KINDS`, `_UNKNOWN`, or `_LEFT_OUT` for rows that do not hold or are of another
    language; `acceptability` a code of `acceptabilities`; both of shape (rows,). `tags` has, for each
    concept's ordinal, the place of its semantic tag in `tag_names`, -1 where no FSN tells one.
    """

    survey: Survey
    concepts: Concepts
    kinds: NDArray[np.int8]
    acceptability: NDArray[np.int32]
    acceptabilities: Acceptabilities
    dialects: Dialects
    loaded_rows: int
    tags: NDArray[np.int32]
    tag_names: list[str]

    def terms(self) -> Iterator[RecordBatch]:
        """The active terms in the languages asked for; those of unknown concepts are rejected."""
        yield from self._loaded_terms()
        for start, block in self.survey.places(Kind.DESCRIPTION, _COLUMNS):
            rows = slice(self.loaded_rows + start, self.loaded_rows + start + len(block))
            wanted = self.kinds[rows] != _LEFT_OUT
            some = block.filter(wanted)
            kinds, acceptability = self.kinds[rows][wanted], self.acceptability[rows][wanted]
            sound = self.survey.sound(
                some,
                (kinds == _UNKNOWN, "the description's type is not known", "typeId"),
                (is_blank(some["term"]), "the description has no text", "id"),
                (
                    ~self.concepts.contain(sctids(some["conceptId"])),
                    "the description's concept is not in the package",
                    "conceptId",
                ),
            )
            some = some.filter(sound)
            if len(some):
                columns = {
                    "concept": curies(some["conceptId"]),
                    "text": some["term"],
                    "language": some["languageCode"],
                    "id": some["id"],
                }
                yield self._batch(columns, kinds[sound], acceptability[sound])

    def _loaded_terms(self) -> Iterator[RecordBatch]:
        start = 0
        for columns in self.survey.loaded.of(Term) if self.survey.loaded else ():
            rows = slice(start, start + columns.num_rows)
            start = rows.stop
            wanted = self.kinds[rows] != _LEFT_OUT
            some = columns.filter(pa.array(wanted))
            if some.num_rows:
                kept = {name: some[name] for name in ("concept", "text", "language", "id")}
                yield self._batch(kept, self.kinds[rows][wanted], self.acceptability[rows][wanted])

    def _batch(
        self, columns: dict[str, Any], kinds: NDArray[np.int8], acceptability: NDArray[np.int32]
    ) -> RecordBatch:
        columns["kind"] = pa.DictionaryArray.from_arrays(pa.array(kinds), _KIND_TEXTS)
        texts = pa.array(self.acceptabilities.texts)
        columns["acceptability"] = pa.DictionaryArray.from_arrays(pa.array(acceptability), texts)
        return RecordBatch(Term, pa.RecordBatch.from_pydict(columns))


class _Rows:
    """What the first reading holds of each row."""

    def __init__(self, concepts: Concepts, dialects: Dialects) -> None:
        self._concepts = concepts
        self._languages = {language: code for code, language in enumerate(dialects.languages)}
        self._tag_codes: dict[str, int] = {}
        dtypes = (np.int32, np.int8, np.int8, np.int32, np.bool_)
        self._columns = tuple(GrowingArray(dtype) for dtype in dtypes)

    def add(
        self,
        concepts: NDArray[np.int64],
        languages: pa.StringArray,
        types: NDArray[np.int8],
        texts: pa.StringArray,
        active: NDArray[np.bool_],
    ) -> None:
        coded = languages.dictionary_encode()
        other = len(self._languages)
        codes = [self._languages.get(language, other) for language in coded.dictionary.to_pylist()]
        tags = np.full(len(types), -1, np.int32)
        is_fsn = types == _FSN
        tags[is_fsn] = self._tags_of(texts.filter(pa.array(is_fsn)))
        language = np.array(codes, np.int8)[coded.indices.to_numpy()]
        rows = (self._concepts.ordinals(concepts), language, types, tags, active)
        for column, values in zip(self._columns, rows, strict=True):
            column.extend(values)

    @property
    def tag_names(self) -> list[str]:
        return list(self._tag_codes)

    def all(self) -> tuple[NDArray[Any], ...]:
        """Concept ordinals, language codes, types, tag codes and whether active; each of shape (rows,)."""
        return tuple(column.array() for column in self._columns)

    def _tags_of(self, fsns: pa.StringArray) -> NDArray[np.int32]:
        coded = _semantic_tags(fsns).dictionary_encode()
        codes = [
            self._tag_codes.setdefault(tag, len(self._tag_codes)) for tag in coded.dictionary.to_pylist()
        ]
        found: NDArray[np.int32] = np.array(codes, np.int32)[coded.indices.to_numpy()]
        return found


def semantic_tag(fsn: str) -> str:
    """The last bracket of a fully specified name, or "".

    >>> semantic_tag("infarto de miocardio (trastorno)")
    'trastorno'
    """
    return str(_semantic_tags(pa.array([fsn]))[0].as_py())


def survey_descriptions(survey: Survey, concepts: Concepts, dialects: Dialects) -> Descriptions:
    """Read the language refsets and all descriptions, for what must be known before the first record is given.

    A tag comes from the FSN in the first of the languages that has one, else from any. Raises RowMalformed,
    ColumnMissing, SourceEmpty, SourceDamaged.
    """
    acceptabilities = survey_acceptability(survey, dialects)
    versions, rows = survey.versions(Kind.DESCRIPTION), _Rows(concepts, dialects)
    for columns in survey.loaded.of(Term) if survey.loaded else ():
        versions.add_loaded(sctids(columns["id"]))
        kinds = _coded(columns["kind"], _LOADED_KINDS)
        all_active = np.ones(columns.num_rows, np.bool_)
        owners = sctids(without_prefix(columns["concept"]))
        rows.add(owners, columns["language"], kinds, columns["text"], all_active)
    loaded_rows = len(versions)
    for block, active in survey.all_rows(Kind.DESCRIPTION, versions, _COLUMNS[1:]):
        owners = sctids(block["conceptId"])
        wrong = active & (owners == NONE)
        if wrong.any():
            place = int(np.argmax(wrong))
            raise malformed(block, place, f"has {shown(block, place, 'conceptId')}, which is no SCTID")
        types = _coded(block["typeId"], _TYPES)
        rows.add(owners, block["languageCode"], types, block["term"], active)
    ordinals, languages, kinds, tags, active = rows.all()
    holds = versions.holding() & active
    asked = languages < len(dialects.languages)
    if (holds & ~asked).any():
        survey.rejections.leave_out(OTHER_LANGUAGE, int((holds & ~asked).sum()))
    ids = versions.keys()
    codes = acceptabilities.codes_of(ids)
    places = np.where(holds & asked & (kinds == _SYNONYM), acceptabilities.places[codes], NEVER)
    preferred = _preferred(ids, ordinals, languages, places.astype(np.int8))
    is_fsn = kinds == _FSN
    tag_of = _tags_of_concepts(len(concepts.ids), ids, ordinals, languages, tags, holds & is_fsn)
    tag_names = [*rows.tag_names, ""]
    # What a Delta retires tells no tag; where the loaded release has no FSN, its tag came from elsewhere.
    told = ordinals[:loaded_rows][is_fsn[:loaded_rows]]
    tag_of[told] = np.where(tag_of[told] < 0, len(tag_names) - 1, tag_of[told])
    kinds[preferred] = _PREFERRED
    kinds[~(holds & asked)] = _LEFT_OUT
    return Descriptions(
        survey, concepts, kinds, codes, acceptabilities, dialects, loaded_rows, tag_of, tag_names
    )


def _semantic_tags(fsns: pa.StringArray) -> pa.StringArray:
    found = pc.struct_field(pc.extract_regex(fsns, _TAG), "tag")
    return pc.utf8_trim_whitespace(pc.coalesce(found, ""))


def _coded(column: pa.StringArray, codes: dict[str, int]) -> NDArray[np.int8]:
    coded = column.dictionary_encode()
    found = [codes.get(text, _UNKNOWN) for text in coded.dictionary.to_pylist()]
    kinds: NDArray[np.int8] = np.array(found, np.int8)[coded.indices.to_numpy()]
    return kinds


def _preferred(
    ids: NDArray[np.int64],
    ordinals: NDArray[np.int32],
    languages: NDArray[np.int8],
    places: NDArray[np.int8],
) -> NDArray[np.intp]:
    """The rows that are the one preferred term of their concept in their language.

    Several are preferred in refsets of different dialects: the one in the refset of the best place counts,
    and among equals that of the lowest SCTID.
    """
    some = np.flatnonzero((places < NEVER) & (ordinals >= 0))
    order = some[np.lexsort((ids[some], places[some], languages[some], ordinals[some]))]
    first = np.ones(len(order), np.bool_)
    same_concept = ordinals[order][1:] == ordinals[order][:-1]
    first[1:] = ~(same_concept & (languages[order][1:] == languages[order][:-1]))
    return order[first]


def _tags_of_concepts(
    count: int,
    ids: NDArray[np.int64],
    ordinals: NDArray[np.int32],
    languages: NDArray[np.int8],
    tags: NDArray[np.int32],
    is_fsn: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """The tag of each concept: that of the FSN in the best language, and among equals of the lowest SCTID."""
    some = np.flatnonzero(is_fsn & (ordinals >= 0))
    # Backwards, so that the best is written last.
    order = some[np.lexsort((ids[some], languages[some]))][::-1]
    found = np.full(count, -1, np.int32)
    found[ordinals[order]] = tags[order]
    return found
