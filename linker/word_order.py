"""What words that translate do for retrieval: they find terms, and order what was found (`linker.translation`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from linker.fusion import OrderWeights, scores_behind
from linker.index import TermIndex
from linker.lexical import NO_ROWS, Rows
from linker.retrieved import Retrieved
from linker.scope import Scope
from linker.translation import Translation, TranslationTable

ORDERED, FOUND_BY_WORDS = 64, 16
"""Candidates whose words are looked at, where it is known how words translate, and terms that words find besides."""


@dataclass(frozen=True, slots=True)
class WordOrder:
    """The order that the words of mentions and terms give what was retrieved (`linker.translation`)."""

    translation: Translation
    weights: OrderWeights

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, Any]) -> WordOrder | None:
        """Of a bi-encoder's folder and settings; None where they know nothing of words, or not how they weigh."""
        table, weights = TranslationTable.read(folder), OrderWeights.of(settings)
        return WordOrder(Translation(table), weights) if table and weights else None

    def found(self, index: TermIndex, texts: Sequence[str], scope: Scope | None) -> list[Rows]:
        """Of each text the terms that explain its words best; none where an index was made before it kept words."""
        if index.words is None:
            return [NO_ROWS] * len(texts)
        return self.translation.nearest(texts, index.words, FOUND_BY_WORDS, scope.terms if scope else None)

    def ordered(self, index: TermIndex, one: Retrieved, wanted: int) -> Retrieved:
        """The first `wanted` candidates of one reading, by their words too; exact matches stay ahead of the rest."""
        if not len(one):
            return one
        looked = slice(one.looked)
        translated = np.zeros_like(one.translated)
        translated[looked] = self.translation.columns(one.readings[0], index.terms_of(one.concepts[looked]))
        ordered = self.weights.score(np.column_stack([one.dense, one.lexical, translated])[looked])
        scores = np.concatenate([ordered, scores_behind(one.score[one.looked :], float(ordered.min()))])
        order = np.lexsort((np.arange(len(one)), np.where(one.exact > 0, 0, -scores), one.exact == 0))
        return replace(one, score=scores, translated=translated).at(order[:wanted])
