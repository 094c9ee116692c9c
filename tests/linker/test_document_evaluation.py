"""Spans and codes of whole documents are counted as the figures say, and gold is read from every corpus."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from clinic import ASTHMA, COLIC, INFARCTION
from hypothesis import given
from hypothesis import strategies as st
from written_dictionary import dictionary

from linker.annotation.annotator import Annotator
from linker.annotation.dictionary import Dictionary
from linker.annotation.model import Document
from linker.errors import MentionFileError
from linker.evaluation.document_gold import GoldSpan, documents_named, read_gold
from linker.evaluation.document_runs import evaluate_documents
from linker.evaluation.documents import (
    ALL,
    CODES,
    FIRST,
    OF_DOCUMENTS,
    OVERLAPPING,
    STRICT,
    Counts,
    FoundSpan,
    counted,
    figures,
)
from linker.pipeline import Linker

GOLD = [
    GoldSpan("1", 0, 5, "disorder", ("X:1",)),
    GoldSpan("1", 10, 20, "disorder", ("X:2", "X:3")),
    GoldSpan("1", 30, 35, "symptom", ("X:1+X:2",)),
    GoldSpan("1", 40, 45, "symptom", ()),
]
FOUND = [
    FoundSpan(0, 5, "disorder", "X:1", "X:1"),
    FoundSpan(10, 15, "disorder", "X:2", "X:2"),
    FoundSpan(16, 18, "disorder", None, "X:3"),
    FoundSpan(30, 35, "disorder", "X:2", "X:2"),
    FoundSpan(40, 45, "", "X:9", "X:9"),
    FoundSpan(60, 65, "procedure", "X:9", "X:9"),
    FoundSpan(70, 75, "symptom", "X:2", "X:2"),
]


def test_spans_and_codes_are_counted() -> None:
    counts = counted(FOUND, GOLD, ("disorder", "symptom"), codes=True)
    # The procedure is not counted: nobody looked for one.
    assert counts[ALL, STRICT] == Counts(2, 6, 2, 4)
    assert counts["disorder", STRICT] == Counts(1, 5, 1, 2)
    assert counts["symptom", STRICT] == Counts(1, 2, 1, 2)
    assert counts[ALL, OVERLAPPING] == Counts(4, 6, 3, 4)
    # The mention without a code does not count, nor what was found there; the composite is missed.
    assert counts[ALL, CODES] == Counts(1, 4, 1, 3)
    assert counts[ALL, FIRST] == Counts(1, 5, 1, 3)
    assert counts[ALL, OF_DOCUMENTS] == Counts(2, 2, 2, 3)


def test_a_document_without_gold_has_wrong_spans() -> None:
    counts = counted(FOUND[:1], [], ("disorder", "symptom"), codes=False)
    assert counts == {
        (ALL, STRICT): Counts(0, 1, 0, 0),
        (ALL, OVERLAPPING): Counts(0, 1, 0, 0),
        ("disorder", STRICT): Counts(0, 1, 0, 0),
        ("disorder", OVERLAPPING): Counts(0, 1, 0, 0),
        ("symptom", STRICT): Counts(0, 0, 0, 0),
        ("symptom", OVERLAPPING): Counts(0, 0, 0, 0),
    }


def test_one_type_is_told_once_and_intervals_hold_the_value() -> None:
    documents = [
        {(type, STRICT): Counts(right, 4, right, 5) for type in (ALL, "disorder")} for right in (0, 1, 2, 4)
    ]
    told = figures(documents)
    assert list(told) == ["disorder"]
    one = told["disorder"][STRICT]
    assert one.counts == Counts(7, 16, 7, 20)
    assert one.precision.value == pytest.approx(7 / 16)
    assert one.recall.value == pytest.approx(7 / 20)
    assert one.f1.value == pytest.approx(2 * 7 / 36)
    for estimate in (one.precision, one.recall, one.f1):
        assert estimate.low < estimate.value < estimate.high
    assert figures([]) == {}


SPANS = st.lists(
    st.builds(
        lambda start, length, type, code: FoundSpan(start, start + length, type, code, code),
        st.integers(0, 20),
        st.integers(1, 6),
        st.sampled_from(["disorder", "symptom"]),
        st.sampled_from(["X:1", "X:2"]),
    ),
    max_size=8,
    unique_by=lambda one: (one.start, one.end),
)


@given(SPANS, SPANS)
def test_counts_agree_with_sets(found: list[FoundSpan], marked: list[FoundSpan]) -> None:
    gold = [GoldSpan("1", one.start, one.end, one.type, (str(one.chosen),)) for one in marked]
    counts = counted(found, gold, ("disorder", "symptom"), codes=True)
    same = {(one.start, one.end, one.type) for one in found} & {
        (one.start, one.end, one.type) for one in gold
    }
    assert counts[ALL, STRICT] == Counts(len(same), len(found), len(same), len(gold))
    coded = {(one.start, one.end, one.chosen) for one in found} & {
        (one.start, one.end, one.chosen) for one in marked
    }
    assert counts[ALL, CODES] == Counts(len(coded), len(found), len(coded), len(gold))
    over = counts[ALL, OVERLAPPING]
    assert over.found_right >= len(same)
    assert (over.found_right == 0) == (over.gold_right == 0)
    everything = counted([FoundSpan(g.start, g.end, g.type) for g in gold], gold, (), codes=False)
    assert everything[ALL, STRICT] == Counts(len(gold), len(gold), len(gold), len(gold))
    shares = figures([counts])
    assert all(
        np.isfinite([x.value, x.low, x.high]).all()
        for by in shares.values()
        for one in by.values()
        for x in (one.precision, one.recall, one.f1)
    )


def test_systems_are_measured_beside_each_other(linker: Linker, index_folder: Path) -> None:
    documents = [
        Document("es-a", "Asma y ataque al corazón."),
        Document("b", "Cólico."),
        Document("c", "asma"),
        Document("b", "twice"),
    ]
    gold = {
        "a": [GoldSpan("a", 0, 4, "", (ASTHMA,)), GoldSpan("a", 7, 24, "", (INFARCTION,))],
        "b": [GoldSpan("b", 0, 6, "", (ASTHMA,))],
        "d": [GoldSpan("d", 0, 6, "", (COLIC,))],
    }
    systems = {"all": [Dictionary.open(index_folder)], "asthma": [dictionary("asma")]}
    annotator = Annotator([], None, linker)
    done: list[int] = []
    found = evaluate_documents(documents, gold, systems, annotator, release="clinic", told=done.append)
    assert (found.documents, found.without_text, found.mentions, found.coded, done) == (2, 1, 3, 3, [2])
    assert found.systems["all"][ALL][STRICT].counts == Counts(3, 3, 3, 3)
    assert found.systems["all"][ALL][CODES].counts == Counts(2, 3, 2, 3)
    assert found.systems["asthma"][ALL][STRICT].counts == Counts(1, 1, 1, 3)
    more = evaluate_documents(documents, gold, systems, None, release="clinic", all_documents=True)
    assert more.documents == 3
    assert more.systems["asthma"][ALL][STRICT].counts == Counts(1, 2, 1, 3)
    assert list(more.systems["asthma"][ALL]) == [STRICT, OVERLAPPING]
    assert json.loads(json.dumps(more.as_json()))["systems"]["asthma"][ALL][STRICT]["found"] == 2


def test_gold_with_codes(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text(
        "filename\tmark\tlabel\toff0\toff1\tspan\tcode\tsemantic_rel\n"
        "es-1\tT1\tENFERMEDAD\t0\t4\tasma\t195967001\tEXACT\n"
        "es-1\tT2\tENFERMEDAD\t9\t12\ttos\tNO_CODE\tEXACT\n"
        "es-2\tT1\tENFERMEDAD\t0\t9\tasma y tos\t1|2+3\tCOMPOSITE\n"
    )
    assert list(read_gold(path)) == [
        GoldSpan("1", 0, 4, "disorder", ("SNOMEDCT:195967001",)),
        GoldSpan("1", 9, 12, "disorder", ()),
        GoldSpan("2", 0, 9, "disorder", ("SNOMEDCT:1", "SNOMEDCT:2+SNOMEDCT:3")),
    ]


def test_gold_without_codes(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text("filename\tann_id\tlabel\tstart_span\tend_span\ttext\n1\tT1\tSINTOMA\t0\t3\ttos\n")
    assert list(read_gold(path)) == [GoldSpan("1", 0, 3, "symptom")]
    path.write_text("doc\tstart\tend\tspan\n1\t0\t3\ttos\n")
    assert list(read_gold(path)) == [GoldSpan("1", 0, 3, "")]
    assert list(read_gold(path, type="symptom")) == [GoldSpan("1", 0, 3, "symptom")]
    path.write_text("doc\tstart\tend\tspan\tcode\n1\t0\t3\ttos\t8000/1\n")
    assert list(read_gold(path)) == [GoldSpan("1", 0, 3, "morphology", ("ECIEO:8000/1",))]


def test_gold_of_a_brat_folder(tmp_path: Path) -> None:
    (tmp_path / "1.ann").write_text(
        "T1\tMORFOLOGIA_NEOPLASIA 0 9\tcarcinoma\n#1\tAnnotatorNotes T1\t8010/3\nT2\tOTRO 12 15\ttos\n"
    )
    assert list(read_gold(tmp_path)) == [
        GoldSpan("1", 0, 9, "morphology", ("ECIEO:8010/3",)),
        GoldSpan("1", 12, 15, "OTRO", ()),
    ]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(MentionFileError, match="cannot be read"):
        list(read_gold(tmp_path / "none.tsv"))
    (tmp_path / "list").write_text("es-1\tx\n\n2\n")
    assert documents_named(tmp_path / "list") == {"1", "2"}
    with pytest.raises(MentionFileError, match="cannot be read"):
        documents_named(tmp_path / "none")
