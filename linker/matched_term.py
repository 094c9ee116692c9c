"""Where the term comes from by which a candidate was found, if it is no term of its release."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from linker.index import TermIndex
from linker.lexical import Rows
from linker.model import Evidence

ANNOTATED = "annotated mention"
"""The evidence that a text's annotators gave the term to the concept: the share of its annotations that are of it."""
LENT = "term of another release"
"""The evidence that other releases have the term, and of which concepts there."""


def origins(
    index: TermIndex, rows: Rows, concepts: npt.NDArray[np.integer[Any]]
) -> list[tuple[Evidence, ...]]:
    """What tells where the term at each row comes from, as a term of the concept ordinal beside it."""
    return [
        (
            *([Evidence(ANNOTATED, round(share, 6))] if share else []),
            *([Evidence(LENT, 1.0, lenders)] if lenders else []),
        )
        for share, lenders in zip(
            index.senses.annotated(rows, concepts).tolist(), index.lent_by(rows), strict=True
        )
    ]
