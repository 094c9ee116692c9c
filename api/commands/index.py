"""`enlace index`: every synonym of a release becomes findable."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ReleaseOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from graph.model import CURIE
    from linker.index_manifest import IndexManifest

_NONE = "none"


def index(
    release: ReleaseOption = None,
    bi_encoder: Annotated[
        str,
        typer.Option(
            "--bi-encoder", metavar="ID-OR-FOLDER", help="A Hugging Face id, a folder, or `shipped`."
        ),
    ] = "shipped",
    cross_encoder: Annotated[
        str,
        typer.Option(
            "--cross-encoder",
            metavar="ID-OR-FOLDER",
            help="As --bi-encoder; `none` links without re-ranking.",
        ),
    ] = "shipped",
    mentions: Annotated[
        Path | None,
        typer.Option(
            "--mentions", help="A table of annotated text (columns span and code), indexed as further terms."
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            help="What the models compute in: `float32`, or `bfloat16` or `int8`, which are faster on a processor.",
        ),
    ] = "float32",
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            help="What computes the models, here and wherever the index is opened: `torch`, or `onnx` (ONNX Runtime, "
            "the extra `onnx`).",
        ),
    ] = "torch",
    kind: Annotated[
        str,
        typer.Option(
            "--index",
            help="How vectors are searched: `exact`, by an `hnsw` graph, or `auto`: the graph from 250,000 strings on.",
        ),
    ] = "auto",
    reuse: Annotated[
        str,
        typer.Option(
            "--reuse",
            metavar="RELEASE",
            help="Take the vectors of strings that its index has; by default of any release's index that the "
            "same encoder made. `none` encodes all.",
            show_default=False,
        ),
    ] = "",
    terms_of: Annotated[
        list[str] | None,
        typer.Option(
            "--terms-of",
            metavar="RELEASE",
            help="Also index what another release calls the same concepts, which their codes tell; repeatable. See "
            "docs/linking.md.",
        ),
    ] = None,
    code_axes: Annotated[
        str,
        typer.Option(
            "--code-axes",
            metavar="PATTERN",
            help="The axes of the release's codes, as groups of a regular expression of a code without its prefix, the "
            r"stem first: '(\d{4})/(\d)(\d)?(/H)?' for eCIE-O. See docs/linking.md.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Index every term of a release with a bi-encoder, for linking and searching.

    A former index of the release is replaced when the new one is whole. Strings that an index here has
    already, by the same encoder, are not encoded again.
    """
    from api.indexing import index_release
    from api.releases import chosen
    from graph.release import INDEX_FOLDER, default_home
    from linker.mentions import read_mentions

    start = time.perf_counter()
    home = default_home()
    name = chosen(home, release)
    former = _former(home.folder(name) / INDEX_FOLDER)
    annotated = (
        [(gold.span, code) for gold in read_mentions(mentions) for code in gold.codes] if mentions else []
    )
    with progress() as tell:
        manifest, unknown = index_release(
            home,
            name,
            bi_encoder=bi_encoder,
            cross_encoder="" if cross_encoder == _NONE else cross_encoder,
            mentions=annotated,
            reuse=reuse,
            precision=precision,
            kind=kind,
            runtime=runtime,
            code_axes=code_axes,
            terms_of=terms_of or (),
            tell=tell,
        )
    _show(manifest, time.perf_counter() - start)
    _show_unknown(unknown, mentions)
    _show_idle(manifest)
    if former:
        _show_gone(former, manifest)


def _former(folder: Path) -> IndexManifest | None:
    """The manifest of the index that is to be replaced, None where there is none that can be read."""
    from linker.errors import IndexDamaged, IndexNotFound
    from linker.index_manifest import IndexManifest

    try:
        return IndexManifest.read(folder)
    except (IndexNotFound, IndexDamaged):
        return None


def _show_gone(former: IndexManifest, made: IndexManifest) -> None:
    lent = {one: number for one, number in former.terms_of.items() if number and one not in made.terms_of}
    for option, had, has, what in (
        ("--mentions", former.mentions, made.mentions, f"{former.mentions:,} annotated mentions"),
        ("--terms-of", lent, None, _lent(lent)),
        ("--code-axes", former.code_axes, made.code_axes, f"the code axes {former.code_axes}"),
    ):
        if had and not has:
            note(f"The former index had {what}, which this one has not; give {option} to have them again.")


def _show(manifest: IndexManifest, seconds: float) -> None:
    added = f" and {manifest.mentions:,} annotated mentions" if manifest.mentions else ""
    written_out = f"{manifest.written_out:,} written out" if manifest.written_out else ""
    among = ", ".join(filter(None, (_lent(manifest.terms_of), written_out)))
    further = f", {among} among them" if among else ""
    axes = f", code axes {manifest.code_axes}" if manifest.code_axes else ""
    reranker = f"re-ranked by {manifest.cross_encoder}" if manifest.cross_encoder else "no re-ranking"
    out().print(
        f"Release {manifest.release} is indexed: {manifest.terms:,} distinct terms of "
        f"{manifest.concepts:,} concepts{added}{further}; bi-encoder {manifest.bi_encoder} "
        f"({manifest.encoder.dimensions} dimensions, {manifest.encoder.pooling} pooling, "
        f"{manifest.encoder.precision}), {reranker}, computed by {manifest.runtime}, searched by {manifest.index}, "
        f"recall@64 {manifest.recall_at_64}{axes}; in {seconds:.1f} s.",
        soft_wrap=True,
    )
    if manifest.reused:
        total = sum(manifest.reused.values())
        each = ", ".join(f"{number:,} of release {name}" for name, number in manifest.reused.items())
        out().print(
            f"{total:,} vectors were taken from indexes made before ({each}); "
            f"{manifest.terms - total:,} terms were encoded.",
            soft_wrap=True,
        )


def _lent(terms_of: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} terms of release {name}" for name, number in terms_of.items())


def _show_idle(manifest: IndexManifest) -> None:
    for release in (one for one, number in manifest.terms_of.items() if not number):
        note(
            f"Release {release} lends no term: none of its concepts is, by its codes, the same as one of "
            f"{manifest.release}, or what it calls them is in other languages or there already."
        )


def _show_unknown(unknown: Counter[CURIE], mentions: Path | None) -> None:
    if not unknown:
        return
    examples = ", ".join(code for code, _ in unknown.most_common(5))
    note(
        f"{unknown.total():,} mentions of {mentions} were left out, because the release has no active concept "
        f"of their {len(unknown):,} codes (the most frequent: {examples})."
    )
