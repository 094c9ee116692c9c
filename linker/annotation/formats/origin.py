"""Where annotations come from, for the formats that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph.model import CURIE


@dataclass(frozen=True, slots=True)
class Origin:
    """What made the annotations.

    `release` is the name of the release, `version` the software's, `day` when, as `2026-03-01`.
    `semantic_tags` are those of concepts, as far as they are known.
    """

    release: str
    version: str
    day: str
    semantic_tags: Mapping[CURIE, str] = field(default_factory=dict)

    @property
    def software(self) -> str:
        """The software with its version."""
        return f"Enlace {self.version}"
