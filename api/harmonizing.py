"""Harmonising files of rows into one table, with its concept map and its summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from api.concept_names import names_of
from api.harmonization_page import page
from api.harmonizing_work import RowsOptions, RowsWork, codes_of, numbered_elsewhere, texts_of
from api.ray_engine import Cluster
from api.terminal import Tell
from graph.ecl.content import Content
from graph.ecl.syntax import HistoryProfile
from graph.model import CURIE
from graph.release import INDEX_FOLDER, OpenRelease, ReleaseHome
from graph.variables.definitions import VariableSet
from graph.variables.files import read as read_variables
from linker.errors import IndexNotFound, RunMismatch
from linker.harmonization import concept_map, table
from linker.harmonization.harmonizer import Harmonizer
from linker.harmonization.model import Key
from linker.harmonization.rows import Columns, check_columns, sha256_of
from linker.harmonization.run import Provenance, Run, begun, parts_folder
from linker.harmonization.summary import Summary, summarize
from linker.harmonization.variables import VariableTable

if TYPE_CHECKING:
    from linker.harmonization.texts import Texts


@dataclass(frozen=True, slots=True)
class Task:
    """What to harmonise, and how. `release` is the name of the one to use."""

    variables: Path
    inputs: tuple[Path, ...]
    columns: Columns
    output: Path
    release: str
    history: HistoryProfile = HistoryProfile.MODERATE
    least_score: float = 0.1
    margin: float = 0.0
    concept_map: Path | None = None

    def resolving(self, reviewed: Mapping[Key, tuple[CURIE, ...]]) -> RowsOptions:
        """How its rows are resolved."""
        return RowsOptions(self.columns, self.history, self.least_score, self.margin, reviewed)

    @property
    def map_file(self) -> Path:
        """Where the concept map is written."""
        return self.output.with_name(f"{self.output.stem}.map.csv")

    @property
    def summary_file(self) -> Path:
        """Where the summary is written for programs."""
        return self.output.with_name(f"{self.output.stem}.summary.json")

    @property
    def page_file(self) -> Path:
        """Where the summary is written for people."""
        return self.output.with_name(f"{self.output.stem}.summary.html")


@dataclass(frozen=True, slots=True)
class Harmonized:
    """What a run came to; `before` are the rows that a former run had done, all of them if it was complete."""

    summary: dict[str, object]
    rows: int
    before: int


def harmonize(
    home: ReleaseHome,
    task: Task,
    *,
    cluster: Cluster | None = None,
    overwrite: bool = False,
    tell: Tell = lambda stage, done, total: None,
) -> Harmonized:
    """Harmonise; a run that was killed goes on where it stopped, and one that is complete is left alone.

    With a `cluster` its workers resolve the rows. Raises VariablesError, RowsError, RunMismatch, what opening a
    release raises, where texts have to be linked what opening its index raises, and EngineFailed.
    """
    _check_output(task)
    check_columns(task.inputs, task.columns)
    table.check_names(task.columns)
    variables = read_variables(task.variables)
    provenance = _provenance(home, task)
    folder = parts_folder(task.output)
    if not overwrite and (there := _complete(task, provenance)) is not None:
        return there
    if task.output.exists() and not overwrite and not (folder / "run.json").exists():
        raise RunMismatch(
            f"{task.output} is there, and not of this run; name another file, or give --overwrite."
        )
    with ExitStack() as until:
        opened = until.enter_context(home.open(task.release))
        tell("expanding variables", 0, None)
        content = Content.open(opened)
        of_variables = VariableTable(variables, content)
        reviewed = (
            concept_map.read(task.concept_map, lambda ids: _known(content, ids)) if task.concept_map else {}
        )
        run = until.enter_context(begun(task.output, provenance, overwrite=overwrite))
        if cluster is not None:
            work = RowsWork(str(home.path.resolve()), task.release, variables, task.resolving(reviewed))
            numbered = numbered_elsewhere(work, run.units, cluster, task.output)
        else:
            numbered = _harmonizer(task, opened, content, of_variables, run, reviewed, until, tell).numbered
        rows = run.work(task.inputs, task.columns, numbered, lambda done: tell("harmonising", done, None))
        summary = _write(task, variables, opened, run, provenance, lambda done: tell("writing", done, rows))
        run.forget()
    return Harmonized(summary, rows, run.before)


def _harmonizer(
    task: Task,
    opened: OpenRelease,
    content: Content,
    table: VariableTable,
    run: Run,
    reviewed: Mapping[Key, tuple[CURIE, ...]],
    until: ExitStack,
    tell: Tell,
) -> Harmonizer:
    options = task.resolving(reviewed)

    @cache
    def texts() -> Texts:
        tell("opening the models", 0, None)
        return texts_of(opened, options, until)

    codes = codes_of(opened, content, table, options)
    return Harmonizer(table, codes, texts, task.columns, units=run.units, reviewed=reviewed)


def _check_output(task: Task) -> None:
    if task.output.suffix.lower() not in (".parquet", ".csv"):
        raise RunMismatch(f"{task.output} is neither .parquet nor .csv; name the output by what it is to be.")
    if not task.output.parent.is_dir():
        raise RunMismatch(
            f"{task.output} cannot be written: there is no folder {task.output.parent}; make it."
        )
    if len({path.name for path in task.inputs}) < len(task.inputs):
        raise RunMismatch(
            "Two inputs have the same name, by which sources are told apart; rename one of them."
        )


def _known(content: Content, ids: object) -> list[bool]:
    numbers = content.universe.numbers(ids)  # type: ignore[arg-type]  # any sequence of ids
    return [bool(known) for known in (numbers >= 0) & (numbers < content.universe.concepts)]


def _provenance(home: ReleaseHome, task: Task) -> Provenance:
    columns = task.columns
    index = ""
    if columns.text:
        from linker.index_manifest import IndexManifest

        try:
            index = IndexManifest.read(home.folder(task.release) / INDEX_FOLDER).created
        except IndexNotFound:
            # Told when the first text has to be linked; codes alone need none.
            index = "none"
    return Provenance(
        inputs={path.name: sha256_of(path) for path in task.inputs},
        columns={
            "code": columns.code or "",
            "text": columns.text or "",
            "system column": columns.system or "",
            "system": columns.fixed_system,
            "keep": list(columns.keep),
        },
        variables_sha256=sha256_of(task.variables),
        release=task.release,
        release_created=home.release(task.release).created,
        index_created=index,
        map_sha256=sha256_of(task.concept_map) if task.concept_map else "",
        options={
            "history": task.history.value,
            "least score": str(task.least_score),
            "margin": str(task.margin),
        },
    )


def _complete(task: Task, provenance: Provenance) -> Harmonized | None:
    """What a former run of the same provenance came to; None where it is not there whole."""
    if parts_folder(task.output).exists() or not task.output.exists():
        return None
    try:
        said = json.loads(task.summary_file.read_text("utf-8"))
        if said["made"] != asdict(provenance):
            return None
        return Harmonized(said, said["rows"], said["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(
    task: Task,
    variables: VariableSet,
    opened: OpenRelease,
    run: Run,
    provenance: Provenance,
    told: Callable[[int], None],
) -> dict[str, object]:
    """Write all files beside their places, then rename them, the table last."""
    names = [path.name for path in task.inputs]
    made = {
        final: final.with_name(f"{final.name}.tmp")
        for final in (task.map_file, task.page_file, task.summary_file, task.output)
    }
    try:
        with ThreadPoolExecutor(1) as aside:
            # The store looks names up without Python's help, while the table is written.
            calling = aside.submit(names_of, opened.store, [id for unit in run.units for id in unit.concepts])
            counts = table.write(made[task.output], run, names, task.columns, told)
            called = calling.result()
        concept_map.write(
            made[task.map_file], concept_map.table(run.units, counts.sum(axis=1).astype(np.int64), called)
        )
        summary = summarize(variables, run.units, counts, names, called)
        said: dict[str, object] = {**asdict(summary), "made": asdict(provenance)}
        told_summary = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
        made[task.summary_file].write_text(told_summary, "utf-8")
        made[task.page_file].write_text(_page(task, variables, summary, provenance), "utf-8")
        for final, written in made.items():
            written.replace(final)
    except OSError as error:
        for written in made.values():
            written.unlink(missing_ok=True)
        raise RunMismatch(
            f"{task.output} cannot be written: {error.strerror or error}; make room and start again."
        ) from None
    return json.loads(told_summary)  # type: ignore[no-any-return]  # as a complete run reads it


def _page(task: Task, variables: VariableSet, summary: Summary, provenance: Provenance) -> str:
    made = {
        **{f"source {name}": f"sha256 {digest}" for name, digest in provenance.inputs.items()},
        "variables": f"{task.variables.name}, sha256 {provenance.variables_sha256}",
        "release": f"{provenance.release}, imported {provenance.release_created}",
        **({"index": provenance.index_created} if provenance.index_created else {}),
        **({"concept map": f"sha256 {provenance.map_sha256}"} if provenance.map_sha256 else {}),
        **provenance.options,
    }
    return page(
        summary,
        title=variables.title or task.variables.stem,
        release=task.release,
        least_score=task.least_score,
        made=made,
    )
