"""The mentions of a document linked together, in a release with semantic tags: the demonstration's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.annotating import DICTIONARY, AnnotateOptions, opened_annotator
from graph.release import ReleaseHome
from linker.annotation.annotator import Annotator
from linker.annotation.model import Annotation, Document, Source, Span
from linker.model import Path as Way
from linker.model import Reason


@pytest.fixture(scope="module")
def annotator(home: ReleaseHome) -> Iterator[Annotator]:
    """The dictionary of the demonstration release."""
    with opened_annotator(home.folder("demo") / "index", AnnotateOptions((DICTIONARY,))) as annotator:
        yield annotator


@pytest.fixture(scope="module")
def marked(home: ReleaseHome) -> Iterator[Annotator]:
    """What finds no mention, and links those that documents bring."""
    with opened_annotator(home.folder("demo") / "index", AnnotateOptions(())) as annotator:
        yield annotator


def found(annotator: Annotator, text: str) -> dict[str, list[str]]:
    """The preferred terms chosen for each mention, in the order of the text."""
    told: dict[str, list[str]] = {}
    for one in annotator.annotate_batch([Document("", text)])[0].annotations:
        assert text[one.span.start : one.span.end] == one.text
        assert one.candidates
        told.setdefault(one.text, []).append(name(one))
    return told


def name(one: Annotation) -> str:
    """The preferred term of the chosen concept, or why none is chosen."""
    assert (one.decision.path is Way.NONE) == (one.chosen is None)
    return one.chosen.preferred_term if one.chosen else one.decision.reason.value


def typed(annotator: Annotator, mention: str, type: str) -> str:
    """What a mention of a type is taken for where nothing else is said."""
    text = f"Paciente con {mention}."
    span = Span(13, 13 + len(mention), type, Source.GIVEN)
    (one,) = annotator.annotate_batch([Document("", text, (span,))])[0].annotations
    return name(one)


def test_an_abbreviation_means_what_its_document_defines_wherever_it_stands(annotator: Annotator) -> None:
    renal = found(annotator, "La IRA es previa. Insuficiencia renal aguda (IRA). La IRA mejora.")
    assert renal["IRA"] == ["insuficiencia renal aguda"] * 3
    other = found(annotator, "Infección respiratoria aguda (IRA). La IRA mejora.")
    assert other["IRA"] == ["infección respiratoria aguda"] * 2


def test_documents_read_together_keep_their_own_meanings(annotator: Annotator) -> None:
    texts = ["Insuficiencia renal aguda (IRA). IRA.", "Infección respiratoria aguda (IRA). IRA.", "IRA."]
    documents = [Document(str(place), text) for place, text in enumerate(texts)]
    told = [[name(one) for one in each.annotations] for each in annotator.annotate_batch(documents)]
    assert told == [
        ["insuficiencia renal aguda"] * 3,
        ["infección respiratoria aguda"] * 3,
        [Reason.TIE.value],
    ]


def test_the_reading_that_stands_in_the_text_decides(annotator: Annotator) -> None:
    assert found(annotator, "HD previa.")["HD"] == [Reason.TIE.value]
    told = found(annotator, "Ingresa por hemorragia digestiva. Nueva HD esta noche.")
    assert told["HD"] == ["hemorragia digestiva"]


@pytest.mark.parametrize(
    ("mention", "type", "chosen"),
    [
        ("HD", "", Reason.TIE.value),
        ("HD", "procedure", "hemodiálisis"),
        ("HD", "disorder", "hemorragia digestiva"),
        ("DP", "procedure", "diálisis peritoneal"),
        ("infarto", "disorder", "infarto agudo de miocardio"),
        ("infarto", "morphology", "infarto"),
        ("EP", "disorder", Reason.TIE.value),
    ],
)
def test_the_type_decides_between_concepts_of_different_tags(
    marked: Annotator, mention: str, type: str, chosen: str
) -> None:
    assert typed(marked, mention, type) == chosen
