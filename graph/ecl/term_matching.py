"""Which terms match a search text: by the index of words, or by looking at each where there are few."""

from __future__ import annotations

import bisect

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.ecl import words
from graph.ecl.syntax import Search, SearchKind, TermFilter
from graph.ecl.tables import Descriptions
from graph.time_limit import check_time

_Rows = NDArray[np.integer]
#: Terms that are looked at one by one rather than by the index.
_FEW = 2_000
#: Terms that are looked at before the time is.
_A_LOOK = 50_000


def matching_terms(table: Descriptions, rows: _Rows, one: TermFilter, *, whole: bool) -> _Rows:
    """The rows, ascending, of those among `rows` that pass a filter; `whole` tells that these are all rows."""
    found = np.zeros(len(table.concepts), np.bool_)
    for search in one.searches:
        check_time()
        if search.kind is SearchKind.MATCH:
            found[_by_words(table, search)] = True
        else:
            found[_as_a_whole(table, rows, search, whole)] = True
    if whole:
        return np.flatnonzero(found != one.negated)
    passing: _Rows = rows[found[rows] != one.negated]
    return passing


def _by_words(table: Descriptions, search: Search) -> _Rows:
    """Rows in which each word of the search text begins a word, in any order."""
    asked = words.words_of(search.text)
    if not asked:
        return np.zeros(0, np.int64)
    candidates = sorted((_beginning_with(table, word) for word in asked), key=len)
    found = _rows_of(table, candidates[0])
    for words_ in candidates[1:]:
        among = np.zeros(len(table.concepts), np.bool_)
        among[_rows_of(table, words_)] = True
        found = found[among[found]]
    return found


def _as_a_whole(table: Descriptions, rows: _Rows, search: Search, whole: bool) -> _Rows:
    """Rows that match a text with `*` from their first character to their last."""
    runs = words.wild_runs(search.text)
    looked_at = rows
    if len(rows) > _FEW:
        with_words = _rows_of(table, _words_within(table, runs))
        if len(with_words) < len(rows):
            looked_at = with_words
    texts = table.texts if whole and looked_at is rows else table.texts.take(pa.array(looked_at))
    met = np.zeros(len(texts), np.bool_)
    for start in range(0, len(texts), _A_LOOK):
        check_time()
        some = pc.match_substring_regex(texts.slice(start, _A_LOOK), words.wild_pattern(runs))
        met[start : start + _A_LOOK] = some.to_numpy(zero_copy_only=False)
    matching: _Rows = looked_at[met]
    return matching


def _beginning_with(table: Descriptions, prefix: str) -> range | NDArray[np.int64]:
    """The words that begin with a normal word, as places in `words`."""
    folded = words.folded(prefix)
    low = _place(table, folded)
    high = _place(table, folded + "\U0010ffff")
    if folded == prefix or low == high:
        return range(low, high)
    among = table.words.slice(low, high - low)
    met = pc.match_substring_regex(among, f"^{words.pattern_of(prefix)}")
    return low + np.flatnonzero(met.to_numpy(zero_copy_only=False))


def _place(table: Descriptions, folded: str) -> int:
    return bisect.bisect_left(range(len(table.folded)), folded, key=lambda place: table.folded[place].as_py())


def _words_within(table: Descriptions, runs: list[str]) -> range | NDArray[np.int64]:
    """Words of which every matching text has one; all words where the runs tell of none."""
    longest = max((word for run in runs for word in words.words_in(run)), key=len, default="")
    if not longest:
        return range(len(table.words))
    # Without accents, more words than need be: a plain search takes half the time of a pattern.
    met = pc.match_substring(table.folded, words.folded(longest))
    return np.flatnonzero(met.to_numpy(zero_copy_only=False))


def _rows_of(table: Descriptions, places: range | NDArray[np.int64]) -> _Rows:
    """The rows that have one of some words, ascending."""
    index = table.by_word
    if isinstance(places, range):
        rows = index.rows[index.offsets[places.start] : index.offsets[places.stop]]
        if len(places) == 1:
            return rows
    else:
        rows = index.of_values(places)
    if len(rows) * 16 > len(table.concepts):
        among = np.zeros(len(table.concepts), np.bool_)
        among[rows] = True
        return np.flatnonzero(among)
    return np.unique(rows)
