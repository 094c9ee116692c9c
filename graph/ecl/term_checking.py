"""Checks the terms in pipes of an expression: they mean nothing, and a wrong one misleads whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from graph.ecl.syntax import Expression, Position, Reference
from graph.model import CURIE, Term, TermKind
from graph.store import GraphStore


@dataclass(frozen=True, slots=True)
class WrongTerm:
    """A concept is called `term` in an expression, and by no term of the release, which has these `terms` of it."""

    id: CURIE
    term: str
    terms: tuple[Term, ...]
    at: Position


def wrong_terms(expression: Expression, store: GraphStore) -> list[WrongTerm]:
    """The references whose term is no term of their concept, in the order of the text; one call of the store.

    Case and runs of blanks do not count. Raises StoreUnavailable.
    """
    named = [reference for reference in references(expression) if reference.term]
    found = []
    terms_of = store.terms([reference.id for reference in named]) if named else []
    for reference, terms in zip(named, terms_of, strict=True):
        names = {_plain(term.text) for term in terms if term.kind is not TermKind.DEFINITION}
        if _plain(reference.term) not in names:
            found.append(WrongTerm(reference.id, reference.term, terms, reference.at))
    return sorted(found, key=lambda wrong: (wrong.at.line, wrong.at.column))


def references(node: object) -> Iterator[Reference]:
    """Every concept that a part of an expression names, as often as it does."""
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from references(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from references(getattr(node, field.name))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
