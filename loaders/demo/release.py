"""The demonstration terminology as RF2 rows.

Every identifier follows from an item number: concept `item`, its descriptions and relationships
`item` followed by three digits, in the order of the entry. So an entry's new terms go at the end of their
list, and the identifiers of the others stay. Everything is in two modules of our own, because the
metadata rows here are our words for SNOMED CT's identifiers, not SNOMED International's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loaders.demo.source import (
    ASSOCIATIONS,
    ATTRIBUTES,
    NAMESPACE,
    RETIREMENT_REASONS,
    DemoConcept,
)
from loaders.rf2.identifiers import DEFINITION, FSN, IS_A, PREFERRED, SYNONYM
from loaders.rf2_files import Edition
from loaders.rf2_rows import (
    ACCEPTABLE,
    CASE_INSENSITIVE,
    CASE_SENSITIVE,
    CONCEPT_INACTIVATION,
    ENGLISH_US,
    INITIAL_CASE_INSENSITIVE,
    SPANISH_OF_SPAIN,
    AssociationRow,
    AttributeValueRow,
    ConceptRow,
    DescriptionRow,
    ExtendedMapRow,
    LanguageRow,
    ModuleDependencyRow,
    RelationshipRow,
    Row,
)
from loaders.sctid import ComponentKind, make

EDITION = Edition(name="EnlaceDemo", owner=NAMESPACE, date="20261101")

METADATA_MODULE = make(ComponentKind.CONCEPT, 1, NAMESPACE)
CLINICAL_MODULE = make(ComponentKind.CONCEPT, 2, NAMESPACE)

_METADATA_TAGS = {"metadato", "atributo", "concepto raíz"}
_REFSETS = {"es": SPANISH_OF_SPAIN, "en": ENGLISH_US}
_FIRST_DESCRIPTION = {"es": 1, "en": 501}
_DEFINITION_NUMBER = 901

#: Semantic tags in English, for the English FSN, which is the first English term with its tag.
ENGLISH_TAGS = {
    "anomalía morfológica": "morphologic abnormality",
    "atributo": "attribute",
    "calificador": "qualifier value",
    "concepto raíz": "root concept",
    "entidad observable": "observable entity",
    "estructura corporal": "body structure",
    "hallazgo": "finding",
    "metadato": "metadata",
    "organismo": "organism",
    "procedimiento": "procedure",
    "régimen/tratamiento": "regime/therapy",
    "situación": "situation",
    "sustancia": "substance",
    "trastorno": "disorder",
}


def rows(concepts: Sequence[DemoConcept]) -> Iterator[Row]:
    """Yield the rows of concepts that `soundness.check` found sound, concept by concept."""
    ids = {concept.preferred: concept.sctid for concept in concepts if not concept.retired}
    for concept in concepts:
        module = METADATA_MODULE if concept.tag in _METADATA_TAGS else CLINICAL_MODULE
        yield ConceptRow(concept.sctid, module, defined=concept.defined, active=not concept.retired)
        yield from _descriptions(concept, module)
        yield from _relationships(concept, module, ids)
        yield from _history(concept, module, ids)
        for group, code in enumerate(concept.icd10, start=1):
            yield ExtendedMapRow(module, concept.sctid, code, group=group)
    yield ModuleDependencyRow(CLINICAL_MODULE, depends_on=METADATA_MODULE)


def _descriptions(concept: DemoConcept, module: str) -> Iterator[Row]:
    spanish = [(concept.fsn, FSN), (concept.preferred, SYNONYM)]
    spanish += [(term, SYNONYM) for term in concept.synonyms]
    yield from _language(concept, module, "es", spanish)
    if concept.english:
        english = [(f"{concept.english[0]} ({ENGLISH_TAGS[concept.tag]})", FSN)]
        english += [(term, SYNONYM) for term in concept.english]
        yield from _language(concept, module, "en", english)
    if concept.definition:
        number = _number(concept, _DEFINITION_NUMBER, ComponentKind.DESCRIPTION)
        yield DescriptionRow(
            number, module, concept.sctid, "es", concept.definition, DEFINITION, CASE_SENSITIVE
        )
        yield LanguageRow(module, SPANISH_OF_SPAIN, "es", number)


def _language(
    concept: DemoConcept, module: str, language: str, terms: Sequence[tuple[str, str]]
) -> Iterator[Row]:
    """Yield the descriptions of one language: the FSN, the preferred term, then the synonyms."""
    for position, (term, kind) in enumerate(terms):
        number = _number(concept, _FIRST_DESCRIPTION[language] + position, ComponentKind.DESCRIPTION)
        yield DescriptionRow(number, module, concept.sctid, language, term, kind, _case(term))
        # The FSN and the first synonym are both "preferred" in a language refset, each of its type.
        acceptability = PREFERRED if position < 2 else ACCEPTABLE
        yield LanguageRow(module, _REFSETS[language], language, number, acceptability)


def _relationships(concept: DemoConcept, module: str, ids: dict[str, str]) -> Iterator[Row]:
    """Yield is-a in group 0 and the attributes' n-th values together in group n; inactive if retired."""
    triples = [(IS_A, parent, 0) for parent in concept.parents]
    for key, values in concept.attributes:
        triples += [(ATTRIBUTES[key], value, group) for group, value in enumerate(values, start=1)]
    for position, (kind, target, group) in enumerate(triples, start=1):
        number = _number(concept, position, ComponentKind.RELATIONSHIP)
        active = not concept.retired
        yield RelationshipRow(number, module, concept.sctid, ids[target], kind, group, active)


def _history(concept: DemoConcept, module: str, ids: dict[str, str]) -> Iterator[Row]:
    if concept.retired:
        reason = RETIREMENT_REASONS[concept.retired]
        yield AttributeValueRow(module, CONCEPT_INACTIVATION, concept.sctid, reason)
    for key, targets in concept.successors:
        for target in targets:
            yield AssociationRow(module, ASSOCIATIONS[key], concept.sctid, ids[target])


def _number(concept: DemoConcept, position: int, kind: ComponentKind) -> str:
    return make(kind, concept.item * 1000 + position, NAMESPACE)


def _case(term: str) -> str:
    """Tell case significance: an abbreviation or a name that begins the term makes its first letter count."""
    if term == term.lower():
        return CASE_INSENSITIVE
    return CASE_SENSITIVE if term[0].isupper() else INITIAL_CASE_INSENSITIVE
