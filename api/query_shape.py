"""How deep and how wide a query is, with its fragments written out, in time that grows with its text alone.

Fragments that stand twice in each other double with each, so what they stand for is computed once for each
fragment. This runs before validation, whose rules take for granted that a query is of a reasonable size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

from api.settings import Settings

#: How often one field may stand in one pair of brackets: validation compares each with each.
_REPEATED = 20


@dataclass(frozen=True, slots=True)
class _Shape:
    depth: int = 0
    fields: int = 0
    aliases: int = 0

    def with_(self, other: _Shape) -> _Shape:
        return _Shape(max(self.depth, other.depth), self.fields + other.fields, self.aliases + other.aliases)


def check_shape(document: DocumentNode, settings: Settings) -> Iterator[GraphQLError]:
    """What is too much in a document; nothing where it keeps to the limits."""
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    shapes = _Shapes(fragments)
    for one in document.definitions:
        if not isinstance(one, OperationDefinitionNode):
            continue
        shape = shapes.of(one.selection_set)
        if shapes.problem:
            yield GraphQLError(shapes.problem)
            return
        for what, count, most in (
            ("levels", shape.depth, settings.max_depth),
            ("fields", shape.fields, settings.max_fields),
            ("aliases", shape.aliases, settings.max_aliases),
        ):
            if count > most:
                yield GraphQLError(
                    f"The query has {_said(count)} {what}, its fragments written out, and at most {most:,} are "
                    "answered; ask in several requests."
                )


def shape_rule(settings: Settings) -> type[ValidationRule]:
    """`check_shape` as a rule, for a schema that validates by itself."""

    class ShapeRule(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            for error in check_shape(context.document, settings):
                context.report_error(error)

    return ShapeRule


class _Shapes:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Shape | None] = {}
        self.problem = ""

    def of(self, selected: SelectionSetNode | None) -> _Shape:
        """The shape of what stands in a pair of brackets; of a field without them, nothing."""
        shape = _Shape()
        if selected is None:
            return shape
        names: Counter[str] = Counter()
        for one in selected.selections:
            if isinstance(one, FieldNode):
                names[(one.alias or one.name).value] += 1
                shape = shape.with_(self._of_field(one))
            elif isinstance(one, InlineFragmentNode):
                shape = shape.with_(self.of(one.selection_set))
            elif isinstance(one, FragmentSpreadNode):
                shape = shape.with_(self._of_fragment(one.name.value))
        for name, count in names.items():
            if count > _REPEATED:
                self.problem = f"The query names {name!r} {count} times in one place; name it once."
        return shape

    def _of_field(self, field: FieldNode) -> _Shape:
        aliases = 1 if field.alias else 0
        # What is asked about the schema itself is limited by validation, and tools ask for much of it.
        if field.selection_set is None or field.name.value.startswith("__"):
            return _Shape(0, 1, aliases)
        below = self.of(field.selection_set)
        return _Shape(1 + below.depth, 1 + below.fields, aliases + below.aliases)

    def _of_fragment(self, name: str) -> _Shape:
        if name not in self._known:
            self._known[name] = None
            fragment = self._fragments.get(name)
            # Validation tells of a fragment that is not there.
            self._known[name] = self.of(fragment.selection_set) if fragment else _Shape()
        shape = self._known[name]
        if shape is None:
            self.problem = f"The fragment {name!r} holds itself; a query ends somewhere."
            return _Shape()
        return shape


def _said(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else "millions of"
