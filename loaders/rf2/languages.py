"""The language refsets: which descriptions are preferred or acceptable in which, and which dialect counts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.batches import decode_acceptability, encode_acceptability
from graph.model import Acceptability, Term
from loaders.rf2 import identifiers
from loaders.rf2.growing import GrowingArray
from loaders.rf2.identifiers import curie
from loaders.rf2.keys import NONE, malformed, sctids, shown
from loaders.rf2.loaded import without_prefix
from loaders.rf2.package import Kind
from loaders.rf2.survey import Survey
from loaders.rf2.versions import places_among

#: The place in the order of preference of a language refset that is not listed for the languages asked for.
_UNLISTED = 100
#: The place of a description that no refset prefers.
NEVER = 127

_ACCEPTABLE, _PREFERRED = 0, 1
_LEVELS = {identifiers.ACCEPTABLE: _ACCEPTABLE, identifiers.PREFERRED: _PREFERRED}
_NO_LEVEL = -1
#: Descriptions looked up at once, which bounds what the search holds.
_AT_ONCE = 500_000
#: Bits of a word that are used for one refset after another, two each.
_BITS = 62


@dataclass(frozen=True, slots=True)
class Dialects:
    """What was asked for: languages as RF2 writes them, and the place in the order of each language refset."""

    languages: tuple[str, ...]
    places: dict[str, int]

    @classmethod
    def of(cls, tags: Sequence[str]) -> Dialects:
        """The dialects that BCP 47 tags name, the first of a language first.

        `es-419` asks for Spanish with the terms that are preferred in Latin America, `es-419,es-ES` has
        those of Spain come second, and `es-x-450829007` names a language refset by its SCTID.
        """
        orders: dict[str, list[str]] = {}
        for tag in tags:
            code, _, refset = tag.lower().partition("-x-")
            language = code.partition("-")[0]
            known = identifiers.LANGUAGE_REFSETS
            order = orders.setdefault(language, [])
            order += [refset] if refset else known.get(code, known.get(language, ()))
        places: dict[str, int] = {}
        for order in orders.values():
            for place, refset in enumerate(dict.fromkeys(order)):
                places.setdefault(refset, min(place, _UNLISTED - 1))
        return cls(tuple(orders), places)


@dataclass(frozen=True, slots=True)
class Acceptabilities:
    """The language refsets that hold each description. Few combinations of them occur; each has a code.

    `descriptions` are sorted SCTIDs, `codes` theirs, shape (n,). `texts` and `places` are by code: the
    combination as `graph.batches` encodes it, and the best place of a refset that prefers the description.
    Code 0 is that of a description which no refset holds.
    """

    descriptions: NDArray[np.int64]
    codes: NDArray[np.int32]
    texts: tuple[str, ...]
    places: NDArray[np.int8]

    def codes_of(self, descriptions: NDArray[np.int64]) -> NDArray[np.int32]:
        """The code of each description's combination. Shape (len(descriptions),)."""
        found = np.zeros(len(descriptions), np.int32)
        for start in range(0, len(descriptions) if len(self.codes) else 0, _AT_ONCE):
            places = places_among(descriptions[start : start + _AT_ONCE], self.descriptions)
            found[start : start + _AT_ONCE] = np.where(places >= 0, self.codes[places], 0)
        return found


class _Members:
    """Rows of language refsets: description, code of the refset, and level."""

    def __init__(self) -> None:
        self._refsets: dict[str, int] = {}
        self._descriptions = GrowingArray(np.int64)
        self._codes = GrowingArray(np.int16)
        self._levels = GrowingArray(np.int8)

    @property
    def refsets(self) -> list[str]:
        return list(self._refsets)

    def add(self, descriptions: NDArray[np.int64], refsets: pa.StringArray, levels: NDArray[np.int8]) -> None:
        coded = refsets.dictionary_encode()
        codes = [
            self._refsets.setdefault(refset, len(self._refsets)) for refset in coded.dictionary.to_pylist()
        ]
        self._descriptions.extend(descriptions)
        self._codes.extend(np.array(codes, np.int16)[coded.indices.to_numpy()])
        self._levels.extend(levels)

    def all(self) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int8]]:
        return self._descriptions.array(), self._codes.array(), self._levels.array()


def survey_acceptability(survey: Survey, dialects: Dialects) -> Acceptabilities:
    """Read all language refsets. Raises ColumnMissing, RowMalformed, SourceEmpty, SourceDamaged.

    A Delta's row replaces what the loaded release says of the same refset and description.
    """
    members, versions, active = _Members(), survey.versions(Kind.LANGUAGE), GrowingArray(np.bool_)
    columns = ["refsetId", "referencedComponentId", "acceptabilityId"]
    for block, is_active in survey.all_rows(Kind.LANGUAGE, versions, columns):
        levels = _levels_of(block["acceptabilityId"])
        descriptions = sctids(block["referencedComponentId"])
        wrong = is_active & (levels != _NO_LEVEL) & (descriptions == NONE)
        if wrong.any():
            place = int(np.argmax(wrong))
            what = f"has {shown(block, place, 'referencedComponentId')}, which is no SCTID"
            raise malformed(block, place, what)
        unknown = is_active & (levels == _NO_LEVEL)
        survey.sound(
            block, (unknown, "the acceptability is neither preferred nor acceptable", "acceptabilityId")
        )
        members.add(descriptions, block["refsetId"], levels)
        active.extend(is_active)
    holds, read = versions.holding() & active.array(), len(versions)
    # The keys of millions of rows are of no more use.
    del versions, active
    if survey.loaded:
        _add_loaded(survey, members)
        descriptions, refsets, _ = members.all()
        holds = np.concatenate((holds, _untouched(descriptions, refsets, read)))
    holds &= members.all()[2] != _NO_LEVEL
    descriptions, refsets, levels = (column[holds] for column in members.all())
    names = members.refsets
    del members, holds
    return _combined(descriptions, refsets, levels, names, dialects)


def _levels_of(column: pa.StringArray) -> NDArray[np.int8]:
    coded = column.dictionary_encode()
    levels = [_LEVELS.get(level, _NO_LEVEL) for level in coded.dictionary.to_pylist()]
    found: NDArray[np.int8] = np.array(levels, np.int8)[coded.indices.to_numpy()]
    return found


def _add_loaded(survey: Survey, members: _Members) -> None:
    assert survey.loaded is not None
    for columns in survey.loaded.of(Term):
        coded = columns["acceptability"].dictionary_encode()
        codes, ids = coded.indices.to_numpy(), sctids(columns["id"])
        for code, text in enumerate(coded.dictionary.to_pylist()):
            held = ids[codes == code]
            for one in decode_acceptability(text):
                refset = pa.repeat(without_prefix(pa.array([one.refset]))[0], len(held))
                level = _PREFERRED if one.preferred else _ACCEPTABLE
                members.add(held, refset, np.full(len(held), level, np.int8))


def _untouched(descriptions: NDArray[np.int64], refsets: NDArray[np.int16], read: int) -> NDArray[np.bool_]:
    """Of the rows from `read` on, those of a loaded release, which no row before speaks of."""
    order = np.lexsort((np.arange(len(descriptions)), refsets, descriptions))
    pairs = np.stack((descriptions[order], refsets[order]))
    first = np.ones(len(order), np.bool_)
    first[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    # The first row of each pair stands for all: where it was read, the Delta speaks of the pair.
    by_delta = (order[first] < read)[np.cumsum(first) - 1]
    untouched = np.zeros(len(order), np.bool_)
    untouched[order] = ~by_delta
    return untouched[read:]


def _combined(
    descriptions: NDArray[np.int64],
    refsets: NDArray[np.int16],
    levels: NDArray[np.int8],
    names: Sequence[str],
    dialects: Dialects,
) -> Acceptabilities:
    order = np.argsort(descriptions, kind="stable")
    bits = (refsets * np.int16(2) + levels)[order]
    descriptions = descriptions[order]
    del order, refsets, levels
    first = np.ones(len(descriptions), np.bool_)
    first[1:] = descriptions[1:] != descriptions[:-1]
    starts = np.flatnonzero(first)
    words = np.zeros((-(-2 * max(1, len(names)) // _BITS), len(starts)), np.int64)
    for number, word in enumerate(words):
        mask = np.where(bits // _BITS == number, np.int64(1) << (bits % _BITS).astype(np.int64), 0)
        if len(starts):
            word[:] = np.bitwise_or.reduceat(mask, starts)
    distinct, codes = (
        np.unique(words[0], return_inverse=True)
        if len(words) == 1
        else np.unique(words, axis=1, return_inverse=True)
    )
    texts, places = [""], [NEVER]
    for combination in np.atleast_2d(distinct).T:
        held = [_held(combination, refset) for refset in range(len(names))]
        texts.append(
            encode_acceptability(
                [
                    Acceptability(curie(name), level == _PREFERRED)
                    for name, level in zip(names, held, strict=True)
                    if level != _NO_LEVEL
                ]
            )
        )
        preferring = [name for name, level in zip(names, held, strict=True) if level == _PREFERRED]
        places.append(min((dialects.places.get(name, _UNLISTED) for name in preferring), default=NEVER))
    return Acceptabilities(
        descriptions[starts],
        codes.reshape(-1).astype(np.int32) + 1,
        tuple(texts),
        np.array(places, np.int8),
    )


def _held(combination: NDArray[np.int64], refset: int) -> int:
    """The best level at which a combination has a refset."""
    for level in (_PREFERRED, _ACCEPTABLE):
        bit = 2 * refset + level
        if int(combination[bit // _BITS]) >> bit % _BITS & 1:
            return level
    return _NO_LEVEL
