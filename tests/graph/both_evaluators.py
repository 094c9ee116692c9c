"""A release behind the evaluator and behind the slow one, held against each other on random expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from random_ecl import Random, Vocabulary
from slow_ecl import Refused, SlowEcl, UnknownId

from graph.ecl import syntax as ecl
from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.parser import parse
from graph.ecl.printer import text_of
from graph.errors import EclNotSupported, EclUnknownId
from graph.hierarchy import Hierarchy
from graph.model import CURIE, Record
from graph.store import GraphStore


@dataclass(frozen=True)
class BothEvaluators:
    """Both, and the records that they are asked about."""

    records: Sequence[Record]
    fast: Evaluator
    slow: SlowEcl

    @classmethod
    def of(cls, records: Sequence[Record], store: GraphStore) -> BothEvaluators:
        active = (concept.id for concept in store.scan_concepts() if concept.active)
        hierarchy = Hierarchy.compile(active, store.scan_is_a(), release="test")
        return cls(records, Evaluator(Content.of(store, hierarchy)), SlowEcl(records))

    def answer(self, expression: ecl.Expression) -> frozenset[CURIE] | type[Exception]:
        try:
            mask = self.fast.concepts(expression)
        except EclNotSupported:
            return Refused
        except EclUnknownId:
            return UnknownId
        ids = self.fast.universe.ids_of(self.fast.universe.concepts_in(mask))
        assert list(ids) == sorted(ids)
        return frozenset(ids)

    def slow_answer(self, expression: ecl.Expression) -> frozenset[CURIE] | type[Exception]:
        try:
            return self.slow.answer(expression)
        except (Refused, UnknownId) as error:
            return type(error)

    def check_expressions(self, count: int, seed: int = 1, depth: int = 3) -> None:
        """Random expressions get the same answer from both, as trees and from their text; some of them a set."""
        make = Random(seed, Vocabulary.of(self.records))
        found = 0
        for number in range(count):
            expression = make.expression(depth)
            text = text_of(expression)
            assert parse(text) == expression, text
            answer = self.answer(expression)
            assert answer == self.slow_answer(expression), f"{number}: {text}"
            found += isinstance(answer, frozenset) and len(answer) > 0
        assert found > count // 3

    def check_refinements(self, count: int, seed: int = 1) -> None:
        """Random refinements of `*`, every other one a group."""
        make = Random(seed, Vocabulary.of(self.records))
        for number in range(count):
            content = make.refinement(2, grouped=number % 2 == 0)
            refinement = ecl.Group(content, make.cardinality()) if number % 2 == 0 else content
            expression = ecl.Refined(ecl.AnyConcept(), refinement)
            assert self.answer(expression) == self.slow_answer(expression), text_of(expression)
