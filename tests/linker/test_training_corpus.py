"""What models are trained on: which strings name one thing, and which may serve as wrong answers."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest
from clinic import RecordsInMemory

from graph.model import Concept, Mapping, Record, Term, TermKind
from linker.mentions import GoldMention, split_documents
from linker.normalization import fold
from linker.training.augmentation import Augmenter
from linker.training.corpus import LARGEST_GROUP, TrainingCorpus, build_corpus
from linker.training.negatives import find_wrong_answers
from linker.training.runs import TrainingData

HPO: list[Record] = [
    Concept("HP:1"),
    Concept("HP:2"),
    Concept("HP:3"),
    Concept("HP:9", active=False),
    Term("HP:1", "Asma", "es", TermKind.PREFERRED),
    Term("HP:1", "asthma", "en"),
    Term("HP:1", "Enfermedad de las vías aéreas.", "es", TermKind.DEFINITION),
    Term("HP:2", "Tos", "es", TermKind.PREFERRED),
    Term("HP:3", "Tos seca", "es", TermKind.PREFERRED),
    Term("HP:9", "perlesía", "es"),
    Mapping("HP:1", "SCT:1"),
    Mapping("HP:2", "SCT:2"),
    Mapping("HP:3", "SCT:2"),
]
DO: list[Record] = [
    Concept("DO:1", semantic_tag="disease"),
    Term("DO:1", "bronchial asthma (disease)", "en", TermKind.FSN),
    Mapping("DO:1", "SCT:1"),
]


def corpus_of(*releases: list[Record], mentions: Iterable[GoldMention] = ()) -> TrainingCorpus:
    return build_corpus([RecordsInMemory(r) for r in releases], mentions, fold)  # type: ignore[misc]


class TestCorpus:
    def test_the_terms_of_a_concept_are_a_group(self) -> None:
        corpus = corpus_of(HPO)
        assert corpus.groups["HP:1"] == ("asma", "asthma")
        assert corpus.groups_of["asma"] == {"HP:1", "SCT:1"}

    def test_a_shared_code_ties_the_strings_of_two_releases(self) -> None:
        assert corpus_of(HPO, DO).groups["SCT:1"] == ("asma", "asthma", "bronchial asthma")

    def test_a_code_that_several_concepts_of_one_release_map_to_ties_nothing(self) -> None:
        corpus = corpus_of(HPO, DO)
        assert "SCT:2" not in corpus.groups
        assert "tos" not in corpus.groups_of

    def test_a_mention_joins_the_strings_of_its_code(self) -> None:
        mentions = [GoldMention("Crisis asmática", ("SCT:1",)), GoldMention("tos perruna", ("HP:2",))]
        corpus = corpus_of(HPO, mentions=mentions)
        assert "crisis asmatica" in corpus.groups["SCT:1"]
        assert corpus.groups["HP:2"] == ("tos", "tos perruna")
        assert corpus.mentions == {"crisis asmatica", "tos perruna"}

    def test_composites_definitions_and_retired_concepts_are_left_out(self) -> None:
        corpus = corpus_of(HPO, mentions=[GoldMention("asma y tos", ("HP:1+HP:2",))])
        assert "asma y tos" not in corpus.groups_of
        assert not corpus.mentions
        assert all("vias aereas" not in string and string != "perlesia" for string in corpus.groups_of)

    def test_groups_of_one_string_are_left_out(self) -> None:
        twice = [GoldMention("tos", ("C:2",)), GoldMention("TOS", ("C:2",)), GoldMention("  ", ("C:2",))]
        assert corpus_of([], mentions=twice).groups == {}

    def test_a_catch_all_code_is_stood_for_by_the_same_sample_of_its_strings(self) -> None:
        many = [GoldMention(f"cosa {i}", ("C:1",)) for i in range(LARGEST_GROUP + 50)]
        sample = corpus_of([], mentions=many).groups["C:1"]
        assert len(set(sample)) == LARGEST_GROUP
        assert sample == corpus_of([], mentions=many[::-1]).groups["C:1"]
        assert len(corpus_of([], mentions=many[:LARGEST_GROUP]).groups["C:1"]) == LARGEST_GROUP

    def test_groups_and_strings_say_the_same(self) -> None:
        corpus = corpus_of(HPO, DO)
        for id, strings in corpus.groups.items():
            assert len(strings) >= 2
            assert all(id in corpus.groups_of[string] for string in strings)
        assert corpus.strings == sorted({s for strings in corpus.groups.values() for s in strings})


def test_held_out_documents_do_not_enter() -> None:
    mentions = [GoldMention(f"tos del caso {i}", ("HP:2",), f"case{i}") for i in range(40)]
    store = RecordsInMemory(HPO)
    data = TrainingData([store], mentions, [], 0.3)  # type: ignore[list-item]
    training, dev = split_documents(mentions, 0.3)
    assert dev == data.dev()
    assert dev
    assert data.corpus("fold-1").mentions == {fold(m.span) for m in training}
    assert not {fold(m.span) for m in dev} & data.corpus("fold-1").groups_of.keys()


def test_near_misses_share_no_group_with_the_query_nor_with_its_synonyms() -> None:
    generator = random.Random(0)
    # Groups of random strings that overlap, so that relations go through third strings.
    mentions = [
        GoldMention(f"s{generator.randrange(60)}", (f"C:{generator.randrange(40)}",)) for _ in range(200)
    ]
    corpus = corpus_of([], mentions=mentions)
    vectors = np.random.default_rng(0).normal(size=(len(corpus.strings), 8)).astype(np.float32)
    wrong = find_wrong_answers(corpus, vectors, 30)
    assert wrong.queries
    for query, positives, negatives in zip(wrong.queries, wrong.positives, wrong.close, strict=True):
        own = corpus.groups_of[query]
        assert query not in positives + negatives
        assert all(corpus.groups_of[string] & own for string in positives)
        relatives = {string for group in own for string in corpus.groups[group]}
        assert negatives
        for string in negatives:
            assert not corpus.groups_of[string] & own
            assert not relatives & {s for group in corpus.groups_of[string] for s in corpus.groups[group]}


@pytest.mark.parametrize("string", ["", "a", "asma", "insuficiencia renal cronica terminal"])
def test_a_varied_string_is_words_and_the_same_seed_varies_alike(string: str) -> None:
    one, other = Augmenter.open(3), Augmenter.open(3)
    varied = [one.vary(string) for _ in range(200)]
    assert varied == [other.vary(string) for _ in range(200)]
    assert all(fold(text) == text for text in varied)
    assert string in varied
