"""Concrete values as relations have them, and how they compare. Numbers are compared exactly, as decimals."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from graph.ecl.syntax import Comparison, Texts

_COMPARE = MappingProxyType(
    {
        Comparison.EQUAL: operator.eq,
        Comparison.NOT_EQUAL: operator.ne,
        Comparison.LESS: operator.lt,
        Comparison.AT_MOST: operator.le,
        Comparison.GREATER: operator.gt,
        Comparison.AT_LEAST: operator.ge,
    }
)


@lru_cache(maxsize=65_536)
def parsed(value: str) -> Decimal | bool | str | None:
    """A value as it is written (`#5`, `"5 mg"`, `true`); None for what is none of these."""
    if value in ("true", "false"):
        return value == "true"
    if value.startswith("#"):
        try:
            number = Decimal(value[1:])
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return None


def matching_values(
    values: Sequence[str], comparison: Comparison, wanted: Decimal | bool | Texts
) -> NDArray[np.bool_]:
    """Which of `values` compare so with `wanted`; shape (len(values),). Those of another type do not."""
    compare = _COMPARE[comparison]
    found = np.zeros(len(values), np.bool_)
    for place, written in enumerate(values):
        value = parsed(written)
        if isinstance(wanted, Texts):
            if isinstance(value, str):
                found[place] = (value in wanted.texts) == (comparison is Comparison.EQUAL)
        elif isinstance(wanted, bool):
            found[place] = isinstance(value, bool) and compare(value, wanted)
        elif isinstance(value, Decimal):
            found[place] = compare(value, wanted)
    return found
