"""Resolving rows with an opened release, in this process or as the work of a worker elsewhere, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from api.ray_engine import Cluster, answers, home_on_node, staging_folder
from graph.ecl.content import Content
from graph.ecl.syntax import HistoryProfile
from graph.ecl.well_known import PROFILES
from graph.model import CURIE
from graph.release import OpenRelease
from graph.variables.definitions import VariableSet
from linker.harmonization.codes import Codes
from linker.harmonization.harmonizer import Harmonizer, Tells
from linker.harmonization.history import History
from linker.harmonization.lookups import Lookups
from linker.harmonization.model import Key
from linker.harmonization.part_units import PartUnits, Remembering, joined, rows_of, rows_text
from linker.harmonization.rows import Columns, Part
from linker.harmonization.run import Numbered
from linker.harmonization.units import Units
from linker.harmonization.variables import VariableTable

if TYPE_CHECKING:
    from linker.harmonization.texts import Texts


@dataclass(frozen=True, slots=True)
class RowsOptions:
    """How rows are resolved. `reviewed` has what a concept map says."""

    columns: Columns
    history: HistoryProfile
    least_score: float
    margin: float
    reviewed: Mapping[Key, tuple[CURIE, ...]] = field(default_factory=dict)


def codes_of(opened: OpenRelease, content: Content, table: VariableTable, options: RowsOptions) -> Codes:
    """What tells the meaning of codes."""
    lookups = Lookups(opened.store)
    history = History(lookups, content.universe, PROFILES[options.history])
    return Codes(lookups, content.universe, history, table.held)


def texts_of(opened: OpenRelease, options: RowsOptions, until: ExitStack) -> Texts:
    """What tells the meaning of texts; `until` closes it."""
    # Here and not above: it brings the models' libraries, and codes alone need none.
    from linker.harmonization.texts import Texts
    from linker.pipeline import Linker

    linker = Linker.open(opened.index_folder)
    until.callback(linker.close)
    return Texts(linker, least_score=options.least_score, margin=options.margin)


@dataclass(frozen=True, slots=True)
class RowsWork:
    """Resolving the rows of parts."""

    home: str
    release: str
    variables: VariableSet
    options: RowsOptions

    def open(self) -> Callable[[str], str]:
        """Open the release, and the models when the first text is met; they stay open as long as the worker lives."""
        from api.quiet import quieten_model_libraries

        quieten_model_libraries()
        until = ExitStack()
        opened = until.enter_context(home_on_node(self.home, self.release).open(self.release))
        content = Content.open(opened)
        table = VariableTable(self.variables, content)
        codes = Remembering(codes_of(opened, content, table, self.options))

        @cache
        def texts() -> Tells:
            return Remembering(texts_of(opened, self.options, until))

        def answer(batch: str) -> str:
            harmonizer = Harmonizer(table, codes, texts, self.options.columns, reviewed=self.options.reviewed)
            numbers = harmonizer.numbers(rows_of(batch))
            return PartUnits(harmonizer.units, numbers).text()

        return answer


def numbered_elsewhere(work: RowsWork, units: Units, cluster: Cluster, output: Path) -> Numbered:
    """What numbers the units of parts on a cluster, as one process does; `units` are those of the run."""

    def numbered(parts: Callable[[], Iterator[Part]]) -> Iterator[tuple[Part, NDArray[np.int32]]]:
        given = (rows_text(part.table, work.options.columns) for part in parts())
        answered = answers(work, given, cluster, staging_folder(output))
        for part, answer in zip(parts(), answered, strict=True):
            yield part, joined(PartUnits.of_text(answer), units)

    return numbered
