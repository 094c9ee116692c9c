from __future__ import annotations

import pytest

from loaders.prefixes import NAMESPACES, PREFIXES, DeclaredPrefixes, canonical_curie, canonical_prefix


@pytest.mark.parametrize(
    ("reference", "curie"),
    [
        ("http://purl.obolibrary.org/obo/HP_0000111", "HP:0000111"),
        ("http://purl.obolibrary.org/obo/NCBITaxon_9606", "NCBITaxon:9606"),
        ("http://purl.obolibrary.org/obo/NCBITaxon_Union_0000010", "NCBITaxon_Union:0000010"),
        ("http://www.geneontology.org/formats/oboInOwl#consider", "oboInOwl:consider"),
        ("http://www.orpha.net/ORDO/Orphanet_752", "ORPHA:752"),
        ("https://omim.org/entry/264300", "OMIM:264300"),
        ("http://snomed.info/id/22298006", "SNOMEDCT:22298006"),
        ("SNOMEDCT_US:22298006", "SNOMEDCT:22298006"),
        ("SNOMEDCT_US_2020_03_01:22298006", "SNOMEDCT:22298006"),
        ("SCTID:22298006", "SNOMEDCT:22298006"),
        ("SNOMED_CT:22298006", "SNOMEDCT:22298006"),
        ("UMLS_CUI:C0027051", "UMLS:C0027051"),
        ("MSH:D009203", "MESH:D009203"),
        ("MeSH: D009203 ", "MESH:D009203"),
        ("MIM:264300", "OMIM:264300"),
        ("MIM:PS264300", "OMIMPS:264300"),
        ("NCI:C27996", "NCIT:C27996"),
        ("ORDO:752", "ORPHA:752"),
        ("Orphanet:752", "ORPHA:752"),
        ("ICD-10:I21.9", "ICD10:I21.9"),
        ("ICD10CM_2024:I21.9", "ICD10CM:I21.9"),
        ("ICD-O:8000/3", "ICDO:8000/3"),
        ("Fyler:1234", "FYLER:1234"),
        ("http://purl.obolibrary.org/obo/hp#part_of", "HP:part_of"),
        ("http://purl.obolibrary.org/obo/uberon/core#near", "uberon:near"),
        ("http://purl.obolibrary.org/obo/hp.owl", None),
        ("oio:consider", "oboInOwl:consider"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("Elsewhere:12", "Elsewhere:12"),
        ("http://en.wikipedia.org/wiki/Fever", None),
        ("url:http://en.wikipedia.org/wiki/Fever", "url:http://en.wikipedia.org/wiki/Fever"),
        ("fever", None),
        ("", None),
        ("personal communication: someone else", None),
    ],
)
def test_references(reference: str, curie: str | None) -> None:
    assert canonical_curie(reference) == curie


def test_each_spelling_belongs_to_one_terminology() -> None:
    spellings = [spelling.upper() for prefix, others in PREFIXES.items() for spelling in (prefix, *others)]
    assert len(spellings) == len(set(spellings))
    assert all(canonical_prefix(prefix) == prefix for prefix in PREFIXES)


def test_namespaces_lead_to_canonical_prefixes() -> None:
    assert all(canonical_prefix(prefix) == prefix for prefix in NAMESPACES.values())


@pytest.mark.parametrize(
    ("reference", "curie"),
    [
        ("http://purl.obolibrary.org/obo/HP_0000111", "HP:0000111"),
        ("sct:22298006", "SNOMEDCT:22298006"),
        ("http://x.org/a", "ex:a"),
        ("http://x.org/sub/a", "sub:a"),
        ("http://x.org/sub/a/b", None),
        ("http://x.org/", None),
        ("http://y.org/a", None),
        ("urn:oid:2.16#a", "oid:a"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("ex:a", "ex:a"),
        ("MIM:PS264300", "OMIMPS:264300"),
        ("a book", None),
    ],
)
def test_prefixes_that_a_file_declares(reference: str, curie: str | None) -> None:
    declared = DeclaredPrefixes(
        {
            "sct": "http://snomed.info/id/",
            "ex": "http://x.org/",
            "sub": "http://x.org/sub/",
            "oid": "urn:oid:2.16#",
            "": "http://y.org/",
            "1": "http://y.org/",
        }
    )
    assert declared.curie(reference) == curie
