"""The figures of an evaluation as a file, and the comparison of two of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linker.errors import RunFileError
from linker.evaluation.answers import Outcomes
from linker.evaluation.comparison import Difference, difference
from linker.evaluation.evaluation import OURS, Evaluation
from linker.evaluation.metrics import DocumentBootstrap, hits, reciprocal

_PRETTY_DEPTH = 4


def run_text(
    found: Evaluation, files: Mapping[str, Any] | None = None, systems: Collection[str] | None = None
) -> str:
    """The JSON of an evaluation, a line a system; `files` says what it was measured on, `systems` as in `as_json`."""
    return _json({**(files or {}), **found.as_json(systems)}) + "\n"


def figures_text(figures: Mapping[str, Any]) -> str:
    """The JSON of any figures, as `run_text` writes those of an evaluation."""
    return _json(dict(figures)) + "\n"


@dataclass(frozen=True, slots=True)
class Run:
    """What comparing needs of a run: arrays of shape (mentions,)."""

    path: Path
    measured_on: str
    release: str
    index: dict[str, Any]
    gold_sha256: str
    top: int
    document_of: npt.NDArray[np.int64]
    membership: dict[str, npt.NDArray[np.bool_]]
    outcomes: dict[str, Outcomes]

    @classmethod
    def read(cls, path: Path) -> Run:
        """Read what `enlace evaluate --json` wrote. Raises RunFileError."""
        try:
            found = json.loads(path.read_text("utf-8"))
            rows = found["rows"]
            bits = np.asarray(rows["subset_bits"], dtype=np.int64)
            return cls(
                path,
                str(found.get("mention_file", {}).get("name", "")),
                found["release"],
                found["index"],
                found["gold_sha256"],
                int(found["top"]),
                np.asarray(rows["document"], dtype=np.int64),
                {one["subset"]: (bits >> bit & 1).astype(bool) for bit, one in enumerate(found["subsets"])},
                {name: Outcomes.of_json(columns) for name, columns in rows["systems"].items()},
            )
        except OSError as error:
            raise RunFileError(f"{path} cannot be read: {error.strerror or error}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RunFileError(
                f"{path} does not hold the figures of an evaluation; write them with `enlace evaluate --json`."
            ) from None

    def outcomes_of(self, system: str) -> Outcomes:
        """A system's outcomes. Raises RunFileError naming those there are."""
        if system not in self.outcomes:
            raise RunFileError(
                f"{self.path} has no outcomes of {system!r}; it has those of {', '.join(self.outcomes)}."
            )
        return self.outcomes[system]


@dataclass(frozen=True, slots=True)
class SubsetComparison:
    """Two systems on one set of mentions: shares right at each cutoff, and the first's less the second's."""

    subset: str
    mentions: int
    documents: int
    first: dict[int, float]
    second: dict[int, float]
    first_mrr: float
    second_mrr: float
    difference: Difference


def compare(
    first: Run, second: Run, system: str = OURS, against: str | None = None
) -> tuple[SubsetComparison, ...]:
    """The system of the first run less that of the second (by default the same), on each set both runs have alike.

    A set whose mentions differ, because the runs' indexes or training mentions do, is left out. Raises RunFileError
    where the runs are not of the same mentions or have no outcomes of the systems.
    """
    if first.gold_sha256 != second.gold_sha256:
        told = (
            f"{run.path} ({run.measured_on or 'mentions'}, {run.gold_sha256[:12]})" for run in (first, second)
        )
        raise RunFileError(
            f"{' and '.join(told)} were measured on different mentions; compare runs on one mention file."
        )
    one, other = first.outcomes_of(system), second.outcomes_of(against or system)
    top = min(first.top, second.top)
    compared = []
    for name, rows in first.membership.items():
        if name not in second.membership or not np.array_equal(rows, second.membership[name]):
            continue
        a, b = one.of(rows), other.of(rows)
        bootstrap = DocumentBootstrap(first.document_of[rows])
        found = difference(a, b, top, bootstrap)
        compared.append(
            SubsetComparison(
                name,
                int(rows.sum()),
                bootstrap.documents,
                {k: float(hits(a.rank, k).mean()) for k in found.accuracy},
                {k: float(hits(b.rank, k).mean()) for k in found.accuracy},
                float(reciprocal(a.rank).mean()),
                float(reciprocal(b.rank).mean()),
                found,
            )
        )
    return tuple(compared)


def _json(value: Any, depth: int = 0) -> str:
    """JSON with a line for each item down to a depth, lists of plain values on one; floats have 6 digits."""
    if isinstance(value, dict):
        items = [f"{json.dumps(str(k), ensure_ascii=False)}: {_json(v, depth + 1)}" for k, v in value.items()]
        held, opening, closing = list(value.values()), "{", "}"
    elif isinstance(value, list | tuple):
        items = [_json(item, depth + 1) for item in value]
        held, opening, closing = list(value), "[", "]"
    else:
        return json.dumps(round(value, 6) if isinstance(value, float) else value, ensure_ascii=False)
    if depth >= _PRETTY_DEPTH or not any(isinstance(item, dict | list | tuple) for item in held):
        return f"{opening}{', '.join(items)}{closing}"
    lines = ",\n".join("  " * (depth + 1) + item for item in items)
    return f"{opening}\n{lines}\n{'  ' * depth}{closing}"
