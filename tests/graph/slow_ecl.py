"""Expressions answered from records by sets and recursion, as slow and as plain as can be.

It knows nothing of numbers, masks or indexes, and shares with the evaluator only the syntax tree, the
records and the identifiers that the language itself fixes.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from graph.ecl import syntax as ecl
from graph.ecl.well_known import (
    ASSOCIATIONS,
    DEFINED,
    DESCRIPTION_TYPES,
    DIALECTS,
    IS_A,
    PRIMITIVE,
    REFERENCE_SET,
    ROOT,
    SIMPLE_REFERENCE_SET,
)
from graph.model import (
    CURIE,
    Concept,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    Term,
    TermKind,
)
from graph.model import IS_A as IS_A_TYPE

Ids = frozenset[CURIE]

PROFILES = {
    "HISTORY-MIN": {"same-as"},
    "HISTORY-MOD": {"same-as", "replaced-by", "was-a", "partially-equivalent-to"},
}


class Refused(Exception):
    """The answer would have to be something else than concepts, or is not known."""


class UnknownId(Exception):
    """The release does not hold the id."""


class SlowEcl:
    """Answers over the records of a release, in which no record is repeated."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.concepts: dict[CURIE, Concept] = {}
        self.terms: dict[CURIE, list[Term]] = defaultdict(list)
        self.rows: dict[CURIE, list[Relation]] = defaultdict(list)
        #: (refset, member, target); the target is None where the refset has no such column.
        self.members: list[tuple[CURIE, CURIE, CURIE | None]] = []
        self.successions: list[Succession] = []
        records = list(records)
        for record in records:
            if isinstance(record, Concept):
                self.concepts[record.id] = record
        self.active = frozenset(id for id, concept in self.concepts.items() if concept.active)
        self.parents: dict[CURIE, set[CURIE]] = defaultdict(set)
        self.children: dict[CURIE, set[CURIE]] = defaultdict(set)
        for record in records:
            if isinstance(record, Term) and record.concept in self.concepts:
                self.terms[record.concept].append(record)
            elif isinstance(record, Relation):
                self._add_relation(record)
            elif isinstance(record, Membership) and record.member in self.concepts:
                self.members.append((record.refset, record.member, None))
            elif isinstance(record, Succession) and record.retired in self.concepts:
                self.members.append((ASSOCIATIONS[record.kind], record.retired, record.successor))
                self.successions.append(record)
        self._known: dict[tuple[ecl.Expression | ecl.References, str], Ids] = {}
        self.types = {row.type for rows in self.rows.values() for row in rows} | {IS_A, IS_A_TYPE}

    def _add_relation(self, row: Relation) -> None:
        if row.source not in self.concepts:
            return
        if row.type == IS_A_TYPE:
            if row.source in self.active and row.target in self.active:
                self.parents[row.source].add(row.target)
                self.children[row.target].add(row.source)
                self.rows[row.source].append(row)
        else:
            self.rows[row.source].append(row)

    def answer(self, node: ecl.Expression) -> Ids:
        """The concepts of an expression. Raises Refused, UnknownId."""
        return self.ids(node, "concept")

    def ids(self, node: ecl.Expression | ecl.References, role: str) -> Ids:
        """The ids of an expression whose ids are named in a role."""
        # A value is asked for again with each row that is compared with it.
        if (node, role) not in self._known:
            self._known[node, role] = self._ids(node, role)
        return self._known[node, role]

    def _ids(self, node: ecl.Expression | ecl.References, role: str) -> Ids:
        if isinstance(node, ecl.Reference):
            if node.id not in self.concepts and node.id not in self.in_role(role):
                raise UnknownId(node.id)
            return frozenset({node.id})
        if isinstance(node, ecl.References):
            return frozenset().union(*(self.ids(one, role) for one in node.concepts))
        if isinstance(node, ecl.AnyConcept):
            found = self.any()
            if role == "attribute":
                return (found | self.in_role(role)) - {IS_A, IS_A_TYPE}
            return found | self.in_role(role)
        if isinstance(node, ecl.Related):
            return self.related(node.constraint, self.ids(node.operand, role))
        if isinstance(node, ecl.Compound):
            parts = [self.ids(part, role) for part in node.parts]
            made = parts[0]
            for part in parts[1:]:
                made = {"AND": made & part, "OR": made | part, "MINUS": made - part}[node.connective]
            return made
        if isinstance(node, ecl.Refined):
            focus = self.ids(node.focus, role)
            self.look_up_all(node.refinement)
            return frozenset(id for id in focus if self.meets(id, node.refinement))
        if isinstance(node, ecl.Dotted):
            found = self.ids(node.focus, role)
            for name in node.attributes:
                found = self.values(found, name)
            return found if role == "value" else found & frozenset(self.concepts)
        if isinstance(node, ecl.MembersOf):
            return frozenset(member for _, member, _ in self.passing(self.rows_of(node), node.filters))
        if isinstance(node, ecl.RefsetsContaining):
            members = self.ids(node.members, "concept")
            rows = [row for row in self.members if row[1] in members]
            return frozenset(
                refset for refset, _, _ in self.passing(rows, node.filters) if refset in self.concepts
            )
        if isinstance(node, ecl.Filtered):
            return self.filtered(node, role)
        assert isinstance(node, ecl.History)
        return self.with_history(node, role)

    def in_role(self, role: str) -> Ids:
        """Ids that are perhaps no concepts and count in a role."""
        if role == "attribute":
            return frozenset(self.types)
        if role == "value":
            targets = {row.target for rows in self.rows.values() for row in rows}
            return frozenset(id for id in targets if id not in self.concepts and concrete(id) is None)
        if role == "refset":
            return frozenset({refset for refset, _, _ in self.members} | set(ASSOCIATIONS.values()))
        if role == "language refset":
            held = (term.acceptability for terms in self.terms.values() for term in terms)
            return frozenset(one.refset for some in held for one in some)
        if role == "module":
            return frozenset(concept.module for concept in self.concepts.values() if concept.module)
        if role == "description type":
            return frozenset(DESCRIPTION_TYPES)
        return frozenset({DEFINED, PRIMITIVE}) if role == "definition status" else frozenset()

    # Hierarchy ---------------------------------------------------------------------------------------------

    def any(self) -> Ids:
        return self.reached({ROOT}, self.children) | {ROOT} if ROOT in self.active else self.active

    def reached(self, start: Iterable[CURIE], steps: dict[CURIE, set[CURIE]]) -> Ids:
        """What is reached by one or more steps."""
        seen = set[CURIE]()
        waiting = [next_ for id in start for next_ in steps.get(id, ())]
        while waiting:
            id = waiting.pop()
            if id not in seen:
                seen.add(id)
                waiting.extend(steps.get(id, ()))
        return frozenset(seen)

    def related(self, constraint: ecl.Constraint, ids: Ids) -> Ids:
        sign = constraint.value
        if sign == "!!>":
            return frozenset(id for id in ids if not self.reached([id], self.parents) & ids)
        if sign == "!!<":
            return frozenset(id for id in ids if not self.reached([id], self.children) & ids)
        steps = self.children if sign.startswith("<") else self.parents
        if sign.endswith("!"):
            found = frozenset(next_ for id in ids for next_ in steps.get(id, ()))
        else:
            found = self.reached(ids, steps)
        return found | ids if sign.startswith(("<<", ">>")) else found

    # Refinements -------------------------------------------------------------------------------------------

    def look_up_all(self, refinement: ecl.Refinement) -> None:
        """Raise UnknownId for any id of a refinement, though perhaps no concept has to be compared with it."""
        if isinstance(refinement, ecl.RefinementCompound):
            for part in refinement.parts:
                self.look_up_all(part)
        elif isinstance(refinement, ecl.Group):
            self.look_up_all(refinement.content)
        else:
            self.ids(refinement.name, "attribute")
            if not isinstance(refinement.value, bool | Decimal | ecl.Texts):
                self.ids(refinement.value, "concept" if refinement.reverse else "value")

    def meets(self, id: CURIE, refinement: ecl.Refinement) -> bool:
        if isinstance(refinement, ecl.RefinementCompound):
            met = [self.meets(id, part) for part in refinement.parts]
            return all(met) if refinement.connective == "AND" else any(met)
        if isinstance(refinement, ecl.Group):
            groups = self.groups(id, refinement.content)
            return within(
                sum(self.holds_in(group, refinement.content) for group in groups), refinement.cardinality
            )
        if not refinement.reverse:
            return self.holds_in(self.rows.get(id, []), refinement)
        assert not isinstance(refinement.value, bool | Decimal | ecl.Texts)
        types, sources = self.type_names(refinement.name), self.ids(refinement.value, "concept")
        wanted = refinement.comparison == "="
        count = sum(
            1
            for source, rows in self.rows.items()
            for row in rows
            if row.target == id and row.type in types and (source in sources) == wanted
        )
        return within(count, refinement.cardinality)

    def groups(self, id: CURIE, content: ecl.Refinement) -> list[list[Relation]]:
        """Each group's rows; every row of group 0 alone. Is-a rows only if no rows at all would not do."""
        numbered: dict[int, list[Relation]] = defaultdict(list)
        found = []
        for row in self.rows.get(id, []):
            if row.type == IS_A_TYPE:
                if not self.holds_in([], content):
                    found.append([row])
            elif row.group:
                numbered[row.group].append(row)
            else:
                found.append([row])
        return [*found, *numbered.values()]

    def holds_in(self, rows: list[Relation], content: ecl.Refinement) -> bool:
        if isinstance(content, ecl.RefinementCompound):
            held = [self.holds_in(rows, part) for part in content.parts]
            return all(held) if content.connective == "AND" else any(held)
        assert isinstance(content, ecl.Attribute)
        types = self.type_names(content.name)
        count = sum(1 for row in rows if row.type in types and self.compares(row.target, content))
        return within(count, content.cardinality)

    def type_names(self, name: ecl.Expression) -> Ids:
        names = self.ids(name, "attribute")
        return names | {IS_A_TYPE} if IS_A in names else names

    def compares(self, target: str, attribute: ecl.Attribute) -> bool:
        sign, wanted = attribute.comparison.value, attribute.value
        value = concrete(target)
        if isinstance(wanted, ecl.Texts):
            return isinstance(value, str) and (value in wanted.texts) == (sign == "=")
        if isinstance(wanted, bool):
            return isinstance(value, bool) and (value == wanted) == (sign == "=")
        if isinstance(wanted, Decimal):
            if not isinstance(value, Decimal):
                return False
            return {
                "=": value == wanted,
                "!=": value != wanted,
                "<": value < wanted,
                "<=": value <= wanted,
                ">": value > wanted,
                ">=": value >= wanted,
            }[sign]
        return value is None and (target in self.ids(wanted, "value")) == (sign == "=")

    def values(self, ids: Ids, name: ecl.Expression) -> Ids:
        types = self.type_names(name)
        found = {row.target for id in ids for row in self.rows.get(id, []) if row.type in types}
        if any(concrete(value) is not None for value in found):
            raise Refused("a concrete value")
        return frozenset(found)

    # Refsets and history -----------------------------------------------------------------------------------

    def rows_of(self, node: ecl.MembersOf) -> list[tuple[CURIE, CURIE, CURIE | None]]:
        if isinstance(node.refsets, ecl.AnyConcept):
            return self.members
        refsets = self.ids(node.refsets, "refset")
        simple = self.reached({SIMPLE_REFERENCE_SET}, self.children) | {SIMPLE_REFERENCE_SET}
        sets = self.reached({REFERENCE_SET}, self.children) | {REFERENCE_SET}
        for refset in refsets - self.in_role("refset") - simple:
            if refset in sets or isinstance(node.refsets, ecl.Reference):
                raise Refused(refset)
        return [row for row in self.members if row[0] in refsets]

    def passing(
        self,
        rows: list[tuple[CURIE, CURIE, CURIE | None]],
        filters: tuple[ecl.MemberFilter | ecl.ActiveFilter, ...],
    ) -> list[tuple[CURIE, CURIE, CURIE | None]]:
        for one in filters:
            if isinstance(one, ecl.ActiveFilter):
                continue
            wanted = self.ids(one.concepts, "concept")
            column = 1 if one.column == "referencedComponentId" else 2
            if any(row[column] is None for row in rows):
                raise Refused(one.column)
            rows = [row for row in rows if (row[column] in wanted) != one.negated]
        return rows

    def with_history(self, node: ecl.History, role: str) -> Ids:
        ids = self.ids(node.operand, role)
        kinds = PROFILES.get(node.profile, {kind.value for kind in SuccessionKind})
        if node.subset is not None:
            refsets = self.ids(node.subset, "refset")
            kinds = {kind.value for kind, refset in ASSOCIATIONS.items() if refset in refsets}
        found = set(ids)
        for row in self.successions:
            if row.kind == "moved-from":
                if (
                    kinds & {"same-as", "moved-from"}
                    and row.retired in ids
                    and row.successor in self.concepts
                ):
                    found.add(row.successor)
            elif row.kind in kinds and row.successor in ids:
                found.add(row.retired)
        return frozenset(found)

    # Filters -----------------------------------------------------------------------------------------------

    def filtered(self, node: ecl.Filtered, role: str) -> Ids:
        concept_filters = [
            one for block in node.blocks if isinstance(block, ecl.ConceptFilters) for one in block.filters
        ]
        ids = self.ids(node.operand, role)
        if isinstance(node.operand, ecl.AnyConcept) and any(
            isinstance(one, ecl.ActiveFilter) for one in concept_filters
        ):
            ids |= frozenset(self.concepts) - self.active
        for block in node.blocks:
            if isinstance(block, ecl.ConceptFilters):
                for one in block.filters:
                    ids = frozenset(id for id in ids if id in self.concepts and self.is_concept(id, one))
            else:
                ids = frozenset(
                    id
                    for id in ids
                    if any(
                        all(self.is_term(term, one) for one in block.filters)
                        for term in self.terms.get(id, ())
                    )
                )
                for one in block.filters:
                    if isinstance(one, ecl.TypeIdFilter):
                        self.ids(one.types, "description type")
                    elif isinstance(one, ecl.DialectFilter):
                        self.dialects(one)
        return ids

    def is_concept(self, id: CURIE, one: ecl.ConceptFilter) -> bool:
        concept = self.concepts[id]
        if isinstance(one, ecl.ActiveFilter):
            met = one.active is None or concept.active == one.active
        elif isinstance(one, ecl.StatusFilter):
            met = concept.defined in one.defined
        elif isinstance(one, ecl.StatusIdFilter):
            named = self.ids(one.statuses, "definition status")
            met = (DEFINED if concept.defined else PRIMITIVE) in named
        elif isinstance(one, ecl.ModuleFilter):
            met = concept.module in self.ids(one.modules, "module")
        else:
            return any(time_compares(concept.effective_time, one, time) for time in one.times) or (
                one.comparison == "!=" and concept.effective_time not in one.times
            )
        return met != one.negated

    def is_term(self, term: Term, one: ecl.DescriptionFilter | ecl.ActiveFilter) -> bool:
        if isinstance(one, ecl.ActiveFilter):
            return True
        if isinstance(one, ecl.TermFilter):
            met = any(matches(term.text, search) for search in one.searches)
        elif isinstance(one, ecl.LanguageFilter):
            met = term.language.split("-")[0].lower() in one.languages
        elif isinstance(one, ecl.TypeFilter):
            kind = TermKind.SYNONYM if term.kind is TermKind.PREFERRED else term.kind
            met = kind in one.kinds
        elif isinstance(one, ecl.TypeIdFilter):
            named = self.ids(one.types, "description type")
            met = any(term.kind in kinds for id, kinds in DESCRIPTION_TYPES.items() if id in named)
        else:
            wanted = self.dialects(one)
            met = any((held.refset, held.preferred) in wanted for held in term.acceptability)
        return met != one.negated

    def dialects(self, one: ecl.DialectFilter) -> set[tuple[CURIE, bool]]:
        wanted = set[tuple[CURIE, bool]]()
        if one.refsets is not None:
            for refset in self.ids(one.refsets, "language refset"):
                wanted |= {(refset, way) for way in (True, False) if one.preferred in (None, way)}
        for dialect in one.dialects:
            if dialect.refset is not None:
                self.ids(dialect.refset, "language refset")
            refset = dialect.refset.id if dialect.refset else DIALECTS[dialect.alias]
            wanted |= {(refset, way) for way in (True, False) if dialect.preferred in (None, way)}
        return wanted


def within(count: int, cardinality: ecl.Cardinality | None) -> bool:
    if cardinality is None:
        return count >= 1
    return count >= cardinality.minimum and (cardinality.maximum is None or count <= cardinality.maximum)


def concrete(target: str) -> Decimal | str | bool | None:
    if target.startswith("#"):
        return Decimal(target[1:])
    if target.startswith('"'):
        return target[1:-1]
    return {"true": True, "false": False}.get(target)


def time_compares(time: str, one: ecl.TimeFilter, other: str) -> bool:
    sign = one.comparison.value
    if sign in ("=", "!="):
        return sign == "=" and time == other
    if not (time.isdigit() and len(time) == 8):
        return False
    return {"<": time < other, "<=": time <= other, ">": time > other, ">=": time >= other}[sign]


# Words ---------------------------------------------------------------------------------------------------


def letters(text: str) -> list[tuple[str, str]]:
    """Each letter in lower case with its accents apart; ñ is a letter."""
    found: list[tuple[str, str]] = []
    for character in unicodedata.normalize("NFC", text.lower()):
        if character == "ñ":
            found.append(("ñ", ""))
            continue
        base, *marks = unicodedata.normalize("NFD", character)
        found.append((base, "".join(marks)))
    return found


def same(asked: tuple[str, str], given: tuple[str, str]) -> bool:
    """A letter without an accent matches it with any."""
    return asked[0] == given[0] and asked[1] in ("", given[1])


def matches(text: str, search: ecl.Search) -> bool:
    if search.kind == "wild":
        return wild_matches(letters(text), wild_tokens(search.text))
    asked = split_words(search.text)
    given = split_words(text)
    return bool(asked) and all(any(begins(word, one) for one in given) for word in asked)


def split_words(text: str) -> list[list[tuple[str, str]]]:
    lower = unicodedata.normalize("NFC", text.lower())
    spaced = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in lower)
    return [letters(word) for word in spaced.split()]


def begins(asked: list[tuple[str, str]], given: list[tuple[str, str]]) -> bool:
    return len(asked) <= len(given) and all(map(same, asked, given))


def wild_tokens(text: str) -> list[tuple[str, str] | None]:
    """Letters, and None for any number of characters."""
    found: list[tuple[str, str] | None] = []
    characters = iter(text)
    for character in characters:
        if character == "\\":
            found.append((next(characters), ""))
        elif character == "*":
            found.append(None)
        else:
            found.extend(letters(character))
    return found


def wild_matches(given: list[tuple[str, str]], asked: list[tuple[str, str] | None]) -> bool:
    #: Places in `asked` that the text so far can have come to.
    places = _skipping({0}, asked)
    for letter in given:
        reached = set[int]()
        for place in places:
            if place < len(asked):
                token = asked[place]
                if token is None:
                    reached.add(place)
                elif same(token, letter):
                    reached.add(place + 1)
        places = _skipping(reached, asked)
    return len(asked) in places


def _skipping(places: set[int], asked: list[tuple[str, str] | None]) -> set[int]:
    found = set(places)
    for place in sorted(places):
        while place < len(asked) and asked[place] is None:
            place += 1
            found.add(place)
    return found
