"""RF2 descriptions, text definitions and language refsets as terms and semantic tags.

Memory holds a few bytes a synonym, not the text: which synonym is preferred can be told only after all
language refsets were read, so the files are read again to give the terms.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from graph.model import Term, TermKind
from loaders.errors import RowMalformed
from loaders.files import SourceFile
from loaders.rejections import Rejections
from loaders.rf2 import identifiers
from loaders.rf2.package import Kind, Package
from loaders.rf2.versions import Versions, versions

_TAG = re.compile(r"\(([^()]+)\)\s*$")
_KINDS: MappingProxyType[str, TermKind] = MappingProxyType(
    {
        identifiers.FSN: TermKind.FSN,
        identifiers.SYNONYM: TermKind.SYNONYM,
        identifiers.DEFINITION: TermKind.DEFINITION,
    }
)
#: The place in the order of preference of a language refset that `LANGUAGE_REFSETS` does not list.
_UNLISTED = 100
_NEVER = 127


@dataclass(frozen=True, slots=True)
class Descriptions:
    """What the first reading told: each concept's semantic tag, and which synonyms are preferred.

    `tags` is by SCTID. `preferred` has one flag for each active synonym in the languages asked
    for, in the order of the files.
    """

    rows: Versions
    languages: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, str]
    preferred: NDArray[np.bool_]


def semantic_tag(fsn: str) -> str:
    """The last bracket of a fully specified name, or "".

    >>> semantic_tag("infarto de miocardio (trastorno)")
    'trastorno'
    """
    found = _TAG.search(fsn)
    return found[1].strip() if found else ""


def survey(package: Package, languages: Sequence[str]) -> Descriptions:
    """Read the descriptions and language refsets for what must be known before the first record is given.

    A tag comes from the FSN in the first of `languages` that has one, else from any. Raises RowMalformed,
    ColumnMissing, SourceDamaged.
    """
    orders = _refset_orders(languages)
    rows = versions(package, Kind.DESCRIPTION)
    ranks = {language: rank for rank, language in enumerate(orders)}
    best: dict[str, tuple[int, str]] = {}
    shared: dict[tuple[int, str], tuple[int, str]] = {}
    ids, concepts, tongues = array("q"), array("q"), array("b")
    for file, line, row in rows.active():
        rank = ranks.get(row[5], len(ranks))
        if row[6] == identifiers.FSN:
            held = best.get(row[4])
            if held is None or rank < held[0]:
                found = (rank, semantic_tag(row[7]))
                # There are some sixty tags; a shared pair keeps the table to one reference a concept.
                best[row[4]] = shared.setdefault(found, found)
        elif row[6] == identifiers.SYNONYM and row[5] in ranks:
            ids.append(number(file, line, "id", row[0]))
            concepts.append(number(file, line, "conceptId", row[4]))
            tongues.append(rank)
    tags = {concept: sys.intern(found[1]) for concept, found in best.items()}
    members = _preferred_members(package, orders)
    preferred = _first_preferred(np.asarray(ids), np.asarray(concepts), np.asarray(tongues), members)
    return Descriptions(rows, orders, tags, preferred)


def terms(descriptions: Descriptions, concepts: Container[str], rejections: Rejections) -> Iterator[Term]:
    """The active terms in the languages asked for; those of unknown concepts are rejected."""
    preferred = iter(descriptions.preferred.tolist())
    for file, line, row in descriptions.rows.active():
        id, concept, language, type, text = row[0], row[4], row[5], row[6], row[7]
        if language not in descriptions.languages:
            continue
        kind = _KINDS.get(type)
        if kind is TermKind.SYNONYM and next(preferred):
            kind = TermKind.PREFERRED
        if kind is None:
            rejections.add(file.name, line, "the description's type is not known", type)
        elif not text:
            rejections.add(file.name, line, "the description has no text", id)
        elif concept not in concepts:
            rejections.add(file.name, line, "the description's concept is not in the package", concept)
        else:
            yield Term(identifiers.curie(concept), text, language, kind, id=id)


def number(file: SourceFile, line: int, column: str, sctid: str) -> int:
    """An SCTID as a number, for compact tables. Raises RowMalformed where it is none."""
    if sctid.isascii() and sctid.isdigit() and len(sctid) <= 18:
        return int(sctid)
    raise RowMalformed(file.name, line, f"has {sctid[:40]!r} in its column {column}, which is no SCTID")


def _refset_orders(languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """RF2 language code → the refsets that tell its preferred terms, in order. `es-419` asks for `es` too."""
    orders: dict[str, tuple[str, ...]] = {}
    for language in languages:
        code = language.lower().partition("-")[0]
        known = identifiers.LANGUAGE_REFSETS
        orders.setdefault(code, known.get(language.lower(), known.get(code, ())))
    return orders


def _preferred_members(
    package: Package, orders: Mapping[str, tuple[str, ...]]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The descriptions that a language refset prefers, sorted, and the best place of such a refset."""
    places = {refset: place for order in orders.values() for place, refset in enumerate(order)}
    ids, ranks = array("q"), array("b")
    for file, line, row in versions(package, Kind.LANGUAGE).active():
        if row[6] == identifiers.PREFERRED:
            ids.append(number(file, line, "referencedComponentId", row[5]))
            ranks.append(places.get(row[4], _UNLISTED))
    found, rank = np.asarray(ids), np.asarray(ranks)
    order = np.lexsort((rank, found))
    found, rank = found[order], rank[order]
    first = np.ones(len(found), np.bool_)
    first[1:] = found[1:] != found[:-1]
    return found[first], rank[first]


def _first_preferred(
    ids: NDArray[np.int64],
    concepts: NDArray[np.int64],
    tongues: NDArray[np.int8],
    members: tuple[NDArray[np.int64], NDArray[np.int8]],
) -> NDArray[np.bool_]:
    """For each synonym, whether it is the one preferred term of its concept in its language."""
    preferred = np.zeros(len(ids), np.bool_)
    known, ranks = members
    if not len(ids) or not len(known):
        return preferred
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    rank = np.where(known[at] == ids, ranks[at], _NEVER)
    # Sorted by concept, language, refset and then file order, the first of each group is the preferred one.
    order = np.lexsort((np.arange(len(ids)), rank, tongues, concepts))
    first = np.ones(len(order), np.bool_)
    same_concept = concepts[order][1:] == concepts[order][:-1]
    first[1:] = ~(same_concept & (tongues[order][1:] == tongues[order][:-1]))
    preferred[order[first & (rank[order] < _NEVER)]] = True
    return preferred
