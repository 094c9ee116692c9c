"""A release's `manifest.json`: what it is made of, and the size and checksum of every file an import wrote.

The index is not in it: the linker writes that later, with a manifest of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graph.errors import ReleaseDamaged
from graph.model import Release, Source

FILE = "manifest.json"

#: Raised by one whenever a release's folder changes its meaning; other versions are refused.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of a release. `path` is relative to its folder, with `/`."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says."""

    release: Release
    files: tuple[Artefact, ...]
    report: str = ""
    """The file among `files` that tells how the import went; empty where an earlier version wrote none."""


def write(folder: Path, release: Release, *, report: str = "") -> Manifest:
    """Write `manifest.json` over every file now in `folder`; all is on disk when this returns."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    files = tuple(Artefact(p.relative_to(folder).as_posix(), p.stat().st_size, sha256_of(p)) for p in paths)
    made = Manifest(release, files, report)
    text = json.dumps({"schema_version": SCHEMA_VERSION, **asdict(made)}, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    for path in [*paths, folder / FILE, folder]:
        _sync(path)
    return made


def read(folder: Path) -> Manifest:
    """Raises `ReleaseDamaged` where the manifest is missing, unreadable or of another schema version."""
    path = folder / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        version = said["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged(f"{path} is missing or cannot be read; load the release again.") from error
    if version != SCHEMA_VERSION:
        raise ReleaseDamaged(
            f"{path} has schema version {version} and this Enlace reads {SCHEMA_VERSION}; "
            "load the release again."
        )
    try:
        files = tuple(Artefact(**file) for file in said["files"])
        return Manifest(release_of(said["release"]), files, said.get("report", ""))
    except (KeyError, TypeError) as error:
        raise ReleaseDamaged(f"{path} lacks what it should say; load the release again.") from error


def check_sizes(folder: Path) -> Manifest:
    """Read the manifest and compare sizes. Raises `ReleaseDamaged` naming the first file that differs."""
    made = read(folder)
    for file in made.files:
        path = folder / file.path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise ReleaseDamaged(f"{path} is missing; load the release again.") from error
        if size != file.size_bytes:
            raise ReleaseDamaged(
                f"{path} has {size} bytes instead of {file.size_bytes}; load the release again."
            )
    return made


def check_hashes(folder: Path) -> None:
    """As `check_sizes`, and read every file to compare its checksum too."""
    for file in check_sizes(folder).files:
        if sha256_of(folder / file.path) != file.sha256:
            raise ReleaseDamaged(
                f"{folder / file.path} was altered since it was imported; load the release again."
            )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def release_of(said: dict[str, Any]) -> Release:
    """A release from its JSON. Raises KeyError, TypeError where it is not as it should be."""
    return Release(
        **{
            **said,
            "sources": tuple(Source(**source) for source in said["sources"]),
            "languages": tuple(said["languages"]),
        }
    )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
