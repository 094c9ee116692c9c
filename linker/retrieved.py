"""What retrieval found for a mention: its candidates, and one list of them from the lists of its readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.lexical import Rows


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One mention's candidates, best first, distinct concepts. Arrays have shape (k,), `readings` length k.

    `readings` holds what was searched for: the mention, or a reading of it with abbreviations written out.
    `exact` is 2 where the row is the mention letter for letter, 1 where it is after folding, else 0;
    `weight` is the weight of the sense (see `linker.index.Senses`). `translated`, (k, 2), is what `linker.translation`
    says of the concept's terms and the reading, 0 where nothing is known of words.
    """

    concepts: npt.NDArray[np.int64]
    rows: Rows
    dense: npt.NDArray[np.float32]
    lexical: npt.NDArray[np.float32]
    exact: npt.NDArray[np.int8]
    weight: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    translated: npt.NDArray[np.float32]
    readings: tuple[str, ...]
    defined: frozenset[str] = frozenset()
    """Those of the readings that are written out as the mention's document defines its abbreviations."""
    looked: int = 0
    """The words of so many, from the first on, are to be looked at (`linker.word_order`)."""

    def __len__(self) -> int:
        return len(self.concepts)

    def at(self, places: npt.NDArray[np.int64]) -> Retrieved:
        """The candidates at these places, in this order."""
        return Retrieved(
            self.concepts[places],
            self.rows[places],
            self.dense[places],
            self.lexical[places],
            self.exact[places],
            self.weight[places],
            self.score[places],
            self.translated[places],
            tuple(self.readings[i] for i in places),
            self.defined,
        )

    def without(self, concepts: Sequence[int]) -> Retrieved:
        """The same candidates but for some concepts, given by ordinal."""
        return self.at(np.flatnonzero(~np.isin(self.concepts, concepts)))


def decided_by_match(one: Retrieved) -> bool:
    """Whether an exact or folded match decides, so that the cross-encoder has nothing to say about the first place."""
    return len(one) > 0 and bool(one.exact[0] > 0)


def decided_by_margin(one: Retrieved, margin: float | None) -> bool:
    """Whether retrieval is so sure of its first place that the cross-encoder, by its own `margin`, leaves it there."""
    if margin is None or not len(one):
        return False
    second = float(one.score[1]) if len(one) > 1 else 0.0
    return float(one.score[0]) - second >= margin


def merged(readings: Sequence[Retrieved], wanted: int, defined: Sequence[str] = ()) -> Retrieved:
    """One list from the lists of a mention's readings, the most trusted first among them."""
    if len(readings) == 1:
        return readings[0]
    concepts = np.concatenate([one.concepts for one in readings])
    score = np.concatenate([one.score for one in readings])
    # Another reading that equals a term is a strong candidate, but the mention itself is no exact match.
    own = np.zeros_like(readings[0].exact) if _stands_for_another(readings, defined) else readings[0].exact
    exact = np.concatenate([own, *(np.zeros_like(one.exact) for one in readings[1:])])
    exact_place = np.where(exact > 0, np.arange(len(exact)), len(exact))
    order = np.lexsort((np.arange(len(score)), -score, exact_place))
    _, first = np.unique(concepts[order], return_index=True)
    kept = order[np.sort(first)][:wanted]
    texts = [text for one in readings for text in one.readings]
    return Retrieved(
        concepts[kept],
        np.concatenate([one.rows for one in readings])[kept],
        np.concatenate([one.dense for one in readings])[kept],
        np.concatenate([one.lexical for one in readings])[kept],
        exact[kept],
        np.concatenate([one.weight for one in readings])[kept],
        score[kept],
        np.concatenate([one.translated for one in readings])[kept],
        tuple(texts[i] for i in kept),
        frozenset(defined),
    )


def _stands_for_another(readings: Sequence[Retrieved], defined: Sequence[str]) -> bool:
    """Whether a mention in capitals is a release's word in lower case alone, and stands for terms of other concepts.

    `IRA`, insuficiencia renal aguda, is not *ira*; but `DM` is a release's own `dm` where that is diabetes.
    """
    first, *others = readings
    mention = first.readings[0] if first.readings else ""
    if defined or " " in mention or not mention.isupper() or first.exact.max(initial=0) != 1:
        return False
    meant = {int(concept) for one in others for concept in one.concepts[one.exact > 0]}
    return bool(meant) and meant.isdisjoint(first.concepts[first.exact > 0].tolist())
