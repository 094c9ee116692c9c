"""From a SNOMED CT release to a UMLS release and back, by the codes that they share."""

from __future__ import annotations

from pathlib import Path

import pytest
from metathesaurus import Release as Metathesaurus

from graph.importing import import_release
from graph.model import Mapping, Release
from graph.release import ReleaseHome
from loaders.formats import load
from loaders.rf2_files import Edition
from loaders.rf2_rows import ConceptRow, DescriptionRow, RelationshipRow
from loaders.rf2_writer import write_snapshot
from loaders.rrf import columns

MODULE = "449081005"
HEART_DISEASE, INFARCTION = "56265001", "22298006"
DISEASE_CUI, INFARCTION_CUI, PROCEDURE_CUI = "C0018799", "C0027051", "C0184661"


def imported(home: ReleaseHome, name: str, path: Path) -> Release:
    source = load(path)
    return import_release(home, name, source.records, sources=source.sources, rejected=source.rejected)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    folder = tmp_path_factory.mktemp("walk")
    snomed = write_snapshot(
        folder,
        Edition("Test", "INT", "20260101"),
        [
            ConceptRow(HEART_DISEASE, MODULE),
            ConceptRow(INFARCTION, MODULE),
            DescriptionRow("1", MODULE, HEART_DISEASE, "es", "cardiopatía"),
            DescriptionRow("2", MODULE, INFARCTION, "es", "infarto de miocardio"),
            RelationshipRow("3", MODULE, INFARCTION, HEART_DISEASE),
        ],
    )
    made = (
        Metathesaurus()
        .atom(DISEASE_CUI, "cardiopatía", LAT="SPA", SAB="SCTSPA", SCUI=HEART_DISEASE, CODE=HEART_DISEASE)
        .atom(INFARCTION_CUI, "heart attack", SAB="SNOMEDCT_US", SCUI=INFARCTION, CODE=INFARCTION)
        .atom(INFARCTION_CUI, "infarto", LAT="SPA", SAB="SCTSPA", SCUI=INFARCTION, CODE=INFARCTION)
        .atom(INFARCTION_CUI, "acute infarction", SAB="ICD10CM", CODE="I21.9")
        .atom(PROCEDURE_CUI, "procedure")
        .relation(INFARCTION_CUI, "PAR", DISEASE_CUI, "inverse_isa", SAB="SNOMEDCT_US")
        .relation(PROCEDURE_CUI, "RO", INFARCTION_CUI, "may_be_treated_by", SAB="MED-RT")
        .add(columns.TYPES, CUI=INFARCTION_CUI, TUI="T047", STY="A Type")
    )
    home = ReleaseHome(folder / "home")
    imported(home, "snomed", snomed)
    imported(home, "umls", made.write(folder / "umls"))
    return home


def test_from_an_sctid_to_its_cui_and_the_codes_of_other_systems(home: ReleaseHome) -> None:
    with home.open("snomed") as snomed, home.open("umls") as umls:
        sctid = next(c.id for c in snomed.store.scan_concepts() if c.id.endswith(INFARCTION))
        (found,) = umls.store.mapped_from([sctid])
        assert found == (Mapping(f"UMLS:{INFARCTION_CUI}", sctid),)
        (codes,) = umls.store.mappings([found[0].concept])
        assert [mapping.target for mapping in codes] == ["ICD10CM:I21.9", sctid]


def test_from_a_cui_to_its_sctid_and_its_parents_in_snomed(home: ReleaseHome) -> None:
    with home.open("snomed") as snomed, home.open("umls") as umls:
        (mappings,) = umls.store.mappings([f"UMLS:{INFARCTION_CUI}"])
        (sctid,) = [m.target for m in mappings if m.target.startswith("SNOMEDCT:")]
        assert snomed.store.concepts([sctid])[0] is not None
        in_snomed = snomed.hierarchy.ancestors(sctid)
        assert in_snomed == (f"SNOMEDCT:{HEART_DISEASE}",)
        in_umls = [m.concept for found in umls.store.mapped_from(in_snomed) for m in found]
        assert tuple(in_umls) == umls.hierarchy.ancestors(f"UMLS:{INFARCTION_CUI}")


def test_what_the_store_of_a_umls_release_holds(home: ReleaseHome) -> None:
    with home.open("umls") as umls:
        (infarction,) = umls.store.concepts([f"UMLS:{INFARCTION_CUI}"])
        assert infarction is not None
        assert infarction.semantic_tag == "A Type"
        assert [(t.language, t.text, t.id) for t in umls.store.terms([infarction.id])[0]] == [
            ("en", "heart attack", "A0000002"),
            ("es", "infarto", "A0000003"),
            ("en", "acute infarction", "A0000004"),
        ]
        assert [(r.type, r.target) for r in umls.store.relations([infarction.id])[0]] == [
            ("UMLS:STY", "STY:T047"),
            ("UMLS:may_be_treated_by", f"UMLS:{PROCEDURE_CUI}"),
        ]
        assert {source.name for source in umls.release.sources} == {"MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF"}
