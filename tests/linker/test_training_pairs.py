"""The pairs of a batch: true synonyms as promised, broader ones as asked, and no false negatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clinic import RecordsInMemory

from graph.model import IS_A, Concept, Record, Relation, Term
from linker.errors import TrainingError
from linker.mentions import GoldMention
from linker.normalization import fold
from linker.training.choices import Pairs
from linker.training.corpus import TrainingCorpus, build_corpus
from linker.training.pairs import BiEncoderRecipe, Pair, PairSampler, related_pairs, same_things

TERMS = {
    "X:root": ("concepto",),
    "X:lung": ("enfermedad pulmonar", "neumopatía"),
    "X:asthma": ("asma", "asma bronquial"),
    "X:severe": ("asma grave",),
    "X:copd": ("epoc", "enfermedad pulmonar obstructiva crónica"),
    "X:heart": ("cardiopatía", "enfermedad del corazón"),
    "X:cold": ("catarro", "resfriado", "epoc"),
}
IS_A_PAIRS = [
    ("X:lung", "X:root"),
    ("X:heart", "X:root"),
    ("X:cold", "X:root"),
    ("X:asthma", "X:lung"),
    ("X:copd", "X:lung"),
    ("X:severe", "X:asthma"),
]
RECORDS: list[Record] = [
    *(Concept(id) for id in TERMS),
    *(Term(id, text, "es") for id, texts in TERMS.items() for text in texts),
    *(Relation(child, IS_A, parent) for child, parent in IS_A_PAIRS),
]
NEAR = {
    "parents": {("X:asthma", "X:lung"), ("X:copd", "X:lung"), ("X:severe", "X:asthma")},
    "grandparents": {
        ("X:asthma", "X:lung"),
        ("X:copd", "X:lung"),
        ("X:severe", "X:asthma"),
        ("X:severe", "X:lung"),
    },
}


def corpus(records: list[Record] = RECORDS, mentions: tuple[GoldMention, ...] = ()) -> TrainingCorpus:
    return build_corpus([RecordsInMemory(records)], mentions, fold)  # type: ignore[list-item]


def recipe(pairs: Pairs = Pairs.SYNONYMS, share: float = 0.7) -> BiEncoderRecipe:
    return BiEncoderRecipe(batch_size=20, augmentation=0, pairs=pairs, synonym_share=share)


def synonyms(pair: Pair) -> bool:
    return bool(pair.left_groups & pair.right_groups)


def test_pairs_are_synonyms_unless_more_is_asked() -> None:
    sampler = PairSampler(corpus(), recipe())
    for _ in range(20):
        assert all(synonyms(pair) and pair.left != pair.right for pair in sampler.batch())


@pytest.mark.parametrize("pairs", [Pairs.PARENTS, Pairs.GRANDPARENTS])
def test_broader_pairs_go_up_as_far_as_asked_and_not_to_the_root(pairs: Pairs) -> None:
    sampler = PairSampler(corpus(), recipe(pairs, 0.0))
    drawn = {(pair.left, pair.right) for _ in range(60) for pair in sampler.batch()}
    expected = {
        (fold(left), fold(right))
        for child, parent in NEAR[pairs]
        for left in TERMS[child]
        for right in TERMS[parent]
    }
    assert drawn == expected


@pytest.mark.parametrize(("share", "least"), [(0.0, 0), (0.5, 10), (0.7, 14), (0.71, 15), (1.0, 20)])
def test_every_batch_has_its_share_of_true_synonyms(share: float, least: int) -> None:
    sampler = PairSampler(corpus(), recipe(Pairs.GRANDPARENTS, share))
    for _ in range(30):
        batch = sampler.batch()
        assert len(batch) == 20
        # A homonym may make a broader pair one of synonyms too.
        assert sum(map(synonyms, batch[:least])) == least
        assert all(pair.right_groups & pair.broader or synonyms(pair) for pair in batch[least:])


def test_a_shared_string_makes_no_false_negative() -> None:
    # "epoc" is a term of two concepts here, and of a code that a mention has.
    mentions = (GoldMention("EPOC", ("Z:1",)), GoldMention("bronquitis crónica", ("Z:1",)))
    every = corpus(mentions=mentions)
    for pairs in Pairs:
        sampler = PairSampler(every, recipe(pairs, 0.5))
        for _ in range(10):
            batch = sampler.batch()
            related, same = related_pairs(batch), same_things(batch)
            assert (related == related.T).all()
            assert (same == same.T).all()
            n = len(batch)
            strings = [p.left for p in batch] + [p.right for p in batch]
            for i, one in enumerate(strings):
                for j, other in enumerate(strings):
                    held = [{id for id, texts in every.names.items() if s in texts} for s in (one, other)]
                    if i != j and held[0] & held[1]:
                        assert same[i, j]
                        assert i % n == j % n or related[i % n, j % n]
            for i, one_pair in enumerate(batch):
                for j, other_pair in enumerate(batch):
                    above = {id for g in one_pair.groups for id in every.lineage.broader(g, pairs.steps_up)}
                    assert i == j or not other_pair.groups & above or related[i, j]


def test_partners_are_one_thing_though_one_is_broader() -> None:
    pairs = [
        Pair("asma", "neumopatia", frozenset({"X:asthma"}), frozenset({"X:lung"}), frozenset({"X:lung"})),
        Pair("catarro", "resfriado", frozenset({"X:cold"}), frozenset({"X:cold"})),
    ]
    expected = np.zeros((4, 4), dtype=bool)
    for i, j in ((0, 2), (2, 0), (1, 3), (3, 1)):
        expected[i, j] = True
    assert (same_things(pairs) == expected).all()
    assert (related_pairs(pairs) == np.eye(2, dtype=bool)).all()


def test_a_flat_release_has_no_broader_pairs() -> None:
    flat = [record for record in RECORDS if not isinstance(record, Relation)]
    with pytest.raises(TrainingError, match="no pairs of parents"):
        PairSampler(corpus(flat), recipe(Pairs.PARENTS))


def test_neighbourhoods_are_found_again_and_hold_no_relatives() -> None:
    every = corpus()
    sampler = PairSampler(every, replace(recipe(), hard_neighbours=3, seeds=50))
    generator = np.random.default_rng(0)
    drawn = set()
    for _ in range(4):
        sampler.find_neighbours(lambda strings: generator.normal(size=(len(strings), 4)).astype(np.float32))
        drawn.add(tuple((p.left, p.right) for p in sampler.batch()))
        for pair in sampler.batch():
            assert synonyms(pair)
    assert len(drawn) == 4
