"""The class expressions of an OWL file, and what they say of a class that can be told as relations.

An expression is a tree of blank nodes. Of it, existential restrictions over a named class and intersections
of such with named classes can be told: each part of an intersection holds of the class by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, NamedNode

from graph.model import IS_A
from loaders.rdf import Node

_OWL = "http://www.w3.org/2002/07/owl#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PROPERTIES = frozenset(
    {
        f"{_OWL}onProperty",
        f"{_OWL}someValuesFrom",
        f"{_OWL}intersectionOf",
        f"{_RDF}first",
        f"{_RDF}rest",
    }
)
_END = NamedNode(f"{_RDF}nil")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an expression: the IRIs of a property (or IS_A) and a class."""

    property: str
    target: str


#: A sound part that is neither a class nor an existential restriction over one.
UNTOLD = Part("", "")
#: A list that goes round or breaks off.
BROKEN = Part("", "")


@dataclass(slots=True)
class Expressions:
    """Filled with the triples of blank nodes, then asked for the parts of an expression."""

    _values: dict[str, dict[BlankNode, Node]] = field(
        default_factory=lambda: {property: {} for property in _PROPERTIES}
    )

    def add(self, subject: BlankNode, property: str, value: Node) -> None:
        """Remember a triple if it belongs to an expression."""
        values = self._values.get(property)
        if values is not None:
            values.setdefault(subject, value)

    def parts(self, expression: BlankNode) -> Iterator[Part]:
        """What the expression says, part by part. UNTOLD or BROKEN stands for a part that is no relation."""
        yield from self._parts(expression, set())

    def _parts(self, node: Node, seen: set[Node]) -> Iterator[Part]:
        if isinstance(node, NamedNode):
            yield Part(IS_A, node.value)
        elif not isinstance(node, BlankNode) or node in seen:
            yield BROKEN
        elif node in self._values[f"{_OWL}intersectionOf"]:
            seen.add(node)
            yield from self._members(self._values[f"{_OWL}intersectionOf"][node], seen)
        else:
            property = self._values[f"{_OWL}onProperty"].get(node)
            filler = self._values[f"{_OWL}someValuesFrom"].get(node)
            if isinstance(property, NamedNode) and isinstance(filler, NamedNode):
                yield Part(property.value, filler.value)
            else:
                yield UNTOLD

    def _members(self, items: Node, seen: set[Node]) -> Iterator[Part]:
        first, rest = self._values[f"{_RDF}first"], self._values[f"{_RDF}rest"]
        while items != _END:
            if not isinstance(items, BlankNode) or items in seen or items not in first or items not in rest:
                yield BROKEN
                return
            seen.add(items)
            yield from self._parts(first[items], seen)
            items = rest[items]
