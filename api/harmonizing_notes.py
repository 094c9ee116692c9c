"""Variables from notes: documents are annotated, and each says of each variable what its sentences say.

While a run lasts, what documents say stands in `<output>.part`, an object a document, as `enlace annotate` keeps its
annotations (`api.annotation_file`); a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from api.annotating import BOTH, AnnotateOptions, batch_text, documents_of, opened_annotator, told_recognizers
from api.annotation_file import (
    Broken,
    Provenance,
    batches,
    part_file,
    put_in_place,
    resumed,
    write_answers,
)
from api.ray_engine import Cluster, answers, home_on_node, staging_folder
from api.terminal import Tell
from graph.ecl.content import Content
from graph.release import INDEX_FOLDER, ReleaseHome
from graph.variables.definitions import VariableSet
from graph.variables.files import read as read_variables
from linker.annotation.annotator import Annotator
from linker.annotation.document_sources import Columns, documents, fingerprint
from linker.annotation.model import Document
from linker.errors import RunMismatch
from linker.harmonization import notes_table
from linker.harmonization.notes import NoteVariables, counted
from linker.harmonization.rows import sha256_of
from linker.harmonization.variables import VariableTable


@dataclass(frozen=True, slots=True)
class NotesTask:
    """What to harmonise, and how. `notes` is a folder or file of documents, `release` the name of the one to use."""

    variables: Path
    notes: str
    output: Path
    release: str
    columns: Columns = field(default_factory=Columns)
    recognizers: tuple[str, ...] = (BOTH,)
    min_probability: float | None = None
    mentioned_only: bool = False

    @property
    def summary_file(self) -> Path:
        """Where the summary is written for programs."""
        return self.output.with_name(f"{self.output.stem}.summary.json")


@dataclass(frozen=True, slots=True)
class HarmonizedNotes:
    """What a run came to. `before` are the documents that a former run had done; `left_out` could not be read."""

    variables: dict[str, dict[str, int]]
    """Documents by status, of each variable."""
    documents: int
    before: int
    left_out: int


def harmonize_notes(
    home: ReleaseHome,
    task: NotesTask,
    broken: Broken,
    *,
    cluster: Cluster | None = None,
    overwrite: bool = False,
    tell: Tell = lambda stage, done, total: None,
) -> HarmonizedNotes:
    """Harmonise notes; a run that was killed goes on where it stopped. `broken` gets documents that cannot be read.

    With a `cluster` its workers read them. Raises VariablesError, DocumentsError, RunMismatch, OutputMismatch, what
    opening a release, its index and recognisers raises, and EngineFailed.
    """
    notes_table.check_name(task.output)
    variables = read_variables(task.variables)
    provenance = _provenance(home, task)
    ids = [variable.id for variable in variables.variables]
    whole = broken.without(documents(task.notes, task.columns))
    with ExitStack() as until:
        opened = until.enter_context(home.open(task.release))
        tell("expanding variables", 0, None)
        told = NoteVariables(VariableTable(variables, Content.open(opened)))
        text, before = until.enter_context(resumed(task.output, provenance, whole, overwrite=overwrite))
        options = AnnotateOptions(task.recognizers, min_probability=task.min_probability)
        if cluster is not None:
            work = NotesWork(str(home.path.resolve()), task.release, variables, options.placed())
            given = map(batch_text, batches(whole))
            answered = answers(work, given, cluster, staging_folder(task.output))
        else:
            tell("opening the models", 0, None)
            annotator = until.enter_context(opened_annotator(opened.index_folder, options))
            answered = (note_lines(annotator, told, batch) for batch in batches(whole))
        done = before + write_answers(answered, text, lambda done: tell("reading notes", before + done, None))
        counts = _write(task, ids, provenance, broken, lambda done: tell("writing", done, None))
    return HarmonizedNotes(counts, done, before, broken.count)


def _write(
    task: NotesTask, ids: list[str], provenance: Provenance, broken: Broken, told: Callable[[int], None]
) -> dict[str, dict[str, int]]:
    """Write table and summary beside their places, then rename them, the table last."""
    table = task.output.with_name(f"{task.output.name}.tmp")
    summary = task.summary_file.with_name(f"{task.summary_file.name}.tmp")
    seen = 0

    def count(done: int) -> None:
        nonlocal seen
        seen = done
        told(done)

    try:
        with part_file(task.output).open(encoding="utf-8") as lines:
            standings = notes_table.write(
                table,
                task.output.suffix,
                map(json.loads, lines),
                ids,
                mentioned_only=task.mentioned_only,
                told=count,
            )
        counts = dict(counted(standings, seen))
        said = {
            "documents": seen,
            "left out": broken.count,
            "variables": counts,
            "made": dict(provenance.told),
        }
        summary.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
        summary.replace(task.summary_file)
    except OSError as error:
        for made in (table, summary):
            made.unlink(missing_ok=True)
        raise RunMismatch(
            f"{task.output} cannot be written: {error.strerror or error}; make room and start again."
        ) from None
    put_in_place(table, task.output)
    return counts


def _provenance(home: ReleaseHome, task: NotesTask) -> Provenance:
    from linker.index_manifest import IndexManifest

    index = IndexManifest.read(home.folder(task.release) / INDEX_FOLDER)
    return Provenance(
        {
            "notes": fingerprint(task.notes),
            "columns": f"{task.columns.document}, {task.columns.text}",
            "variables": sha256_of(task.variables),
            "release": task.release,
            "release created": home.release(task.release).created,
            "index created": index.created,
            "encoder": index.encoder.weights_sha256,
            "cross-encoder": index.cross_encoder,
            "recognizer": told_recognizers(task.recognizers),
            "min probability": str(task.min_probability),
        }
    )


@dataclass(frozen=True, slots=True)
class NotesWork:
    """Telling of each note what it says of each variable: a batch is what `api.annotating.batch_text` gives."""

    home: str
    release: str
    variables: VariableSet
    options: AnnotateOptions

    def open(self) -> Callable[[str], str]:
        """Open models and release; they stay open as long as the worker lives."""
        from api.quiet import quieten_model_libraries

        quieten_model_libraries()
        until = ExitStack()
        opened = until.enter_context(home_on_node(self.home, self.release).open(self.release))
        told = NoteVariables(VariableTable(self.variables, Content.open(opened)))
        annotator = until.enter_context(opened_annotator(opened.index_folder, self.options))
        return lambda batch: note_lines(annotator, told, documents_of(batch))


def note_lines(annotator: Annotator, variables: NoteVariables, documents: Sequence[Document]) -> str:
    """What documents say of the variables that they mention: a line of JSON each."""
    return "".join(
        json.dumps(
            {"doc": one.document.id, "variables": [variable.record() for variable in variables.of(one)]},
            ensure_ascii=False,
        )
        + "\n"
        for one in annotator.annotate_batch(documents)
    )
