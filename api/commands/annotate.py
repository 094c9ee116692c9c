"""`enlace annotate`: documents in, mentions with their context and concepts out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ReleaseOption
from api.terminal import note, progress

if TYPE_CHECKING:
    from api.annotation_file import Provenance
    from graph.release import ReleaseHome
    from linker.annotation.annotator import Annotator
    from linker.annotation.document_sources import BrokenDocument, Columns, Read

STREAM = "-"


def annotate(
    input: Annotated[
        str,
        typer.Option(
            "--input",
            help="A folder of texts, a .txt, .jsonl, .csv, .tsv or .parquet file, also packed .jsonl.gz; `-` is stdin.",
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", help="Where to write; `-` is stdout, one JSON object a document.")
    ],
    release: ReleaseOption = None,
    recognizer: Annotated[
        list[str],
        typer.Option(
            "--recognizer",
            help="What finds mentions: `dictionary`, `shipped`, `both`, or a folder; repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer copies it
    top: Annotated[int, typer.Option("--top", min=1, max=1000, help="Concepts for each mention.")] = 5,
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
    document_column: Annotated[
        str, typer.Option("--document-column", help="What a table or an object calls a document's name.")
    ] = "doc",
    text_column: Annotated[
        str, typer.Option("--text-column", help="What a table or an object calls a document's text.")
    ] = "text",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output that is there, and begin anew.")
    ] = False,
) -> None:
    """Find the mentions of documents, their context, and the concepts that they mean.

    A run that was killed continues when it is started again. Documents that cannot be read are told and left out.
    """
    from api.releases import chosen
    from graph.release import default_home
    from linker.annotation.document_sources import Columns

    home = default_home()
    name = chosen(home, release)
    home.folder(name)
    options = _Options(tuple(recognizer), top, min_probability)
    source = _Source(input, Columns(document_column, text_column))
    if output == STREAM:
        _to_stream(home, name, source, options)
    else:
        _to_file(home, name, source, Path(output), options, overwrite)


@dataclass(frozen=True, slots=True)
class _Options:
    """How documents are annotated."""

    recognizers: tuple[str, ...]
    top: int
    min_probability: float | None


@dataclass(frozen=True, slots=True)
class _Source:
    """Where documents come from."""

    input: str
    columns: Columns

    def read(self) -> Iterator[Read]:
        from linker.annotation.document_sources import documents

        return documents(self.input, self.columns, sys.stdin.buffer if self.input == STREAM else None)


@contextmanager
def _annotator(home: ReleaseHome, name: str, options: _Options) -> Iterator[Annotator]:
    from api.annotating import context_finder, recognizers_of
    from graph.release import INDEX_FOLDER
    from linker.annotation.annotator import Annotator
    from linker.pipeline import Linker

    index = home.folder(name) / INDEX_FOLDER
    with ExitStack() as stack:
        with progress() as tell:
            tell("opening the models", 0, None)
            linker = Linker.open(index)
            stack.callback(linker.close)
            recognizers = recognizers_of(options.recognizers, index)
            annotator = Annotator(
                recognizers,
                context_finder(),
                linker,
                top_k=options.top,
                min_probability=options.min_probability,
            )
        yield annotator


def _to_stream(home: ReleaseHome, name: str, source: _Source, options: _Options) -> None:
    from api.annotation_file import Broken, write_batches

    broken = Broken(_tell_broken)
    with _annotator(home, name, options) as annotator, progress() as tell:
        done = write_batches(
            annotator.annotate_batch,
            broken.without(source.read()),
            sys.stdout,
            lambda done: tell("annotating", done, None),
        )
    note(f"{_documents(done)} annotated{_left_out(broken.count)}.")


def _to_file(
    home: ReleaseHome, name: str, source: _Source, output: Path, options: _Options, overwrite: bool
) -> None:
    from api.annotation_file import Broken, part_file, put_in_place, resumed, write_batches

    provenance = _provenance(home, name, source, options)
    broken = Broken(_tell_broken)
    documents = broken.without(source.read())
    with resumed(output, provenance, documents, overwrite=overwrite) as (text, before):
        if before:
            note(f"Continuing {output} after {before:,} documents.")
        with _annotator(home, name, options) as annotator, progress() as tell:
            done = write_batches(
                annotator.annotate_batch,
                documents,
                text,
                lambda done: tell("annotating", before + done, None),
            )
        put_in_place(part_file(output), output)
    note(f"{output} holds the annotations of {_documents(before + done)}{_left_out(broken.count)}.")


def _tell_broken(broken: BrokenDocument) -> None:
    note(f"enlace: {broken}")


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


def _left_out(count: int) -> str:
    return f"; {_documents(count)} left out" if count else ""


def _provenance(home: ReleaseHome, name: str, source: _Source, options: _Options) -> Provenance:
    from api.annotation_file import Provenance
    from graph.release import INDEX_FOLDER
    from linker.annotation.document_sources import fingerprint
    from linker.index_manifest import IndexManifest

    release = home.release(name)
    index = IndexManifest.read(home.folder(name) / INDEX_FOLDER)
    return Provenance(
        {
            "input": fingerprint(source.input),
            "columns": f"{source.columns.document}, {source.columns.text}",
            "release": name,
            "release created": release.created,
            "index created": index.created,
            "encoder": index.encoder.weights_sha256,
            "cross-encoder": index.cross_encoder,
            "recognizer": ", ".join(options.recognizers),
            "top": str(options.top),
            "min probability": str(options.min_probability),
        }
    )
