"""The rules that the demonstration terminology keeps as a whole; `check` raises at the first one broken.

Item numbers, identifiers, FSNs and preferred terms are each used once; a concept says a term once; every
reference is to an active concept; every concept but the root has a parent of a fitting semantic tag, none
of them an ancestor of another; the hierarchy has no cycle; a retired concept, and no other, says what
stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loaders.demo.source import DemoConcept, DemoSourceError
from loaders.sctid import ComponentKind, is_valid

ROOT = "138875005"

#: Tags whose concepts may have parents of another tag too (every concept may have parents of its own).
_OTHER_PARENT_TAGS = {
    "atributo": {"metadato"},
    "trastorno": {"hallazgo"},
    "anomalía morfológica": {"estructura corporal"},
    "régimen/tratamiento": {"procedimiento"},
}
#: The tags that the values of an attribute have (SNOMED CT concept model: the attribute's range).
RANGES = {
    "finding_site": {"estructura corporal"},
    "morphology": {"anomalía morfológica"},
    "causative_agent": {"organismo", "sustancia"},
    "clinical_course": {"calificador"},
    "due_to": {"trastorno", "hallazgo"},
    "method": {"calificador"},
    "procedure_site": {"estructura corporal"},
    "direct_substance": {"sustancia"},
}
_FINDING_TAGS = {"trastorno", "hallazgo"}
_PROCEDURE_TAGS = {"procedimiento", "régimen/tratamiento"}
_PROCEDURE_ATTRIBUTES = {"method", "procedure_site", "direct_substance"}


def check(concepts: Sequence[DemoConcept]) -> None:
    """Raise `DemoSourceError` for the first rule broken, naming the file and the entry."""
    _check_unique(concepts, "item", lambda concept: concept.item)
    _check_unique(concepts, "identifier", lambda concept: concept.sctid)
    _check_unique(concepts, "FSN", lambda concept: concept.fsn.casefold())
    _check_unique(concepts, "preferred term", lambda concept: concept.preferred.casefold())
    _check_unique(
        [concept for concept in concepts if concept.english],
        "English name",
        lambda concept: (concept.english[0].casefold(), concept.tag),
    )
    active = {concept.preferred: concept for concept in concepts if not concept.retired}
    for concept in concepts:
        _check_terms(concept)
        _check_identifier(concept)
        _check_retirement(concept, active)
        _check_parents(concept, active)
        _check_attributes(concept, active)
    ancestors = _ancestors(active)
    for concept in active.values():
        for parent in concept.parents:
            below = next((p for p in concept.parents if parent in ancestors[p]), None)
            if below:
                raise DemoSourceError(
                    f"{concept.origin}: the parent {parent!r} is an ancestor of {below!r}; remove it."
                )


def _check_unique(concepts: Sequence[DemoConcept], what: str, key: Callable[[DemoConcept], object]) -> None:
    seen: dict[object, DemoConcept] = {}
    for concept in concepts:
        first = seen.setdefault(key(concept), concept)
        if first is not concept:
            raise DemoSourceError(
                f"{concept.origin}: the {what} of {concept.fsn!r} is that of {first.origin} too; change one."
            )


def _check_terms(concept: DemoConcept) -> None:
    for terms in ((concept.preferred, *concept.synonyms), concept.english):
        twice = sorted({term for term in terms if terms.count(term) > 1})
        if twice:
            raise DemoSourceError(f"{concept.origin}: the term {twice[0]!r} is there twice; keep one.")


def _check_identifier(concept: DemoConcept) -> None:
    if not is_valid(concept.sctid, ComponentKind.CONCEPT):
        raise DemoSourceError(f"{concept.origin}: {concept.sctid!r} is not the SCTID of a concept.")


def _check_retirement(concept: DemoConcept, active: dict[str, DemoConcept]) -> None:
    if bool(concept.retired) != bool(concept.successors):
        raise DemoSourceError(
            f"{concept.origin}: a retired concept has `retired` and one of `same_as`, `replaced_by`, "
            "`possibly_equivalent_to`; an active one has none of them."
        )
    for key, targets in concept.successors:
        for target in targets:
            _resolve(target, key, concept, active)


def _check_parents(concept: DemoConcept, active: dict[str, DemoConcept]) -> None:
    if not concept.parents and concept.sctid != ROOT and not concept.retired:
        raise DemoSourceError(f"{concept.origin}: {concept.fsn!r} has no parent; give it one.")
    for term in concept.parents:
        parent = _resolve(term, "parents", concept, active)
        allowed = {concept.tag} | _OTHER_PARENT_TAGS.get(concept.tag, set())
        # The heads of the hierarchies hang from the root, whatever its tag.
        if parent.tag not in allowed and parent.sctid != ROOT:
            raise DemoSourceError(
                f"{concept.origin}: {concept.fsn!r} cannot have {parent.fsn!r} as a parent; "
                "the tags do not go together."
            )


def _check_attributes(concept: DemoConcept, active: dict[str, DemoConcept]) -> None:
    for key, values in concept.attributes:
        bearers = _PROCEDURE_TAGS if key in _PROCEDURE_ATTRIBUTES else _FINDING_TAGS
        if concept.tag not in bearers:
            raise DemoSourceError(f"{concept.origin}: `{key}` does not go with the tag {concept.tag!r}.")
        for term in values:
            value = _resolve(term, key, concept, active)
            if value.tag not in RANGES[key]:
                raise DemoSourceError(
                    f"{concept.origin}: {value.fsn!r} cannot be a `{key}`; "
                    f"it takes {' or '.join(sorted(RANGES[key]))}."
                )


def _resolve(term: str, key: str, concept: DemoConcept, active: dict[str, DemoConcept]) -> DemoConcept:
    found = active.get(term)
    if found is None:
        raise DemoSourceError(
            f"{concept.origin}: `{key}` names {term!r}, which is the preferred term of no active concept."
        )
    return found


def _ancestors(active: dict[str, DemoConcept]) -> dict[str, set[str]]:
    """Map each preferred term to those of all its ancestors. Raises `DemoSourceError` for a cycle."""
    known: dict[str, set[str]] = {}

    def climb(term: str, path: tuple[str, ...]) -> set[str]:
        if term in path:
            around = " → ".join((*path[path.index(term) :], term))
            raise DemoSourceError(
                f"{active[term].origin}: the parents go round: {around}; remove one of them."
            )
        if term not in known:
            parents = active[term].parents
            known[term] = set(parents).union(*(climb(parent, (*path, term)) for parent in parents))
        return known[term]

    for term in active:
        climb(term, ())
    return known
