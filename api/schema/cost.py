"""What a query can cost, computed before it runs.

Every object that the answer may hold costs 1, and scalars cost nothing. A page counts its `first`, whether it
will be full or not; a plain list counts the items of the argument that decides its length, the candidates of a
mention count `top`, and a path counts ten concepts. Inside a list everything is multiplied. Fields that are
work besides have a price of their own, `PRICES`, for each mention, row, begun hundred characters of a text to annotate,
or call. Directives are not looked at: a
field that may be left out counts as one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

#: What a field costs besides the objects that it answers with.
PRICES: MappingProxyType[str, int] = MappingProxyType(
    {
        "Query.link": 50,
        "Query.annotate": 50,
        "Query.harmonize": 50,
        "Query.search": 10,
        "Query.expand": 10,
        "Query.contains": 10,
        "Query.variables": 10,
        "Query.checkVariables": 10,
        "Variable.concepts": 10,
        "Concept.members": 10,
    }
)
#: The arguments whose length is that of the answer.
_LISTS = frozenset({"ids", "mentions", "rows", "pairs"})
#: Characters of a text in which there is a mention, about.
_A_MENTION = 100
#: Concepts on a path, about.
_ON_A_PATH = 10
#: Parts of a page, which is counted at the field that answers with it.
_OF_PAGES = frozenset({"nodes", "edges", "node", "pageInfo"})


def cost_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
) -> int:
    """The most that an operation of a valid document can cost."""
    assert schema.query_type
    return _Cost(schema.query_type, document, operation, variables).total()


class _Cost:
    def __init__(
        self,
        root: GraphQLObjectType,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, object],
    ) -> None:
        self._root, self._operation = root, operation
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        defaults = {
            node.variable.name.value: node.default_value for node in operation.variable_definitions or ()
        }
        self._variables, self._defaults = variables, defaults
        # A fragment that is spread in many places costs the same in each, and is computed once.
        self._known: dict[tuple[str, tuple[int, ...], int], int] = {}

    def total(self) -> int:
        return self._of(self._root, [self._operation.selection_set], 1)

    def _of(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], top: int) -> int:
        """What one object of a type costs with these selections, itself not counted."""
        key = (kind.name, tuple(map(id, sets)), top)
        if key not in self._known:
            self._known[key] = sum(self._of_field(kind, nodes, top) for nodes in self._fields(sets))
        return self._known[key]

    def _of_field(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], top: int) -> int:
        name = nodes[0].name.value
        told = kind.fields.get(name)
        if told is None:  # introspection
            return 0
        arguments = {node.name.value: node.value for node in nodes[0].arguments or ()}
        times = 1
        if "first" in arguments:
            times = self._number(arguments["first"], 1)
        for argument in _LISTS & arguments.keys():
            times = self._length(arguments[argument])
        price = PRICES.get(f"{kind.name}.{name}", 0)
        if name in ("link", "harmonize"):
            price *= times
        if name == "annotate":
            price *= self._characters(arguments["text"]) // _A_MENTION + 1
        if name in ("path", "pathsToRoot"):
            times *= _ON_A_PATH
        inner = get_named_type(told.type)
        if not isinstance(inner, GraphQLObjectType):
            return price
        if f"{kind.name}.{name}" in ("Query.link", "Query.annotate"):
            top = self._number(arguments.get("top"), 5)
        if f"{kind.name}.{name}" in ("Linking.candidates", "Annotation.candidates"):
            times = top
        own = 0 if name in _OF_PAGES else 1
        sets = [node.selection_set for node in nodes if node.selection_set]
        return price + times * (own + self._of(inner, sets, top))

    def _fields(self, sets: Iterable[SelectionSetNode]) -> Iterable[list[FieldNode]]:
        """The fields of selections as they are executed: those of one answer together, fragments once."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        waiting = list(sets)
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    waiting.append(self._fragments[node.name.value].selection_set)
        return found.values()

    def _number(self, node: ValueNode | None, default: int) -> int:
        if isinstance(node, VariableNode):
            given = self._variables.get(node.name.value)
            if isinstance(given, (int, float)) and abs(given) < 1e9:
                return max(0, int(given))
            node = self._defaults.get(node.name.value)
        # What is no number, or is out of bounds, is refused where the field is answered.
        return max(0, int(node.value)) if isinstance(node, IntValueNode) else default

    def _length(self, node: ValueNode) -> int:
        if isinstance(node, VariableNode):
            given = self._variables.get(node.name.value)
            if given is not None:
                return len(given) if isinstance(given, (list, tuple)) else 1
            default = self._defaults.get(node.name.value)
            return self._length(default) if default is not None else 0
        return len(node.values) if isinstance(node, ListValueNode) else 1

    def _characters(self, node: ValueNode) -> int:
        if isinstance(node, VariableNode):
            given = self._variables.get(node.name.value)
            if isinstance(given, str):
                return len(given)
            default = self._defaults.get(node.name.value)
            return self._characters(default) if default is not None else 0
        return len(node.value) if isinstance(node, StringValueNode) else 0
