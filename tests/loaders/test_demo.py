from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from loaders import demo
from loaders.demo import DemoConcept, DemoSourceError
from loaders.demo.release import ENGLISH_TAGS
from loaders.demo.soundness import RANGES, check
from loaders.demo.source import ATTRIBUTES, parse, read

CLINICAL_TAGS = {
    "trastorno": 450,
    "hallazgo": 110,
    "procedimiento": 90,
    "estructura corporal": 70,
    "anomalía morfológica": 25,
    "sustancia": 45,
    "organismo": 25,
}


@pytest.fixture(scope="module")
def concepts() -> tuple[DemoConcept, ...]:
    return demo.concepts()


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
