"""The sets of mentions that figures are given on.

    all rows                          every mention
    cleaned                           those with a code, and one that is no composite (`a+b`)
    seen mentions                     cleaned, and the string is a training mention or a term of the index, after
                                      folding case and accents
    unseen mentions                   cleaned, and it is neither
    unseen mentions, case-sensitive   cleaned, and it is neither letter for letter, as published systems count
    unseen codes                      cleaned, and no training mention has one of the codes
    mentions not in training          cleaned, and it is no training mention, after folding; the index may have the
                                      string, as a term of the release's own or of another (`--terms-of`)
    codes in the index                cleaned, and the index holds one of the codes
    unseen mentions, codes in the index
    mentions not in training, codes in the index

Without training mentions, strings are compared with the index's terms alone, no code is called unseen and no mention
untrained.
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
UNTRAINED = "mentions not in training"
KNOWN, UNSEEN_KNOWN = "codes in the index", "unseen mentions, codes in the index"
UNTRAINED_KNOWN = "mentions not in training, codes in the index"


def subsets(
    gold: Sequence[GoldMention], index: TermIndex, training: Sequence[GoldMention] | None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Of each set that has a mention, which mentions are in it, shape (len(gold),)."""
    trained = {mention.span.strip() for mention in training or ()}
    strings = {*index.given_texts(), *trained}
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
        folded_trained = {fold(string) for string in trained}
        untrained = np.array([fold(mention.span) not in folded_trained for mention in gold])
        found[UNTRAINED] = cleaned & untrained
        found[UNTRAINED_KNOWN] = found[UNTRAINED] & known
    order = (
        *(ALL, CLEANED, SEEN, UNSEEN, UNSEEN_CASED, UNSEEN_CODES, UNTRAINED),
        *(KNOWN, UNSEEN_KNOWN, UNTRAINED_KNOWN),
    )
    return {name: found[name] for name in order if name in found and found[name].any()}
