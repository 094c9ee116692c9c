"""The wrong answers that a cross-encoder learns from, by the strategies of ClinLinker-KB (Gallego et al. 2024).

`top`: the strings nearest to the query by the bi-encoder. `sim`: of these, what the bi-encoder takes for at
least as near as one of the query's own synonyms. `kg`: `top`, and terms of the concepts up to two is-a steps
above. `bkg`: the graph both ways, so the other children of the parents too.

What a query's concept is called, what is equivalent to it and what is a kind of it is never a wrong answer:
who marks a text may well mean the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from graph.model import CURIE
from linker.encoder import Vectors
from linker.faiss_library import faiss
from linker.training.choices import Negatives
from linker.training.corpus import TrainingCorpus, holders_of

STEPS_UP = 2
"""Is-a steps from a concept to those whose terms are its negatives in the graph."""
LARGEST_KIN = 100
"""Strings. More from the graph for one query add nothing."""

QUERIES = 200_000
"""Strings to find wrong answers for, about: a training draws no more, and each is searched among all."""


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """For each query string: strings that name the same concept, close ones that do not, and the graph's."""

    queries: tuple[str, ...]
    positives: tuple[tuple[str, ...], ...]
    close: tuple[tuple[str, ...], ...]
    graph: tuple[tuple[str, ...], ...]


def find_wrong_answers(
    corpus: TrainingCorpus,
    vectors: Vectors,
    depth: int,
    kind: Negatives = Negatives.TOP,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> WrongAnswers:
    """Search strings among all of them; `vectors` has shape (len(corpus.strings), dimensions).

    Queries are the annotated mentions and, where there are more than QUERIES, an even choice of the terms;
    `progress` is told (done, queries).
    """
    strings = corpus.strings
    every = max(1, -(-len(strings) // QUERIES))
    asked = [row for row, string in enumerate(strings) if row % every == 0 or string in corpus.mentions]
    place = {string: row for row, string in enumerate(strings)}
    kin = _Kin(corpus)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    kept: list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = []
    for start in range(0, len(asked), 4096):
        some = asked[start : start + 4096]
        scores, rows = flat.search(vectors[some], min(depth + 1, len(strings)))
        for string, near, found in zip((strings[row] for row in some), scores, rows, strict=True):
            same = tuple(sorted({s for g in corpus.groups_of[string] for s in corpus.groups[g]} - {string}))
            around = kin.around(string)
            least = -np.inf
            if kind is Negatives.SIM and same:
                least = float((vectors[[place[s] for s in same]] @ vectors[place[string]]).min())
            close = _close([strings[row] for row in found], near, least, kin, around)
            graph = kin.in_graph(string, around, kind) if kind.from_graph else ()
            if same and close:
                kept.append((string, same, close, graph))
        progress(start + len(some), len(asked))
    columns = list(zip(*kept, strict=True)) or [(), (), (), ()]
    return WrongAnswers(*columns)


def _close(
    found: Sequence[str], scores: np.ndarray, least: float, kin: _Kin, around: frozenset[CURIE]
) -> tuple[str, ...]:
    """The wrong ones of what was found, if possible only those that score `least`."""
    wrong = [(s, score) for s, score in zip(found, scores, strict=True) if kin.is_wrong(s, around)]
    near = tuple(s for s, score in wrong if score >= least)
    return near or tuple(s for s, _ in wrong)


class _Kin:
    """What is related to a string by its concepts and their hierarchy."""

    def __init__(self, corpus: TrainingCorpus) -> None:
        self._corpus = corpus
        self._holders = holders_of(corpus.names)
        self._above = lru_cache(100_000)(self._find_above)

    def around(self, query: str) -> frozenset[CURIE]:
        """The ids that `query` names, and those that share a string with one of them."""
        own = self._holders[query]
        return own.union(*(self._holders[s] for id in own for s in self._corpus.names[id]))

    def is_wrong(self, string: str, around: frozenset[CURIE]) -> bool:
        """Whether `string` names none of the concepts `around` a query, and no kind of one."""
        return not self._above(string) & around

    def in_graph(self, query: str, around: frozenset[CURIE], kind: Negatives) -> tuple[str, ...]:
        """Names of what is above the query's concepts and, with `bkg`, beside them; at most LARGEST_KIN."""
        lineage = self._corpus.lineage
        ids: set[CURIE] = set()
        for id in self._corpus.groups_of[query]:
            ids |= lineage.broader(id, STEPS_UP)
            if kind is Negatives.BKG:
                ids |= lineage.siblings(id)
        strings = sorted({string for id in ids for string in self._corpus.names.get(id, ())})
        wrong = [string for string in strings if self.is_wrong(string, around)]
        return tuple(wrong[:: max(1, -(-len(wrong) // LARGEST_KIN))])

    def _find_above(self, string: str) -> frozenset[CURIE]:
        """The ids that `string` names, and all that these and their equivalents are kinds of."""
        equivalent = self.around(string)
        return self._holders[string].union(*(self._corpus.lineage.ancestors(id) for id in equivalent))
