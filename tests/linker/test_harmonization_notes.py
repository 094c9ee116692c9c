"""From what a document's mentions say to what the document says of variables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harmonization_release import VARIABLES, opened

from graph.ecl.content import Content
from linker.annotation.context import ContextRules
from linker.annotation.model import AnnotatedDocument, Annotation, Document, Source, Span
from linker.harmonization.notes import NoteVariables, VariableInNote, counted
from linker.harmonization.variables import VariableTable
from linker.model import Candidate, Decision, Path, Reason, StageScores

NAMES = {
    "diabetes tipo 1": "X:03",
    "diabetes tipo 2": "X:04",
    "diabetes": "X:02",
    "retinopatía diabética": "X:06",
    "catarata": "X:07",
    "fractura": "X:08",
}
RULES = ContextRules.open()


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteVariables]:
    with opened(tmp_path_factory.mktemp("home")) as release:
        content = Content.of(release.store, release.hierarchy)
        yield NoteVariables(VariableTable(VARIABLES, content))


def annotated(text: str, *, chosen: bool = True, probability: float = 0.9) -> AnnotatedDocument:
    """A document whose mentions are the names in it, the longest first, with the context that the rules read."""
    spans: list[Span] = []
    folded = text.lower()
    for name in NAMES:
        at = folded.find(name)
        while at >= 0:
            if not any(one.start <= at < one.end for one in spans):
                spans.append(Span(at, at + len(name), "disorder", Source.GIVEN))
            at = folded.find(name, at + 1)
    spans.sort(key=lambda span: span.start)
    annotations = []
    for span, context in zip(spans, RULES.contexts(text, spans), strict=True):
        id = NAMES[span.of(folded)]
        candidate = Candidate(
            id, span.of(folded), span.of(folded), span.of(text), 1.0, StageScores(), Path.EXACT
        )
        decision = (
            Decision(id, Path.EXACT, Reason.CHOSEN, probability)
            if chosen
            else Decision(None, Path.NONE, Reason.TIE, probability)
        )
        annotations.append(Annotation(span, span.of(text), context, (candidate,), decision))
    return AnnotatedDocument(Document("d", text), tuple(annotations))


def told(variables: NoteVariables, text: str) -> dict[str, tuple[str, ...]]:
    return {
        one.variable: (one.status.value, *(assertion.value for assertion in one.detail))
        for one in variables.of(annotated(text))
    }


def only(variables: NoteVariables, text: str, variable: str) -> VariableInNote:
    return next(one for one in variables.of(annotated(text)) if one.variable == variable)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Presenta catarata.", ("present",)),
        ("Antecedentes de catarata.", ("present", "historical")),
        ("Padre con catarata.", ("unclear", "family")),
        ("Sospecha de catarata.", ("unclear", "uncertain")),
        ("Acudir si presenta catarata.", ("unclear", "hypothetical")),
        ("Sin antecedentes familiares de catarata.", ("unclear", "negated", "family")),
    ],
)
def test_the_context_of_a_mention_tells_the_status(
    variables: NoteVariables, text: str, status: tuple[str, ...]
) -> None:
    assert told(variables, text) == {"ojo": status}


def test_a_denial_counts_for_what_is_denied_and_not_for_the_whole_of_which_it_is_a_part(
    variables: NoteVariables,
) -> None:
    assert told(variables, "Sin diabetes tipo 1.") == {
        "diabetes": ("unclear", "negated"),
        "tipo1": ("absent", "negated"),
    }
    assert told(variables, "Sin diabetes.") == {"diabetes": ("absent", "negated")}


def test_a_mention_counts_for_every_variable_that_holds_it_by_the_path_to_each(
    variables: NoteVariables,
) -> None:
    found = variables.of(annotated("Retinopatía diabética."))
    assert {one.variable: one.evidence.path for one in found} == {
        "diabetes": "X:06 > X:02",
        "ojo": "X:06 > X:05",
    }


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("Niega diabetes. Padre con diabetes. Diabetes tipo 2.", "present", "Diabetes tipo 2."),
        ("Padre con diabetes. Niega diabetes.", "absent", "Niega diabetes."),
        ("Antecedentes de diabetes. Hoy diabetes tipo 1.", "present", "Hoy diabetes tipo 1."),
        ("Diabetes. Diabetes tipo 2.", "present", "Diabetes."),
    ],
)
def test_what_says_most_decides(variables: NoteVariables, text: str, status: str, sentence: str) -> None:
    found = only(variables, text, "diabetes")
    assert (found.status.value, found.evidence.sentence) == (status, sentence)
    assert found.mentions == len(annotated(text).annotations)


def test_the_evidence_has_its_words_and_offsets(variables: NoteVariables) -> None:
    text = "Tos.\nNo se aprecia catarata ni fractura."
    evidence = only(variables, text, "ojo").evidence
    assert text[evidence.start : evidence.end] == evidence.text == "catarata"
    assert text[evidence.sentence_start : evidence.sentence_end] == evidence.sentence
    assert evidence.sentence == "No se aprecia catarata ni fractura."
    assert (evidence.trigger, evidence.concept) == ("No se aprecia", "X:07")


def test_what_was_linked_to_nothing_or_counts_as_nothing_says_nothing(variables: NoteVariables) -> None:
    assert variables.of(annotated("Catarata.", chosen=False)) == []
    assert variables.of(annotated("Fractura.")) == []
    assert variables.of(annotated("")) == []


def test_documents_that_mention_a_variable_not_at_all_are_the_rest() -> None:
    assert dict(counted({"a": {"present": 2, "unclear": 1}, "b": {}}, 5)) == {
        "a": {"present": 2, "absent": 0, "unclear": 1, "not mentioned": 2},
        "b": {"present": 0, "absent": 0, "unclear": 0, "not mentioned": 5},
    }
