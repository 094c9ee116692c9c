"""Codes made of parts: what words say of each part is learned, and decides between the codes of a stem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from clinic import RecordsInMemory, indexed_records, retriever
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Concept, Record, Term
from linker.axis_ranking import DEPTH, AxisRanker
from linker.choosing import AXES
from linker.code_axes import MOST_STEMS, compiled, read_axes
from linker.encoder import BiEncoder
from linker.errors import IndexDamaged, LinkerError, TrainingError
from linker.fusion import AxisWeights
from linker.index import TermIndex, open_checked
from linker.indexing import build_index
from linker.mentions import GoldMention
from linker.model import Path
from linker.pipeline import Linker
from linker.reranker import Reranker
from linker.scope import Scope
from linker.training.axis_fit import fit_axis_weights
from linker.training.fusion_fit import FittingSet

PATTERN = r"(\d{4})/(\d)(\d)?(/H)?"
TUMOURS = {
    "8140": "adenocarcinoma",
    "8070": "carcinoma epidermoide",
    "8500": "carcinoma ductal infiltrante",
    "8720": "melanoma",
    "9440": "glioblastoma",
}
BEHAVIOURS = {"3": "{}", "6": "metástasis de {}"}
GRADES = {"": "{}", "1": "{} bien diferenciado", "3": "{} pobremente diferenciado"}
UNNAMED = ("T:8070/63", "T:8500/6", "T:8500/61", "T:8500/63", "T:9440/61/H")
ODD = "T:otro"


def tumours() -> list[Record]:
    records: list[Record] = [Concept(ODD), Term(ODD, "tumor de otro libro", "es")]
    records += [Concept(id) for id in UNNAMED]
    for stem, name in TUMOURS.items():
        for behaviour, said in BEHAVIOURS.items():
            for grade, graded in GRADES.items():
                id = f"T:{stem}/{behaviour}{grade}"
                if id not in UNNAMED:
                    records += [Concept(id), Term(id, said.format(graded.format(name)), "es")]
    return records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, encoder: BiEncoder) -> FilePath:
    folder = tmp_path_factory.mktemp("tumours") / "index"
    manifest = indexed_records(folder, tumours(), encoder, PATTERN)
    assert (manifest.code_axes, manifest.concepts) == (PATTERN, len(TUMOURS) * 6 + 2)
    return folder


@pytest.fixture(scope="module")
def index(folder: FilePath, encoder: BiEncoder) -> Iterator[TermIndex]:
    index = open_checked(folder, encoder)
    yield index
    index.close()


@pytest.fixture(scope="module")
def linker(index: TermIndex, encoder: BiEncoder, reranker: Reranker) -> Linker:
    # Models with random weights have little to say.
    weights = AxisWeights(own=0.05, retrieved=0.2)
    return Linker(retriever(index, encoder), reranker, axes=AxisRanker(index, weights, weights))


def test_a_code_that_no_term_names_is_completed_from_its_stem(linker: Linker, index: TermIndex) -> None:
    answer = linker.link(["metástasis de un carcinoma epidermoide pobremente diferenciado"])[0]
    first = answer.candidates[0]
    assert (first.id, first.path, first.preferred_term) == ("T:8070/63", Path.COMPLETED, "T:8070/63")
    assert "carcinoma epidermoide" in first.matched_term
    assert [one.kind for one in first.evidence] == [AXES], "none of its terms was near"
    assert answer.decision.probability > 0
    (likely,) = (one.value for one in first.evidence if one.kind == AXES)
    others = {c.id: one.value for c in answer.candidates[1:] for one in c.evidence if one.kind == AXES}
    assert likely > max(others.values())


@pytest.mark.parametrize(
    ("mention", "code"),
    [
        ("melanomas bien diferenciados", "T:8720/31"),
        ("metástasis hepáticas de melanoma", "T:8720/6"),
        ("adenocarcinomas, pobremente diferenciados", "T:8140/33"),
    ],
)
def test_words_decide_between_the_codes_of_a_stem(linker: Linker, mention: str, code: str) -> None:
    assert linker.link([mention])[0].candidates[0].id == code


def test_where_a_term_is_the_mention_it_stands(linker: Linker, index: TermIndex) -> None:
    answer = linker.link(["metástasis de melanoma"], top_k=40)[0]
    assert (answer.candidates[0].id, answer.candidates[0].path) == ("T:8720/6", Path.EXACT)
    assert not set(UNNAMED) & {c.id for c in answer.candidates}, "nothing is completed"


MENTIONS = st.lists(
    st.sampled_from([*TUMOURS.values(), "metástasis", "bien", "mal", "diferenciado", "de", "G3", "¿?", "ñ"]),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(st.lists(MENTIONS, min_size=1, max_size=4))
def test_concepts_are_distinct_and_scores_do_not_rise(linker: Linker, mentions: list[str]) -> None:
    for answer in linker.link(mentions, top_k=50):
        ids = [c.id for c in answer.candidates]
        assert len(ids) == len(set(ids))
        scores = [c.score for c in answer.candidates]
        assert scores == sorted(scores, reverse=True)


@given(st.lists(MENTIONS, min_size=1, max_size=4), st.integers(1, 60))
def test_neither_how_many_are_asked_for_nor_the_batch_changes_the_order(
    linker: Linker, mentions: list[str], top_k: int
) -> None:
    for mention, answer in zip(mentions, linker.link(mentions, top_k=top_k), strict=True):
        alone = linker.link([mention], top_k=80)[0]
        assert answer.candidates == alone.candidates[:top_k]
        assert answer.decision == alone.decision


def test_what_is_beyond_the_weighed_depth_stays_behind(
    index: TermIndex, linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = linker.link(["carcinoma ductal con metástasis"], top_k=40)[0].candidates
    assert len(whole) == index.concept_count
    monkeypatch.setattr("linker.axis_ranking.DEPTH", 3)
    short = linker.link(["carcinoma ductal con metástasis"], top_k=40)[0].candidates
    assert {c.id for c in whole} - {c.id for c in short} <= set(UNNAMED), "those of stems beyond"
    scores = [c.score for c in short]
    assert scores == sorted(scores, reverse=True)
    weighed = [any(one.kind == AXES for one in c.evidence) for c in short]
    assert weighed == sorted(weighed, reverse=True)
    assert not all(weighed)
    assert DEPTH == 64


def test_only_codes_within_the_scope_complete(linker: Linker, index: TermIndex) -> None:
    within = {"T:8070/3", "T:8070/6", "T:8500/61", "T:8720/31"}
    answer = linker.link(["metástasis de un carcinoma"], top_k=40, scope=Scope.of(index, ids=within))[0]
    found = {c.id for c in answer.candidates}
    assert found == within - {"T:8500/61"}, "nothing of the stem 8500 is retrieved within"
    wider = Scope.of(index, ids=[*within, "T:8500/3"])
    answer = linker.link(["metástasis de un carcinoma"], top_k=40, scope=wider)[0]
    assert {c.id for c in answer.candidates} == {*within, "T:8500/3"}


def test_a_concept_taken_away_does_not_come_back(linker: Linker, index: TermIndex) -> None:
    mention = "metástasis de un carcinoma epidermoide pobremente diferenciado"
    (with_it,) = linker.standings([mention])
    (without,) = linker.standings([mention], without=[["T:8070/63"]])
    assert without.score[0] < with_it.score[0]


def test_a_code_of_another_form_is_a_candidate_as_any(linker: Linker) -> None:
    answer = linker.link(["tumores de otros libros"], top_k=40)[0]
    assert ODD in {c.id for c in answer.candidates}


def test_whole_codes_may_be_stems(tmp_path: FilePath, encoder: BiEncoder) -> None:
    indexed_records(tmp_path / "index", tumours(), encoder, "(.+)")
    index = open_checked(tmp_path / "index", encoder)
    answer = Linker(retriever(index, encoder), None).link(
        ["melanoma metastásico bien diferenciado"], top_k=50
    )[0]
    assert not set(UNNAMED) & {c.id for c in answer.candidates}
    assert all(c.path is Path.RETRIEVED for c in answer.candidates)
    assert "8720" in answer.candidates[0].id
    index.close()


def test_without_axes_nothing_is_learned_and_nothing_completed(
    tmp_path: FilePath, encoder: BiEncoder
) -> None:
    manifest = indexed_records(tmp_path / "index", tumours(), encoder)
    assert (manifest.code_axes, manifest.concepts) == ("", len(TUMOURS) * 6 + 2 - len(UNNAMED))
    index = open_checked(tmp_path / "index", encoder)
    assert index.axes is None
    answer = Linker(retriever(index, encoder), None).link(["metástasis de carcinomas"], top_k=50)[0]
    assert not any(one.kind == AXES for c in answer.candidates for one in c.evidence)
    index.close()


def test_axes_are_the_groups_of_a_whole_code() -> None:
    ids = ["T:8140/33/H", "T:8140/3", "8140/6", "T:8140/3x"]
    assert read_axes(ids, compiled(PATTERN)) == [
        ("8140", "3", "3", "/H"),
        ("8140", "3", "", ""),
        ("8140", "6", "", ""),
        None,
    ]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (
            "(",
            "The code axes '(' are no regular expression: missing ), unterminated subpattern at position 0.",
        ),
        (r"\d+", "have no group; put each part of a code in brackets"),
        ("([A-Z])", "fit none of the codes that have a term, such as 'T:otro'"),
    ],
)
def test_a_pattern_that_tells_nothing_is_refused(
    tmp_path: FilePath, encoder: BiEncoder, pattern: str, told: str
) -> None:
    with pytest.raises(LinkerError, match="The code axes") as refused:
        indexed_records(tmp_path / "index", tumours(), encoder, pattern)
    assert told in str(refused.value)
    assert not list(tmp_path.iterdir()), "nothing half-made is left"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(.+)", r"Group 1 of .* has 5,001 values and at most 5,000 can be told apart"),
        (r"(\d)(\d*)", r"Group 2 of .* values and at most 100 can be told apart"),
    ],
)
def test_too_many_values_are_refused(tmp_path: FilePath, encoder: BiEncoder, pattern: str, told: str) -> None:
    records: list[Record] = []
    for number in range(MOST_STEMS + 1):
        records += [Concept(f"T:{number}"), Term(f"T:{number}", f"término {number}", "es")]
    store = RecordsInMemory(records)
    with pytest.raises(LinkerError, match=told):
        build_index(
            tmp_path / "index", "r", store, encoder, bi_encoder="", cross_encoder="", code_axes=pattern  # type: ignore[arg-type]
        )  # fmt: skip


def test_a_damaged_index_says_so(tmp_path: FilePath, encoder: BiEncoder) -> None:
    indexed_records(tmp_path / "index", tumours(), encoder, PATTERN)
    path = tmp_path / "index" / "code_axes" / "values.npy"
    size = path.stat().st_size
    path.write_bytes(b"x" * size)
    with pytest.raises(IndexDamaged, match=r"code_axes cannot be read .*build the index again"):
        open_checked(tmp_path / "index", encoder)


def test_weights_are_fitted_for_the_order(folder: FilePath, index: TermIndex, linker: Linker) -> None:
    gold = [
        GoldMention(f"{said.format(graded.format(name))} ahora", (f"T:{stem}/{behaviour}{grade}",), "d")
        for stem, name in TUMOURS.items()
        for behaviour, said in BEHAVIOURS.items()
        for grade, graded in GRADES.items()
    ]
    one = FittingSet.of(folder, index, gold)
    assert len(one.mentions) == len(gold), "unnamed codes can be answered with"
    weights = fit_axis_weights([(linker, one)])
    assert weights.qualifiers > 0.1
    fitted = Linker(linker.retriever, linker.reranker, axes=AxisRanker(index, weights, weights))
    spans = [mention.span for mention in gold]
    right = [
        answer.candidates[0].id in mention.codes
        for mention, answer in zip(gold, fitted.link(spans), strict=True)
    ]
    assert np.mean(right) > 0.9
    nothing = AxisWeights(own=1.0, retrieved=0.0, qualifiers=0.0, stem=0.0)
    before = Linker(linker.retriever, linker.reranker, axes=AxisRanker(index, nothing, nothing))
    as_it_was = [
        answer.candidates[0].id in mention.codes
        for mention, answer in zip(gold, before.link(spans), strict=True)
    ]
    assert np.mean(as_it_was) < np.mean(right)


def test_weights_need_an_index_that_knows_axes(index_folder: FilePath, encoder: BiEncoder) -> None:
    index = open_checked(index_folder, encoder)
    one = replace(FittingSet.of(index_folder, index, []), mentions=[GoldMention("x", ("C:1",), "d")])
    with pytest.raises(
        TrainingError, match="knows no axes of codes; make it with `enlace index --code-axes`"
    ):
        fit_axis_weights([(Linker(retriever(index, encoder), None), one)])
    index.close()
