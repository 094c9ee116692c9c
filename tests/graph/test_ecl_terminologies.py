"""The same language over what the loaders make of SNOMED CT, the UMLS and an ontology, held to the slow evaluator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from both_evaluators import BothEvaluators
from slow_ecl import UnknownId

from benchmarks.synthetic_rf2 import Shape, make_terminology, write
from benchmarks.synthetic_rrf import write_release
from graph.batches import RecordBatch, records_of
from graph.ecl.parser import parse
from graph.ladybug_builder import LadybugBuilder
from graph.ladybug_store import LadybugStore
from graph.model import Record
from loaders.formats import load

EXPRESSIONS = 60
Open: TypeAlias = Callable[[Path], BothEvaluators]

ONTOLOGY = """format-version: 1.4
ontology: hp

[Term]
id: HP:0000001
name: all

[Term]
id: HP:0001626
name: abnormality of the heart
is_a: HP:0000001

[Term]
id: HP:0001627
name: abnormal heart shape
is_a: HP:0001626
relationship: RO:0002314 UBERON:0000948
relationship: RO:0002314 PATO:0000052

[Term]
id: HP:0001640
name: large heart
is_a: HP:0001627
relationship: RO:0002314 UBERON:0002349
relationship: BFO:0000050 HP:0001626

[Term]
id: HP:0009999
name: old heart
is_obsolete: true
replaced_by: HP:0001640

[Term]
id: UBERON:0000948
name: heart

[Term]
id: UBERON:0002349
name: heart muscle
is_a: UBERON:0000948

[Term]
id: PATO:0000052
name: shape

[Typedef]
id: RO:0002314
name: characteristic of part of

[Typedef]
id: BFO:0000050
name: part of
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    stores: list[LadybugStore] = []

    def opened(path: Path) -> BothEvaluators:
        records: dict[Record, None] = {}
        for given in load(path).records:
            records |= dict.fromkeys(records_of(given) if isinstance(given, RecordBatch) else [given])
        file = tmp_path_factory.mktemp("store") / "graph.lbug"
        builder = LadybugBuilder.open(file)
        builder.add(records)
        builder.finish()
        stores.append(LadybugStore.open(file))
        return BothEvaluators.of(list(records), stores[-1])

    yield opened
    for store in stores:
        store.close()


@pytest.fixture(scope="module")
def ontology(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> BothEvaluators:
    path = tmp_path_factory.mktemp("ontology") / "hp.obo"
    path.write_text(ONTOLOGY, "utf-8")
    return opened(path)


def test_snomed_ct(opened: Open, tmp_path: Path) -> None:
    write(make_terminology(Shape(400, seed=5)), tmp_path)
    opened(tmp_path).check_expressions(EXPRESSIONS, depth=2)


def test_the_umls(opened: Open, tmp_path: Path) -> None:
    both = opened(write_release(tmp_path, 150, seed=5))
    both.check_expressions(EXPRESSIONS, depth=2)
    types = {row.target for rows in both.slow.rows.values() for row in rows if row.type == "UMLS:STY"}
    assert len(types) > 3
    every = set[str]()
    for type in types:
        answer = both.answer(parse(f"* : UMLS:STY = {type}"))
        assert isinstance(answer, frozenset)
        assert answer == both.slow_answer(parse(f"* : UMLS:STY = {type}"))
        every |= answer
        # A semantic type is no concept: it can be named as a value, and is in no answer.
        assert both.answer(parse(type)) is both.slow_answer(parse(type)) is UnknownId
    assert every == both.answer(parse("* : UMLS:STY = *")) == both.answer(parse("*"))
    assert both.answer(parse("* . UMLS:STY")) == frozenset()
    assert both.answer(parse("* : UMLS:STY = (* . UMLS:STY)")) == every


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("<< HP:0001626", {"HP:0001626", "HP:0001627", "HP:0001640"}),
        ("* : RO:0002314 = UBERON:0000948", {"HP:0001627"}),
        ("* : RO:0002314 = << UBERON:0000948", {"HP:0001627", "HP:0001640"}),
        ("* : RO:0002314 != UBERON:0000948", {"HP:0001627", "HP:0001640"}),
        ("* : [2..*] RO:0002314 = *", {"HP:0001627"}),
        ("<< HP:0001626 : [0..0] RO:0002314 = *", {"HP:0001626"}),
        ("* : R BFO:0000050 = HP#0001640", {"HP:0001626"}),
        ("HP:0001640 . BFO:0000050", {"HP:0001626"}),
        ("HP:0001627 . RO:0002314", {"UBERON:0000948", "PATO:0000052"}),
        ("* : RO:0002314 = < (HP:0001627 . RO:0002314)", {"HP:0001640"}),
        ("HP:0001640 {{ + HISTORY-MOD }}", {"HP:0001640", "HP:0009999"}),
        ('* {{ term = "hea lar" }}', {"HP:0001640"}),
    ],
)
def test_an_ontology(ontology: BothEvaluators, expression: str, ids: set[str]) -> None:
    assert ontology.answer(parse(expression)) == ids
    assert ontology.slow_answer(parse(expression)) == ids
