"""What many concepts are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.labels import LANGUAGES, preferred_term, without_tag
from graph.model import CURIE, Term, TermKind
from graph.store import GraphStore, scan_batches

#: Concepts whose terms are read at a time.
_PAGE = 5_000
#: From so many concepts on, all terms of the release are read as columns instead.
_MANY = 20_000


def names_of(store: GraphStore, ids: Sequence[CURIE]) -> dict[CURIE, str]:
    """The preferred term of each concept, as `preferred_term` chooses; its id where it has no term.

    Of very many, a concept with neither a preferred term nor an FSN has its id. Raises StoreUnavailable.
    """
    distinct = list(dict.fromkeys(ids))
    if len(distinct) >= _MANY:
        return _scanned(store, distinct)
    named = dict[CURIE, str]()
    for start in range(0, len(distinct), _PAGE):
        page = distinct[start : start + _PAGE]
        for id, terms in zip(page, store.terms(page), strict=True):
            named[id] = preferred_term(terms) or id
    return named


def _scanned(store: GraphStore, ids: Sequence[CURIE]) -> dict[CURIE, str]:
    wanted = pa.array(ids, pa.string())
    kinds = pa.array([TermKind.PREFERRED.value, TermKind.FSN.value])
    languages = pa.array(LANGUAGES)
    best = np.full(len(ids), 1 << 30, np.int64)
    texts = [""] * len(ids)
    for batch in scan_batches(store, Term, ("concept", "text", "language", "kind")):
        columns = batch.columns
        place = pc.index_in(columns["concept"], value_set=wanted).fill_null(-1).to_numpy(zero_copy_only=False)
        kind = pc.index_in(columns["kind"], value_set=kinds).fill_null(-1).to_numpy(zero_copy_only=False)
        language = pc.index_in(columns["language"], value_set=languages).fill_null(len(LANGUAGES))
        rank = language.to_numpy(zero_copy_only=False) * 2 + kind
        rows = np.flatnonzero((place >= 0) & (kind >= 0))
        found = columns["text"].take(pa.array(rows)).to_pylist()
        for at, text, ranked in zip(place[rows].tolist(), found, rank[rows].tolist(), strict=True):
            if ranked < best[at] or (ranked == best[at] and text < texts[at]):
                best[at], texts[at] = ranked, text
    fsn = best % 2 == 1
    return {
        id: (without_tag(text) if fsn[at] else text) or id
        for at, (id, text) in enumerate(zip(ids, texts, strict=True))
    }
