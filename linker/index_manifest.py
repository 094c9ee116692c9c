"""The manifest of a term index: what it was made from and with, checked on open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from linker.encoder import EncoderIdentity
from linker.errors import IndexDamaged, IndexNotFound
from linker.runtimes import TORCH

SCHEMA_VERSION = 1
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """`manifest.json` of an index folder.

    `bi_encoder` and `cross_encoder` say where to load the models from: a Hugging Face id, a folder, or
    `shipped` for the models that come with Enlace. `files` holds the size in bytes of each file.
    """

    release: str
    created: str
    software: str
    bi_encoder: str
    cross_encoder: str
    encoder: EncoderIdentity
    terms: int
    concepts: int
    mentions: int = 0
    """Annotated mentions added with `--mentions`, counted as rows read."""
    runtime: str = TORCH
    """What computes the models: `torch` or `onnx` (see `linker.runtimes`). Their vectors differ by rounding alone."""
    index: str = "exact"
    """How vectors are searched: `exact`, or `hnsw` (see `linker.vector_index`)."""
    search_breadth: int | None = None
    """Nodes of the HNSW graph that a search keeps in view; None for exact search."""
    recall_at_64: float | None = None
    """Share of the 64 nearest by exact float32 search that the index finds; measured when building."""
    code_axes: str = ""
    """The regular expression of its codes, whose groups are their axes (see `linker.code_axes`); empty without."""
    terms_of: Mapping[str, int] = field(default_factory=dict)
    """How many terms each other release lent to concepts that are the same as its (see `linker.mapped_terms`)."""
    written_out: int = 0
    """Of `terms`, those that are others with their abbreviations written out (see `linker.written_out_terms`)."""
    reused: Mapping[str, int] = field(default_factory=dict)
    """How many vectors were taken from the index of each release, because it has the same string."""
    files: Mapping[str, int] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION

    @classmethod
    def read(cls, folder: Path) -> IndexManifest:
        """Read from an index folder. Raises IndexNotFound, IndexDamaged."""
        path = folder / MANIFEST_FILE
        if not folder.is_dir():
            raise IndexNotFound(
                f"Release {folder.parent.name!r} has no index; make one with "
                f"`enlace index --release {folder.parent.name}`."
            )
        try:
            content = json.loads(path.read_text("utf-8"))
            if content.get("schema") != SCHEMA_VERSION:
                raise IndexDamaged(
                    f"{path} has schema {content.get('schema')} and this version of Enlace reads {SCHEMA_VERSION}; "
                    "build the index again with `enlace index`."
                )
            return cls(**{**content, "encoder": EncoderIdentity(**content["encoder"])})
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise IndexDamaged(
                f"{path} cannot be read ({error}); build the index again with `enlace index`."
            ) from None

    def write(self, folder: Path) -> None:
        """Write into an index folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / MANIFEST_FILE).write_text(text + "\n", "utf-8")

    def check_files(self, folder: Path) -> None:
        """Raise IndexDamaged if a file is missing or of another size than when it was written."""
        for name, size in self.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size:
                state = "has another size" if path.is_file() else "is missing"
                raise IndexDamaged(f"{path} {state}; build the index again with `enlace index`.")
