"""Types of mentions and semantic tags: which tag makes a term what type, and which tags a type may be linked to.

The table, `mention_types.tsv` beside this module, is data that a person can correct: a semantic tag, the type of a
mention that is a term of such a concept (`-`: its terms are never mentions), and the other types that such a concept
may be the meaning of. A tag that is not in the table is a type of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE_FILE = Path(__file__).with_name("mention_types.tsv")
_NEVER = "-"


@dataclass(frozen=True, slots=True)
class MentionTypes:
    """`by_tag` is the type of each tag, None where its terms are never mentions; `tags` those of each type."""

    by_tag: Mapping[str, str | None]
    tags: Mapping[str, frozenset[str]]

    @classmethod
    def open(cls, path: Path = TABLE_FILE) -> MentionTypes:
        """Read a table; by default the one that comes with Enlace."""
        by_tag: dict[str, str | None] = {}
        tags: dict[str, set[str]] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                tag, type, also = row["tag"], row["type"], (row["also"] or "").split()
                by_tag[tag] = None if type == _NEVER else type
                for name in [*([] if type == _NEVER else [type]), *also]:
                    tags.setdefault(name, set()).add(tag)
        return cls(by_tag, {type: frozenset(own) for type, own in tags.items()})

    def of(self, tag: str) -> str | None:
        """The type of a mention whose concept has this semantic tag; None where it is none."""
        return self.by_tag.get(tag, tag)

    def tags_of(self, type: str) -> frozenset[str]:
        """The semantic tags that concepts meant by a mention of this type have; empty where nothing is known of it."""
        return self.tags.get(type, frozenset([type]) if type else frozenset())
