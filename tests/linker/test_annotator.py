"""Documents become annotations: in order, linked together, each with its offsets, narrowed by type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from clinic import ANGINA, ASTHMA, BRONCHITIS, COLIC, COVID, INFARCTION

from linker.annotation.annotator import Annotator
from linker.annotation.dictionary import Dictionary
from linker.annotation.mention_types import MentionTypes
from linker.annotation.model import (
    AnnotatedDocument,
    Assertion,
    Document,
    MentionContext,
    Source,
    Span,
    Trigger,
)
from linker.annotation.records import annotated, json_line, record
from linker.model import Linking, Reason
from linker.model import Path as Way
from linker.pipeline import Linker

DOCUMENTS = [
    Document("1", "Asma y asma.\r\nAtaque al corazón\t(😀)."),
    Document("2", "Nada."),
    Document("3", "Angina de pecho (AP). AP de nuevo; asma."),
]


class Negating:
    """Says of every mention that the first word of its document negates it."""

    def contexts(self, text: str, spans: Sequence[Span]) -> list[MentionContext]:
        return [MentionContext((Trigger(Assertion.NEGATED, 0, 4),), "ANTECEDENTES") for _ in spans]


class Counting(Linker):
    """A linker that keeps what it was asked."""

    asked: list[list[str]]

    def link(self, mentions: Sequence[str], **how: object) -> list[Linking]:  # type: ignore[override]
        self.asked.append(list(mentions))
        return super().link(mentions, **how)  # type: ignore[arg-type]


@pytest.fixture
def counting(linker: Linker) -> Counting:
    counting = Counting(linker.retriever, linker.reranker)
    counting.asked = []
    return counting


@pytest.fixture(scope="session")
def dictionary(index_folder: Path) -> Dictionary:
    return Dictionary.open(index_folder)


def test_documents_are_annotated_in_order(linker: Linker, dictionary: Dictionary) -> None:
    annotator = Annotator([dictionary], Negating(), linker)
    for at_once in (1, 2, 16):
        found = list(annotator.annotate(iter(DOCUMENTS), at_once))
        assert [one.document for one in found] == DOCUMENTS
        assert [[(one.text, one.decision.id) for one in each.annotations] for each in found] == [
            [("Asma", ASTHMA), ("asma", ASTHMA), ("Ataque al corazón", INFARCTION)],
            [],
            [("Angina de pecho", ANGINA), ("AP", ANGINA), ("AP", ANGINA), ("asma", ASTHMA)],
        ]
        for each in found:
            for one in each.annotations:
                assert each.document.text[one.span.start : one.span.end] == one.text
                assert one.context.has(Assertion.NEGATED)


def test_a_repeated_mention_of_a_document_is_linked_once(counting: Counting, dictionary: Dictionary) -> None:
    list(Annotator([dictionary], None, counting).annotate([Document("1", "asma, asma; asma")]))
    assert counting.asked == [["asma"]]


def test_what_came_with_a_document_is_linked(linker: Linker) -> None:
    text = "ataque, brusco, al corazón"
    spans = (
        Span(0, 26, "x", Source.GIVEN, fragments=((0, 6), (16, 26))),
        Span(8, 14, "", Source.GIVEN),
    )
    (found,) = Annotator([], None, linker).annotate([Document("1", text, spans)])
    assert [(one.span, one.text) for one in found.annotations] == [
        (spans[0], "ataque al corazón"),
        (spans[1], "brusco"),
    ]
    assert found.annotations[0].decision.id == INFARCTION
    assert all(one.candidates for one in found.annotations)
    (blank,) = Annotator([], None, linker).annotate([Document("1", "x  y", (Span(1, 3, "", Source.GIVEN),))])
    assert blank.annotations == ()


def test_the_type_narrows_semantic_tags_where_a_concept_is_chosen_there(counting: Counting) -> None:
    # `cólico` is a concept without a tag; the only tag of the release is `trastorno`.
    def chosen(type: str, text: str = "cólico") -> str | None:
        document = Document("1", text, (Span(0, len(text), type, Source.GIVEN),))
        (found,) = Annotator([], None, counting, min_probability=0.0).annotate([document])
        return found.annotations[0].decision.id

    assert chosen("") == COLIC
    assert chosen("procedure") == COLIC
    assert len(counting.asked) == 2
    assert chosen("disorder", "asma") == ASTHMA
    assert len(counting.asked) == 3, "a concept of the type needs no second look"
    assert chosen("disorder") == COLIC, "a term that is the mention stands where none of the type is"
    assert counting.asked[3:] == [["cólico"], ["cólico"]]
    disorders = (INFARCTION, ANGINA, ASTHMA, COVID, BRONCHITIS)
    assert chosen("", "año malo") not in disorders
    assert chosen("disorder", "año malo") in disorders


def test_a_span_that_is_no_mention_is_not_linked(linker: Linker) -> None:
    document = Document("1", "a" * 1200, (Span(0, 1100, "disorder", Source.GIVEN),))
    (found,) = Annotator([], None, linker).annotate([document])
    (one,) = found.annotations
    assert (one.candidates, one.decision.path, one.decision.reason) == ((), Way.NONE, Reason.NOTHING_CLOSE)


def test_records_hold_all_but_the_text(linker: Linker, dictionary: Dictionary) -> None:
    given = Document("4", "asma o cólico", (Span(0, 13, "x", Source.GIVEN, fragments=((0, 4), (7, 13))),))
    for one in Annotator([dictionary], Negating(), linker).annotate([*DOCUMENTS, given]):
        line = json_line(one)
        again = annotated(json.loads(line), one.document.text)
        assert again == AnnotatedDocument(Document(one.document.id, one.document.text), one.annotations)
        assert line.startswith(f'{{"doc": "{one.document.id}", "annotations": [')
        assert line.endswith("]}\n")


def test_a_record_has_the_fields_that_programs_read(linker: Linker, dictionary: Dictionary) -> None:
    (found,) = Annotator([dictionary], None, linker, top_k=2).annotate([Document("1", "Asma.")])
    told = record(found)
    assert list(told) == ["doc", "annotations"]
    (one,) = told["annotations"]
    assert (one["start"], one["end"], one["text"], one["type"]) == (0, 4, "Asma", "disorder")
    assert one["context"] == {
        "negated": False,
        "uncertain": False,
        "historical": False,
        "family": False,
        "hypothetical": False,
        "section": "",
        "triggers": [],
    }
    assert len(one["candidates"]) == 2
    assert one["candidates"][0]["id"] == ASTHMA
    assert one["decision"]["path"] == "folded"


def test_the_table_of_types_is_sound() -> None:
    types = MentionTypes.open()
    assert types.of("trastorno") == "disorder"
    assert types.of("calificador") is None
    assert types.of("estructura corporal") == "estructura corporal"
    assert types.of("") == ""
    assert {"trastorno", "hallazgo"} <= types.tags_of("disorder")
    assert types.tags_of("estructura corporal") == {"estructura corporal"}
    assert types.tags_of("") == frozenset()
