"""A linking as JSON: the one shape of `enlace link --json` and of the lines of `linked.jsonl`.

GraphQL uses the same names, so that a program can move from the file to the server.
"""

from __future__ import annotations

from typing import Any

from linker.candidate_records import candidate_record, decision_record
from linker.model import Linking


def linking_json(linking: Linking) -> dict[str, Any]:
    """A mention with its candidates, best first, and the decision; the mention comes first in it."""
    return {
        "mention": linking.mention,
        "candidates": [candidate_record(candidate) for candidate in linking.candidates],
        "decision": decision_record(linking.decision),
    }
