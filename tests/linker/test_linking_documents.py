"""Mentions of documents: what a document says of its abbreviations decides between their readings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clinic import indexed_records

from graph.model import Concept, Record, Term
from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.choosing import BY_DOCUMENT
from linker.encoder import BiEncoder
from linker.errors import LinkerError
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.model import DocumentContext, Linking, Reason
from linker.model import Path as Way
from linker.pipeline import Linker

RENAL, RESPIRATORY, ANGER, DIABETES = "X:1", "X:2", "X:3", "X:4"
NAMES = {
    RENAL: "insuficiencia renal aguda",
    RESPIRATORY: "infección respiratoria aguda",
    ANGER: "ira",
    DIABETES: "diabetes mellitus",
}
LISTED = Abbreviations.of(
    [
        ("IRA", NAMES[RENAL]),
        ("IRA", NAMES[RESPIRATORY]),
        ("AIR", NAMES[RENAL]),
        ("AIR", NAMES[RESPIRATORY]),
        ("RABIA", NAMES[ANGER]),
        ("RABIA", NAMES[RENAL]),
    ]
)
DEFINING = DocumentContext("d1", "Ingresa por infección respiratoria aguda (IRA). La AIR cede.")
SAYING = DocumentContext("d2", "Antecedente de insuficiencia renal aguda. Nueva AIR.")
OTHER = DocumentContext("d3", "Niega AIR.")


@pytest.fixture(scope="module")
def linker(encoder: BiEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linker]:
    records: list[Record] = [Concept(id) for id in NAMES]
    records += [Term(id, name, "es") for id, name in (*NAMES.items(), (ANGER, "rabia"))]
    folder = tmp_path_factory.mktemp("documents") / "index"
    indexed_records(folder, records, encoder)
    index = TermIndex.open(folder)
    yield Linker(Retriever(index, encoder, LISTED, RetrievalWeights()), None)
    index.close()


def one(linker: Linker, mention: str, document: DocumentContext) -> Linking:
    return linker.link([mention], documents=[document])[0]


def test_without_a_document_an_ambiguous_abbreviation_stays_ambiguous(linker: Linker) -> None:
    answer = linker.link(["AIR"])[0]
    assert (answer.decision.id, answer.decision.reason) == (None, Reason.TIE)
    assert {candidate.id for candidate in answer.candidates[:2]} == {RENAL, RESPIRATORY}
    assert one(linker, "AIR", OTHER).decision.reason is Reason.TIE


def test_its_own_definition_goes_before_the_list_and_before_a_term_that_is_the_mention(
    linker: Linker,
) -> None:
    answer = one(linker, "IRA", DEFINING)
    assert (answer.decision.id, answer.decision.path) == (RESPIRATORY, Way.EXACT)
    assert answer.candidates[0].reading == NAMES[RESPIRATORY]
    assert answer.candidates[0].evidence[:1] == BY_DOCUMENT
    assert ANGER in {candidate.id for candidate in answer.candidates}


def test_capitals_that_stand_for_other_concepts_are_no_word_in_lower_case(linker: Linker) -> None:
    word, capitals, listed, spoken = linker.link(["ira", "IRA", "RABIA", "Ira"])
    assert (word.decision.id, word.decision.path) == (ANGER, Way.EXACT)
    assert (spoken.decision.id, spoken.decision.path) == (ANGER, Way.FOLDED)
    assert (capitals.decision.id, capitals.decision.reason) == (None, Reason.TIE)
    assert {candidate.id for candidate in capitals.candidates} >= {ANGER, RENAL, RESPIRATORY}
    assert one(linker, "IRA", SAYING).decision.id == RENAL
    # The release itself calls the concept that it stands for so.
    assert (listed.decision.id, listed.decision.path) == (ANGER, Way.FOLDED)


def test_the_reading_that_a_document_writes_out_decides(linker: Linker) -> None:
    assert one(linker, "AIR", SAYING).decision.id == RENAL
    assert one(linker, "AIR", DEFINING).decision.id == RESPIRATORY


def test_without_a_text_the_other_mentions_of_the_document_decide(linker: Linker) -> None:
    here, there = DocumentContext("d4"), DocumentContext("d5")
    mentions = ["AIR", "Insuficiencia renal aguda grave", "AIR"]
    first, _, other = linker.link(mentions, documents=[here, here, there])
    assert first.decision.id == RENAL
    assert other.decision.reason is Reason.TIE


def test_equal_mentions_of_different_documents_are_answered_each_by_its_own(linker: Linker) -> None:
    answers = linker.link(["AIR"] * 4, documents=[DEFINING, SAYING, DEFINING, DocumentContext()])
    assert [answer.decision.id for answer in answers] == [RESPIRATORY, RENAL, RESPIRATORY, None]
    assert answers[0].candidates == answers[2].candidates


def test_a_number_of_documents_that_is_not_that_of_the_mentions_is_refused(linker: Linker) -> None:
    with pytest.raises(LinkerError, match=r"2 mentions and 1 documents"):
        linker.link(["asma", "tos"], documents=[OTHER])


def test_a_least_probability_declines_what_is_less_likely(linker: Linker) -> None:
    sure, unsure = linker.link(["diabetes mellitus", "pierna rota"], min_probability=0.9)
    assert sure.decision.id == DIABETES
    assert (unsure.decision.id, unsure.decision.reason) == (None, Reason.NOTHING_CLOSE)
    assert unsure.candidates
    assert unsure.decision.probability < 0.9
    assert linker.link(["pierna rota"], min_probability=0.0)[0].decision.id is not None
