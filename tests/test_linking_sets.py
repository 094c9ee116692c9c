"""The sets that linking is measured on: no gold document in training, the sizes known, is-a read off the codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpora import codiesp_dev_documents
from benchmarks.linking_sets import (
    SETS,
    LinkingSet,
    code_above,
    codiesp_diagnoses,
    ecieo,
    snomed_mapped,
    snomed_mentions,
)
from graph.model import Concept, Mapping, Relation, Term
from linker.mentions import GoldMention

#: Of each set: gold mentions and training mentions.
SIZES = {
    "distemist-hpo-terms": (551, 1106),
    "distemist-hpo-terms-and-mentions": (551, 1106),
    "cantemist": (2660, 9737),
    "distemist": (1305, 4626),
    "medprocner": (1431, 4626),
    "distemist-mapped": (1305, 4626),
    "medprocner-mapped": (1431, 4626),
}


(MEDPROCNER,) = (one for one in SETS if one.name == "medprocner")


@pytest.fixture(params=SETS, ids=lambda one: one.name)
def one(request: pytest.FixtureRequest) -> LinkingSet:
    found: LinkingSet = request.param
    return found


def test_gold_documents_are_in_no_training(one: LinkingSet, data_folder: Path) -> None:
    gold, training = one.gold(data_folder), one.training(data_folder)
    assert (len(gold), len(training)) == SIZES[one.name]
    documents = {mention.document for mention in gold}
    for known in (training, one.scope(data_folder) if one.scope else []):
        assert not documents & {mention.document for mention in known}
    if one.name != "cantemist":
        held_apart = codiesp_dev_documents(data_folder)
        assert documents <= held_apart
        assert not held_apart & {mention.document for mention in training}
    assert all((data_folder / name).is_file() for name in one.files)


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("8140/31/H", "8140/31"),
        ("8140/31", "8140/3"),
        ("8140/3/H", "8140/3"),
        ("8140/34/H", "8140/3"),  # 8140/34 is no code here
        ("8140/3", None),
    ],
)
def test_is_a_is_read_off_the_codes(code: str, above: str | None) -> None:
    assert code_above(code, {"8140/3", "8140/31", "8140/3/H", "8140/31/H", "8141/3"}) == above


def test_ecieo_has_every_valid_code(data_folder: Path) -> None:
    records = list(ecieo(data_folder))
    ids = {record.id for record in records if isinstance(record, Concept)}
    assert len(ids) == 58_062
    assert len({record.concept for record in records if isinstance(record, Term)}) == 4_205
    relations = [record for record in records if isinstance(record, Relation)]
    assert len(relations) == len({relation.source for relation in relations})
    for relation in relations:
        assert relation.target in ids
        assert relation.source.startswith(relation.target)


def test_snomed_codes_are_named_by_training_mentions_alone(data_folder: Path) -> None:
    records = list(snomed_mentions(data_folder))
    ids = {record.id for record in records if isinstance(record, Concept)}
    assert all(id.removeprefix("SNOMEDCT:").isdigit() for id in ids)
    training = MEDPROCNER.training(data_folder)
    said = {(mention.codes[0], mention.span) for mention in training}
    assert {(record.concept, record.text) for record in records if isinstance(record, Term)} == said
    gold: list[GoldMention] = MEDPROCNER.gold(data_folder)
    assert any(not mention.coded for mention in gold)
    assert any(mention.composite for mention in gold)


def test_what_snomed_codes_map_to_is_said_by_training_documents(data_folder: Path) -> None:
    own, mapped = list(snomed_mentions(data_folder)), list(snomed_mapped(data_folder))
    assert mapped[: len(own)] == own
    ids = {record.id for record in own if isinstance(record, Concept)}
    maps = [record for record in mapped[len(own) :] if isinstance(record, Mapping)]
    assert len(maps) == len(set(maps)) == len(mapped) - len(own)
    assert {one.concept for one in maps} <= ids
    assert {one.target.partition(":")[0] for one in maps} == {"MESH", "OMIM", "HP", "ICD10CM"}
    assert Mapping("SNOMEDCT:74400008", "ICD10CM:K37") in maps


def test_codiesp_names_diagnoses_in_its_training_documents(data_folder: Path) -> None:
    records = list(codiesp_diagnoses(data_folder))
    assert all(record.id.startswith("ICD10CM:") for record in records if isinstance(record, Concept))
    evidence = (data_folder / "codiesp" / "trainX.tsv").read_text("utf-8")
    terms = [record for record in records if isinstance(record, Term)]
    assert terms
    assert all(f"\t{term.text}\t" in evidence for term in terms[:200])
