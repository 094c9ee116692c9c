"""The memory of answers: bounded, and the answers the same with it, whatever was asked before and of which document."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from clinic import indexed_records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.model import Concept, Record, Term
from linker.abbreviations import Abbreviations, Readings
from linker.answer_cache import MOST_CHARACTERS, Answer, AnswerCache, Settings
from linker.candidates import Retriever
from linker.encoder import BiEncoder
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.model import Candidate, Decision, DocumentContext, Linking, Path, Reason, StageScores
from linker.pair_text import NO_CONTEXT, Context
from linker.pipeline import Linker
from linker.questions import Question
from linker.reranker import Reranker
from linker.scope import Scope

NAMES = {
    "X:1": "insuficiencia renal aguda",
    "X:2": "infección respiratoria aguda",
    "X:3": "ira",
    "X:4": "diabetes mellitus",
    "X:5": "infarto agudo de miocardio",
}
LISTED = Abbreviations.of([("IRA", NAMES["X:1"]), ("IRA", NAMES["X:2"]), ("IAM", NAMES["X:5"])])
MENTIONS = ["IRA", "IRA leve", "ira", "diabetes", "Diabetes mellitus", "IAM", "infarto", "tos"]
DOCUMENTS = [
    DocumentContext(),
    DocumentContext("a", "Ingresa por infección respiratoria aguda (IRA)."),
    DocumentContext("b", "Ingresa por insuficiencia renal aguda (IRA)."),
    DocumentContext("c", "Insuficiencia renal aguda. IRA en resolución."),
    DocumentContext("d"),
]
NOTHING = Decision(None, Path.NONE, Reason.NOTHING_CLOSE, 0.0)


@pytest.fixture(scope="module")
def index(encoder: BiEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TermIndex]:
    records: list[Record] = [Concept(id, semantic_tag=f"tag {id[-1]}") for id in NAMES]
    records += [Term(id, name, "es") for id, name in NAMES.items()]
    folder = tmp_path_factory.mktemp("answers") / "index"
    indexed_records(folder, records, encoder)
    index = TermIndex.open(folder)
    yield index
    index.close()


def linker(
    index: TermIndex, encoder: BiEncoder, reranker: Reranker | None, answers: AnswerCache | None
) -> Linker:
    return Linker(Retriever(index, encoder, LISTED, RetrievalWeights()), reranker, answers=answers)


def same(one: Linking, other: Linking) -> None:
    """But for the last digits, which depend on what was computed together."""
    assert one.mention == other.mention
    assert [(c.id, c.reading, c.path) for c in one.candidates] == [
        (c.id, c.reading, c.path) for c in other.candidates
    ]
    np.testing.assert_allclose(
        [c.score for c in one.candidates], [c.score for c in other.candidates], atol=1e-4
    )
    assert (one.decision.id, one.decision.reason) == (other.decision.id, other.decision.reason)
    assert one.decision.probability == pytest.approx(other.decision.probability, abs=1e-4)


BATCH = st.tuples(
    st.lists(st.tuples(st.sampled_from(MENTIONS), st.sampled_from(DOCUMENTS)), min_size=1, max_size=6),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([None, 0.0, 1.0]),
    st.sampled_from([None, ("tag 1", "tag 3"), ("tag 2",)]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(BATCH, min_size=2, max_size=5), size=st.sampled_from([1, 12, 1_000]))
def test_answers_are_the_same_with_and_without(
    batches: list[tuple[list[tuple[str, DocumentContext]], int, float | None, tuple[str, ...] | None]],
    size: int,
    index: TermIndex,
    encoder: BiEncoder,
    reranker: Reranker,
) -> None:
    cache = AnswerCache(size)
    remembering, plain = (linker(index, encoder, reranker, answers) for answers in (cache, None))
    for asked, top_k, minimum, tags in [*batches, *batches]:
        scope = Scope.of(index, semantic_tags=tags) if tags else None
        mentions, documents = [mention for mention, _ in asked], [document for _, document in asked]
        answers = [
            one.link(mentions, top_k=top_k, documents=documents, scope=scope, min_probability=minimum)
            for one in (remembering, plain)
        ]
        for one, other in zip(*answers, strict=True):
            same(one, other)
        assert cache.held <= size


def test_what_is_asked_again_is_not_computed_again(index: TermIndex, encoder: BiEncoder) -> None:
    cache = AnswerCache()
    remembering = linker(index, encoder, None, cache)
    first = remembering.link(["tos", "diabetes", "tos"], documents=DOCUMENTS[1:4])
    assert (cache.hits, cache.misses, len(cache)) == (0, 2, 2)
    assert remembering.link(["diabetes", "tos"])[::-1] == first[:2]
    assert (cache.hits, cache.misses) == (2, 2)
    assert [one.mention for one in remembering.link([" tos "])] == [" tos "]
    # What a document says of an abbreviation makes another question of it.
    ids = [remembering.link(["IRA"], documents=[one])[0].candidates[0].id for one in DOCUMENTS[1:4]]
    assert (ids, len(cache)) == (["X:2", "X:1", "X:1"], 4)
    remembering.forget()
    assert len(cache) == cache.held == 0


def test_an_answer_under_a_budget_is_neither_kept_nor_taken(
    index: TermIndex, encoder: BiEncoder, reranker: Reranker
) -> None:
    cache = AnswerCache()
    remembering = linker(index, encoder, reranker, cache)
    (cut,) = remembering.link(["diabete"], budget_ms=0)
    assert {one.path for one in cut.candidates} == {Path.CUT}
    assert len(cache) == 0
    (read,) = remembering.link(["diabete"])
    assert Path.RERANKED in {one.path for one in read.candidates}
    assert remembering.link(["diabete"], budget_ms=0) == [cut]


def question(text: str, context: Context = NO_CONTEXT) -> Question:
    return Question(text, Readings((text,)), context)


def answer(count: int) -> Answer:
    one = Candidate("X:1", "a", "a", "a", 0.5, StageScores(), Path.RETRIEVED)
    return (one,) * count, NOTHING


def test_long_answers_count_for_more_and_those_used_longest_ago_give_way() -> None:
    cache, told = AnswerCache(10), Settings(5)
    a, b, c = question("a"), question("b"), question("c")
    cache.put(a, told, answer(3))
    cache.put(b, told, answer(4))
    assert cache.get([a], told) == [answer(3)]
    cache.put(c, told, answer(1))
    assert (cache.held, cache.get([a, b, c], told)) == (6, [answer(3), None, answer(1)])
    cache.put(a, told, answer(5))
    assert cache.held == 8
    cache.put(b, told, answer(40))
    assert (len(cache), cache.held) == (0, 0)


def test_settings_scopes_and_contexts_make_other_questions() -> None:
    cache, one = AnswerCache(), question("a")
    cache.put(one, Settings(5), answer(1))
    assert cache.get([one], Settings(5)) == [answer(1)]
    for other in (Settings(6), Settings(5, 0.5), Settings(5, None, b"scope")):
        assert cache.get([one], other) == [None]
    assert cache.get([question("a", Context("no hay", ""))], Settings(5)) == [None]


def test_long_questions_are_not_kept() -> None:
    cache = AnswerCache()
    cache.put(question("a" * (MOST_CHARACTERS // 2 + 1)), Settings(5), answer(1))
    cache.put(question("a", Context("b" * MOST_CHARACTERS, "")), Settings(5), answer(1))
    assert (len(cache), cache.held) == (0, 0)
    cache.put(question("a" * (MOST_CHARACTERS // 2)), Settings(5), answer(1))
    assert len(cache) == 1


def test_threads_share_it() -> None:
    cache, told = AnswerCache(30), Settings(5)
    asked = [question(str(place)) for place in range(40)]

    def use(_: int) -> bool:
        for place, one in enumerate(asked):
            cache.put(one, told, answer(place % 4))
        found = cache.get(asked, told)
        return all(one in (None, answer(place % 4)) for place, one in enumerate(found))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(40)))
    assert 0 < cache.held <= 30
