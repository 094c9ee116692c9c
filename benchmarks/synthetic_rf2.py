"""Writes a synthetic SNOMED CT release of any size, with the shape of the real ones and none of their content.

    python -m benchmarks.synthetic_rf2 --concepts 400000 --seed 1 --output DIR [--zip]
        [--kind snapshot|full|delta] [--packages international,spanish,extension] [--awkward 0.01]

Three packages: an International edition in English, its Spanish edition, and a national extension of Spain
with concepts of its own. At 400,000 concepts: 1.5 million descriptions, 3 million language refset members, 3
million relationships, a closure of some 7 million pairs. A share of the rows (`--awkward`) is awkward as real
ones are: blank effectiveTime, trailing blank fields, lone quotes, terms of up to 32 kB, repeated ids with older
times, modules that no package knows. The same arguments give the same bytes.

`--kind delta` writes three folders: `before` and `after` with the Snapshots of the last two versions, and
`delta` with what changed between them.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks import rf2_words
from benchmarks.rf2_concepts import (
    EXTENSION,
    INTERNATIONAL,
    PACKAGES,
    SPANISH,
    VERSIONS,
    Concepts,
    make_concepts,
)
from benchmarks.rf2_descriptions import Descriptions, description_logs, language_log, make_descriptions
from benchmarks.rf2_log import DATES, MODULES, Log, Rows, named
from benchmarks.rf2_refsets import refset_logs
from benchmarks.rf2_relationships import concept_log, concrete_value_log, relationship_log
from benchmarks.rf2_words import Words, make_words
from loaders.rf2_files import DELTA, FULL, SNAPSHOT, Edition
from loaders.rf2_writer import zip_package

LAST = VERSIONS - 1
KINDS = ("snapshot", "full", "delta")

_BEFORE_ALL = "20011231"
_NAMES = {
    INTERNATIONAL: ("SyntheticInternational", "INT"),
    SPANISH: ("SyntheticSpanishEdition", "INT"),
    EXTENSION: ("SyntheticSpainExtension", "ES"),
}
_CHUNK_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides every byte of a release. `awkward` is the share of rows that are awkward, 0 to 1."""

    concepts: int = 400_000
    seed: int = 1
    awkward: float = 0.01


@dataclass(frozen=True, slots=True)
class Terminology:
    """All versions of a synthetic terminology; the logs are made when asked for and are the same each time."""

    shape: Shape
    concepts: Concepts
    words: dict[str, Words]
    descriptions: dict[str, Descriptions]

    def logs(self) -> Iterator[Log]:
        """The log of each file, one after the other, so that one at a time need be held."""
        awkward = self.shape.awkward
        yield concept_log(self.concepts, awkward, self._rng(10))
        for number, (language, descriptions) in enumerate(self.descriptions.items()):
            rng = self._rng(20 + number)
            yield from description_logs(descriptions, self.concepts, self.words[language], awkward, rng)
            yield language_log(descriptions, self.concepts, awkward, self._rng(30 + number))
        relationships = relationship_log(self.concepts, awkward, self._rng(40))
        yield relationships
        yield concrete_value_log(self.concepts, len(relationships.ids), awkward, self._rng(41))
        yield from refset_logs(self.concepts, self.descriptions, self.shape.seed, awkward)

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.shape.seed, part])


def make_terminology(shape: Shape) -> Terminology:
    """Make a terminology. Raises ValueError where `shape` has too few concepts."""
    concepts = make_concepts(shape.concepts, np.random.default_rng([shape.seed, 1]))
    words = make_words(concepts, np.random.default_rng([shape.seed, 2]))
    descriptions: dict[str, Descriptions] = {}
    first = 0
    for number, language in enumerate((rf2_words.ENGLISH, rf2_words.SPANISH)):
        rng = np.random.default_rng([shape.seed, 3 + number])
        descriptions[language] = make_descriptions(language, concepts, first, shape.awkward, rng)
        first += len(descriptions[language])
    return Terminology(shape, concepts, words, descriptions)


def write(
    terminology: Terminology,
    folder: Path,
    *,
    release_type: str = SNAPSHOT,
    packages: Sequence[str] = PACKAGES,
    version: int = LAST,
    zipped: bool = False,
) -> list[Path]:
    """Write packages of one release type into `folder` and return their paths, in the order of `packages`.

    A Snapshot is that of `version`, Full has all versions up to it, Delta what it changed.
    """
    numbers = [PACKAGES.index(package) for package in packages]
    editions = {n: Edition(_NAMES[n][0], _NAMES[n][1], DATES[n][version]) for n in numbers}
    for edition in editions.values():
        shutil.rmtree(folder / edition.folder, ignore_errors=True)
    for place, log in enumerate(terminology.logs()):
        for number, edition in editions.items():
            rows = log.select(release_type, version, number)
            if not len(rows):
                continue
            rng = np.random.default_rng([terminology.shape.seed, 1000 + place, number])
            path = folder / edition.folder / _file_path(log, number, edition, release_type)
            awkward = terminology.shape.awkward if release_type != FULL else 0
            _write_file(path, log, rows, number, _Awkwardness(awkward, release_type, rng))
    written = [folder / edition.folder for edition in editions.values()]
    if not zipped:
        return written
    archives = [zip_package(package) for package in written]
    for package in written:
        shutil.rmtree(package)
    return archives


def write_delta(
    terminology: Terminology, folder: Path, *, packages: Sequence[str] = PACKAGES, zipped: bool = False
) -> dict[str, list[Path]]:
    """Write the last two Snapshots (`before`, `after`) and what changed between them (`delta`)."""
    wanted = {"before": (SNAPSHOT, LAST - 1), "delta": (DELTA, LAST), "after": (SNAPSHOT, LAST)}
    return {
        name: write(
            terminology,
            folder / name,
            release_type=release_type,
            packages=packages,
            version=version,
            zipped=zipped,
        )
        for name, (release_type, version) in wanted.items()
    }


def _file_path(log: Log, package: int, edition: Edition, release_type: str) -> str:
    if package == EXTENSION and log.odd_stem:
        name = f"{log.odd_stem}{release_type}_es-ES_{edition.owner}_{edition.date}.txt"
        return f"{release_type}/{log.kind.folder}/{name}"
    return log.kind.path(edition, log.language, release_type)


@dataclass(frozen=True, slots=True)
class _Awkwardness:
    """What share of a file's rows are awkward, and in which ways its release type allows."""

    share: float
    release_type: str
    rng: np.random.Generator


def blank_times(log: Log, rows: Rows, package: int, awkward: float) -> NDArray[np.bool_]:
    """Which rows have no effectiveTime: some of the extension's that have no other version. Shape (rows,).

    It depends on the component alone, so a row is the same in a Delta and in the Snapshot after it.
    """
    if package != EXTENSION or not awkward:
        return np.zeros(len(rows), np.bool_)
    blank: NDArray[np.bool_] = log.single(rows) & (log.component[rows] % 20 == 7)
    return blank


def _write_file(path: Path, log: Log, rows: Rows, package: int, awkwardness: _Awkwardness) -> None:
    rng = awkwardness.rng
    times = log.version[rows].astype(np.int64)
    times[blank_times(log, rows, package, awkwardness.share)] = VERSIONS + 1
    active = log.active[rows]
    if awkwardness.release_type == SNAPSHOT and awkwardness.share:
        # Some ids again, with an older time and the other activity, before or after the row that counts.
        again = np.flatnonzero(rng.random(len(rows)) < awkwardness.share / 3)
        order = np.argsort(
            np.concatenate([np.arange(len(rows)) * 4 + 1, again * 4 + rng.choice([0, 2], len(again))])
        )
        rows = np.concatenate([rows, rows[again]])[order]
        times = np.concatenate([times, np.full(len(again), VERSIONS)])[order]
        active = np.concatenate([active, ~active[again]])[order]
    limits = np.array([1 - awkwardness.share / 3, 1 - awkwardness.share / 6])
    ends = np.searchsorted(limits, rng.random(len(rows)), side="right").astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = (*DATES[package], _BEFORE_ALL, "")
    with path.open("wb") as file:
        file.write(f"{log.kind.header}\r\n".encode())
        for at in range(0, len(rows), _CHUNK_ROWS):
            here = slice(at, at + _CHUNK_ROWS)
            chunk = rows[here]
            components = log.component[chunk]
            cells = [
                log.id_texts(chunk),
                named(times[here], names),
                named(active[here].astype(np.uint8), ("0", "1")),
                named(log.modules[components], MODULES),
                *(column(chunk, components) for column in log.columns),
            ]
            cells[-1] = pc.binary_join_element_wise(
                cells[-1], named(ends[here], ("\r\n", "\t\r\n", "\t\t\r\n")), ""
            )
            _write_texts(file, pc.binary_join_element_wise(*cells, "\t"))


def _write_texts(file: BinaryIO, texts: pa.Array) -> None:
    texts = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    file.write(memoryview(data)[bounds[0] : bounds[-1]])


def main() -> None:
    """Write the release and print the files' rows and sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, default=Shape().concepts)
    parser.add_argument("--seed", type=int, default=Shape().seed)
    parser.add_argument("--awkward", type=float, default=Shape().awkward, help="the share of awkward rows")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0])
    parser.add_argument("--packages", default=",".join(PACKAGES))
    parser.add_argument("--zip", action="store_true")
    options = parser.parse_args()
    packages = options.packages.split(",")
    start = time.perf_counter()
    terminology = make_terminology(Shape(options.concepts, options.seed, options.awkward))
    if options.kind == "delta":
        write_delta(terminology, options.output, packages=packages, zipped=options.zip)
    else:
        release_type = FULL if options.kind == "full" else SNAPSHOT
        write(terminology, options.output, release_type=release_type, packages=packages, zipped=options.zip)
    for path in sorted(path for path in options.output.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size / 1e6:9.1f} MB  {path.relative_to(options.output)}")
    print(f"{time.perf_counter() - start:9.1f} s")


if __name__ == "__main__":
    main()
