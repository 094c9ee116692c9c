from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

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
from loaders.demo import DemoConcept, DemoSourceError
from loaders.demo.release import CLINICAL_MODULE, ENGLISH_TAGS, METADATA_MODULE
from loaders.demo.soundness import RANGES, ROOT, check
from loaders.demo.source import ATTRIBUTES, parse, read
from loaders.formats import load
from loaders.rf2.identifiers import DEFINITION, FSN, PREFERRED, SYNONYM
from loaders.sctid import ComponentKind, is_valid
from loaders.sctid import parse as parse_sctid

CLINICAL_TAGS = {
    "trastorno": 450,
    "hallazgo": 110,
    "procedimiento": 90,
    "estructura corporal": 70,
    "anomalía morfológica": 25,
    "sustancia": 45,
    "organismo": 25,
}
UUID_5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def concepts() -> tuple[DemoConcept, ...]:
    return demo.concepts()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.render(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def records(package: Path) -> list[Record]:
    source = load(package, format="rf2")
    found = list(source.records)
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


# The source


def test_there_is_enough_of_every_kind(concepts: tuple[DemoConcept, ...]) -> None:
    counts = Counter(concept.tag for concept in concepts if not concept.retired)
    assert sum(counts[tag] for tag in CLINICAL_TAGS) >= 1000
    assert {tag: counts[tag] for tag in CLINICAL_TAGS if counts[tag] < CLINICAL_TAGS[tag]} == {}


def test_every_tag_is_known_in_english(concepts: tuple[DemoConcept, ...]) -> None:
    assert {concept.tag for concept in concepts} == set(ENGLISH_TAGS)


def test_every_attribute_has_a_range() -> None:
    assert set(RANGES) == set(ATTRIBUTES)


def test_disorders_have_spanish_synonyms_and_codes(concepts: tuple[DemoConcept, ...]) -> None:
    disorders = [c for c in concepts if c.tag == "trastorno" and not c.retired]
    assert sum(bool(c.synonyms) for c in disorders) > 0.7 * len(disorders)
    assert sum(bool(c.icd10) for c in disorders) > 0.9 * len(disorders)


def test_codes_have_the_shape_of_icd_10(concepts: tuple[DemoConcept, ...]) -> None:
    codes = [code for concept in concepts for code in concept.icd10]
    assert all(re.fullmatch(r"[A-Z]\d\d(\.\d)?", code) for code in codes)
    assert {code[0] for code in codes} >= set("ABCDEFGHIJKLMNOQRSTZ")


def test_abbreviations_are_as_ambiguous_as_in_life(concepts: tuple[DemoConcept, ...]) -> None:
    meanings = defaultdict(set)
    for concept in concepts:
        for term in concept.synonyms:
            meanings[term].add(concept.preferred)
    assert meanings["IRA"] == {
        "insuficiencia renal aguda",
        "insuficiencia respiratoria aguda",
        "infección respiratoria aguda",
    }
    assert len(meanings["PCR"]) == 3
    assert sum(len(found) > 1 for found in meanings.values()) >= 20


def test_retired_concepts_say_why_and_what_stands_for_them(concepts: tuple[DemoConcept, ...]) -> None:
    retired = [concept for concept in concepts if concept.retired]
    assert len(retired) >= 12
    assert {key for concept in retired for key, _ in concept.successors} == {
        "same_as",
        "replaced_by",
        "possibly_equivalent_to",
    }
    assert {concept.retired for concept in retired} == {"duplicado", "anticuado", "ambiguo", "erróneo"}


def test_what_meets_a_definition_is_below_the_defined_concept(concepts: tuple[DemoConcept, ...]) -> None:
    """A classifier in small: parents and attributes of a defined concept are sufficient conditions."""
    active = {concept.preferred: concept for concept in concepts if not concept.retired}
    above: dict[str, set[str]] = {}

    def at_or_above(term: str) -> set[str]:
        if term not in above:
            above[term] = {term}.union(*(at_or_above(parent) for parent in active[term].parents))
        return above[term]

    def values(concept: DemoConcept) -> set[tuple[str, str]]:
        return {(key, value) for key, found in concept.attributes for value in found}

    met = {
        term: {
            (key, general)
            for ancestor in at_or_above(term)
            for key, value in values(active[ancestor])
            for general in at_or_above(value)
        }
        for term in active
    }
    misplaced = [
        f"{term} is not below {defined.preferred}"
        for defined in active.values()
        if defined.defined
        for term in active
        if at_or_above(term).issuperset(defined.parents)
        and met[term] >= values(defined)
        and defined.preferred not in at_or_above(term)
    ]
    assert misplaced == []


def test_parents_are_medically_right_where_medicine_has_several(concepts: tuple[DemoConcept, ...]) -> None:
    parents = {concept.preferred: set(concept.parents) for concept in concepts}
    assert parents["neumonía bacteriana"] == {"neumonía infecciosa", "infección bacteriana"}
    assert parents["neumonía infecciosa"] == {"neumonía", "enfermedad infecciosa"}
    assert parents["nefropatía diabética"] == {"nefropatía", "complicación de la diabetes mellitus"}


# Errors


GOOD = """
- {item: 1, fsn: raíz (concepto raíz), sctid: "138875005"}
- {item: 2, fsn: hallazgo clínico (hallazgo), parents: [raíz]}
- {item: 3, fsn: enfermedad (trastorno), parents: [hallazgo clínico]}
- {item: 4, fsn: cardiopatía (trastorno), parents: [enfermedad], icd10: [I51.9]}
"""


def broken(text: str) -> str:
    with pytest.raises(DemoSourceError) as caught:
        check(tuple(parse(text, "cardiology.yaml")))
    assert caught.value.__class__ is DemoSourceError
    return str(caught.value)


def test_the_good_example_is_good() -> None:
    check(tuple(parse(GOOD, "cardiology.yaml")))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{item: 5, fsn: angina (trastorno), parents: [cardiopatia]}",
            "item 5: `parents` names 'cardiopatia', which is the preferred term of no active concept",
        ),
        (
            "{item: 4, fsn: angina (trastorno), parents: [cardiopatía]}",
            "item 4: the item of 'angina (trastorno)' is that of cardiology.yaml, item 4 too",
        ),
        (
            "{item: 5, fsn: Cardiopatía (trastorno), preferred: otra, parents: [enfermedad]}",
            "item 5: the FSN of 'Cardiopatía (trastorno)' is that of cardiology.yaml, item 4 too",
        ),
        (
            "{item: 5, fsn: cardiopatía (hallazgo), parents: [hallazgo clínico]}",
            "item 5: the preferred term of 'cardiopatía (hallazgo)' is that of cardiology.yaml, item 4 too",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [cardiopatía, enfermedad]}",
            "item 5: the parent 'enfermedad' is an ancestor of 'cardiopatía'; remove it",
        ),
        ("{item: 5, fsn: angina (trastorno)}", "item 5: 'angina (trastorno)' has no parent"),
        ("{item: 5, fsn: angina, parents: [enfermedad]}", "item 5: `fsn` should end with a semantic tag"),
        ("{item: 5, parents: [enfermedad]}", "item 5: `fsn` should end with a semantic tag"),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], icd10: [I2O.9]}",
            "item 5: 'I2O.9' is not an ICD-10 code",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], sinonimos: [ángor]}",
            "item 5: `sinonimos` is no key",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], synonyms: [ángor, ángor]}",
            "item 5: the term 'ángor' is there twice",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], synonyms: [no]}",
            "item 5: `synonyms` holds False, which should be text; quote it",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: enfermedad}",
            "item 5: `parents` should be a list",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], finding_site: [cardiopatía]}",
            "item 5: 'cardiopatía (trastorno)' cannot be a `finding_site`",
        ),
        (
            "{item: 5, fsn: angina (trastorno), parents: [enfermedad], method: [cardiopatía]}",
            "item 5: `method` does not go with the tag 'trastorno'",
        ),
        (
            "{item: 5, fsn: fiebre (hallazgo), parents: [enfermedad]}",
            "item 5: 'fiebre (hallazgo)' cannot have 'enfermedad (trastorno)' as a parent",
        ),
        (
            "{item: 5, fsn: angina (trastorno), retired: duplicado}",
            "item 5: a retired concept has `retired` and one of",
        ),
        (
            "{item: 5, fsn: angina (trastorno), retired: viejo, same_as: [cardiopatía]}",
            "item 5: `retired` should be one of",
        ),
        (
            '{item: 5, fsn: angina (trastorno), parents: [enfermedad], sctid: "24700008"}',
            "item 5: '24700008' is not the SCTID of a concept",
        ),
        ("{item: 100000, fsn: angina (trastorno)}", "entry 5: `item` should be a number from 1 to 99999"),
        ("angina", "entry 5: an entry is a list of keys and values"),
    ],
)
def test_an_error_names_the_file_the_entry_and_the_rule(entry: str, message: str) -> None:
    said = broken(f"{GOOD}- {entry}\n")
    assert said.startswith("cardiology.yaml, ")
    assert message in said


def test_a_cycle_is_told_with_its_path() -> None:
    said = broken(
        GOOD
        + "- {item: 5, fsn: a (trastorno), parents: [b]}\n"
        + "- {item: 6, fsn: b (trastorno), parents: [a]}\n"
    )
    assert said == "cardiology.yaml, item 5: the parents go round: a → b → a; remove one of them."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- item: [", "cardiology.yaml is not YAML: "),
        ("item: 5", "cardiology.yaml should be a list of entries"),
        ("", "cardiology.yaml should be a list of entries"),
    ],
)
def test_what_is_no_list_of_entries_is_told(text: str, message: str) -> None:
    assert broken(text).startswith(message)


def test_a_folder_of_corrected_files_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("- {item: 7, fsn: b (trastorno)}", "utf-8")
    (tmp_path / "a.yaml").write_text("- {item: 9, fsn: a (trastorno)}", "utf-8")
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    assert [(concept.item, concept.origin) for concept in read(tmp_path)] == [
        (7, "b.yaml, item 7"),
        (9, "a.yaml, item 9"),
    ]


# The package


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
    assert [r for r in records if isinstance(r, Succession) and r.retired == retired] == [
        Succession(retired, the_concept(records, "diabetes mellitus tipo 2"), SuccessionKind.REPLACED_BY)
    ]


def test_the_loader_reads_the_zip_as_the_folder(records: list[Record], tmp_path: Path) -> None:
    archive = demo.render(tmp_path, zipped=True)
    assert list(load(archive).records) == records
