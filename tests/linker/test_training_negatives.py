"""The wrong answers a cross-encoder learns from: none of them is right, and each strategy gives its own."""

from __future__ import annotations

import numpy as np
import pytest
from clinic import RecordsInMemory
from hypothesis import given
from hypothesis import strategies as st

from graph.model import IS_A, Concept, Mapping, Record, Relation, Term
from linker.mentions import GoldMention
from linker.normalization import fold
from linker.training import negatives
from linker.training.choices import Negatives
from linker.training.corpus import TrainingCorpus, build_corpus
from linker.training.cross_encoder import CrossEncoderRecipe, Lists
from linker.training.negatives import WrongAnswers, find_wrong_answers

TERMS = {
    "X:root": ("hallazgo", "hallazgo clínico"),
    "X:lung": ("neumopatía", "enfermedad pulmonar"),
    "X:airway": ("enfermedad de la vía aérea", "obstrucción"),
    "X:asthma": ("asma", "asma bronquial"),
    "X:copd": ("epoc", "bronquitis crónica"),
    "X:severe": ("asma grave", "estado asmático"),
    "X:heart": ("cardiopatía", "enfermedad del corazón"),
}
RECORDS: list[Record] = [
    *(Concept(id) for id in TERMS),
    *(Term(id, text, "es") for id, texts in TERMS.items() for text in texts),
    *(
        Relation(child, IS_A, parent)
        for child, parent in (
            ("X:lung", "X:root"),
            ("X:heart", "X:root"),
            ("X:airway", "X:lung"),
            ("X:asthma", "X:airway"),
            ("X:copd", "X:airway"),
            ("X:severe", "X:asthma"),
        )
    ),
]


def corpus_of(*releases: list[Record]) -> TrainingCorpus:
    return build_corpus([RecordsInMemory(records) for records in releases], (), fold)  # type: ignore[misc]


def found(corpus: TrainingCorpus, kind: Negatives, depth: int = 40, seed: int = 0) -> WrongAnswers:
    vectors = np.random.default_rng(seed).normal(size=(len(corpus.strings), 6)).astype(np.float32)
    return find_wrong_answers(corpus, vectors, depth, kind)


def of(wrong: WrongAnswers, query: str) -> tuple[set[str], set[str]]:
    place = wrong.queries.index(query)
    return set(wrong.close[place]), set(wrong.graph[place])


def names(*ids: str) -> set[str]:
    return {fold(text) for id in ids for text in TERMS[id]}


def test_the_nearest_are_wrong_unless_they_are_kinds_of_what_is_asked() -> None:
    corpus = corpus_of(RECORDS)
    wrong = found(corpus, Negatives.TOP)
    assert of(wrong, "asma") == (names("X:root", "X:lung", "X:airway", "X:copd", "X:heart"), set())
    assert of(wrong, "neumopatia")[0] == names("X:root", "X:heart")
    assert "hallazgo" not in wrong.queries, "all else is a kind of it"


def test_the_graph_gives_what_is_above_and_both_ways_what_is_beside() -> None:
    corpus = corpus_of(RECORDS)
    up = found(corpus, Negatives.KG)
    assert of(up, "asma")[1] == names("X:airway", "X:lung")
    assert of(up, "asma grave")[1] == names("X:asthma", "X:airway")
    assert of(up, "neumopatia")[1] == set(), "a root is too broad to teach anything"
    both = found(corpus, Negatives.BKG)
    assert of(both, "asma")[1] == names("X:airway", "X:lung", "X:copd")
    assert of(both, "asma")[0] == of(up, "asma")[0]


def test_similar_ones_are_those_that_beat_a_synonym() -> None:
    corpus = corpus_of(RECORDS)
    vectors = np.random.default_rng(1).normal(size=(len(corpus.strings), 6)).astype(np.float32)
    place = {string: row for row, string in enumerate(corpus.strings)}
    top = find_wrong_answers(corpus, vectors, 40, Negatives.TOP)
    similar = find_wrong_answers(corpus, vectors, 40, Negatives.SIM)
    assert similar.queries == top.queries
    fewer = 0
    for query, same, near, every in zip(top.queries, top.positives, similar.close, top.close, strict=True):
        least = min(vectors[place[s]] @ vectors[place[query]] for s in same)
        beating = tuple(s for s in every if vectors[place[s]] @ vectors[place[query]] >= least)
        assert near == (beating or every)
        fewer += len(near) < len(every)
    assert fewer


def test_of_very_many_strings_mentions_and_an_even_choice_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    mention = GoldMention("crisis de asma", ("X:asthma",))
    corpus = build_corpus([RecordsInMemory(RECORDS)], [mention], fold)  # type: ignore[list-item]
    every = found(corpus, Negatives.TOP)
    monkeypatch.setattr(negatives, "QUERIES", 5)
    fewer = found(corpus, Negatives.TOP)
    chosen = {*corpus.strings[::3], "crisis de asma"}
    assert set(fewer.queries) == chosen & set(every.queries)
    for query in fewer.queries:
        assert of(fewer, query) == of(every, query)


@st.composite
def releases(draw: st.DrawFn) -> list[Record]:
    """Concepts whose parents have smaller numbers, and which share strings and codes."""
    count = draw(st.integers(2, 12))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    records: list[Record] = [Concept(f"X:{i}") for i in range(count)]
    for i in range(count):
        for string in generator.integers(0, 3 * count, generator.integers(1, 4)):
            records.append(Term(f"X:{i}", f"s{string}", "es"))
        for parent in generator.integers(0, max(1, i), generator.integers(0, 3)):
            if parent < i:
                records.append(Relation(f"X:{i}", IS_A, f"X:{parent}"))
        if generator.random() < 0.3:
            records.append(Mapping(f"X:{i}", f"C:{generator.integers(0, count)}"))
    return records


@given(releases(), st.sampled_from(Negatives))
def test_gold_its_equivalents_and_its_kinds_are_never_wrong(records: list[Record], kind: Negatives) -> None:
    corpus = corpus_of(records)
    if not corpus.strings:
        return
    parents = {(r.source, r.target) for r in records if isinstance(r, Relation)}
    named = {(r.concept, r.text) for r in records if isinstance(r, Term)}
    wrong = found(corpus, kind)
    for query, close, graph in zip(wrong.queries, wrong.close, wrong.graph, strict=True):
        kinds = {concept for concept, text in named if text == query}
        # By hand: every concept that has a string of the query's, and downwards from there.
        kinds |= {c for c, text in named for own in kinds if (own, text) in named}
        while more := {child for child, parent in parents if parent in kinds} - kinds:
            kinds |= more
        right = {text for concept, text in named if concept in kinds}
        assert close
        assert not right & {*close, *graph}


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.5, 2), (1.0, 4)])
def test_a_list_takes_its_share_from_the_graph(share: float, expected: int) -> None:
    corpus = corpus_of(RECORDS)
    wrong = WrongAnswers(("asma",), (("asma bronquial",),), (("cardiopatia",),), (("neumopatia",),))
    recipe = CrossEncoderRecipe(negatives=4, augmentation=0, kind=Negatives.KG, graph_share=share)
    lists = Lists(corpus, wrong, recipe)
    for _ in range(10):
        (query, right), *others = lists.draw().pairs
        assert (query, right) == ("asma", "asma bronquial")
        assert len(others) == 4
        assert [text for _, text in others].count("neumopatia") == expected
