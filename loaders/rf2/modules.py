"""The modules of the packages at hand, held against what the module dependency refset says they need.

Source: SNOMED CT Release File Specification, "Module Dependency Reference Set" (5.2.4.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loaders.rejections import Rejections
from loaders.rf2.package import date_of
from loaders.table_columns import Block

#: Why a row of the refset is told among the rejections. The records are made all the same.
ABSENT = "the module depends on one that no package here holds"
OLDER = "the module depends on a later version of one than the packages here hold"


class ModuleVersions:
    """The latest date that anything says of each module: its rows, and the files that hold them.

    A file counts because a release in which a module did not change has the module's older rows only.
    """

    def __init__(self) -> None:
        self._times: dict[str, str] = defaultdict(str)

    def take(self, block: Block) -> None:
        """Take the modules of a block with the columns moduleId and effectiveTime."""
        dated = date_of(block.file.member or block.file.path.name)
        self.take_columns(block["moduleId"], block["effectiveTime"], dated)

    def take_columns(self, modules: pa.StringArray, times: pa.StringArray, dated: str = "") -> None:
        """Take modules, the effectiveTime of a row of each, and the date of the file that they are from."""
        by_module, by_time = pc.dictionary_encode(modules), pc.dictionary_encode(times)
        width = max(1, len(by_time.dictionary))
        pairs = np.unique(by_module.indices.to_numpy().astype(np.int64) * width + by_time.indices.to_numpy())
        module_of, time_of = by_module.dictionary.to_pylist(), by_time.dictionary.to_pylist()
        for pair in pairs.tolist():
            self.note(module_of[pair // width], max(time_of[pair % width].strip()[:8], dated))

    def note(self, module: str, date: str) -> None:
        """Take that a module is there in the version of a date."""
        self._times[module] = max(self._times[module], date)

    def check(self, rows: Iterator[Block], rejections: Rejections) -> None:
        """Tell of the dependencies that the packages do not meet.

        `rows` are those of the module dependency refset that hold, with the columns moduleId,
        referencedComponentId, sourceEffectiveTime and targetEffectiveTime.
        """
        needs: list[tuple[str, int, str, str, str, str]] = []
        for block in rows:
            columns = (column.to_pylist() for column in block.columns)
            needs += zip([block.file.name] * len(block), block.lines.tolist(), *columns, strict=True)
        for _, _, module, _, version, _ in needs:
            self.note(module, version.strip())
        for file, line, module, needed, version, needed_version in needs:
            if needed not in self._times:
                rejections.add(
                    file, line, ABSENT, f"{module} of {version} needs {needed} of {needed_version}"
                )
            elif self._times[needed] < needed_version.strip():
                found = self._times[needed] or "no date"
                rejections.add(
                    file,
                    line,
                    OLDER,
                    f"{module} of {version} needs {needed} of {needed_version}, not {found}",
                )
