"""`enlace annotate`: documents in, mentions with their context and concepts out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from api.commands.options import (
    AddressOption,
    Engine,
    EngineOption,
    ReleaseOption,
    WorkersOption,
    check_engine,
)
from api.terminal import Tell, note, progress

if TYPE_CHECKING:
    from api.annotating import AnnotateOptions
    from api.annotation_file import Provenance
    from api.ray_engine import Cluster
    from graph.release import ReleaseHome
    from linker.annotation.document_sources import BrokenDocument, Columns, Read
    from linker.annotation.model import AnnotatedDocument, Document

STREAM = "-"
JSONL = "jsonl"


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
            help="What finds mentions: `dictionary`, `shipped`, `both`, or a model's folder or Hugging Face id; "
            "repeatable.",
        ),
    ] = ["both"],  # noqa: B006 - typer copies it
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="`jsonl`, brat, bioc, bioc-xml, fhir, html, parquet or csv; brat and html make folders.",
        ),
    ] = JSONL,
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
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = "",
    workers: WorkersOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output that is there, and begin anew.")
    ] = False,
) -> None:
    """Find the mentions of documents, their context, and the concepts that they mean.

    A run that was killed continues when it is started again. Documents that cannot be read are told and left out.
    """
    from api.annotating import AnnotateOptions
    from api.ray_engine import Cluster
    from api.releases import chosen
    from graph.release import default_home
    from linker.annotation.document_sources import Columns

    _check_format(format, input, output)
    home = default_home()
    name = chosen(home, release)
    home.folder(name)
    check_engine(engine, address, workers, output)
    job = _Job(home, name, AnnotateOptions(tuple(recognizer), top, min_probability))
    source = _Source(input, Columns(document_column, text_column))
    if output == STREAM:
        _to_stream(job, source)
    else:
        cluster = Cluster(address, workers) if engine is Engine.RAY else None
        _to_file(job, source, Path(output), format, cluster, overwrite)


def _check_format(format: str, input: str, output: str) -> None:
    """Raise BadParameter for a format that there is not, or that a stream cannot be."""
    from linker.annotation.writing import FORMATS

    if format != JSONL and format not in FORMATS:
        raise typer.BadParameter(
            f"there is no format {format!r}; choose among {', '.join((JSONL, *FORMATS))}",
            param_hint="--format",
        )
    if format != JSONL and STREAM in (input, output):
        raise typer.BadParameter(
            "a stream is annotated as jsonl; give files for another format", param_hint="--format"
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """With which release documents are annotated, and how."""

    home: ReleaseHome
    release: str
    options: AnnotateOptions

    @property
    def index(self) -> Path:
        from graph.release import INDEX_FOLDER

        return self.home.folder(self.release) / INDEX_FOLDER


@dataclass(frozen=True, slots=True)
class _Source:
    """Where documents come from."""

    input: str
    columns: Columns

    def read(self) -> Iterator[Read]:
        from linker.annotation.document_sources import documents

        return documents(self.input, self.columns, sys.stdin.buffer if self.input == STREAM else None)


def _to_stream(job: _Job, source: _Source) -> None:
    from api.annotation_file import Broken

    broken = Broken(_tell_broken)
    with progress() as tell:
        done = _annotated_here(
            job, broken.without(source.read()), sys.stdout, lambda done: tell("annotating", done, None), tell
        )
    note(f"{_documents(done)} annotated{_left_out(broken.count)}.")


def _to_file(
    job: _Job, source: _Source, output: Path, format: str, cluster: Cluster | None, overwrite: bool
) -> None:
    from api.annotation_file import Broken, part_file, put_in_place, resumed

    broken = Broken(_tell_broken)
    documents = broken.without(source.read())
    with resumed(output, _provenance(job, source), documents, overwrite=overwrite) as (text, before):
        if before:
            note(f"Continuing {output} after {before:,} documents.")
        with progress() as tell:

            def told(done: int) -> None:
                tell("annotating", before + done, None)

            if cluster is None:
                done = _annotated_here(job, documents, text, told, tell)
            else:
                done = _annotated_there(job, documents, text, told, cluster, output)
        if format == JSONL:
            put_in_place(part_file(output), output)
        else:
            with progress() as tell:
                put_in_place(_rendered(job, source, output, format, tell), output)
    note(f"{output} holds the annotations of {_documents(before + done)}{_left_out(broken.count)}.")


def _rendered(job: _Job, source: _Source, output: Path, format: str, tell: Tell) -> Path:
    """What is to be the output, in another format: written beside it from the part and the documents' texts."""
    from datetime import date
    from importlib.metadata import version

    from api.annotation_file import Broken, annotated_again, part_file
    from api.annotation_file import removed as emptied
    from api.errors import OutputMismatch
    from linker.annotation.formats.origin import Origin
    from linker.annotation.writing import render
    from linker.index import map_table

    concepts = map_table(job.index / "concepts.arrow")
    tags = dict(
        zip(concepts.column("id").to_pylist(), concepts.column("semantic_tag").to_pylist(), strict=True)
    )
    origin = Origin(job.release, version("enlace"), date.today().isoformat(), tags)
    made = emptied(output.with_name(f".{output.name}.new"))
    documents = Broken(lambda broken: None).without(source.read())

    def counted() -> Iterator[AnnotatedDocument]:
        for place, one in enumerate(annotated_again(part_file(output), documents), 1):
            tell(f"writing {format}", place, None)
            yield one

    try:
        render(format, counted(), made, origin)
    except OSError as error:
        raise OutputMismatch(
            f"{made} cannot be written: {error.strerror or error}; make room there."
        ) from None
    return made


def _annotated_here(
    job: _Job, documents: Iterator[Document], text: TextIO, told: Callable[[int], None], tell: Tell
) -> int:
    from api.annotating import opened_annotator
    from api.annotation_file import write_batches

    tell("opening the models", 0, None)
    with opened_annotator(job.index, job.options) as annotator:
        return write_batches(annotator.annotate_batch, documents, text, told)


def _annotated_there(
    job: _Job,
    documents: Iterator[Document],
    text: TextIO,
    told: Callable[[int], None],
    cluster: Cluster,
    output: Path,
) -> int:
    from api.annotating import AnnotateWork, batch_text
    from api.annotation_file import batches, write_answers
    from api.ray_engine import answers, staging_folder

    work = AnnotateWork(str(job.home.path.resolve()), job.release, job.options.placed())
    given = map(batch_text, batches(documents))
    return write_answers(answers(work, given, cluster, staging_folder(output)), text, told)


def _tell_broken(broken: BrokenDocument) -> None:
    note(f"enlace: {broken}")


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


def _left_out(count: int) -> str:
    return f"; {_documents(count)} left out" if count else ""


def _provenance(job: _Job, source: _Source) -> Provenance:
    from api.annotating import told_recognizers
    from api.annotation_file import Provenance
    from linker.annotation.document_sources import fingerprint
    from linker.index_manifest import IndexManifest

    index = IndexManifest.read(job.index)
    return Provenance(
        {
            "input": fingerprint(source.input),
            "columns": f"{source.columns.document}, {source.columns.text}",
            "release": job.release,
            "release created": job.home.release(job.release).created,
            "index created": index.created,
            "encoder": index.encoder.weights_sha256,
            "cross-encoder": index.cross_encoder,
            "recognizer": told_recognizers(job.options.recognizers),
            "top": str(job.options.top),
            "min probability": str(job.options.min_probability),
        }
    )
