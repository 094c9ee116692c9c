"""The files of a compiled hierarchy: one `.npy` an array, memory-mapped on opening, and `hierarchy.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.closure import Ordinals, Rows
from graph.errors import ReleaseDamaged

#: Raised by one whenever the files change their meaning; other versions are refused.
SCHEMA_VERSION = 1

ROWS = ("parents", "children", "ancestors", "descendants")


@dataclass(frozen=True, slots=True)
class HierarchyFiles:
    """What the files hold: n sorted ids as UTF-8 bytes, the four kinds of rows, n depths."""

    ids: NDArray[np.bytes_]
    rows: Mapping[str, Rows]
    depths: Ordinals
    dangling: int


def write(folder: Path, files: HierarchyFiles) -> None:
    """Write all files; `hierarchy.json` comes last, so that a folder without it is known to be unfinished."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "ids.npy", files.ids)
    np.save(folder / "depths.npy", files.depths)
    for name in ROWS:
        np.save(folder / f"{name}.offsets.npy", files.rows[name].offsets)
        np.save(folder / f"{name}.npy", files.rows[name].targets)
    about = {
        "schema_version": SCHEMA_VERSION,
        "concepts": len(files.ids),
        "dangling": files.dangling,
        "pairs": {name: len(files.rows[name].targets) for name in ROWS},
    }
    (folder / "hierarchy.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> HierarchyFiles:
    """Map all files. Raises `ReleaseDamaged` where one is missing, cut, or of another schema version."""
    about = _about(folder / "hierarchy.json")
    try:
        n, dangling = int(about["concepts"]), int(about["dangling"])
        pairs = {name: int(about["pairs"][name]) for name in ROWS}
    except (KeyError, TypeError, ValueError) as error:
        raise ReleaseDamaged(
            f"{folder / 'hierarchy.json'} lacks what it should say; load the release again."
        ) from error
    rows = {
        name: Rows(
            _map(folder / f"{name}.offsets.npy", n + 1, "i"), _map(folder / f"{name}.npy", pairs[name], "u")
        )
        for name in ROWS
    }
    return HierarchyFiles(
        _map(folder / "ids.npy", n, "S"), rows, _map(folder / "depths.npy", n, "u"), dangling
    )


def _about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseDamaged(f"The hierarchy lacks a readable {path}; load the release again.") from error
    version = about.get("schema_version") if isinstance(about, dict) else None
    if version != SCHEMA_VERSION:
        raise ReleaseDamaged(
            f"The hierarchy in {path.parent} has schema version {version} and this Enlace reads "
            f"{SCHEMA_VERSION}; load the release again."
        )
    return dict(about)


def _map(path: Path, length: int, kind: str) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ReleaseDamaged(f"{path} is missing or cut short; load the release again.") from error
    if array.shape != (length,) or array.dtype.kind != kind:
        raise ReleaseDamaged(f"{path} does not hold what hierarchy.json says; load the release again.")
    # As a plain array: np.memmap's own slicing is several times slower.
    return np.asarray(array)
