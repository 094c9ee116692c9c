"""The package that `loaders.demo.render` writes: read as bare RF2, then through the loader."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from graph.batches import one_by_one
from graph.model import (
    IS_A,
    Concept,
    Mapping,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    Term,
    TermKind,
)
from loaders import demo
from loaders.demo.release import CLINICAL_MODULE, METADATA_MODULE
from loaders.demo.soundness import ROOT
from loaders.formats import load
from loaders.rf2.identifiers import DEFINITION, FSN, PREFERRED, SYNONYM
from loaders.sctid import ComponentKind, is_valid
from loaders.sctid import parse as parse_sctid

UUID_5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.render(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def records(package: Path) -> list[Record]:
    source = load(package, format="rf2")
    found = list(one_by_one(source.records))
    assert not source.rejected
    return found


def table(package: Path, pattern: str) -> list[dict[str, str]]:
    """Return the rows of the files that match, as RF2 has them: tab separated, nothing quoted."""
    rows = []
    for file in sorted(package.rglob(pattern)):
        lines = file.read_bytes().decode("utf-8").split("\r\n")
        assert lines.pop() == "", f"{file.name} does not end with CRLF"
        header = lines[0].split("\t")
        for line in lines[1:]:
            fields = line.split("\t")
            assert len(fields) == len(header), (file.name, line)
            rows.append(dict(zip(header, fields, strict=True)))
    assert rows, pattern
    return rows


def test_two_renderings_are_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = demo.render(tmp_path)
    assert again.name == package.name == "SnomedCT_EnlaceDemo_PRODUCTION_20261101T120000Z"
    names = sorted(file.relative_to(package) for file in package.rglob("*.txt"))
    assert names == sorted(file.relative_to(again) for file in again.rglob("*.txt"))
    assert len(names) == 11
    assert all((package / name).read_bytes() == (again / name).read_bytes() for name in names)


def test_every_identifier_is_valid_of_its_kind_and_unique(package: Path) -> None:
    for pattern, kind in {
        "sct2_Concept_*": ComponentKind.CONCEPT,
        "sct2_Description_*": ComponentKind.DESCRIPTION,
        "sct2_TextDefinition_*": ComponentKind.DESCRIPTION,
        "sct2_Relationship_*": ComponentKind.RELATIONSHIP,
    }.items():
        ids = [row["id"] for row in table(package, pattern)]
        assert [id for id in ids if not is_valid(id, kind)] == []
        assert len(set(ids)) == len(ids)
    members = [row["id"] for row in table(package, "der2_*")]
    assert all(UUID_5.fullmatch(id) for id in members)
    assert len(set(members)) == len(members)


def test_clinical_concepts_are_in_the_demonstration_namespace(package: Path) -> None:
    modules = Counter()
    for row in table(package, "sct2_Concept_*"):
        modules[row["moduleId"]] += 1
        if row["moduleId"] == CLINICAL_MODULE:
            assert parse_sctid(row["id"]).namespace == demo.NAMESPACE
    assert set(modules) == {CLINICAL_MODULE, METADATA_MODULE}


def test_every_identifier_used_is_defined(package: Path) -> None:
    concepts = {row["id"] for row in table(package, "sct2_Concept_*")}
    described = {row["conceptId"] for row in table(package, "sct2_Description_*")}
    terms = table(package, "sct2_Description_*") + table(package, "sct2_TextDefinition_*")
    components = concepts | {row["id"] for row in terms}
    assert described == concepts
    used = set()
    for row in table(package, "*.txt"):
        used |= {
            value
            for column, value in row.items()
            if column.endswith("Id") and column != "referencedComponentId"
        }
        assert row.get("referencedComponentId", ROOT) in components
    assert used <= concepts


def test_each_language_has_one_fsn_and_one_preferred_term_a_concept(package: Path) -> None:
    descriptions = {row["id"]: row for row in table(package, "sct2_Description_*")}
    concepts = {row["id"] for row in table(package, "sct2_Concept_*")}
    for language in ("es", "en"):
        preferred = Counter(
            (descriptions[row["referencedComponentId"]]["conceptId"], descriptions[id]["typeId"])
            for row in table(package, f"der2_cRefset_LanguageSnapshot-{language}_*")
            if (id := row["referencedComponentId"]) in descriptions and row["acceptabilityId"] == PREFERRED
        )
        told = {concept for concept, _ in preferred}
        assert set(preferred.values()) == {1}
        assert {kind for _, kind in preferred} == {FSN, SYNONYM}
        assert len(preferred) == 2 * len(told)
        fsns = Counter(
            row["conceptId"]
            for row in descriptions.values()
            if row["languageCode"] == language and row["typeId"] == FSN
        )
        assert set(fsns) == told
        assert set(fsns.values()) == {1}
    spanish = {row["conceptId"] for row in descriptions.values() if row["languageCode"] == "es"}
    assert spanish == concepts


def test_every_description_and_definition_is_in_the_language_refset_of_its_language(package: Path) -> None:
    terms = table(package, "sct2_Description_*") + table(package, "sct2_TextDefinition_*")
    for language in ("es", "en"):
        members = table(package, f"der2_cRefset_LanguageSnapshot-{language}_*")
        assert sorted(row["referencedComponentId"] for row in members) == sorted(
            row["id"] for row in terms if row["languageCode"] == language
        )
    assert {row["typeId"] for row in table(package, "sct2_TextDefinition_*")} == {DEFINITION}


def test_every_active_concept_but_the_root_reaches_it_and_retired_ones_have_no_active_relation(
    package: Path,
) -> None:
    active = {row["id"] for row in table(package, "sct2_Concept_*") if row["active"] == "1"}
    parents = defaultdict(set)
    for row in table(package, "sct2_Relationship_*"):
        if row["active"] == "1":
            assert row["sourceId"] in active
            assert row["destinationId"] in active
            if row["typeId"] == "116680003":
                parents[row["sourceId"]].add(row["destinationId"])
    assert active - parents.keys() == {ROOT}


def test_every_retired_concept_has_its_reason_and_its_successors(package: Path) -> None:
    concepts = {row["id"]: row["active"] for row in table(package, "sct2_Concept_*")}
    retired = {id for id, active in concepts.items() if active == "0"}
    reasons = Counter(row["referencedComponentId"] for row in table(package, "der2_cRefset_AttributeValue*"))
    assert reasons == Counter(retired)
    associations = table(package, "der2_cRefset_Association*")
    assert {row["referencedComponentId"] for row in associations} == retired
    assert {concepts[row["targetComponentId"]] for row in associations} == {"1"}


# Through the loader


def the_concept(records: list[Record], preferred: str) -> str:
    found = {
        r.concept
        for r in records
        if isinstance(r, Term) and r.kind is TermKind.PREFERRED and r.language == "es" and r.text == preferred
    }
    assert len(found) == 1, (preferred, found)
    return found.pop()


def test_the_loader_finds_concepts_with_their_terms_parents_and_codes(records: list[Record]) -> None:
    acute_kidney_failure = the_concept(records, "insuficiencia renal aguda")
    concept = next(r for r in records if isinstance(r, Concept) and r.id == acute_kidney_failure)
    assert (concept.active, concept.semantic_tag, concept.defined) == (True, "trastorno", True)
    terms = {r.text: r for r in records if isinstance(r, Term) and r.concept == acute_kidney_failure}
    assert terms["insuficiencia renal aguda (trastorno)"].kind is TermKind.FSN
    assert terms["IRA"].kind is TermKind.SYNONYM
    assert terms["acute kidney injury"].language == "en"
    assert any(r.kind is TermKind.DEFINITION for r in terms.values())
    assert {
        r.target
        for r in records
        if isinstance(r, Relation) and r.source == acute_kidney_failure and r.type == IS_A
    } == {the_concept(records, "insuficiencia renal"), the_concept(records, "enfermedad aguda")}
    assert [r.target for r in records if isinstance(r, Mapping) and r.concept == acute_kidney_failure] == [
        "ICD10:N17.9"
    ]


def test_the_loader_finds_attributes_in_their_groups(records: list[Record]) -> None:
    whipple = the_concept(records, "duodenopancreatectomía cefálica")
    site = "SNOMEDCT:405813007"
    assert {
        (r.group, r.target)
        for r in records
        if isinstance(r, Relation) and r.source == whipple and r.type == site
    } == {(1, the_concept(records, "páncreas")), (2, the_concept(records, "duodeno"))}


def test_the_loader_finds_what_replaced_a_retired_concept(records: list[Record]) -> None:
    retired = the_concept(records, "diabetes mellitus no insulinodependiente")
    assert not next(r for r in records if isinstance(r, Concept) and r.id == retired).active
    assert [(r.successor, r.kind) for r in records if isinstance(r, Succession) and r.retired == retired] == [
        (the_concept(records, "diabetes mellitus tipo 2"), SuccessionKind.REPLACED_BY)
    ]


def test_the_loader_reads_the_zip_as_the_folder(records: list[Record], tmp_path: Path) -> None:
    archive = demo.render(tmp_path, zipped=True)
    assert list(one_by_one(load(archive).records)) == records
