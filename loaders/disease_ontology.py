"""The Disease Ontology's published tables, a folder of them, as records.

`HumanDO.tsv` names each class and, by label, its parents, a row each; `allXREFinDO.tsv` gives
cross-references; `doid-*.tsv` are translations, of which a folder may hold several editions (the date in the
name orders them). All are quoted as spreadsheets do, and notes hold line ends. Source:
https://github.com/DiseaseOntology/HumanDiseaseOntology (folder DOreports) and its translations.

The root has no parent and so no row of its own: it is learnt from the cross-references. For a label or a
definition, the newest edition of a translation wins; synonyms of all editions are united. A translated
synonym or definition also gives its English original, which no other table holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph import model
from graph.model import CURIE, IS_A, Concept, Record, Relation, Term, TermKind
from loaders.babelon import kind_of
from loaders.errors import FormatMismatch
from loaders.files import SourceFile, open_text
from loaders.prefixes import canonical_curie
from loaders.rejections import OTHER_LANGUAGE, Rejections
from loaders.tables import Row, read_rows, whole_lines

CLASSES = "HumanDO.tsv"
CROSS_REFERENCES = "allXREFinDO.tsv"
TRANSLATIONS = "doid-*.tsv"
#: The label's language in the tables of classes.
LANGUAGE = "en"

_CLASS_COLUMNS = ("id", "label", "subClassOf")
_XREF_COLUMNS = ("id", "label", "xref")
_TRANSLATION_COLUMNS = (
    "source_id",
    "predicate",
    "source_text",
    "translation_text",
    "source_lang",
    "translation_lang",
    "status",
)
#: What the translators call a translation that may be used.
STATUSES = frozenset({"final", "passed automated review", "manually translated", ""})
_NOT_ACCEPTED = "the translation is not accepted yet"
_LEFT_OUT = {_NOT_ACCEPTED, OTHER_LANGUAGE}
_EDITION = re.compile(r"(\d{4}-\d{2})(?:-\d{2})?")


def recognises(path: Path) -> bool:
    """Whether `path` is a folder that holds the table of classes."""
    return (path / CLASSES).is_file()


def files(folder: Path) -> list[tuple[Path, str]]:
    """The tables in the folder, each with the edition that its name tells, or "".

    Raises FormatMismatch where the table of classes is not there.
    """
    if not recognises(folder):
        raise FormatMismatch(
            folder, "a folder of the Disease Ontology's tables", f"it does not hold {CLASSES}"
        )
    found = [folder / CLASSES]
    if (folder / CROSS_REFERENCES).exists():
        found.append(folder / CROSS_REFERENCES)
    return [(path, _edition(path)) for path in (*found, *_editions(folder))]


def read(folder: Path, rejections: Rejections, *, languages: Sequence[str]) -> Iterator[Record]:
    """The records of the tables in `folder`; classes first, then parents, cross-references and translations.

    Raises SourceNotFound for a folder without the table of classes, ColumnMissing, RowMalformed and
    SourceDamaged.
    """
    labels, parents = _classes(folder, rejections)
    for id, label in labels.items():
        yield Concept(id)
        if LANGUAGE in languages:
            yield Term(id, label, LANGUAGE, TermKind.PREFERRED)
    yield from _is_a(folder, labels, parents, rejections)
    yield from _cross_references(folder, labels, rejections)
    yield from _translations(folder, labels, rejections, languages)


@dataclass(frozen=True, slots=True)
class _ParentRow:
    line: int
    child: CURIE
    label: str


def _classes(folder: Path, rejections: Rejections) -> tuple[dict[CURIE, str], list[_ParentRow]]:
    labels: dict[CURIE, str] = {}
    parents: list[_ParentRow] = []
    file = SourceFile(folder / CLASSES)
    for line, (reference, label, parent) in _rows(file, _CLASS_COLUMNS, rejections):
        id = canonical_curie(reference)
        if id is None:
            rejections.add(file.name, line, "the id is no CURIE", reference)
            continue
        labels.setdefault(id, label)
        if parent:
            parents.append(_ParentRow(line, id, parent))
    unknown = {row.label for row in parents} - set(labels.values())
    if unknown and (folder / CROSS_REFERENCES).exists():
        # What this table lacks is told when its cross-references are read.
        rows = _rows(SourceFile(folder / CROSS_REFERENCES), _XREF_COLUMNS, Rejections())
        for _, (reference, label, _xref) in rows:
            id = canonical_curie(reference)
            if id and label in unknown:
                labels.setdefault(id, label)
    return labels, parents


def _is_a(
    folder: Path, labels: Mapping[CURIE, str], parents: Sequence[_ParentRow], rejections: Rejections
) -> Iterator[Relation]:
    ids: dict[str, list[CURIE]] = {}
    for id, label in labels.items():
        ids.setdefault(label, []).append(id)
    file = str(folder / CLASSES)
    for row in parents:
        named = ids.get(row.label, [])
        if len(named) == 1:
            yield Relation(row.child, IS_A, named[0])
        else:
            reason = "several classes have the parent's label" if named else "no class has the parent's label"
            rejections.add(file, row.line, reason, row.label)


def _cross_references(
    folder: Path, labels: Mapping[CURIE, str], rejections: Rejections
) -> Iterator[model.Mapping]:
    file = SourceFile(folder / CROSS_REFERENCES)
    if not file.path.exists():
        return
    for line, (reference, _label, xref) in _rows(file, _XREF_COLUMNS, rejections):
        id, target = canonical_curie(reference), canonical_curie(xref)
        if id not in labels:
            rejections.add(file.name, line, "the subject is not in the ontology", reference)
        elif target is None:
            rejections.add(file.name, line, "the cross-reference has no CURIE", xref)
        elif id is not None:
            yield model.Mapping(id, target)


def _translations(
    folder: Path, labels: Mapping[CURIE, str], rejections: Rejections, languages: Sequence[str]
) -> Iterator[Term]:
    # The one label and definition that each concept has in a language, and the synonyms given so far.
    settled: dict[tuple[CURIE, str, TermKind], str] = {}
    synonyms: set[Term] = set()
    for path in _editions(folder):
        file = SourceFile(path)
        for line, row in _rows(file, _TRANSLATION_COLUMNS, rejections):
            reason = _why_not(row, labels, languages)
            if reason in _LEFT_OUT:
                rejections.leave_out(reason)
                continue
            if reason:
                rejections.add(file.name, line, reason, f"{row[0]} {row[1]} {row[6]}")
                continue
            for term in _terms(row):
                if term.language not in languages:
                    continue
                if term.kind is TermKind.SYNONYM:
                    if term not in synonyms:
                        synonyms.add(term)
                        yield term
                    continue
                key = (term.concept, term.language, term.kind)
                if key not in settled:
                    settled[key] = term.text
                    yield term
                elif settled[key] != term.text:
                    rejections.leave_out("a newer edition has another text")


def _why_not(row: Sequence[str], labels: Mapping[CURIE, str], languages: Sequence[str]) -> str:
    """Why a row of a translation is not used; empty if it is."""
    reference, predicate, _source, text, _source_language, language, status = row
    if kind_of(predicate) is None:
        return "the property is neither a label, a synonym nor a definition"
    if status.lower() not in STATUSES:
        return _NOT_ACCEPTED
    if not text.strip():
        return "the translation is empty"
    if canonical_curie(reference) not in labels:
        return "the subject is not in the ontology"
    if language not in languages:
        return OTHER_LANGUAGE
    return ""


def _terms(row: Sequence[str]) -> Iterator[Term]:
    """The translation and, unless it is a label's, the original beside it."""
    reference, predicate, source, text, source_language, language, _status = row
    concept, kind = canonical_curie(reference), kind_of(predicate)
    if concept is None or kind is None:
        return
    yield Term(concept, text.strip(), language, *kind)
    if kind[0] is not TermKind.PREFERRED and source.strip():
        yield Term(concept, source.strip(), source_language, *kind)


def _rows(file: SourceFile, columns: Sequence[str], rejections: Rejections) -> Iterator[Row]:
    with open_text(file) as lines:
        yield from read_rows(
            whole_lines(lines, file.name, rejections), file=file.name, columns=columns, quoted=True
        )


def _editions(folder: Path) -> list[Path]:
    """The translations in the folder, the newest first."""
    return sorted(folder.glob(TRANSLATIONS), key=lambda path: (_edition(path), path.name), reverse=True)


def _edition(path: Path) -> str:
    found = _EDITION.search(path.name)
    return found[0] if found else ""
