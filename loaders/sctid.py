"""SNOMED CT identifiers: making, reading and checking them.

An SCTID is a string of 6 to 18 digits, the first not 0. Read from the right it is one Verhoeff check
digit, a two-digit partition id, in the long form a seven-digit namespace, and the item number:

    short form    item (3–15 digits) · 0p · check               e.g. 24700007
    long form     item (1–8 digits) · namespace · 1p · check    e.g. 101999999910x

`p` is 0 for concepts, 1 for descriptions, 2 for relationships. Source: SNOMED CT Release File
Specification, "SCTID Representation", "SCTID Constraints" and "Check-digit Computation".

SCTIDs exceed 2^53, so they are text everywhere in Enlace. Only whole columns of them, in NumPy, are int64,
which holds every SCTID exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from graph.errors import EnlaceError

NAMESPACE_DIGITS = 7
_MAX_DIGITS = 18
_MIN_DIGITS = 6
_TAIL_DIGITS = 3  # partition id and check digit


class SctidError(EnlaceError):
    """The text is not an SCTID, or the parts given cannot make one."""


class ComponentKind(StrEnum):
    """What an SCTID identifies: the second digit of its partition id."""

    CONCEPT = "0"
    DESCRIPTION = "1"
    RELATIONSHIP = "2"


@dataclass(frozen=True, slots=True)
class Sctid:
    """The parts of an identifier; `namespace` is empty in the short form."""

    item: int
    namespace: str
    kind: ComponentKind
    check: str


def _dihedral_product(a: int, b: int) -> int:
    """Multiply in D5, the symmetries of a pentagon: 0–4 are rotations, 5–9 reflections."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def _permutations() -> tuple[tuple[int, ...], ...]:
    """Verhoeff's permutation applied 0 to 7 times; the eighth time gives the identity again."""
    once = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    powers = [tuple(range(10))]
    while len(powers) < 8:
        powers.append(tuple(once[digit] for digit in powers[-1]))
    return tuple(powers)


_PRODUCT = tuple(tuple(_dihedral_product(a, b) for b in range(10)) for a in range(10))
_PERMUTED = _permutations()
_INVERSE = tuple(row.index(0) for row in _PRODUCT)
#: The state after a digit at a position, as `_STATES[position % 8, state, digit]`.
_STATES = np.array([[[row[p[d]] for d in range(10)] for row in _PRODUCT] for p in _PERMUTED], np.int8)


def check_digit(digits: str) -> str:
    """Return the Verhoeff digit to append to `digits`: "236" gives "3".

    Raises `SctidError` where `digits` is empty or holds anything but 0–9.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise SctidError(f"A check digit is computed from digits only; {digits!r} is not made of them.")
    state = 0
    for position, digit in enumerate(reversed(digits), start=1):
        state = _PRODUCT[state][_PERMUTED[position % 8][int(digit)]]
    return str(_INVERSE[state])


def make(kind: ComponentKind, item: int, namespace: str = "") -> str:
    """Return the SCTID of `item` in `namespace`, or the short form where `namespace` is empty.

    Raises `SctidError` where the namespace is not seven digits, or the item number does not fit.
    """
    if namespace and not _is_namespace(namespace):
        raise SctidError(f"The namespace {namespace!r} is not {NAMESPACE_DIGITS} digits.")
    if item < 1:
        raise SctidError(f"The item number {item} is not positive; item numbers start at 1.")
    body = f"{item}{namespace}{'1' if namespace else '0'}{kind}"
    if not _MIN_DIGITS <= len(body) + 1 <= _MAX_DIGITS:
        raise SctidError(
            f"The item number {item} makes an identifier of {len(body) + 1} digits; "
            f"SCTIDs have {_MIN_DIGITS} to {_MAX_DIGITS}."
        )
    return body + check_digit(body)


def check_digits(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the Verhoeff digit to append to each of `numbers`, which are positive. Shape (n,)."""
    state = np.zeros(len(numbers), np.int8)
    rest, position = np.asarray(numbers, np.int64), 1
    while (has_digit := rest > 0).any():
        state = np.where(has_digit, _STATES[position % 8, state, rest % 10], state)
        rest, position = rest // 10, position + 1
    return np.array(_INVERSE, np.int64)[state]


def make_many(kind: ComponentKind, items: NDArray[np.int64], namespace: str = "") -> NDArray[np.int64]:
    """Return the SCTIDs of item numbers, as `make` does of one. Shape (n,).

    Raises `SctidError` as `make` does, for the least or the greatest of the items.
    """
    if not len(items):
        return np.zeros(0, np.int64)
    for item in (items.min(), items.max()):
        make(kind, int(item), namespace)
    body = np.asarray(items, np.int64)
    if namespace:
        body = body * 10**NAMESPACE_DIGITS + int(namespace)
    body = body * 100 + (10 if namespace else 0) + int(kind)
    sctids: NDArray[np.int64] = body * 10 + check_digits(body)
    return sctids


def parse(sctid: str) -> Sctid:
    """Take an SCTID apart. Raises `SctidError`, saying which rule the text breaks."""
    problem = _problem(sctid)
    if problem:
        raise SctidError(f"{sctid!r} is not an SCTID: {problem}.")
    head, partition = sctid[:-_TAIL_DIGITS], sctid[-_TAIL_DIGITS:-1]
    is_long = partition[0] == "1"
    item = head[:-NAMESPACE_DIGITS] if is_long else head
    namespace = head[-NAMESPACE_DIGITS:] if is_long else ""
    return Sctid(int(item), namespace, ComponentKind(partition[1]), sctid[-1])


def is_valid(sctid: str, kind: ComponentKind | None = None) -> bool:
    """Whether the text is an SCTID, and of that kind where one is given."""
    return not _problem(sctid) and (kind is None or sctid[-2] == kind)


def _is_namespace(text: str) -> bool:
    return len(text) == NAMESPACE_DIGITS and text.isascii() and text.isdigit()


def _problem(sctid: str) -> str:
    """Name the first rule that the text breaks, or return an empty string."""
    if not (sctid.isascii() and sctid.isdigit()):
        return "it holds something other than digits"
    if not _MIN_DIGITS <= len(sctid) <= _MAX_DIGITS:
        return f"it has {len(sctid)} digits, not {_MIN_DIGITS} to {_MAX_DIGITS}"
    if sctid[0] == "0":
        return "it begins with 0"
    form, kind = sctid[-3], sctid[-2]
    if form not in "01" or kind not in "012":
        return f"{form}{kind} is not the partition of a concept, description or relationship"
    if form == "1" and len(sctid) < 1 + NAMESPACE_DIGITS + _TAIL_DIGITS:
        return "it is too short for the long form, which has a seven-digit namespace"
    expected = check_digit(sctid[:-1])
    if sctid[-1] != expected:
        return f"its check digit is {sctid[-1]} and should be {expected}"
    return ""
