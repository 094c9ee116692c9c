"""`enlace evaluate-documents`: how well mentions are found in whole documents, and linked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ReleaseOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from linker.annotation.model import Document
    from linker.evaluation.document_gold import GoldSpan


def evaluate_documents(
    input: Annotated[
        str,
        typer.Option("--input", help="The documents, as `enlace annotate` reads them; `-` is stdin."),
    ],
    gold: Annotated[
        list[Path],
        typer.Option(
            "--gold", help="Their annotated mentions: a corpus file, a table or a brat folder; repeatable."
        ),
    ],
    release: ReleaseOption = None,
    recognizer: Annotated[
        list[str],
        typer.Option(
            "--recognizer",
            help="A system to measure, as for `enlace annotate`; `+` joins some to one; repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer copies it
    type: Annotated[
        str,
        typer.Option(
            "--type", help="The type of the gold mentions, where the file does not tell.", show_default=False
        ),
    ] = "",
    prefix: Annotated[
        str, typer.Option("--prefix", help="Put before gold codes that have none: `SNOMEDCT`.")
    ] = "",
    only: Annotated[
        Path | None,
        typer.Option(
            "--only",
            help="A list of documents, the first column of each line: measure on these alone.",
            show_default=False,
        ),
    ] = None,
    all_documents: Annotated[
        bool, typer.Option("--all-documents", help="Documents without a gold mention count too.")
    ] = False,
    spans_only: Annotated[bool, typer.Option("--spans-only", help="Do not link what is found.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here; `-` is stdout.")
    ] = None,
) -> None:
    """Measure annotation on documents with annotated mentions: spans, and codes end to end.

    Precision, recall and F1, strict and overlapping, by type, of one or more recognisers beside each other. Intervals
    are 95 %, by bootstrap over documents. Of a file without codes only spans are measured.
    """
    from api.annotating import systems_of
    from api.document_evaluation_tables import document_evaluation_tables
    from api.errors import ArgumentRejected
    from api.releases import chosen
    from graph.release import INDEX_FOLDER, default_home
    from linker.annotation.annotator import Annotator
    from linker.annotation.document_sources import BrokenDocument, Columns, documents
    from linker.evaluation.document_gold import documents_named, read_gold
    from linker.evaluation.document_runs import evaluate_documents as run
    from linker.evaluation.runs import figures_text
    from linker.marked_spans import document_name
    from linker.pipeline import Linker

    if json_file and not json_file.parent.is_dir():
        raise ArgumentRejected(
            "json", f"--json {json_file} is in no folder that there is; make {json_file.parent}."
        )
    home = default_home()
    name = chosen(home, release)
    index = home.folder(name) / INDEX_FOLDER
    wanted = documents_named(only) if only else None
    marked: dict[str, list[GoldSpan]] = {}
    for path in gold:
        for one in read_gold(path, type, prefix):
            if wanted is None or one.document in wanted:
                marked.setdefault(one.document, []).append(one)
    if not marked:
        raise ArgumentRejected("gold", f"{gold[0]} has no mention in a document that is measured on.")

    def read() -> Iterator[Document]:
        for one in documents(input, Columns(), sys.stdin.buffer if input == "-" else None):
            if isinstance(one, BrokenDocument):
                note(f"enlace: {one}")
            elif wanted is None or document_name(one.id) in wanted:
                yield one

    coded = not spans_only and any(one.codes for own in marked.values() for one in own)
    with ExitStack() as stack, progress() as tell:
        tell("opening the models", 0, None)
        systems = systems_of(recognizer, index)
        annotator = None
        if coded:
            linker = Linker.open(index)
            stack.callback(linker.close)
            annotator = Annotator([], None, linker)
        found = run(
            read(),
            marked,
            systems,
            annotator,
            release=name,
            all_documents=all_documents,
            told=lambda done: tell("annotating", done, len(marked)),
        )
    if not found.documents:
        raise ArgumentRejected("input", f"{input} has none of the documents that have gold mentions.")
    if found.without_text:
        note(f"Documents with gold mentions that {input} does not have: {found.without_text:,}.")
    text = figures_text({**found.as_json(), "gold_files": [path.name for path in gold]})
    if json_file and str(json_file) == "-":
        print(text, end="")
        return
    if json_file:
        json_file.write_text(text, "utf-8")
    for table in document_evaluation_tables(found):
        out().print(table)
