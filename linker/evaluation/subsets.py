"""The sets of mentions that figures are given on.

    all rows                          every mention
    cleaned                           those with a code, and one that is no composite (`a+b`)
    seen mentions                     cleaned, and the string is a training mention or a term of the index, after
                                      folding case and accents
    unseen mentions                   cleaned, and it is neither
    unseen mentions, case-sensitive   cleaned, and it is neither letter for letter, as published systems count
    unseen codes                      cleaned, and no training mention has one of the codes
    codes in the index                cleaned, and the index holds one of the codes
    unseen mentions, codes in the index

Without training mentions, strings are compared with the index's terms alone and no code is called unseen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.normalization import fold

ALL, CLEANED, SEEN = "all rows", "cleaned", "seen mentions"
UNSEEN, UNSEEN_CASED, UNSEEN_CODES = "unseen mentions", "unseen mentions, case-sensitive", "unseen codes"
KNOWN, UNSEEN_KNOWN = "codes in the index", "unseen mentions, codes in the index"


def subsets(
    gold: Sequence[GoldMention], index: TermIndex, training: Sequence[GoldMention] | None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Of each set that has a mention, which mentions are in it, shape (len(gold),)."""
    strings = {*index.texts(), *(mention.span.strip() for mention in training or ())}
    folded = {fold(string) for string in strings}
    held = set(index.concept_ids())
    cleaned = np.array([mention.coded and not mention.composite for mention in gold])
    unseen = np.array([fold(mention.span) not in folded for mention in gold])
    cased = np.array([mention.span.strip() not in strings for mention in gold])
    known = np.array([not held.isdisjoint(mention.codes) for mention in gold])
    found = {
        ALL: np.ones(len(gold), dtype=bool),
        CLEANED: cleaned,
        SEEN: cleaned & ~unseen,
        UNSEEN: cleaned & unseen,
        UNSEEN_CASED: cleaned & cased,
        KNOWN: cleaned & known,
        UNSEEN_KNOWN: cleaned & unseen & known,
    }
    if training is not None:
        codes = {code for mention in training for code in mention.codes}
        new = np.array([codes.isdisjoint(mention.codes) for mention in gold])
        found[UNSEEN_CODES] = cleaned & new
    order = (ALL, CLEANED, SEEN, UNSEEN, UNSEEN_CASED, UNSEEN_CODES, KNOWN, UNSEEN_KNOWN)
    return {name: found[name] for name in order if name in found and found[name].any()}
