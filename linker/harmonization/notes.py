"""Variables from notes: what a document says of each, with the sentence that says it.

A mention whose concept a variable holds says that the variable is *present*, unless it is negated, uncertain,
hypothetical or of a relative. A denied mention says that it is *absent* if what is denied is what the variable is made
of: whoever has no `diabetes tipo 1` may have another diabetes. Everything else leaves it *unclear*. Of a document's
mentions, one that says present decides, else one that says absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from linker.annotation.model import AnnotatedDocument, Annotation, Assertion
from linker.annotation.sentences import sentences
from linker.harmonization.variables import Held, VariableTable


class Standing(StrEnum):
    """What a document says of a variable."""

    PRESENT = "present"
    """The patient has it, or had it."""
    ABSENT = "absent"
    """The patient has it not, or it was not done."""
    UNCLEAR = "unclear"
    """It is suspected, a relative's, may come, or a part of it is denied."""
    NOT_MENTIONED = "not mentioned"


#: What keeps a mention from saying anything sure of the patient.
_ELSEWHERE = (Assertion.UNCERTAIN, Assertion.HYPOTHETICAL, Assertion.FAMILY)
#: The more a mention decides, the lower its rank.
_RANKS = (Standing.PRESENT, Standing.ABSENT, Standing.UNCLEAR)


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """The mention that decided, in its sentence; offsets are characters of the document, ends exclusive.

    `trigger` has the words that gave the mention its context, `concept` what it was linked to, by which `term` and how
    surely, `path` the is-a path from there to the variable.
    """

    start: int
    end: int
    text: str
    sentence_start: int
    sentence_end: int
    sentence: str
    trigger: str
    concept: str
    term: str
    probability: float
    path: str


@dataclass(frozen=True, slots=True)
class VariableInNote:
    """What a document says of a variable that it mentions. `detail` is the context of the mention that decided."""

    variable: str
    status: Standing
    detail: tuple[Assertion, ...]
    mentions: int
    evidence: SentenceEvidence

    def record(self) -> dict[str, Any]:
        """As an object of JSON."""
        return {
            "variable": self.variable,
            "status": self.status.value,
            "detail": [assertion.value for assertion in self.detail],
            "mentions": self.mentions,
            "evidence": asdict(self.evidence),
        }


class NoteVariables:
    """Tells what documents say of variables. For one thread."""

    def __init__(self, table: VariableTable) -> None:
        self._table = table

    def of(self, annotated: AnnotatedDocument) -> list[VariableInNote]:
        """The variables that a document mentions, in the order of their file."""
        linked = [one for one in annotated.annotations if one.chosen]
        held = self._table.holding([one.decision.id for one in linked if one.decision.id])
        by_variable = dict[str, list[tuple[Annotation, Held]]]()
        for annotation, variables in zip(linked, held, strict=True):
            for one in variables:
                by_variable.setdefault(one.variable, []).append((annotation, one))
        if not by_variable:
            return []
        bounds = list(sentences(annotated.document.text))
        order = (variable.id for variable in self._table.definitions.variables)
        return [
            _told(id, by_variable[id], annotated.document.text, bounds) for id in order if id in by_variable
        ]


def _told(
    variable: str, mentions: Sequence[tuple[Annotation, Held]], text: str, bounds: Sequence[tuple[int, int]]
) -> VariableInNote:
    annotation, held = min(mentions, key=lambda one: _rank(*one))
    return VariableInNote(
        variable,
        _standing(annotation, held),
        tuple(assertion for assertion in Assertion if annotation.context.has(assertion)),
        len(mentions),
        _evidence(annotation, held, text, bounds),
    )


def _standing(annotation: Annotation, held: Held) -> Standing:
    """What one mention says."""
    context = annotation.context
    if any(context.has(assertion) for assertion in _ELSEWHERE):
        return Standing.UNCLEAR
    if context.has(Assertion.NEGATED):
        return Standing.ABSENT if held.whole else Standing.UNCLEAR
    return Standing.PRESENT


def _rank(annotation: Annotation, held: Held) -> tuple[int, bool, float, int]:
    """Of mentions that say the same, what is now goes before what was, then the surer linking, then the first."""
    return (
        _RANKS.index(_standing(annotation, held)),
        annotation.context.has(Assertion.HISTORICAL),
        -annotation.decision.probability,
        annotation.span.start,
    )


def _evidence(
    annotation: Annotation, held: Held, text: str, bounds: Sequence[tuple[int, int]]
) -> SentenceEvidence:
    span, chosen = annotation.span, annotation.chosen
    assert chosen
    around = [(start, end) for start, end in bounds if start < span.end and span.start < end]
    start, end = (around[0][0], around[-1][1]) if around else (span.start, span.end)
    triggers = dict.fromkeys(text[one.start : one.end] for one in annotation.context.triggers)
    return SentenceEvidence(
        span.start,
        span.end,
        annotation.text,
        start,
        end,
        text[start:end],
        "; ".join(triggers),
        chosen.id,
        chosen.matched_term,
        annotation.decision.probability,
        held.path,
    )


def counted(
    standings: Mapping[str, Mapping[str, int]], documents: int
) -> Iterator[tuple[str, dict[str, int]]]:
    """Each variable with its documents by status; those that do not mention it are the rest of all."""
    for variable, counts in standings.items():
        told = {status.value: counts.get(status.value, 0) for status in Standing}
        told[Standing.NOT_MENTIONED.value] = documents - sum(counts.values())
        yield variable, told
