"""Mentions of one document have a say on each other's candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath

import pytest
from clinic import indexed_records
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Concept, Record, Term
from linker.abbreviations import Abbreviations
from linker.annotation.annotator import Annotator
from linker.annotation.model import Document, Source, Span
from linker.candidates import Retriever
from linker.coherence import COHERENCE, weighed_together
from linker.decisions import Decisions, DecisionWeights
from linker.encoder import BiEncoder
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.model import Candidate, Decision, DocumentContext, Linking, Path, Reason, StageScores
from linker.pipeline import Linker
from linker.training.coherence_fit import fit_coherence
from linker.training.fusion_fit import FittingSet

WEIGHTS = DecisionWeights(minimum=0.4, coherence=1.0)
DECISIONS = Decisions(WEIGHTS, WEIGHTS)
HERE, THERE = DocumentContext("1"), DocumentContext("2")


def linking(mention: str, path: Path, reason: Reason = Reason.CHOSEN, **scores: float) -> Linking:
    candidates = tuple(
        Candidate(id, id, f"term of {id}", mention, score, StageScores(), path)
        for id, score in scores.items()
    )
    first = candidates[0]
    chosen = None if reason else first.id
    return Linking(mention, candidates, Decision(chosen, path, reason, first.score))


RENAL = linking("fracaso renal agudo", Path.EXACT, A=1.0, B=0.3)
AMBIGUOUS = linking("fra", Path.RERANKED, B=0.62, A=0.5, C=0.1)


def together(*linkings: Linking, documents: list[DocumentContext] | None = None) -> list[Linking]:
    return weighed_together(linkings, documents or [HERE] * len(linkings), DECISIONS, top_k=9)


def test_what_another_mention_means_gains_and_says_so() -> None:
    renal, short = together(RENAL, AMBIGUOUS)
    assert renal == RENAL
    assert [one.id for one in short.candidates] == ["A", "B", "C"]
    assert short.candidates[0].score == pytest.approx(1 / (1 + 1 / 2.718282), abs=1e-5)
    assert short.candidates[0].evidence == (COHERENCE,)
    assert (short.decision.id, short.decision.path) == ("A", Path.RERANKED)
    assert short.decision.probability > AMBIGUOUS.decision.probability


def test_other_documents_and_none_say_nothing() -> None:
    assert together(RENAL, AMBIGUOUS, documents=[HERE, THERE])[1] == AMBIGUOUS
    assert together(RENAL, AMBIGUOUS, documents=[DocumentContext()] * 2)[1] == AMBIGUOUS
    assert weighed_together([RENAL, AMBIGUOUS], [HERE] * 2, Decisions(), top_k=9) == [RENAL, AMBIGUOUS]


def test_a_mention_says_nothing_of_itself_however_it_is_written() -> None:
    assert together(AMBIGUOUS, AMBIGUOUS, replace(AMBIGUOUS, mention="FRA.")) == [
        AMBIGUOUS,
        AMBIGUOUS,
        replace(AMBIGUOUS, mention="FRA."),
    ]


def test_a_term_that_is_the_mention_stands() -> None:
    folded = linking("Fra", Path.FOLDED, B=0.999, A=0.999)
    assert together(RENAL, folded)[1] == folded


def test_of_two_that_tie_the_one_meant_elsewhere_is_chosen() -> None:
    tie = linking("fra", Path.FOLDED, Reason.TIE, B=0.999, A=0.999)
    tie = replace(tie, decision=replace(tie.decision, probability=0.45))
    short = together(RENAL, tie)[1]
    assert [one.id for one in short.candidates] == ["A", "B"]
    assert (short.decision.id, short.decision.reason) == ("A", Reason.CHOSEN)
    assert 0.45 < short.decision.probability < 1
    both = together(RENAL, linking("rabia", Path.EXACT, B=1.0), tie)[2]
    assert (both.decision.id, both.decision.reason) == (None, Reason.TIE)
    three = replace(
        linking("fra", Path.FOLDED, B=0.999, C=0.999, A=0.999, D=0.2),
        decision=Decision(None, Path.NONE, Reason.TIE, 0.45),
    )
    third = together(RENAL, three)[1]
    assert ([one.id for one in third.candidates], third.decision.id) == (["A", "B", "C", "D"], "A")
    unlikely = replace(tie, decision=replace(tie.decision, probability=0.05))
    assert together(RENAL, unlikely)[1].decision.reason is Reason.NOTHING_CLOSE


def test_a_choice_outside_the_scope_stays_none() -> None:
    outside = linking("fra", Path.RERANKED, Reason.OUT_OF_SCOPE, A=0.2)
    assert together(RENAL, outside)[1] == outside


candidates = st.dictionaries(st.sampled_from("ABCDEFG"), st.floats(0.01, 0.99), min_size=1)
drawn = st.builds(
    lambda mention, scores: linking(
        mention, Path.RERANKED, **dict(sorted(scores.items(), key=lambda one: -one[1]))
    ),
    st.sampled_from(["uno", "dos", "tres", "cuatro"]),
    candidates,
)


@given(st.lists(st.tuples(drawn, st.sampled_from([HERE, THERE])), max_size=8), st.randoms())
def test_answers_do_not_depend_on_the_order_of_mentions(
    asked: list[tuple[Linking, DocumentContext]], random: object
) -> None:
    def answered(places: list[int]) -> dict[int, Linking]:
        linkings, documents = [asked[i][0] for i in places], [asked[i][1] for i in places]
        return dict(zip(places, weighed_together(linkings, documents, DECISIONS, top_k=9), strict=True))

    places = list(range(len(asked)))
    straight = answered(places)
    random.shuffle(places)  # type: ignore[attr-defined]
    assert answered(places) == straight
    for place, one in straight.items():
        before = asked[place][0]
        assert {c.id for c in one.candidates} == {c.id for c in before.candidates}
        assert all(a.score >= b.score for a, b in zip(one.candidates, one.candidates[1:], strict=False))


KIDNEY, LUNG, ANGER = "X:1", "X:2", "X:3"
RECORDS: list[Record] = [
    *(Concept(id) for id in (KIDNEY, LUNG, ANGER)),
    Term(KIDNEY, "insuficiencia renal aguda", "es"),
    Term(KIDNEY, "fracaso renal", "es"),
    Term(LUNG, "infección respiratoria aguda", "es"),
    Term(ANGER, "enfado", "es"),
]
LISTED = Abbreviations.of(
    [("IRA", "insuficiencia renal aguda"), ("IRA", "infección respiratoria aguda")],
)


@pytest.fixture(scope="module")
def linker(encoder: BiEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linker]:
    folder = tmp_path_factory.mktemp("coherence") / "index"
    indexed_records(folder, RECORDS, encoder)
    index = TermIndex.open(folder)
    yield Linker(Retriever(index, encoder, LISTED, RetrievalWeights()), None, DECISIONS)
    index.close()


def test_a_synonym_in_the_text_decides_between_readings_of_an_abbreviation(linker: Linker) -> None:
    mentions = ["fracaso renal", "IRA"]
    apart = linker.link(mentions)
    assert apart[1].decision.reason is Reason.TIE
    for top in (1, 5):
        linked = linker.link(mentions, documents=[HERE, HERE], top_k=top)
        assert [one.decision.id for one in linked] == [KIDNEY, KIDNEY]
        assert len(linked[1].candidates) <= top
        assert linked[1].candidates[0].evidence[0] == COHERENCE
    assert linker.link(mentions, documents=[HERE, THERE])[1].decision.reason is Reason.TIE
    assert linker.link(mentions, documents=[HERE, HERE], together=False)[1].decision.reason is Reason.TIE


def test_documents_are_annotated_the_same_however_many_come_together(linker: Linker) -> None:
    def note(id: str, text: str) -> Document:
        words = ("fracaso renal", "IRA", "infección respiratoria aguda")
        spans = [Span(text.index(w), text.index(w) + len(w), "", Source.GIVEN) for w in words if w in text]
        return Document(id, text, tuple(spans))

    notes = [
        note("1", "fracaso renal; IRA"),
        note("2", "IRA"),
        note("3", "infección respiratoria aguda, IRA"),
    ]
    annotator = Annotator([], None, linker, top_k=1)
    found = list(annotator.annotate(notes, 1))
    assert [[one.decision.id for one in each.annotations] for each in found] == [
        [KIDNEY, KIDNEY],
        [None],
        [LUNG, LUNG],
    ]
    assert list(annotator.annotate(notes, 3)) == found


def test_the_gain_is_fitted_and_is_none_where_it_tells_nothing(linker: Linker) -> None:
    def fitted(*mentions: GoldMention) -> float:
        one = FittingSet.of(FilePath(), linker.index, mentions)
        return fit_coherence([(linker, one)])

    def documents(code: str) -> list[GoldMention]:
        return [
            GoldMention(mention, (own,), f"d{i}")
            for i in range(6)
            for mention, own in (("fracaso renal", KIDNEY), ("IRA", code), ("insuficiencia renal", KIDNEY))
        ]

    assert fitted(*documents(KIDNEY)) > 0
    assert fitted(*documents(LUNG)) == pytest.approx(0, abs=1e-3)
    assert fitted(*(replace(one, document="") for one in documents(KIDNEY))) == pytest.approx(0, abs=1e-3)
