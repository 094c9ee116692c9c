"""A dictionary of a few terms, made without an index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from linker.abbreviations import Abbreviations
from linker.annotation.dictionary import Dictionary
from linker.annotation.dictionary_terms import DictionaryTerms
from linker.senses import Senses


def tables(terms: Sequence[str | tuple[str, str]]) -> tuple[pa.Table, pa.Table, Senses]:
    """Terms, concepts and senses: a concept a term, which is its text, or its text and semantic tag."""
    pairs = [(one, "trastorno") if isinstance(one, str) else one for one in terms]
    count = len(pairs)
    return (
        pa.table({"text": pa.array([text for text, _ in pairs], pa.string())}),
        pa.table({"semantic_tag": pa.array([tag for _, tag in pairs], pa.string())}),
        Senses(
            np.arange(count + 1, dtype=np.int64),
            np.arange(count, dtype=np.int32),
            np.ones(count, dtype=np.float32),
        ),
    )


def dictionary(*terms: str | tuple[str, str], abbreviations: Sequence[tuple[str, str]] = ()) -> Dictionary:
    texts, concepts, senses = tables(terms)
    return Dictionary(DictionaryTerms.build(texts, concepts, senses), texts, Abbreviations.of(abbreviations))
