"""Indexing a release in its home: opens the models, then lets the linker build the index."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from api.terminal import Tell
from graph.errors import EnlaceError
from graph.model import CURIE
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.encoder import FULL, BiEncoder, EncoderIdentity
from linker.errors import LinkerError
from linker.index_manifest import IndexManifest
from linker.indexing import build_index
from linker.mapped_terms import mapped_terms
from linker.reranker import Reranker
from linker.runtimes import ONNX, TORCH, check_runtime, exports_folder
from linker.shipped import bi_encoder_source, cross_encoder_source
from linker.stored_vectors import StoredVectors
from linker.vector_index import AUTO, chosen_kind

#: For `reuse`: any index here, or none.
ANY, NONE = "", "none"


def index_release(
    home: ReleaseHome,
    name: str,
    *,
    bi_encoder: str,
    cross_encoder: str,
    mentions: Sequence[tuple[str, CURIE]] = (),
    reuse: str = ANY,
    precision: str = FULL,
    kind: str = AUTO,
    runtime: str = TORCH,
    code_axes: str = "",
    terms_of: Sequence[str] = (),
    write_out: bool = True,
    tell: Tell = lambda stage, done, total: None,
) -> tuple[IndexManifest, Counter[CURIE]]:
    """Index a release; answer the index's manifest and the codes of `mentions` that it has not.

    `bi_encoder` and `cross_encoder` are Hugging Face ids, folders or `shipped`; an empty `cross_encoder`
    is none. `precision` is what the models compute in, `float32`, `bfloat16` or `int8`; `kind` is how vectors
    are searched, `exact`, `hnsw` or `auto`; `runtime` is what computes the models, `torch` or `onnx`. Strings that
    the index of the release `reuse` has are not encoded again; by default those of any index here that the same
    encoder made, and with `none` all are. `code_axes` is the regular expression of the codes, if they have axes
    (`linker.code_axes`). What the releases `terms_of` call concepts that are, by their codes, the same as the release's
    is indexed as further terms (`linker.mapped_terms`), and so are terms with abbreviations, written out, with
    `write_out` (`linker.written_out_terms`). Holds the release's lock, so that no import replaces it
    meanwhile. Raises what opening a release, opening a model, opening the index of `reuse` and building an index raise,
    and LinkerError where the release is to lend terms to itself.
    """
    chosen_kind(kind, 0)
    check_runtime(runtime, precision)
    with home.lock(name), home.open(name) as opened:
        mapped = {}
        for other in terms_of:
            if other == name:
                raise LinkerError(
                    f"Release {name!r} has its own terms already; name another with --terms-of."
                )
            tell(f"reading the terms of {other}", 0, None)
            with home.open(other) as lender:
                mapped[other] = list(mapped_terms(opened.store, lender.store))
        tell("opening the models", 0, None)
        onnx = exports_folder(opened.index_folder) if runtime == ONNX else None
        encoder = BiEncoder.open(bi_encoder_source(_anchored(bi_encoder)), precision=precision, onnx=onnx)
        # A name that cannot be loaded is better told now than after minutes of encoding.
        reranker = (
            Reranker.open(cross_encoder_source(_anchored(cross_encoder)), onnx=onnx)
            if cross_encoder
            else None
        )
        unknown = Counter(code for _, code in mentions if code not in opened.hierarchy)
        manifest = build_index(
            opened.index_folder,
            name,
            opened.store,
            encoder,
            bi_encoder=_anchored(bi_encoder),
            cross_encoder=_anchored(cross_encoder),
            mentions=mentions,
            stored=_stored(home, name, reuse, encoder.identity),
            kind=kind,
            runtime=runtime,
            code_axes=code_axes,
            mapped=mapped,
            write_out=write_out,
            progress=tell,
        )
        _forget_exports(exports_folder(opened.index_folder), runtime, encoder, reranker)
    return manifest, unknown


def _forget_exports(folder: Path, runtime: str, encoder: BiEncoder, reranker: Reranker | None) -> None:
    """Delete the exported models that the index just made has no use for."""
    if not folder.is_dir():
        return
    if runtime != ONNX:
        shutil.rmtree(folder, ignore_errors=True)
        return
    from linker.onnx_models import forget_exports

    forget_exports(folder, encoder.model, reranker.model if reranker else None)


def _stored(home: ReleaseHome, name: str, reuse: str, encoder: EncoderIdentity) -> list[StoredVectors]:
    """The indexes whose vectors may be taken: the release's own former one, then the newest first."""
    if reuse == NONE:
        return []
    if reuse != ANY:
        return [StoredVectors.open(home.folder(reuse) / INDEX_FOLDER, encoder)]
    found = []
    for other in home.names():
        try:
            found.append(StoredVectors.open(home.folder(other) / INDEX_FOLDER, encoder))
        except EnlaceError:  # not indexed, with another encoder, or damaged: nothing that was asked for
            continue
    return sorted(found, key=lambda one: (one.manifest.release == name, one.manifest.created), reverse=True)


def _anchored(model: str) -> str:
    """A folder's absolute path, because the index is opened from other folders too; an id as it is."""
    return str(Path(model).resolve()) if model and Path(model).is_dir() else model
