"""Annotated documents to write: any text with any mentions, and one note as a clinic has it."""

from __future__ import annotations

from hypothesis import strategies as st

from linker.annotation.formats.origin import Origin
from linker.annotation.model import (
    AnnotatedDocument,
    Annotation,
    Assertion,
    Document,
    MentionContext,
    Source,
    Span,
    Trigger,
)
from linker.model import Candidate, Decision, Path, Reason, StageScores

ORIGIN = Origin(
    "hpo-2026",
    "0.1.0",
    "2026-03-01",
    {"SNOMEDCT:22298006": "trastorno", "SNOMEDCT:77477000": "procedimiento"},
)
NOWHERE = Decision(None, Path.NONE, Reason.NOTHING_CLOSE, 0.0)

#: Texts with what breaks lines, what is no letter, and what takes two units in other encodings.
TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("ab \n\r\t\f\v\x00\x1c\x85\u2028\u202e😀é<>&\"'\\;"),
    ),
    min_size=1,
    max_size=60,
).filter(str.strip)


def candidate(id: str, term: str, score: float = 0.9) -> Candidate:
    return Candidate(id, term, term, term, score, StageScores(), Path.FOLDED)


def annotation(
    text: str,
    span: Span,
    *candidates: Candidate,
    triggers: tuple[Trigger, ...] = (),
    section: str = "",
    chosen: bool = True,
) -> Annotation:
    decision = (
        Decision(candidates[0].id, candidates[0].path, Reason.CHOSEN, candidates[0].score)
        if candidates and chosen
        else NOWHERE
    )
    return Annotation(span, span.of(text), MentionContext(triggers, section), candidates, decision)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[tuple[int, int]]:
    """One to three pieces of a text, in order, apart, with a letter in each."""
    cuts = sorted(
        draw(
            st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True).filter(
                lambda c: len(c) > 1
            )
        )
    )
    found = [
        (start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False) if text[start:end].strip()
    ]
    return found or [(0, len(text))]


@st.composite
def spans(draw: st.DrawFn, text: str) -> Span:
    found = draw(pieces(text))
    return Span(
        found[0][0],
        found[-1][1],
        draw(st.sampled_from(["disorder", "symptom", "procedure", "morphology", "MORFOLOGIA_NEOPLASIA", ""])),
        draw(st.sampled_from(Source)),
        draw(st.floats(0, 1)),
        fragments=tuple(found) if len(found) > 1 else (),
    )


@st.composite
def annotations(draw: st.DrawFn, text: str) -> Annotation:
    span = draw(spans(text))
    triggers = tuple(
        Trigger(assertion, start, end)
        for assertion in draw(st.lists(st.sampled_from(Assertion), max_size=3, unique=True))
        for start, end in [draw(pieces(text))[0]]
    )
    candidates = draw(
        st.lists(
            st.builds(
                candidate,
                st.sampled_from(
                    ["SNOMEDCT:22298006", "SNOMEDCT:77477000", "HP:0001658", "UMLS:C0027051", "ECIEO:8041/3"]
                ),
                TEXTS,
                st.floats(0, 1),
            ),
            max_size=3,
            unique_by=lambda one: one.id,
        )
    )
    section = draw(st.sampled_from(["", "Antecedentes:", "<h1>"]))
    return annotation(text, span, *candidates, triggers=triggers, section=section, chosen=draw(st.booleans()))


@st.composite
def documents(draw: st.DrawFn) -> AnnotatedDocument:
    text = draw(TEXTS)
    found = draw(st.lists(annotations(text), max_size=6))
    found.sort(key=lambda one: (one.span.start, -one.span.end))
    id = draw(st.one_of(st.sampled_from(["a", "A", "nota 1", "../x", "index"]), st.text(max_size=90)))
    return AnnotatedDocument(Document(id, text), tuple(found))


NOTE = (
    "Antecedentes:\nMadre con cáncer de mama. Infarto de miocardio en 2010.\n\n"
    "Exploración:\nDolor torácico e\nintenso. No fiebre. Posible angina inestable; si disnea, acudirá. "
    "Se realiza TAC abdominal.\n"
)


def _at(mention: str, type: str, fragments: tuple[str, ...] = ()) -> Span:
    start = NOTE.index(mention)
    parts = tuple((at := NOTE.index(part, start), at + len(part)) for part in fragments)
    return Span(start, start + len(mention), type, Source.RECOGNIZER, 0.9, parts)


def _trigger(assertion: Assertion, words: str) -> Trigger:
    start = NOTE.index(words)
    return Trigger(assertion, start, start + len(words))


def note() -> AnnotatedDocument:
    """A note with a mention in each context, nested mentions, one over two lines, and one in two pieces."""

    def one(span: Span, *found: Candidate, triggers: tuple[Trigger, ...] = (), section: str) -> Annotation:
        return annotation(NOTE, span, *found, triggers=triggers, section=section)

    past, present = "Antecedentes:", "Exploración:"
    annotations = (
        one(
            _at("cáncer de mama", "disorder"),
            candidate("HP:0003002", "Cáncer de mama"),
            candidate("HP:0100013", "Neoplasia de mama", 0.4),
            triggers=(_trigger(Assertion.FAMILY, "Madre"),),
            section=past,
        ),
        one(_at("cáncer", "morphology"), candidate("ECIEO:8000/3", "Neoplasia maligna"), section=past),
        one(
            _at("Infarto de miocardio", "disorder"),
            candidate("SNOMEDCT:22298006", "infarto de miocardio"),
            triggers=(_trigger(Assertion.HISTORICAL, "2010"),),
            section=past,
        ),
        one(
            _at("Dolor torácico e\nintenso", "symptom"),
            candidate("HP:0100749", "Dolor torácico"),
            section=present,
        ),
        one(
            _at("Dolor torácico e\nintenso", "symptom", ("Dolor", "intenso")),
            candidate("HP:0012531", "Dolor"),
            section=present,
        ),
        one(
            _at("fiebre", "symptom"),
            candidate("HP:0001945", "Fiebre"),
            triggers=(_trigger(Assertion.NEGATED, "No "),),
            section=present,
        ),
        one(
            _at("angina inestable", "disorder"),
            candidate("UMLS:C0002965", "Angina inestable"),
            triggers=(_trigger(Assertion.UNCERTAIN, "Posible"),),
            section=present,
        ),
        one(
            _at("disnea", "symptom"),
            triggers=(_trigger(Assertion.HYPOTHETICAL, "si disnea"),),
            section=present,
        ),
        one(
            _at("TAC abdominal", "procedure"),
            candidate("SNOMEDCT:77477000", "tomografía computarizada"),
            section=present,
        ),
    )
    return AnnotatedDocument(Document("nota-1", NOTE), annotations)
