"""Filters as they stand in the text, before `filter_reading` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lark import Token

from graph.ecl.syntax import Comparison, ConceptSet, Expression, Position, Reference, References


@dataclass(frozen=True, slots=True)
class Acceptabilities:
    """Acceptabilities in brackets; `preferred` is None where both are there."""

    preferred: bool | None


@dataclass(frozen=True, slots=True)
class RawTexts:
    """Quoted texts as they stand, each with the word before its colon."""

    texts: tuple[tuple[Token | None, Token], ...]


@dataclass(frozen=True, slots=True)
class RawConcepts:
    """Concepts, or one expression alone, each with its own acceptability; `outer` is that after them all."""

    concepts: tuple[tuple[Expression, Acceptabilities | None], ...]
    outer: Acceptabilities | None

    @property
    def set(self) -> ConceptSet:
        """The concepts without acceptability."""
        if len(self.concepts) == 1:
            return self.concepts[0][0]
        return References(tuple(concept for concept, _ in self.concepts if isinstance(concept, Reference)))


@dataclass(frozen=True, slots=True)
class RawWords:
    """Words, each with its own acceptability; `outer` is that after them all."""

    words: tuple[tuple[Token, Acceptabilities | None], ...]
    outer: Acceptabilities | None


RawValue: TypeAlias = RawTexts | RawConcepts | RawWords | bool | object


@dataclass(frozen=True, slots=True)
class RawFilter:
    """A filter as it stands."""

    field: str
    comparison: Comparison
    value: RawValue
    at: Position


@dataclass(frozen=True, slots=True)
class RawFilters:
    """A block of filters as it stands; `kind` is D, C or M."""

    kind: str
    filters: tuple[RawFilter, ...]
    at: Position
