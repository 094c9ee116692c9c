"""What the client answers with, and how it is read from what the server sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept with its names; `fsn` is None where the source writes none."""

    id: str
    preferred_term: str
    fsn: str | None
    semantic_tag: str
    active: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a concept; `kind` is FSN, PREFERRED, SYNONYM or DEFINITION."""

    text: str
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept found by one of its terms; `score` in (0, 1]."""

    id: str
    preferred_term: str
    matched_term: str
    language: str
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept that a mention may mean; `score` from 0 to 1."""

    id: str
    preferred_term: str
    matched_term: str
    score: float
    path: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The concept chosen for a mention, or None with the reason; `probability` from 0 to 1."""

    id: str | None
    path: str
    reason: str
    probability: float


@dataclass(frozen=True, slots=True)
class Linking:
    """A mention with its candidates, best first, and what is chosen."""

    mention: str
    candidates: tuple[Candidate, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Release:
    """A release; `indexed` is when its index was made, None without one."""

    name: str
    created: str
    languages: tuple[str, ...]
    current: bool
    indexed: str | None


@dataclass(frozen=True, slots=True)
class Trigger:
    """The words that decided one assertion, as `NEGATED`: `text[start:end]`."""

    assertion: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mention that was found in a text: `text[start:end]`, or `fragments`, with its context and its concepts.

    `type` is what kind of mention it is, `source` what found it (DICTIONARY, RECOGNIZER), `section` the heading that it
    stands under. `candidates` are best first.
    """

    start: int
    end: int
    fragments: tuple[tuple[int, int], ...]
    text: str
    type: str
    source: str
    score: float
    negated: bool
    uncertain: bool
    historical: bool
    family: bool
    hypothetical: bool
    section: str
    triggers: tuple[Trigger, ...]
    candidates: tuple[Candidate, ...]
    decision: Decision


def concept_of(said: Mapping[str, Any]) -> Concept:
    """A concept as it is told."""
    return Concept(said["id"], said["preferredTerm"], said["fsn"], said["semanticTag"], said["active"])


def release_of(said: Mapping[str, Any]) -> Release:
    """A release as it is told."""
    index = said["index"]
    return Release(
        said["name"],
        said["created"],
        tuple(said["languages"]),
        said["current"],
        index["created"] if index else None,
    )


def linking_of(said: Mapping[str, Any]) -> Linking:
    """A linking as it is told."""
    return Linking(said["mention"], _candidates(said), Decision(**said["decision"]))


def annotation_of(said: Mapping[str, Any]) -> Annotation:
    """An annotation as it is told."""
    context = said["context"]
    return Annotation(
        **{name: said[name] for name in ("start", "end", "text", "type", "source", "score")},
        fragments=tuple((one["start"], one["end"]) for one in said["fragments"]),
        **{name: context[name] for name in context if name != "triggers"},
        triggers=tuple(Trigger(**one) for one in context["triggers"]),
        candidates=_candidates(said),
        decision=Decision(**said["decision"]),
    )


def _candidates(said: Mapping[str, Any]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(one["id"], one["preferredTerm"], one["matchedTerm"], one["score"], one["path"])
        for one in said["candidates"]
    )
