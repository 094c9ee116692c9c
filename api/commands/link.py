"""`enlace link`: mentions become ranked concepts, a few on the screen or many in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import (
    AddressOption,
    EclOption,
    Engine,
    EngineOption,
    JsonOption,
    ReleaseOption,
    SemanticTagsOption,
    WorkersOption,
    check_engine,
)
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from api.link_options import LinkOptions
    from api.linking_file import Provenance, Row
    from api.ray_engine import Cluster
    from graph.release import ReleaseHome
    from linker.pipeline import Linker
    from linker.scope import Scope

DEFAULT_TOP = 5
DEFAULT_TOP_FILE = 25


def link(
    mentions: Annotated[list[str] | None, typer.Argument(help="Mentions as they stand in a text.")] = None,
    release: ReleaseOption = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            min=1,
            max=1000,
            help="Concepts for each mention; by default 5 on the screen and 25 in a file.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    input: Annotated[Path | None, typer.Option("--input", help="A table of mentions, tab-separated.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to write one JSON object a mention; `-` is stdout.")
    ] = None,
    column: Annotated[
        str, typer.Option("--column", help="The column of the table with the mentions.")
    ] = "span",
    budget_ms: Annotated[
        float | None,
        typer.Option(
            "--budget-ms",
            min=0,
            help="Milliseconds after which no further mention is re-ranked, counted once the models are open; "
            "without --input.",
            show_default=False,
        ),
    ] = None,
    document_column: Annotated[
        str | None,
        typer.Option(
            "--document-column",
            help="The column of the table that names each mention's document; by default doc, document or filename.",
            show_default=False,
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts",
            help="The documents, JSON Lines with `doc` and `text` (also .gz) or a folder: their own definitions count, "
            "and what stands around a mention where the cross-encoder was trained to read it.",
            show_default=False,
        ),
    ] = None,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = "",
    workers: WorkersOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin an output file anew.")] = False,
    ecl: EclOption = "",
    semantic_tag: SemanticTagsOption = [],  # noqa: B006 - typer copies it
    min_probability: Annotated[
        float | None,
        typer.Option(
            "--min-probability",
            min=0.0,
            max=1.0,
            help="Choose no concept that is less likely to be right; by default what the models were fitted to.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Link mentions to the concepts of a release.

    With --input and --output a run that was killed continues when it is started again.
    """
    if bool(mentions) == bool(input):
        raise typer.BadParameter("give mentions or --input, one of the two", param_hint="MENTIONS")
    if bool(input) != bool(output):
        raise typer.BadParameter("--input and --output go together", param_hint="--output")
    if input and budget_ms is not None:
        raise typer.BadParameter(
            "a file is linked alike at every run; give mentions instead of --input", param_hint="--budget-ms"
        )
    if texts and not input:
        raise typer.BadParameter("it goes with --input", param_hint="--texts")
    if engine is Engine.RAY and not input:
        raise typer.BadParameter("it goes with --input", param_hint="--engine")
    check_engine(engine, address, workers, str(output))
    from api.link_options import LinkOptions
    from api.ray_engine import Cluster
    from api.releases import chosen
    from graph.release import default_home

    home = default_home()
    name = chosen(home, release)
    options = LinkOptions(ecl, tuple(semantic_tag), min_probability, budget_ms)
    if input and output:
        source = _Source(input, column, document_column, texts)
        cluster = Cluster(address, workers) if engine is Engine.RAY else None
        _link_file(home, name, source, output, top or DEFAULT_TOP_FILE, options, cluster, overwrite)
    else:
        _link_few(home, name, mentions or [], top or DEFAULT_TOP, options, as_json)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the mentions of a file come from."""

    path: Path
    column: str
    document_column: str | None
    texts: Path | None


@contextmanager
def _opened(home: ReleaseHome, name: str, options: LinkOptions) -> Iterator[tuple[Linker, Scope | None]]:
    """The linker of a release and the scope that is asked for, with a word about what takes so long."""
    from api.linking_work import opened_linker

    with ExitStack() as stack:
        with progress() as tell:
            tell("opening the models", 0, None)
            opened = stack.enter_context(opened_linker(home, name, options))
        yield opened


def _link_few(
    home: ReleaseHome, name: str, mentions: list[str], top: int, options: LinkOptions, as_json: bool
) -> None:
    from api.linking_json import linking_json
    from api.linking_tables import linking_table
    from linker.mention_texts import check_mention

    home.folder(name)
    # Opening models takes seconds; a mention that will be rejected is told before.
    for place, mention in enumerate(mentions, start=1):
        check_mention(mention, place)
    with _opened(home, name, options) as (linker, scope):
        linkings = linker.link(
            mentions,
            top_k=top,
            scope=scope,
            budget_ms=options.budget_ms,
            min_probability=options.min_probability,
        )
    for linking in linkings:
        if as_json:
            print(json.dumps(linking_json(linking), ensure_ascii=False))
        else:
            out().print(linking_table(linking))


def _link_file(
    home: ReleaseHome,
    name: str,
    source: _Source,
    output: Path,
    top: int,
    options: LinkOptions,
    cluster: Cluster | None,
    overwrite: bool,
) -> None:
    from api.annotation_file import write_answers
    from api.linking_file import batches, checked_rows, link_stream, resumed
    from api.linking_work import LinkWork, links_of, rows_text
    from api.ray_engine import answers, staging_folder
    from linker.document_texts import Contexts

    texts, broken = _texts(source.texts) if source.texts else (None, 0)
    provenance = _provenance(home, name, source, top, options)
    first, again = (Contexts(texts) if texts is not None else None for _ in range(2))

    def read(contexts: Contexts | None) -> Iterator[Row]:
        return checked_rows(
            source.path, source.column, source.document_column, contexts, without_text=bool(broken)
        )

    total = sum(1 for _ in read(first))
    if first and first.misplaced and _reads_context(provenance.cross_encoder):
        note(f"Mentions that are read without the text around them: {first.misplaced}.")
    rows = read(again)
    if str(output) == "-":
        with _opened(home, name, options) as (linker, scope), progress() as tell:
            link = links_of(linker, top, scope, options)
            link_stream(link, rows, sys.stdout, lambda done: tell("linking", done, total))
        return
    with resumed(output, provenance, rows, overwrite=overwrite) as (text, before, rest):
        if before == total:
            note(f"{output} is complete: {total:,} mentions.")
            return
        if before:
            note(f"Continuing {output} after {before:,} of {total:,} mentions.")

        if cluster is not None:
            work = LinkWork(str(home.path.resolve()), name, top, options)
            answered = answers(work, map(rows_text, batches(rest)), cluster, staging_folder(output))
            with progress() as tell:
                write_answers(answered, text, lambda done: tell("linking", before + done, total))
        else:
            with _opened(home, name, options) as (linker, scope), progress() as tell:
                link = links_of(linker, top, scope, options)
                link_stream(link, rest, text, lambda done: tell("linking", before + done, total))
    note(f"{output} holds the linkings of {total:,} mentions.")


def _reads_context(cross_encoder: str) -> bool:
    """Whether a model reads the text around a mention, by its folder."""
    from linker.reranker import pair_form
    from linker.shipped import cross_encoder_source

    return bool(cross_encoder) and pair_form(cross_encoder_source(cross_encoder)).context > 0


def _texts(path: Path) -> tuple[dict[str, str], int]:
    """The text of each document, and how many documents cannot be read, each of which is told."""
    from api.annotation_file import Broken
    from linker.annotation.document_sources import Columns, documents

    broken = Broken(lambda one: note(f"enlace: {one}"))
    texts: dict[str, str] = {}
    for one in broken.without(documents(str(path), Columns())):
        texts.setdefault(one.id, one.text)
    if broken.count:
        note("The mentions of documents that cannot be read are linked without their text.")
    return texts, broken.count


def _provenance(home: ReleaseHome, name: str, source: _Source, top: int, options: LinkOptions) -> Provenance:
    from api.linking_file import Provenance, sha256_of
    from graph.release import INDEX_FOLDER
    from linker.annotation.document_sources import fingerprint
    from linker.index_manifest import IndexManifest

    release = home.release(name)
    index = IndexManifest.read(home.folder(name) / INDEX_FOLDER)
    return Provenance(
        input_sha256=sha256_of(source.path),
        column=source.column,
        release=name,
        release_created=release.created,
        index_created=index.created,
        encoder_sha256=index.encoder.weights_sha256,
        cross_encoder=index.cross_encoder,
        top=top,
        document_column=source.document_column or "",
        texts_sha256=fingerprint(str(source.texts)) if source.texts else "",
        ecl=options.ecl,
        semantic_tags=json.dumps(options.semantic_tags, ensure_ascii=False),
        min_probability=options.min_probability,
    )
