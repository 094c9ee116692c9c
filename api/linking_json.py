"""A linking as JSON: the one shape of `enlace link --json` and of the lines of `linked.jsonl`.

GraphQL uses the same names, so that a program can move from the file to the server.
"""

from __future__ import annotations

from typing import Any

from linker.model import Candidate, Linking


def linking_json(linking: Linking) -> dict[str, Any]:
    """A mention with its candidates, best first, and the decision; the mention comes first in it."""
    return {
        "mention": linking.mention,
        "candidates": [_candidate(candidate) for candidate in linking.candidates],
        "decision": {
            "id": linking.decision.id,
            "path": linking.decision.path.value,
            "reason": linking.decision.reason.value,
            "probability": linking.decision.probability,
        },
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    scores = candidate.scores
    return {
        "id": candidate.id,
        "preferredTerm": candidate.preferred_term,
        "matchedTerm": candidate.matched_term,
        "reading": candidate.reading,
        "score": candidate.score,
        "scores": {"dense": scores.dense, "lexical": scores.lexical, "rerank": scores.rerank},
        "path": candidate.path.value,
        "evidence": [
            {"kind": one.kind, "value": one.value, "concepts": list(one.concepts)}
            for one in candidate.evidence
        ],
    }
