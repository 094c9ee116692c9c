"""A release's `report.json`: how its import went, for people and for other programs.

Where rows could not be used, `rejected.tsv` lies beside it: place (`file:row`), reason and value of each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from graph.errors import ReleaseDamaged
from graph.manifest import release_of
from graph.model import Release
from graph.rejected import Reason

FILE = "report.json"
REJECTED_FILE = "rejected.tsv"

#: Raised by one whenever the report changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of an import: `records` (rows are records read), `graph` (rows stored), `hierarchy` (pairs)."""

    name: str
    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> int:
        """The rate, rounded."""
        return round(self.rows / self.seconds) if self.seconds else 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What `report.json` says."""

    release: Release
    asked: Mapping[str, str] = field(default_factory=dict)
    """The options that the sources were read with, as text."""
    stages: tuple[Stage, ...] = ()
    peak_memory_bytes: int = 0
    """The most memory that the process had held when the report was made (resident set size)."""
    rejected: tuple[Reason, ...] = ()
    """Rows that could not be used, by reason, the most frequent first."""
    rejected_limit: str = ""
    """The most that were allowed, as `200` or `1%`; empty for any number."""
    rejected_written: int = 0
    """How many of them `rejected.tsv` holds."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Sound rows that the options, or the format's rules, leave out, by reason."""

    @property
    def seconds(self) -> float:
        """How long all stages took."""
        return sum(stage.seconds for stage in self.stages)

    def as_json(self) -> dict[str, Any]:
        """As `report.json` has it."""
        said = asdict(self)
        rates = [{**asdict(one), "rows_per_second": one.rows_per_second} for one in self.stages]
        return {"schema_version": SCHEMA_VERSION, **said, "stages": rates, "seconds": round(self.seconds, 3)}


def write(folder: Path, report: ImportReport) -> None:
    """Write `report.json` into a release's folder."""
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> ImportReport | None:
    """The report in a release's folder; None where an earlier version of Enlace wrote none.

    Raises `ReleaseDamaged` where it cannot be read or is of another schema version.
    """
    path = folder / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        version = said.pop("schema_version")
        if version != SCHEMA_VERSION:
            raise ReleaseDamaged(
                f"{path} has schema version {version} and this Enlace reads {SCHEMA_VERSION}; "
                "load the release again."
            )
        stages = tuple(Stage(one["name"], one["rows"], one["seconds"]) for one in said["stages"])
        rejected = tuple(Reason(**one) for one in said["rejected"])
        kept = {name: said[name] for name in ImportReport.__slots__ if name in said}
        release = release_of(said["release"])
        return ImportReport(**{**kept, "release": release, "stages": stages, "rejected": rejected})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseDamaged(f"{path} cannot be read; load the release again.") from error
