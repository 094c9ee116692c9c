"""Releases on disk: one folder each under ENLACE_HOME, immutable once there, and `current` naming one.

    ENLACE_HOME/current                   the name of the release to serve
    ENLACE_HOME/former                    the name of the one that was current before
    ENLACE_HOME/releases/<name>/          manifest.json, report.json, rejected.tsv, graph.lbug, hierarchy/;
                                          later ecl/, and index/ by the linker
    ENLACE_HOME/releases/.staging-<name>  an import under way, or what a killed one left
    ENLACE_HOME/releases/.replaced-<name> the former release of that name while a new one takes its place
    ENLACE_HOME/releases/.removed-<name>  a release being deleted
    ENLACE_HOME/releases/.graphs/         notes of the graphs that releases have, or had, at Neo4j servers
    ENLACE_HOME/releases/.locks/<name>    held by whoever writes that release
    ENLACE_HOME/rejected/<name>.tsv       the rows that made the last import of that release fail

Importing this module is light: stores and arrays are loaded when a release is opened.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from graph import manifest, neo4j_address
from graph.errors import GraphError, ReleaseBusy, ReleaseDamaged, ReleaseNotFound, StoreUnavailable
from graph.model import Release
from graph.whole_files import put_in_place, write_whole

if TYPE_CHECKING:
    from graph.hierarchy import Hierarchy
    from graph.store import GraphStore

STORE_FILE = "graph.lbug"
HIERARCHY_FOLDER = "hierarchy"
INDEX_FOLDER = "index"
ECL_FOLDER = "ecl"
#: Among the releases' folders: notes of the graphs that they have at servers (`graph.server_graphs`).
GRAPHS_FOLDER = ".graphs"

_T = TypeVar("_T")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_STAGING, _REPLACED, _REMOVED = ".staging-", ".replaced-", ".removed-"

#: How often, and how long apart, a reader looks for a release that is just being replaced.
_LOOKS, _SECONDS_APART = 200, 0.005


def default_home() -> ReleaseHome:
    """The folder that the environment variable ENLACE_HOME names, or `~/.enlace`."""
    return ReleaseHome(Path(os.environ.get("ENLACE_HOME") or "~/.enlace").expanduser())


def check_name(name: str) -> str:
    """`name`, if a release may be called so; raises `GraphError` otherwise: no name leaves the folder."""
    if not _NAME.fullmatch(name):
        raise GraphError(
            f"{name!r} is not a name for a release; use up to 100 letters, digits, '.', '_' and '-', "
            "beginning with a letter, a digit or '_'."
        )
    return name


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A release being read: its description, its records and its hierarchy. Close it, or use it in `with`."""

    release: Release
    store: GraphStore
    hierarchy: Hierarchy
    folder: Path

    @property
    def index_folder(self) -> Path:
        """Where the linker keeps this release's index; it may not be there yet."""
        return self.folder / INDEX_FOLDER

    def close(self) -> None:
        """Let go of the store. Calling it twice does no harm."""
        self.store.close()

    def __enter__(self) -> OpenRelease:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class ReleaseHome:
    """The releases under one folder. The folder need not exist before the first import.

    Methods that take a name raise `GraphError` if no release may be called so.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"ReleaseHome({str(self.path)!r})"

    @property
    def releases_folder(self) -> Path:
        """The folder that holds one folder a release."""
        return self.path / "releases"

    def names(self) -> list[str]:
        """The names of the releases that are whole, sorted."""
        try:
            there = [entry.name for entry in self.releases_folder.iterdir()]
        except FileNotFoundError:
            return []
        # One that was put aside and whose import was killed right then is there: `folder` puts it back.
        names = {entry.removeprefix(_REPLACED) for entry in there}
        return sorted(name for name in names if _NAME.fullmatch(name) and self._is_there(name))

    def releases(self) -> list[Release]:
        """What each release says of itself, by name. Raises `ReleaseDamaged` if a manifest cannot be read."""
        return [self.release(name) for name in self.names()]

    def folder(self, name: str) -> Path:
        """The folder of a release. Raises `ReleaseNotFound`."""
        if not self._is_whole(check_name(name)) and not self._comes_back(name):
            raise ReleaseNotFound(name, self.names())
        return self.releases_folder / name

    def release(self, name: str) -> Release:
        """What a release says of itself. Raises `ReleaseNotFound`, `ReleaseDamaged`."""
        return self._steadily(name, lambda folder: manifest.read(folder).release)

    def open(self, name: str) -> OpenRelease:
        """Open a release for reading, after checking that its files are there and of the size they had.

        Raises `ReleaseNotFound`, `ReleaseDamaged`, `StoreUnavailable`. What is open stays readable while a
        new import takes the release's place.
        """
        return self._steadily(name, lambda folder: self._open(folder, name), OpenRelease.close)

    def verify(self, name: str) -> None:
        """Read every file of a release and compare it with its checksum. Raises `ReleaseDamaged`."""
        manifest.check_hashes(self.folder(name))

    def current(self) -> str | None:
        """The name of the release to serve; None where none was chosen or it is gone."""
        return self._named_in(self._current_file)

    def former(self) -> str | None:
        """The name of the release that was current before this one; None where there was none or it is gone."""
        return self._named_in(self._former_file)

    def set_current(self, name: str) -> None:
        """Choose the release to serve; the one that was is `former` then.

        Raises `ReleaseNotFound`, `StoreUnavailable`.
        """
        self.folder(name)
        current = self.current()
        if current not in (None, name):
            _write_name(self._former_file, str(current))
        _write_name(self._current_file, name)

    def remove(self, name: str) -> None:
        """Delete a release; if it was the current one, none is. Raises `ReleaseNotFound`, `ReleaseBusy`.

        Raises `StoreUnavailable` where its graph is at a server that is away: the release is gone then, and
        `graph.server_graphs.clean` removes its graph when the server is back.
        """
        with self.lock(name):
            self.recover(name)
            folder = self.folder(name)
            # Not aside as by an import: what is being deleted must never come back, for it lacks files.
            aside = self.releases_folder / f"{_REMOVED}{name}"
            shutil.rmtree(aside, ignore_errors=True)
            folder.replace(aside)
            if self._current_file.exists() and self._current_file.read_text(encoding="utf-8").strip() == name:
                self._current_file.unlink()
            shutil.rmtree(aside)
        if (self.releases_folder / GRAPHS_FOLDER).exists():
            from graph.server_graphs import clean

            for leftover in clean(self, name=name):
                if leftover.problem:
                    raise leftover.problem

    def clean(self) -> list[str]:
        """Undo what killed imports left, and name the releases concerned. Imports under way are left alone.

        Staging folders are removed, and so is what was left of a release being deleted. A release that a
        killed import had put aside comes back if nothing stands in its place.
        """
        try:
            left = [entry.name for entry in self.releases_folder.iterdir()]
        except FileNotFoundError:
            return []
        concerned = set[str]()
        for prefix in (_STAGING, _REPLACED, _REMOVED):
            concerned.update(entry.removeprefix(prefix) for entry in left if entry.startswith(prefix))
        cleaned = []
        for name in sorted(concerned):
            try:
                with self.lock(name):
                    self.recover(name)
            except ReleaseBusy:
                continue
            cleaned.append(name)
        return cleaned

    # For whoever writes a release ------------------------------------------------------------------------

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Be the only one to write a release; the system frees the lock if this process dies.

        Raises `ReleaseBusy` at once if another process or thread holds it.
        """
        path = self.releases_folder / ".locks" / check_name(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise StoreUnavailable(
                f"No release can be written in {self.releases_folder}: {error.strerror}."
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ReleaseBusy(
                    f"Release {name!r} is being written by another process; wait for it to end and try again."
                ) from error
            yield

    def staging_folder(self, name: str) -> Path:
        """Where an import builds a release, beside its final place. Only for the holder of the lock."""
        return self.releases_folder / f"{_STAGING}{check_name(name)}"

    def replaced_folder(self, name: str) -> Path:
        """Where the former release waits while a new one takes its place. Only for the holder of the lock."""
        return self.releases_folder / f"{_REPLACED}{check_name(name)}"

    def rejected_file(self, name: str) -> Path:
        """Where an import that fails because of them leaves the rows that it could not use."""
        return self.path / "rejected" / f"{check_name(name)}.tsv"

    def recover(self, name: str) -> None:
        """Undo what a killed import of `name` left. Only for the holder of the lock."""
        for gone in (self.staging_folder(name), self.releases_folder / f"{_REMOVED}{name}"):
            shutil.rmtree(gone, ignore_errors=True)
        aside, folder = self.replaced_folder(name), self.releases_folder / name
        if aside.exists():
            if folder.exists():
                shutil.rmtree(aside)
            else:
                aside.replace(folder)

    def put_in_place(self, name: str) -> Path:
        """Make the staging folder the release of that name; a former one gives way only then.

        Only for the holder of the lock. Between the two renames nothing stands at the name for some
        microseconds, and readers wait for that; a process killed right there leaves the former release to
        `recover`, which the next reader or writer calls.
        """
        folder = self.releases_folder / name
        put_in_place(self.staging_folder(name), folder, self.replaced_folder(name))
        return folder

    @property
    def _current_file(self) -> Path:
        return self.path / "current"

    @property
    def _former_file(self) -> Path:
        return self.path / "former"

    def _named_in(self, file: Path) -> str | None:
        """The release that a file names; None where there is no such file or release."""
        try:
            name = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return name if _NAME.fullmatch(name) and self._is_there(name) else None

    def _steadily(
        self, name: str, read: Callable[[Path], _T], let_go: Callable[[_T], None] = lambda read: None
    ) -> _T:
        """What `read` makes of a release's folder; again if another release took its place meanwhile."""
        for _ in range(_LOOKS):
            folder = self.folder(name)
            identity = _identity(folder)
            try:
                made = read(folder)
            except (ReleaseDamaged, StoreUnavailable):
                if _identity(folder) == identity:
                    raise
                continue
            if _identity(folder) == identity:
                return made
            # One file may be of the one release and one of the other.
            let_go(made)
        raise ReleaseBusy(
            f"Release {name!r} is replaced again and again; wait for that to end and try again."
        )

    def _open(self, folder: Path, name: str) -> OpenRelease:
        from graph.hierarchy import Hierarchy

        release = manifest.check_sizes(folder).release
        hierarchy = Hierarchy.open(folder / HIERARCHY_FOLDER, release=name)
        return OpenRelease(release, _open_store(folder), hierarchy, folder)

    def _is_whole(self, name: str) -> bool:
        return (self.releases_folder / name / manifest.FILE).is_file()

    def _is_there(self, name: str) -> bool:
        return self._is_whole(name) or (self.replaced_folder(name) / manifest.FILE).is_file()

    def _comes_back(self, name: str) -> bool:
        """Whether a release that an import put aside stands in its place again, or the new one does.

        An import that is alive ends what it does within microseconds; for one that was killed it is undone.
        """
        for _ in range(_LOOKS):
            if not self._is_there(name):
                break
            try:
                with self.lock(name):
                    self.recover(name)
            except ReleaseBusy:
                time.sleep(_SECONDS_APART)
            except StoreUnavailable:  # nothing may be written here
                break
            if self._is_whole(name):
                return True
        return self._is_whole(name)


def _write_name(file: Path, name: str) -> None:
    """Have a file name a release, in one step for whoever reads it. Raises `StoreUnavailable`."""
    try:
        write_whole(file, f"{name}\n".encode())
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be written: {error.strerror}.") from None


def _identity(folder: Path) -> tuple[int, int]:
    """What tells the release in a folder from the next one there; (0, 0) where there is none."""
    try:
        said = (folder / manifest.FILE).stat()
    except OSError:
        return (0, 0)
    return (said.st_ino, said.st_mtime_ns)


def _open_store(folder: Path) -> GraphStore:
    from graph.store import open_neo4j, open_store

    address = neo4j_address.read(folder)
    return open_neo4j(address.moved()) if address else open_store(folder / STORE_FILE)
