"""Random small releases, and random expressions over any release."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from graph.ecl import syntax as ecl
from graph.ecl.well_known import (
    ASSOCIATIONS,
    DEFINED,
    DESCRIPTION_TYPES,
    DIALECTS,
    IS_A,
    PRIMITIVE,
    ROOT,
    SIMPLE_REFERENCE_SET,
)
from graph.model import (
    CURIE,
    Acceptability,
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

WORDS = [
    "dolor",
    "cardíaco",
    "cardiaco",
    "infarto",
    "año",
    "ano",
    "ánulo",
    "Pío",
    "gastritis",
    "otitis",
    "5-HT2A",
]
SPAIN, ENGLAND = DIALECTS["es-es"], DIALECTS["en-gb"]
TIMES = ["", "20190131", "20200731", "20240131", "ayer"]
VALUES = ["#5", "#5.0", "#-0.5", "#500", '"5 mg"', '"gel"', "true", "false"]


def random_release(seed: int) -> list[Record]:
    """Some forty concepts with everything that expressions ask about; SNOMED CT's root where `seed` is even."""
    rng = random.Random(seed)
    snomed = seed % 2 == 0
    prefix = "SNOMEDCT:" if snomed else "HP:"
    ids = [f"{prefix}{100_000 + 7 * number}" for number in range(36)]
    attributes = [f"{prefix}{900_000 + number}" for number in range(4)]
    refsets = [f"{prefix}{800_000 + number}" for number in range(3)]
    retired = [f"{prefix}{700_000 + number}" for number in range(7)]
    records: list[Record] = []
    tops = [ROOT, SIMPLE_REFERENCE_SET] if snomed else []
    for id in [*tops, *ids, *attributes, *refsets, *retired]:
        module = rng.choice(["", "M:1", "M:2", ids[0]])
        records.append(Concept(id, id not in retired, "", rng.choice(TIMES), module, rng.random() < 0.5))
    if snomed:
        records.append(Relation(SIMPLE_REFERENCE_SET, IS_A_TYPE, ROOT, id="i0"))
        records += [Relation(refset, IS_A_TYPE, SIMPLE_REFERENCE_SET, id=f"ir{refset}") for refset in refsets]
    for place, id in enumerate(ids[:-1]):
        # The last one hangs on nothing; the first ones are roots where there is no root above all.
        above = ids[:place] if place > 1 else [ROOT] if snomed else []
        for parent in rng.sample(above, min(len(above), rng.choice([1, 1, 2, 3]))):
            records.append(Relation(id, IS_A_TYPE, parent, id=f"i{id}{parent}"))
            if rng.random() < 0.1:
                records.append(Relation(id, IS_A_TYPE, parent, id=f"j{id}{parent}"))
    # What the hierarchy leaves out: is-a from and to retired concepts, and to other ontologies.
    for number, ends in enumerate(
        [(retired[2], ids[0]), (ids[3], retired[3]), (ids[4], "UBERON:0000001"), (retired[0], retired[1])]
    ):
        records.append(Relation(ends[0], IS_A_TYPE, ends[1], id=f"x{number}"))
    for place, id in enumerate(attributes):
        records.append(Relation(id, IS_A_TYPE, ids[1] if place == 0 else attributes[0], id=f"a{id}"))
    records += _relations(rng, [*ids, retired[0]], [*attributes, "RO:0002211"], retired)
    records += _refset_rows(rng, refsets, ids, retired)
    records += _terms(rng, [*ids, *retired])
    rng.shuffle(records)
    return records


def _relations(
    rng: random.Random, ids: Sequence[CURIE], types: Sequence[CURIE], retired: Sequence[CURIE]
) -> Iterable[Record]:
    for number in range(120):
        target = rng.choice([*rng.choices(ids, k=6), rng.choice(VALUES), retired[1], "UBERON:0000001"])
        yield Relation(
            rng.choice(ids), rng.choice(types), target, rng.choice([0, 0, 1, 1, 2, 3]), f"r{number}"
        )
    for number in range(4):
        # The same said twice, under two ids.
        row = (rng.choice(ids), rng.choice(types), rng.choice(ids), rng.choice([0, 1]))
        yield Relation(*row, f"d{number}")
        yield Relation(*row, f"e{number}")


def _refset_rows(
    rng: random.Random, refsets: Sequence[CURIE], ids: Sequence[CURIE], retired: Sequence[CURIE]
) -> Iterable[Record]:
    for refset in [*refsets[:2], "X:refset"]:
        for member in {*rng.sample(ids, 6), retired[0], "X:nowhere"}:
            yield Membership(refset, member, f"m{refset}{member}")
    for kind in SuccessionKind:
        for number in range(rng.choice([0, 1, 2])):
            yield Succession(
                rng.choice(retired), rng.choice([*ids, retired[2], "X:gone"]), kind, f"s{kind}{number}"
            )


def _terms(rng: random.Random, ids: Sequence[CURIE]) -> Iterable[Record]:
    for id in ids:
        for number in range(rng.choice([0, 1, 2, 3])):
            held = [
                Acceptability(refset, rng.random() < 0.5) for refset in (SPAIN, ENGLAND) if rng.random() < 0.5
            ]
            text = " ".join(rng.sample(WORDS, rng.choice([1, 2, 3])))
            yield Term(
                id,
                text.capitalize() if rng.random() < 0.5 else text,
                rng.choice(["es", "es-ES", "en"]),
                rng.choice(list(TermKind)),
                id=f"t{id}{number}",
                acceptability=tuple(sorted(held)),
            )


@dataclass(frozen=True)
class Vocabulary:
    """What random expressions name."""

    concepts: list[CURIE]
    attributes: list[CURIE]
    targets: list[CURIE]
    values: list[str]
    refsets: list[CURIE]
    modules: list[CURIE]
    dialects: list[CURIE]
    times: list[str]
    words: list[str]

    @classmethod
    def of(cls, records: Sequence[Record]) -> Vocabulary:
        """What the records of a release have."""
        concepts = {record.id: record for record in records if isinstance(record, Concept)}
        rows = [
            r for r in records if isinstance(r, Relation) and r.source in concepts and r.type != IS_A_TYPE
        ]
        terms = [r for r in records if isinstance(r, Term) and r.concept in concepts]
        held = {one.refset for term in terms for one in term.acceptability}
        members = {r.refset for r in records if isinstance(r, Membership) and r.member in concepts}
        return cls(
            sorted(concepts),
            sorted({r.type for r in rows} | {IS_A}),
            sorted({r.target for r in rows if not is_concrete(r.target)}),
            sorted({r.target for r in rows if is_concrete(r.target)}),
            sorted(members | set(ASSOCIATIONS.values())),
            sorted({c.module for c in concepts.values() if c.module}),
            sorted(held),
            sorted({c.effective_time for c in concepts.values() if c.effective_time.isdigit()} | {""}),
            sorted({word for term in terms for word in term.text.split()}),
        )


def is_concrete(target: str) -> bool:
    return target in ("true", "false") or target.startswith(("#", '"'))


class Random:
    """Makes expressions."""

    def __init__(self, seed: int, vocabulary: Vocabulary) -> None:
        self.rng = random.Random(seed)
        self.has = vocabulary

    def expression(self, depth: int = 3) -> ecl.Expression:
        """An expression of at most so many levels."""
        if depth == 0:
            return self.simple()
        kind = self.rng.choice(
            ["simple", "related", "compound", "refined", "refined", "dotted", "filtered", "more"]
        )
        if kind == "related":
            return ecl.Related(self.rng.choice(list(ecl.Constraint)), self.expression(depth - 1))
        if kind == "compound":
            connective = self.rng.choice(list(ecl.Connective))
            parts = 2 if connective is ecl.Connective.MINUS else self.rng.choice([2, 2, 3])
            return ecl.Compound(connective, tuple(self.expression(depth - 1) for _ in range(parts)))
        if kind == "refined":
            return ecl.Refined(self.focus(depth - 1), self.refinement(depth - 1))
        if kind == "dotted":
            names = tuple(self.name() for _ in range(self.rng.choice([1, 1, 2])))
            return ecl.Dotted(self.focus(depth - 1), names)
        if kind == "filtered":
            blocks = tuple(self.block() for _ in range(self.rng.choice([1, 1, 2])))
            return ecl.Filtered(self.focus(depth - 1), blocks)
        if kind == "more":
            return self.rng.choice([self.members, self.containing, self.history])(depth - 1)
        return self.simple()

    def focus(self, depth: int) -> ecl.Expression:
        return ecl.AnyConcept() if self.rng.random() < 0.4 else self.expression(depth)

    def simple(self) -> ecl.Expression:
        concept = self.rng.choice([self.concept(), self.concept(), ecl.AnyConcept()])
        if self.rng.random() < 0.7:
            return ecl.Related(self.rng.choice(list(ecl.Constraint)), concept)
        return concept

    def concept(self) -> ecl.Reference:
        return ecl.Reference(self.rng.choice(self.has.concepts))

    def members(self, depth: int) -> ecl.Expression:
        chosen = [ecl.Reference(id) for id in self.rng.sample(self.has.refsets, 2)]
        refsets = self.rng.choice(
            [ecl.AnyConcept(), chosen[0], chosen[0], ecl.Compound(ecl.Connective.OR, tuple(chosen))]
        )
        return ecl.MembersOf(refsets, self.member_filters(depth))

    def containing(self, depth: int) -> ecl.Expression:
        return ecl.RefsetsContaining(self.expression(depth), self.member_filters(depth))

    def member_filters(self, depth: int) -> tuple[ecl.MemberFilter, ...]:
        if self.rng.random() < 0.6:
            return ()
        column = self.rng.choice(list(ecl.MemberField))
        return (ecl.MemberFilter(column, self.expression(min(depth, 1)), self.negated()),)

    def history(self, depth: int) -> ecl.Expression:
        operand = self.expression(depth)
        if self.rng.random() < 0.3:
            refsets = [ecl.Reference(id) for id in self.rng.sample(sorted(ASSOCIATIONS.values()), 2)]
            subset = self.rng.choice(
                [refsets[0], ecl.Compound(ecl.Connective.OR, tuple(refsets)), ecl.AnyConcept()]
            )
            return ecl.History(operand, subset=subset)
        return ecl.History(operand, self.rng.choice(list(ecl.HistoryProfile)))

    # Refinements -------------------------------------------------------------------------------------------

    def refinement(self, depth: int, *, grouped: bool = False) -> ecl.Refinement:
        kind = self.rng.choice(["attribute", "attribute", "compound", "group"])
        if kind == "compound" and depth:
            connective = self.rng.choice([ecl.Connective.AND, ecl.Connective.OR])
            parts = tuple(self.refinement(depth - 1, grouped=grouped) for _ in range(2))
            return ecl.RefinementCompound(connective, parts)
        if kind == "group" and not grouped:
            return ecl.Group(self.refinement(depth, grouped=True), self.cardinality())
        return self.attribute(depth, grouped)

    def attribute(self, depth: int, grouped: bool) -> ecl.Attribute:
        if self.has.values and self.rng.random() < 0.25:
            comparison, value = self.concrete()
            return ecl.Attribute(self.name(), comparison, value, self.cardinality())
        comparison = self.rng.choice([ecl.Comparison.EQUAL, ecl.Comparison.EQUAL, ecl.Comparison.NOT_EQUAL])
        target: ecl.Expression = ecl.Reference(self.rng.choice(self.has.targets or self.has.concepts))
        if self.rng.random() < 0.5:
            target = ecl.Related(self.rng.choice(list(ecl.Constraint)[:8]), target)
        value = self.rng.choice([ecl.AnyConcept(), target, target, self.expression(min(depth, 1))])
        reverse = not grouped and self.rng.random() < 0.2
        return ecl.Attribute(self.name(), comparison, value, self.cardinality(), reverse)

    def concrete(self) -> tuple[ecl.Comparison, Decimal | bool | ecl.Texts]:
        value = self.rng.choice(self.has.values)
        equal = self.rng.choice([ecl.Comparison.EQUAL, ecl.Comparison.NOT_EQUAL])
        if value.startswith("#"):
            return self.rng.choice(list(ecl.Comparison)), Decimal(value[1:])
        if value.startswith('"'):
            return equal, ecl.Texts((value[1:-1], "pomada")[: self.rng.choice([1, 2])])
        return equal, value == "true"

    def name(self) -> ecl.Expression:
        name = ecl.Reference(self.rng.choice(self.has.attributes))
        return self.rng.choice(
            [
                name,
                name,
                name,
                ecl.AnyConcept(),
                ecl.Related(ecl.Constraint.DESCENDANT_OR_SELF_OF, name),
                ecl.Compound(ecl.Connective.MINUS, (ecl.AnyConcept(), name)),
            ]
        )

    def cardinality(self) -> ecl.Cardinality | None:
        if self.rng.random() < 0.5:
            return None
        least = self.rng.choice([0, 0, 1, 2])
        return ecl.Cardinality(least, self.rng.choice([None, least, least + 1, 3]))

    # Filters -----------------------------------------------------------------------------------------------

    def negated(self) -> bool:
        return self.rng.random() < 0.3

    def block(self) -> ecl.FilterBlock:
        if self.rng.random() < 0.5:
            return ecl.ConceptFilters(tuple(self.concept_filter() for _ in range(self.rng.choice([1, 1, 2]))))
        return ecl.DescriptionFilters(
            tuple(self.description_filter() for _ in range(self.rng.choice([1, 2])))
        )

    def concept_filter(self) -> ecl.ConceptFilter:
        kind = self.rng.choice(["active", "status", "status id", "module", "time"])
        if kind == "status":
            return ecl.StatusFilter(self.rng.choice([(True,), (False,), (True, False)]), self.negated())
        if kind == "status id":
            ids = ecl.Reference(DEFINED), ecl.Reference(PRIMITIVE)
            return ecl.StatusIdFilter(self.rng.choice([*ids, ecl.References(ids)]), self.negated())
        if kind == "module" and self.has.modules:
            one = ecl.Reference(self.rng.choice(self.has.modules))
            return ecl.ModuleFilter(self.rng.choice([one, ecl.AnyConcept()]), self.negated())
        if kind == "time":
            comparison = self.rng.choice(list(ecl.Comparison))
            equal = comparison in (ecl.Comparison.EQUAL, ecl.Comparison.NOT_EQUAL)
            times = [time for time in self.has.times if time or equal] or ["20240131"]
            return ecl.TimeFilter(comparison, tuple(self.rng.choices(times, k=self.rng.choice([1, 2]))))
        return ecl.ActiveFilter(self.rng.choice([True, False, None]), self.negated())

    def description_filter(self) -> ecl.DescriptionFilter | ecl.ActiveFilter:
        kind = self.rng.choice(["term", "term", "term", "language", "type", "type id", "dialect", "active"])
        if kind == "term" and self.has.words:
            searches = tuple(self.search() for _ in range(self.rng.choice([1, 1, 2])))
            return ecl.TermFilter(searches, self.negated())
        if kind == "language":
            return ecl.LanguageFilter(self.rng.choice([("es",), ("en", "es"), ("ca",)]), self.negated())
        if kind == "type":
            kinds = [TermKind.SYNONYM, TermKind.FSN, TermKind.DEFINITION]
            return ecl.TypeFilter(tuple(self.rng.sample(kinds, self.rng.choice([1, 2]))), self.negated())
        if kind == "type id":
            return ecl.TypeIdFilter(ecl.Reference(self.rng.choice(sorted(DESCRIPTION_TYPES))), self.negated())
        if kind == "dialect" and self.has.dialects:
            return self.dialect()
        return ecl.ActiveFilter(True)

    def dialect(self) -> ecl.DialectFilter:
        way = self.rng.choice([True, False, None])
        if self.rng.random() < 0.3:
            return ecl.DialectFilter(refsets=ecl.AnyConcept(), preferred=way, negated=self.negated())
        if self.rng.random() < 0.3:
            aliases = self.rng.sample(["es-es", "en-gb", "en-us"], self.rng.choice([1, 2]))
            dialects = tuple(ecl.Dialect(alias, preferred=way) for alias in aliases)
        else:
            refset = ecl.Reference(self.rng.choice(self.has.dialects))
            dialects = (ecl.Dialect(refset=refset, preferred=way),)
        return ecl.DialectFilter(dialects, negated=self.negated())

    def search(self) -> ecl.Search:
        words = [
            self.changed(word) for word in self.rng.choices(self.has.words, k=self.rng.choice([1, 1, 2]))
        ]
        if self.rng.random() < 0.5:
            return ecl.Search(" ".join(word[: self.rng.choice([2, 3, 20])] for word in words))
        text = " ".join(words).replace("*", "\\*")
        for _ in range(self.rng.choice([0, 1, 2])):
            start = self.rng.randrange(len(text) + 1)
            text = f"{text[:start]}*{text[self.rng.randrange(start, len(text) + 1) :]}"
        return ecl.Search(text, ecl.SearchKind.WILD)

    def changed(self, word: str) -> str:
        """A word as a person may type it."""
        plain = word.replace("í", "i").replace("á", "a").replace("ó", "o")
        return self.rng.choice([word, word, plain, word.upper(), word.replace("o", "ó")])
