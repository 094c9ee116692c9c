"""How words translate: how the table is learned, what it says of mentions and terms, and what linking makes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from graph.model import Concept, Term
from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.choosing import BY_DOCUMENT
from linker.content_words import word_stems
from linker.disambiguation import TRANSLATED
from linker.encoder import BiEncoder
from linker.errors import ModelNotFound, TrainingError
from linker.fusion import OrderWeights, RetrievalWeights
from linker.index import TermIndex
from linker.model import DocumentContext
from linker.pipeline import Linker
from linker.training.corpus import TrainingCorpus, holders_of
from linker.training.translation_fit import TranslationRecipe, learn_translation
from linker.translation import FILE, LEARNED, MOST_TERMS, SAME, TABLE, Translation, TranslationTable
from linker.word_order import ORDERED, WordOrder
from linker.word_postings import WordPostings
from tests.linker.clinic import indexed_records

GROUPS = {
    "X:1": ("litiasis renal", "calculos renales", "kidney calculi"),
    "X:2": ("litiasis ureteral", "calculos ureterales"),
    "X:3": ("litiasis biliar", "calculos biliares"),
    "X:4": ("tumor vesical", "neoplasia de la vejiga", "bladder neoplasm"),
    "X:5": ("rotura vesical", "rotura de la vejiga"),
    "X:6": ("tumor renal", "neoplasia del riñon"),
}
CORPUS = TrainingCorpus(GROUPS, holders_of(GROUPS), frozenset())


SMALL = learn_translation(CORPUS).table


@pytest.fixture
def table() -> TranslationTable:
    return SMALL


def likelihood(table: TranslationTable, word: str, given: tuple[str, ...]) -> float:
    """p(word | words), as the module says it, one word after the other."""
    number = {known: i for i, known in enumerate(table.vocabulary)}
    counted = table.counts[number[word]] if word in number else 0.0
    background = (counted + 5) / table.counts.sum()
    translated = [
        float(table.table[number[other], number[word]]) if word in number and other in number else 0.0
        for other in given
    ]
    each = [TABLE * p + SAME * (word == other) for p, other in zip(translated, given, strict=True)]
    return LEARNED * sum(each) / len(given) + (1 - LEARNED) * background


def by_hand(table: TranslationTable, mention: str, terms: list[str]) -> tuple[float, float]:
    said = word_stems(mention)
    of_mention = [
        sum(math.log(likelihood(table, w, word_stems(t)) / likelihood(table, w, said)) for w in said)
        for t in terms
    ]
    of_terms = [
        sum(math.log(likelihood(table, w, said)) for w in word_stems(t)) / len(word_stems(t)) for t in terms
    ]
    return max(of_mention), max(of_terms)


# The table


def test_words_that_stand_where_others_do_are_learned(table: TranslationTable) -> None:
    number = {word: i for i, word in enumerate(table.vocabulary)}

    def likeliest(word: str) -> set[str]:
        row = table.table[number[word]].toarray()[0]
        return {table.vocabulary[i] for i in np.argsort(-row)[:2]}

    assert "calcu" in likeliest("litia")
    assert "vejig" in likeliest("vesic")
    assert "neopl" in likeliest("tumor")


def test_each_round_explains_the_strings_no_worse() -> None:
    found = learn_translation(CORPUS, TranslationRecipe(rounds=12)).likelihoods
    assert len(found) == 12
    assert all(after >= before - 1e-9 for before, after in pairwise(found))


def test_what_a_word_becomes_is_a_probability() -> None:
    whole = learn_translation(CORPUS, TranslationRecipe(least=0.0)).table.table
    assert np.allclose(whole.sum(axis=1), 1.0, atol=1e-5)
    cut = learn_translation(CORPUS, TranslationRecipe(least=0.2)).table.table
    assert cut.data.min() >= 0.2
    assert cut.nnz < whole.nnz


def test_the_same_seed_learns_the_same_table() -> None:
    large = {**GROUPS, "X:9": tuple(f"lesion numero {i}" for i in range(30))}
    corpus = TrainingCorpus(large, holders_of(large), frozenset())
    one, same = (learn_translation(corpus, TranslationRecipe(others=3, seed=4)) for _ in range(2))
    other = learn_translation(corpus, TranslationRecipe(others=3, seed=5))
    assert one.likelihoods == same.likelihoods
    assert one.likelihoods != other.likelihoods
    assert one.pairs == sum(len(own) * min(3, len(own) - 1) for own in large.values())


def test_nothing_is_learned_where_nothing_has_two_names() -> None:
    with pytest.raises(TrainingError, match="No concept has two names"):
        learn_translation(TrainingCorpus({}, {}, frozenset()))


def test_a_table_is_read_as_it_was_written(table: TranslationTable, tmp_path: Path) -> None:
    assert TranslationTable.read(tmp_path) is None
    table.save(tmp_path)
    again = TranslationTable.read(tmp_path)
    assert again is not None
    assert again.vocabulary == table.vocabulary
    assert np.array_equal(again.counts, table.counts)
    assert abs(again.table - table.table).max() < 1e-3, "kept in half precision"


def test_a_table_that_is_there_stays_until_another_is_whole(
    table: TranslationTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.save(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    write = Path.write_bytes

    def cut_short(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        raise OSError("no room")

    monkeypatch.setattr(Path, "write_bytes", cut_short)
    with pytest.raises(OSError, match="no room"):
        table.save(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_a_damaged_table_is_one_sentence(table: TranslationTable, tmp_path: Path, damage: str) -> None:
    table.save(tmp_path)
    path = tmp_path / FILE
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("no table", "utf-8")
    else:
        TranslationTable(table.vocabulary[:-1], table.counts, table.table).save(tmp_path)
    expected = (
        f"{path} cannot be read as a table of translations; make it again with `enlace train translation`."
    )
    with pytest.raises(ModelNotFound, match=f"^{re.escape(expected)}$"):
        TranslationTable.read(tmp_path)


# What it says

TEXTS = st.lists(
    st.sampled_from([*sorted({word for own in GROUPS.values() for text in own for word in text.split()}),
                     "microhifema", "desconocida", "de", "la"]),
    min_size=1, max_size=5,
).map(" ".join)  # fmt: skip


@given(mention=TEXTS, terms=st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_columns_are_what_the_words_say_one_by_one(mention: str, terms: list[list[str]]) -> None:
    found = Translation(SMALL).columns(mention, terms)
    assert np.allclose(found, [by_hand(SMALL, mention, own) for own in terms], atol=1e-4)


def test_a_mention_explains_itself(table: TranslationTable) -> None:
    known = Translation(table)
    ((same, _), (other, _)) = known.columns("litiasis vesical", [["Litiasis  vesical"], ["tumor renal"]])
    assert same == pytest.approx(0, abs=1e-6)
    assert other < -1


def test_unknown_words_are_told_apart(table: TranslationTable) -> None:
    known = Translation(table)
    ((right, _), (wrong, _)) = known.columns("microhifema", [["microhifema anterior"], ["endotropía"]])
    assert right > wrong


@given(mention=TEXTS, terms=st.lists(TEXTS, min_size=1, max_size=12), top_k=st.integers(1, 6))
def test_the_terms_that_explain_a_mention_best_are_found(mention: str, terms: list[str], top_k: int) -> None:
    known, postings = Translation(SMALL), WordPostings.build(terms)
    (rows,) = known.nearest([mention], postings, top_k)
    said = known.columns(mention, [[term] for term in terms])[:, 0]
    nothing = known.columns(mention, [["zzz"]])[0, 0]
    explaining = np.flatnonzero(said > nothing + 1e-6)
    assert len(rows) == min(top_k, len(explaining))
    assert np.allclose(said[rows], np.sort(said[explaining])[::-1][: len(rows)], atol=1e-4)
    even = np.arange(len(terms)) % 2 == 0
    (within,) = known.nearest([mention], postings, top_k, even)
    assert len(within) == min(top_k, np.count_nonzero(even[explaining]))
    assert even[within].all()


def test_texts_without_words_and_concepts_without_others_are_answered(table: TranslationTable) -> None:
    known = Translation(table)
    assert known.columns("litiasis", []).shape == (0, 2)
    assert np.isfinite(known.columns("++", [["--"], ["litiasis"]])).all()
    many = [f"litiasis {i}" for i in range(3 * MOST_TERMS)]
    assert np.array_equal(known.columns("litiasis", [many]), known.columns("litiasis", [many[:MOST_TERMS]]))


def test_an_empty_table_knows_equal_words() -> None:
    known = Translation(TranslationTable((), np.empty(0, np.float32), sparse.csr_matrix((0, 0))))
    ((same, _), (other, _)) = known.columns("litiasis renal", [["litiasis renal"], ["cálculos"]])
    assert same == 0
    assert other < same


# What linking makes of it

RECORDS = [
    *(Concept(f"Y:{i}") for i in range(1, 5)),
    Term("Y:1", "litiasis renal", "es"),
    Term("Y:2", "cálculos en la vejiga", "es"),
    Term("Y:2", "bladder calculi", "en"),
    Term("Y:3", "rotura vesical", "es"),
    Term("Y:4", "litiasis", "es"),
]
MENTION = "litiasis vesical"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, tiny_bi_encoder: Path) -> Iterator[TermIndex]:
    folder = tmp_path_factory.mktemp("translated") / "index"
    indexed_records(folder, RECORDS, BiEncoder.open(tiny_bi_encoder))
    with_words = TermIndex.open(folder)
    yield with_words
    with_words.close()


BY_LETTERS = RetrievalWeights(dense=0, lexical=10, bias=-5)


def retriever(index: TermIndex, model: Path, order: WordOrder | None) -> Retriever:
    return Retriever(index, BiEncoder.open(model), Abbreviations.of(()), BY_LETTERS, order)


@pytest.fixture
def order(table: TranslationTable) -> WordOrder:
    return WordOrder(Translation(table), OrderWeights(0, 1, 1, 1, -1))


def test_words_that_translate_bring_a_concept_to_the_front(
    index: TermIndex, tiny_bi_encoder: Path, order: WordOrder
) -> None:
    by_letters = retriever(index, tiny_bi_encoder, None).retrieve([MENTION], 4)[0]
    by_words = retriever(index, tiny_bi_encoder, order).retrieve([MENTION], 4)[0]
    assert index.concept_id(by_letters.concepts[0]) != "Y:2"
    assert index.concept_id(by_words.concepts[0]) == "Y:2"
    assert set(by_words.concepts) == set(by_letters.concepts)
    assert np.all(np.diff(by_words.score) <= 0)
    assert not by_letters.translated.any()
    assert by_words.translated.shape == (4, 2)


def one_among_alike(folder: Path, tiny_bi_encoder: Path, alike: str, meant: str) -> tuple[TermIndex, int]:
    """An index of 400 terms that are alike but for a number and one that is meant, and the latter's concept."""
    terms = {f"Z:{number}": f"{alike} {number}" for number in range(400)} | {"Z:meant": meant}
    records = [record for id, text in terms.items() for record in (Concept(id), Term(id, text, "es"))]
    indexed_records(folder, records, BiEncoder.open(tiny_bi_encoder))
    index = TermIndex.open(folder)
    return index, index.concept_ids().index("Z:meant")


def test_words_find_terms_that_neither_letters_nor_vectors_find(
    tmp_path: Path, tiny_bi_encoder: Path, order: WordOrder
) -> None:
    index, meant = one_among_alike(tmp_path / "index", tiny_bi_encoder, "vesícula", "bladder")
    (by_letters,) = retriever(index, tiny_bi_encoder, None).retrieve(["vesical"], ORDERED)
    assert meant not in by_letters.concepts
    (by_words,) = retriever(index, tiny_bi_encoder, order).retrieve(["vesical"], 5)
    assert by_words.concepts[0] == meant
    assert len(by_words) == 5
    (many,) = retriever(index, tiny_bi_encoder, order).retrieve(["vesical"], 200)
    assert many.concepts[0] == meant
    assert len(set(many.concepts.tolist())) == 200
    assert np.all(np.diff(many.score) <= 0)
    # An index that was made before words were kept answers as it did.
    index.words = None
    (as_before,) = retriever(index, tiny_bi_encoder, order).retrieve(["vesical"], 5)
    assert meant not in as_before.concepts
    index.close()


def test_the_first_of_each_retriever_are_looked_at_however_many_are_asked_for(
    tmp_path: Path, tiny_bi_encoder: Path, order: WordOrder
) -> None:
    index, meant = one_among_alike(tmp_path / "index", tiny_bi_encoder, "vestigio", "litiasis en la vejiga")
    index.words = None
    against_letters = replace(
        retriever(index, tiny_bi_encoder, order), weights=RetrievalWeights(dense=0, lexical=-10, bias=0)
    )
    for top_k in (5, 200):
        (one,) = against_letters.retrieve([MENTION], top_k)
        assert one.concepts[0] == meant
        assert len(one) == len(set(one.concepts.tolist())) == top_k
        assert np.all(np.diff(one.score) <= 0)
    index.close()


def test_it_looks_further_than_what_is_asked_for(
    index: TermIndex, tiny_bi_encoder: Path, order: WordOrder
) -> None:
    assert ORDERED > 1
    (one,) = retriever(index, tiny_bi_encoder, order).retrieve([MENTION], 1)
    assert [index.concept_id(concept) for concept in one.concepts] == ["Y:2"]


def test_a_term_that_is_the_mention_stays_first(
    index: TermIndex, tiny_bi_encoder: Path, table: TranslationTable
) -> None:
    against = WordOrder(Translation(table), OrderWeights(0, 0, -5, -5, 0))
    (one,) = retriever(index, tiny_bi_encoder, against).retrieve(["Litiasis"], 4)
    assert index.concept_id(one.concepts[0]) == "Y:4"
    assert one.exact.tolist() == [1, 0, 0, 0]


def test_every_answer_shows_how_its_words_translate(
    index: TermIndex, tiny_bi_encoder: Path, order: WordOrder
) -> None:
    linker = Linker(retriever(index, tiny_bi_encoder, order), None)
    (answer,) = linker.link([MENTION], documents=[DocumentContext("a")])
    shown = {c.id: one.value for c in answer.candidates for one in c.evidence if one.kind == TRANSLATED}
    assert len(shown) == 4
    assert all(0 < value <= 1 for value in shown.values())
    assert max(shown, key=shown.__getitem__) == "Y:2"
    assert BY_DOCUMENT[0] not in answer.candidates[0].evidence
    plain = Linker(retriever(index, tiny_bi_encoder, None), None).link([MENTION])[0]
    assert not any(one.kind == TRANSLATED for c in plain.candidates for one in c.evidence)


def test_the_terms_of_concepts_are_found_by_concept(index: TermIndex) -> None:
    ids = index.concept_ids()
    found = index.terms_of(np.array([ids.index("Y:2"), ids.index("Y:4"), ids.index("Y:2")]))
    assert [sorted(own) for own in found] == [
        ["bladder calculi", "cálculos en la vejiga"],
        ["litiasis"],
        ["bladder calculi", "cálculos en la vejiga"],
    ]
    assert index.terms_of(np.array([], dtype=np.int64)) == []
