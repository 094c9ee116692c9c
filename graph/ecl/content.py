"""What the expressions of one release are answered from: its hierarchy and its compiled tables.

The tables are compiled when they are first asked for, not at import, whose memory must not grow with the
release. They are kept in the release's folder, so that the next opening takes milliseconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from graph.ecl import table_files
from graph.ecl.compiling import compile_tables
from graph.ecl.tables import Tables
from graph.ecl.universe import Universe
from graph.hierarchy import Hierarchy
from graph.model import Release
from graph.release import ECL_FOLDER, OpenRelease
from graph.store import GraphStore

#: Told a stage and how many records it took.
Tell: TypeAlias = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """Immutable; safe to share between threads."""

    hierarchy: Hierarchy
    universe: Universe
    tables: Tables

    @property
    def release(self) -> str:
        """The release's name, for messages."""
        return self.hierarchy.release

    @classmethod
    def of(cls, store: GraphStore, hierarchy: Hierarchy, tell: Tell = lambda stage, done: None) -> Content:
        """Compile in memory. Raises StoreUnavailable."""
        return cls(hierarchy, *compile_tables(store, hierarchy, tell))

    @classmethod
    def open(cls, opened: OpenRelease, tell: Tell = lambda stage, done: None) -> Content:
        """Open the tables in the release's folder; compile them there if they are not, or in memory.

        In memory where the folder cannot be written. One process compiles and others wait for it. Raises
        StoreUnavailable.
        """
        folder, identity = opened.folder / ECL_FOLDER, _identity(opened.release)
        ids = opened.hierarchy.ids
        try:
            return cls(opened.hierarchy, *table_files.read(folder, ids, identity))
        except table_files.Stale:
            pass
        try:
            with _alone(opened.folder):
                try:
                    return cls(opened.hierarchy, *table_files.read(folder, ids, identity))
                except table_files.Stale:
                    made = cls.of(opened.store, opened.hierarchy, tell)
                    if not _kept(made, folder, identity):
                        return made
                    return cls(opened.hierarchy, *table_files.read(folder, ids, identity))
        except OSError:
            return cls.of(opened.store, opened.hierarchy, tell)


def _identity(release: Release) -> str:
    """A digest of all that a release says of itself: a name may be given again to another one."""
    said = asdict(release)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=dict).encode()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one to compile; the system frees the lock if this process dies. Raises OSError."""
    with (folder / f".{ECL_FOLDER}.lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _kept(content: Content, folder: Path, identity: str) -> bool:
    """Write the tables beside their place and rename them into it; False if the disk refuses."""
    building = folder.with_name(f".{ECL_FOLDER}.building")
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        table_files.write(building, content.universe, content.tables, identity)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        return False
    return True
