"""What goes into linking and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graph.model import CURIE


class Path(StrEnum):
    """Which way an answer was reached."""

    EXACT = "exact"
    """A term of the release is the mention, letter for letter."""
    FOLDED = "folded"
    """A term is the mention once case, accents and punctuation are folded (ñ stays a letter)."""
    RETRIEVED = "retrieved"
    """Found by meaning or by shared characters, in the order of the fused retrieval scores."""
    RERANKED = "re-ranked"
    """Retrieved, then put in order with the cross-encoder's score."""
    CUT = "cut by budget"
    """Retrieved, and not re-ranked because the time given was over."""
    COMPLETED = "completed"
    """Of the stem of a code that was retrieved, with what else the mention says (`linker.axis_ranking`)."""
    NONE = "none"
    """No concept was chosen."""

    @property
    def matched(self) -> bool:
        """Whether a term is the mention, letter for letter or folded."""
        return self in (Path.EXACT, Path.FOLDED)


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """Where a mention comes from: mentions with equal contexts are of one document.

    `text` is the document's, which may define its own abbreviations; it may be empty, and so may `id`.
    """

    id: str = ""
    text: str = ""


class Reason(StrEnum):
    """Why no concept was chosen."""

    CHOSEN = ""
    """One was."""
    NOTHING_CLOSE = "nothing close"
    """The first candidate is less likely to be right than is asked for."""
    TIE = "two concepts tie"
    """The first two candidates are as good as each other, and nothing decides."""
    OUT_OF_SCOPE = "out of scope"
    """A concept outside the scope that was asked for is clearly better than any within."""


@dataclass(frozen=True, slots=True)
class StageScores:
    """Each stage's own score of a candidate; None where the stage did not see it.

    `dense` is a cosine in [-1, 1], `lexical` a TF-IDF cosine in [0, 1], `rerank` the cross-encoder's
    probability in [0, 1].
    """

    dense: float | None = None
    lexical: float | None = None
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something besides the scores that speaks for a candidate, or against it.

    `kind` names it, `value` is its weight as a share (less than 0 where it speaks against), `concepts` are those
    that it comes from, where it comes from concepts.
    """

    kind: str
    value: float
    concepts: tuple[CURIE, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept that may be meant, the term of it that matched, and why it ranks where it does.

    `reading` is what the term was compared with: the mention, or the mention with abbreviations written out.
    `score`, in [0, 1], is what the list is ordered by, highest first.
    """

    id: CURIE
    preferred_term: str
    matched_term: str
    reading: str
    score: float
    scores: StageScores
    path: Path
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The concept chosen for a mention, or none with its reason.

    `probability`, in [0, 1], is that of the first candidate's being right, chosen or not; 0 without candidates.
    """

    id: CURIE | None
    path: Path
    reason: Reason
    probability: float


@dataclass(frozen=True, slots=True)
class Linking:
    """A mention with its candidates, distinct concepts, best first, and the decision."""

    mention: str
    candidates: tuple[Candidate, ...]
    decision: Decision
