"""Every version of the components of one RF2 file, from which Snapshot, Full and Delta are selections.

RF2 is a log: a component's row is never changed, a later one is added. So a release type is a choice of
rows: Full has all, Delta those of one version, Snapshot the latest of each component.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.rf2_concepts import EXTENSION, INTERNATIONAL, NEVER, SPANISH, later
from benchmarks.rf2_metadata import NAMESPACE
from loaders.rf2_files import DELTA, FULL, FileKind
from loaders.sctid import ComponentKind, make

Rows: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.int32]
#: The text of a column for some rows of a log and, second, their components.
Column: TypeAlias = Callable[[Rows, Numbers], pa.Array]

#: The modules that rows are in; a log holds places in this list.
MODULES = (
    "900000000000207008",
    "900000000000012004",
    "449081005",
    "900000001000122104",
    make(ComponentKind.CONCEPT, 999, NAMESPACE),
)
CORE, MODEL, SPANISH_MODULE, SPAIN, UNKNOWN_MODULE = range(5)

#: The date of each version of each package: the Spanish edition follows the International one, Spain's follows it.
DATES = {
    INTERNATIONAL: ("20020131", "20120131", "20190131", "20230131", "20250701", "20260101"),
    SPANISH: ("20020430", "20120430", "20190430", "20230430", "20250930", "20260331"),
    EXTENSION: ("20020615", "20120615", "20190615", "20230615", "20251101", "20260501"),
}


@dataclass(frozen=True, slots=True)
class Log:
    """The rows of one file kind (and language), sorted by component, then by version, then by package.

    `ids` has one id a component: SCTIDs as int64, shape (n,), or UUIDs as bytes, shape (n, 16). `columns`
    are those after the four that every file begins with. Where there is an `odd_stem`, the extension's file has
    a name outside the pattern, which begins with it.
    """

    kind: FileKind
    language: str
    ids: NDArray[Any]
    modules: NDArray[np.uint8]
    component: NDArray[np.int32]
    version: NDArray[np.uint8]
    package: NDArray[np.uint8]
    active: NDArray[np.bool_]
    columns: tuple[Column, ...]
    odd_stem: str = ""

    def latest(self, version: int, packages: Sequence[int]) -> Rows:
        """The latest row of each component up to `version` in `packages`, retired ones too."""
        rows = np.flatnonzero((self.version <= version) & np.isin(self.package, packages))
        component = self.component[rows]
        is_last = np.ones(len(rows), np.bool_)
        is_last[:-1] = component[1:] != component[:-1]
        return rows[is_last]

    def select(self, release_type: str, version: int, package: int) -> Rows:
        """The rows of a package's file of a release type at `version`, in the order of their ids."""
        if release_type == FULL:
            rows = np.flatnonzero((self.version <= version) & (self.package == package))
        elif release_type == DELTA:
            rows = np.flatnonzero((self.version == version) & (self.package == package))
        else:
            rows = self.latest(version, (package,))
        return rows[np.argsort(self._sort_keys()[self.component[rows]], kind="stable")]

    def single(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether a row is the only one of its component. Shape (rows,)."""
        counts = np.bincount(self.component, minlength=len(self.ids))
        is_single: NDArray[np.bool_] = counts[self.component[rows]] == 1
        return is_single

    def id_texts(self, rows: Rows) -> pa.Array:
        """The ids of rows as text."""
        ids = self.ids[self.component[rows]]
        return digits(ids) if ids.ndim == 1 else _uuids(ids)

    def _sort_keys(self) -> NDArray[Any]:
        # Half of a UUID tells it from all others, and big-endian order is that of the text.
        keys: NDArray[Any] = (
            self.ids if self.ids.ndim == 1 else np.ascontiguousarray(self.ids[:, :8]).view(">u8")[:, 0]
        )
        return keys


@dataclass(frozen=True, slots=True)
class History:
    """The rows of components, sorted as a `Log` has them; `extra` tells which came from `more`, else -1."""

    component: NDArray[np.int32]
    version: NDArray[np.uint8]
    package: NDArray[np.uint8]
    active: NDArray[np.bool_]
    extra: NDArray[np.int32]


def history(
    start: NDArray[np.uint8],
    end: NDArray[np.uint8],
    packages: NDArray[np.uint8],
    more: Sequence[tuple[NDArray[np.integer], NDArray[np.uint8], int, bool]] = (),
) -> History:
    """The rows of components that live from version `start` until before `end`, in their own packages.

    `more` are further rows: components, versions, the package (-1: each component's own) and the activity.
    """
    ended = np.flatnonzero(end < NEVER)
    component: list[NDArray[np.integer]] = [np.arange(len(start)), ended]
    version, package = [start, end[ended]], [packages, packages[ended]]
    active = [np.ones(len(start), np.bool_), np.zeros(len(ended), np.bool_)]
    extra = [np.full(len(start) + len(ended), -1, np.int32)]
    for number, (components, versions, own, is_active) in enumerate(more):
        component.append(components)
        version.append(versions)
        package.append(packages[components] if own < 0 else np.full(len(components), own, np.uint8))
        active.append(np.full(len(components), is_active))
        extra.append(np.full(len(components), number, np.int32))
    components_, versions_ = np.concatenate(component).astype(np.int64), np.concatenate(version)
    packages_ = np.concatenate(package)
    order = np.argsort(components_ << 16 | versions_.astype(np.int64) << 8 | packages_, kind="stable")
    return History(
        components_[order].astype(np.int32),
        versions_[order],
        packages_[order].astype(np.uint8),
        np.concatenate(active)[order],
        np.concatenate(extra)[order],
    )


def touched(
    start: NDArray[np.uint8],
    end: NDArray[np.uint8],
    share: float,
    rng: np.random.Generator,
    *,
    but: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.integer], NDArray[np.uint8], int, bool]:
    """A further row, as `history` takes it, for a share of the components, with nothing changed but the date.

    Real releases have them where a column that Enlace does not read was edited. Not for the components `but`.
    """
    change = later(rng, start)
    chosen = (change < end) & (rng.random(len(start)) < share)
    if but is not None:
        chosen[but] = False
    components = np.flatnonzero(chosen)
    return components, change[components], -1, True


def digits(numbers: NDArray[np.integer]) -> pa.Array:
    """Numbers as text."""
    return pc.cast(pa.array(numbers), pa.string())


def named(codes: NDArray[np.integer], names: Sequence[str]) -> pa.Array:
    """The name of each code."""
    return pa.array(names, pa.string()).take(pa.array(codes))


def of_component(values: NDArray[np.int64]) -> Column:
    """A column of numbers, such as SCTIDs, one a component."""
    return lambda rows, components: digits(values[components])


def coded(codes: NDArray[np.uint8], names: Sequence[str]) -> Column:
    """A column of few different texts, one a component."""
    return lambda rows, components: named(codes[components], names)


def coded_by_row(codes: NDArray[np.uint8], names: Sequence[str]) -> Column:
    """A column of few different texts, which may change from row to row of a component."""
    return lambda rows, components: named(codes[rows], names)


def constant(text: str) -> Column:
    """A column that is the same everywhere."""
    return lambda rows, components: pa.array([text], pa.string()).take(pa.array(np.zeros(len(rows), np.int8)))


def texts(make: Callable[[Numbers], pa.Array]) -> Column:
    """A column whose texts are made from component numbers."""
    return lambda rows, components: make(components)


def uuids(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Random UUIDs of version 4, shape (count, 16)."""
    drawn = rng.integers(0, 256, (count, 16), np.uint8)
    drawn[:, 6] = drawn[:, 6] & 0x0F | 0x40
    drawn[:, 8] = drawn[:, 8] & 0x3F | 0x80
    return drawn


_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), "S2")
_HEX_PLACES = np.array([place for place in range(36) if place not in (8, 13, 18, 23)])


def _uuids(ids: NDArray[np.uint8]) -> pa.Array:
    text = np.full((len(ids), 36), ord("-"), np.uint8)
    text[:, _HEX_PLACES] = _HEX[ids].view(np.uint8).reshape(len(ids), 32)
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * 36
    return pa.Array.from_buffers(pa.string(), len(ids), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
