"""Candidates and decisions as JSON, both ways: the one shape in files and in answers of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linker.model import Candidate, Decision, Evidence, Path, Reason, StageScores


def candidate_record(candidate: Candidate) -> dict[str, Any]:
    """A candidate as an object of JSON."""
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


def decision_record(decision: Decision) -> dict[str, Any]:
    """A decision as an object of JSON."""
    return {
        "id": decision.id,
        "path": decision.path.value,
        "reason": decision.reason.value,
        "probability": decision.probability,
    }


def candidate_of(told: Mapping[str, Any]) -> Candidate:
    """What `candidate_record` gave. Raises KeyError, TypeError or ValueError if it is not that."""
    return Candidate(
        told["id"],
        told["preferredTerm"],
        told["matchedTerm"],
        told["reading"],
        told["score"],
        StageScores(told["scores"]["dense"], told["scores"]["lexical"], told["scores"]["rerank"]),
        Path(told["path"]),
        tuple(Evidence(one["kind"], one["value"], tuple(one["concepts"])) for one in told["evidence"]),
    )


def decision_of(told: Mapping[str, Any]) -> Decision:
    """What `decision_record` gave. Raises KeyError, TypeError or ValueError if it is not that."""
    return Decision(told["id"], Path(told["path"]), Reason(told["reason"]), told["probability"])
