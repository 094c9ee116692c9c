from __future__ import annotations

from pathlib import Path

import pytest

from graph.model import IS_A, Concept, Mapping, Record, Relation, SynonymScope, Term, TermKind
from loaders import disease_ontology
from loaders.errors import ColumnMissing, FormatMismatch, SourceNotFound
from loaders.rejections import Rejections

TRANSLATION = (
    "source_id\tpredicate\tsource_text\ttranslation_text\tsource_lang\ttranslation_lang\tstatus\tnotes\n"
)


def read(folder: Path, languages: tuple[str, ...] = ("es", "en")) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    return list(disease_ontology.read(folder, rejections, languages=languages)), rejections


def row(*values: str) -> str:
    return "\t".join(f'"{value}"' for value in values) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "HumanDO.tsv").write_text(
        "id\tlabel\tsubClassOf\n"
        + row("DOID:2", "asthma", "disease")
        + row("DOID:3", "allergic asthma", "asthma")
        + row("DOID:3", "allergic asthma", "unheard of"),
        encoding="utf-8",
    )
    (tmp_path / "allXREFinDO.tsv").write_text(
        "id\tlabel\txref\n"
        + row("DOID:4", "disease", "UMLS_CUI:C1")
        + row("DOID:2", "asthma", "MIM:PS600807")
        + row("DOID:99", "gone", "MESH:D1")
        + row("DOID:2", "asthma", "a book"),
        encoding="utf-8",
    )
    return tmp_path


def test_classes_parents_by_label_and_cross_references(folder: Path) -> None:
    records, rejections = read(folder)
    assert [record for record in records if not isinstance(record, Term)] == [
        Concept("DOID:2"),
        Concept("DOID:3"),
        Concept("DOID:4"),
        Relation("DOID:2", IS_A, "DOID:4"),
        Relation("DOID:3", IS_A, "DOID:2"),
        Mapping("DOID:4", "UMLS:C1"),
        Mapping("DOID:2", "OMIMPS:600807"),
    ]
    assert Term("DOID:2", "asthma", "en", TermKind.PREFERRED) in records
    assert [(one.row, one.reason, one.value) for one in rejections] == [
        (4, "no class has the parent's label", "unheard of"),
        (4, "the subject is not in the ontology", "DOID:99"),
        (5, "the cross-reference has no CURIE", "a book"),
    ]


def test_a_label_that_several_classes_have_names_no_parent(folder: Path) -> None:
    with (folder / "HumanDO.tsv").open("a", encoding="utf-8") as table:
        table.write(row("DOID:5", "asthma", "disease") + row("no curie", "x", "disease"))
    _, rejections = read(folder)
    reasons = {(one.reason, one.value) for one in rejections}
    assert ("several classes have the parent's label", "asthma") in reasons
    assert ("the id is no CURIE", "no curie") in reasons


def test_the_newest_label_wins_and_synonyms_are_united(folder: Path) -> None:
    (folder / "doid-es.2025-03.tsv").write_text(
        TRANSLATION
        + "DOID:2\trdfs:label\tasthma\tasma vieja\ten\tes\tfinal\t\n"
        + "DOID:2\toboInOwl:hasExactSynonym\tbronchial asthma\tasma bronquial\ten\tes\tfinal\t\n",
        encoding="utf-8",
    )
    (folder / "doid-es-translated.2026-05.tsv").write_text(
        TRANSLATION
        + 'DOID:2\trdfs:label\tasthma\tasma\ten\tes\tMANUALLY TRANSLATED\t"a note\nof ""two"" lines"\n'
        + "DOID:2\toboInOwl:hasExactSynonym\tbronchial asthma\tasma bronquial\ten\tes\tfinal\t\n"
        + "DOID:2\toboInOwl:hasBroadSynonym\tairway disease\tenfermedad de vías\ten\tes\tfinal\t\n"
        + "DOID:2\tIAO:0000115\tA disease.\tUna enfermedad.\ten\tes\tfinal\t\n"
        + "DOID:2\toboInOwl:hasExactSynonym\tx\tequis\ten\tes\tdoubtful\t\n"
        + "DOID:2\toboInOwl:hasExactSynonym\tx\t\ten\tes\tfinal\t\n"
        + "DOID:2\toboInOwl:hasExactSynonym\tx\txis\ten\tca\tfinal\t\n"
        + "DOID:98\toboInOwl:hasExactSynonym\tx\tequis\ten\tes\tfinal\t\n"
        + "DOID:2\tdc:source\tx\tequis\ten\tes\tfinal\t\n",
        encoding="utf-8",
    )
    records, rejections = read(folder)
    terms = [record for record in records if isinstance(record, Term) and record.concept == "DOID:2"]
    assert terms == [
        Term("DOID:2", "asthma", "en", TermKind.PREFERRED),
        Term("DOID:2", "asma", "es", TermKind.PREFERRED),
        Term("DOID:2", "asma bronquial", "es"),
        Term("DOID:2", "bronchial asthma", "en"),
        Term("DOID:2", "enfermedad de vías", "es", TermKind.SYNONYM, SynonymScope.BROAD),
        Term("DOID:2", "airway disease", "en", TermKind.SYNONYM, SynonymScope.BROAD),
        Term("DOID:2", "Una enfermedad.", "es", TermKind.DEFINITION),
        Term("DOID:2", "A disease.", "en", TermKind.DEFINITION),
    ]
    translated = [one for one in rejections if "doid-es" in one.file]
    assert [(one.row, one.reason) for one in translated] == [
        (8, "the translation is empty"),
        (10, "the subject is not in the ontology"),
        (11, "the property is neither a label, a synonym nor a definition"),
    ]
    assert rejections.left_out == {
        "the translation is not accepted yet": 1,
        "the language is not among those asked for": 1,
        "a newer edition has another text": 1,
    }
    assert [version for _, version in disease_ontology.files(folder)] == ["", "", "2026-05", "2025-03"]
    spanish, _ = read(folder, languages=("es",))
    assert {record.language for record in spanish if isinstance(record, Term)} == {"es"}


def test_the_table_of_classes_is_enough(tmp_path: Path) -> None:
    assert not disease_ontology.recognises(tmp_path)
    with pytest.raises(SourceNotFound, match=r"HumanDO.tsv"):
        read(tmp_path)
    with pytest.raises(FormatMismatch, match=r"it does not hold HumanDO.tsv"):
        disease_ontology.files(tmp_path)
    (tmp_path / "HumanDO.tsv").write_text("id\tlabel\tsubClassOf\n" + row("DOID:2", "asthma", ""))
    assert disease_ontology.recognises(tmp_path)
    records, rejections = read(tmp_path)
    assert records == [Concept("DOID:2"), Term("DOID:2", "asthma", "en", TermKind.PREFERRED)]
    assert not rejections
    (tmp_path / "HumanDO.tsv").write_text("id\tlabel\n")
    with pytest.raises(ColumnMissing, match="lacks the column subClassOf"):
        read(tmp_path)
