"""Babelon TSV translations of an ontology (https://monarch-initiative.github.io/babelon/) as terms.

Each row translates one value of one class. Quotes are ordinary characters: published files hold bare ones.
Rows are used whose status is OFFICIAL or UNDER_REVIEW (both made by the ontology's own translators) or that
give none; CANDIDATE (suggested from outside, often by a machine) and NOT_TRANSLATED rows are left out. A row
without a translation is rejected.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from types import MappingProxyType

from graph.model import CURIE, SynonymScope, Term, TermKind
from loaders.files import SourceFile, head, open_text
from loaders.languages import is_kept, primary
from loaders.prefixes import canonical_curie
from loaders.rejections import OTHER_LANGUAGE, Rejections
from loaders.tables import header_of, read_rows, whole_lines

COLUMNS = ("subject_id", "predicate_id", "translation_language", "translation_value")
STATUSES = frozenset({"OFFICIAL", "UNDER_REVIEW", ""})
_NOT_ACCEPTED = "the translation is not accepted yet (its status is neither OFFICIAL nor UNDER_REVIEW)"
_LEFT_OUT = {_NOT_ACCEPTED, OTHER_LANGUAGE}

#: What each translated property is to its concept. The prefix and `has…Synonym` are written in several ways.
PREDICATES: MappingProxyType[str, tuple[TermKind, SynonymScope]] = MappingProxyType(
    {
        "label": (TermKind.PREFERRED, SynonymScope.EXACT),
        "exactsynonym": (TermKind.SYNONYM, SynonymScope.EXACT),
        "broadsynonym": (TermKind.SYNONYM, SynonymScope.BROAD),
        "narrowsynonym": (TermKind.SYNONYM, SynonymScope.NARROW),
        "relatedsynonym": (TermKind.SYNONYM, SynonymScope.RELATED),
        "0000115": (TermKind.DEFINITION, SynonymScope.EXACT),
        "definition": (TermKind.DEFINITION, SynonymScope.EXACT),
    }
)


def recognises(file: SourceFile) -> bool:
    """Whether the header is Babelon's."""
    return set(COLUMNS) <= set(header_of(head(file)))


def kind_of(predicate: str) -> tuple[TermKind, SynonymScope] | None:
    """What a property such as `rdfs:label`, `oio:hasExactSynonym` or `IAO:0000115` makes of its value."""
    return PREDICATES.get(predicate.rpartition(":")[2].lower().removeprefix("has"))


def read(
    files: Sequence[SourceFile],
    concepts: Container[CURIE],
    rejections: Rejections,
    *,
    languages: Sequence[str],
) -> Iterator[Term]:
    """The translations of `concepts` into `languages`; every row that is not used is rejected or left out.

    A concept's first label in a language is its preferred term, a later one a synonym.

    Raises ColumnMissing, RowMalformed, SourceDamaged, SourceEmpty.
    """
    labelled: set[tuple[CURIE, str]] = set()
    for file in files:
        with open_text(file) as lines:
            whole = whole_lines(lines, file.name, rejections)
            rows = read_rows(whole, file=file.name, columns=COLUMNS, optional=("translation_status",))
            for line, (subject, predicate, language, text, status) in rows:
                term = _term(subject, predicate, language.strip(), text.strip())
                reason = _why_not(term, status.strip(), concepts, languages)
                if reason in _LEFT_OUT:
                    rejections.leave_out(reason)
                elif term is None or reason:
                    rejections.add(file.name, line, reason, f"{subject} {predicate} {language} {status}")
                elif term.kind is not TermKind.PREFERRED:
                    yield term
                elif (term.concept, term.language) not in labelled:
                    labelled.add((term.concept, term.language))
                    yield term
                else:
                    yield Term(term.concept, term.text, term.language)


def _term(subject: str, predicate: str, language: str, text: str) -> Term | None:
    concept, kind = canonical_curie(subject), kind_of(predicate.strip())
    return Term(concept or "", text, primary(language), *kind) if kind else None


def _why_not(term: Term | None, status: str, concepts: Container[CURIE], languages: Sequence[str]) -> str:
    """Why a row is not used; empty if it is."""
    if term is None:
        return "the property is neither a label, a synonym nor a definition"
    if status.upper() not in STATUSES:
        return _NOT_ACCEPTED
    if not term.text:
        return "the translation is empty"
    if term.concept not in concepts:
        return "the subject is not in the ontology"
    if not is_kept(term.language, languages):
        return OTHER_LANGUAGE
    return ""
