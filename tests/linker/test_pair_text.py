"""How pairs are written: what the form asks for is there, and what is too long is given up in its order."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from checkpoints import make_clinical_xlm_roberta, make_spanish_roberta
from clinic import RecordsInMemory, retriever
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import make_bi_encoder
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from graph.model import IS_A, Concept, Record, Relation, Term, TermKind
from linker.encoder import SETTINGS_FILE, BiEncoder
from linker.errors import IndexMismatch, LinkerError, ModelNotFound
from linker.index import TermIndex
from linker.indexing import build_index
from linker.normalization import compose, fold
from linker.pair_text import Context, Gloss, PairForm, PairWriter, Part, candidate_parts
from linker.parents import parents_in_order
from linker.pipeline import Linker
from linker.reranker import Reranker

FULL_FORM = PairForm(tuple(Part), 2, 20)
MAKERS = {"bert": make_bi_encoder, "roberta": make_spanish_roberta, "xlm-roberta": make_clinical_xlm_roberta}


@cache
def tokenizer(family: str) -> PreTrainedTokenizerBase:
    folder = Path(mkdtemp())
    try:
        loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(MAKERS[family](folder / "model"))
    finally:
        shutil.rmtree(folder)
    return loaded


def writer(family: str, form: PairForm, max_length: int = 1000) -> PairWriter:
    return PairWriter(tokenizer(family), form, max_length, compose)


words = st.lists(st.text("abcdeñó", min_size=1, max_size=9), min_size=1, max_size=6).map(" ".join)
maybe = st.one_of(st.just(""), words)


@pytest.mark.parametrize("form", [PairForm(), FULL_FORM, PairForm((Part.TERM, Part.TAG), 0, 0)])
def test_a_form_is_read_as_it_is_kept(form: PairForm) -> None:
    assert PairForm.of(json.loads(json.dumps(form.settings()))) == form or form.plain


@pytest.mark.parametrize(
    "told",
    [7, {"candidates": []}, {"candidate": "term"}, {"candidate": ["tag"]}, {"candidate": ["term", "words"]},
     {"candidate": ["term", "tag", "tag"]}, {"context": -1}, {"parents": 1.5}, {"context": True}],
)  # fmt: skip
def test_a_form_that_is_none_is_told(told: object, tiny_cross_encoder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_cross_encoder, tmp_path / "model")
    (folder / SETTINGS_FILE).write_text(json.dumps({"pair": told}), "utf-8")
    with pytest.raises(
        ModelNotFound, match=r"enlace\.json does not say how pairs are written \(.+\); restore"
    ):
        Reranker.open(folder)


def test_parts_are_written_in_one_order() -> None:
    assert candidate_parts(["parents", "term", "tag"]) == (Part.TERM, Part.TAG, Part.PARENTS)


@given(st.text("ab  \n", max_size=30), st.text("ab  \n", max_size=30), st.integers(0, 30))
def test_a_context_is_whole_words_beside_the_mention(before: str, after: str, reach: int) -> None:
    near = Context.around(before + "X" + after, len(before), len(before) + 1, reach)
    assert near == Context(before, after).within(reach) == near.within(reach)
    assert before.endswith(near.before)
    assert after.startswith(near.after)
    assert max(len(near.before), len(near.after)) <= reach
    # By hand: the words that lie wholly within reach.
    assert near.after.split() == [
        word for place, word in enumerate(after.split()) if len(after) <= reach or _end(after, place) <= reach
    ]
    assert near.before.split() == near.before[::-1][::-1].split()
    assert before.split()[len(before.split()) - len(near.before.split()) :] == near.before.split()


def _end(text: str, place: int) -> int:
    """Where the word of that place ends."""
    at = 0
    for word in text.split()[: place + 1]:
        at = text.index(word, at) + len(word)
    return at


@pytest.mark.parametrize("family", MAKERS)
def test_each_part_has_its_place(family: str) -> None:
    separator = tokenizer(family).sep_token
    gloss = Gloss("dolor torácico", "hallazgo", ("dolor", "signo", "tercero"))
    (mention, told), (_, same), (_, bare) = writer(family, FULL_FORM).write(
        [("dolor  de pecho", "algia"), ("x", "dolor torácico"), ("x", "algia")],
        [gloss, gloss, Gloss()],
        [Context("acude por intenso", "desde ayer por la noche"), Context(), Context()],
    )
    assert mention.split(separator) == ["acude por intenso", "dolor de pecho", "desde ayer por la"]
    assert told.split(separator) == ["algia", "dolor torácico", "hallazgo", "dolor", "signo"]
    assert same.split(separator) == ["dolor torácico", "", "hallazgo", "dolor", "signo"]
    assert bare == "algia"
    plain = writer(family, PairForm()).write([("dolor  de pecho", "algia")], [gloss], [Context("a", "b")])
    assert plain == [("dolor de pecho", "algia")]
    marked = writer(family, PairForm(context=5)).write([("dolor", "algia")])
    assert marked == [(f"{separator}dolor{separator}", "algia")]


def test_a_tokeniser_without_a_separator_gets_a_bar() -> None:
    class Bare:
        sep_token = None
        backend_tokenizer = tokenizer("bert").backend_tokenizer

    form = PairForm((Part.TERM, Part.TAG))
    write = PairWriter(Bare(), form, 40, fold).write  # type: ignore[arg-type]
    assert write([("Asma", "ASMÁ")], [Gloss(tag="Hallazgo")]) == [("asma", "asma | hallazgo")]


@pytest.mark.parametrize("family", MAKERS)
@given(
    mention=words, term=words, preferred=maybe, tag=maybe, parents=st.lists(words, max_size=3),
    before=maybe, after=maybe, max_length=st.integers(8, 150),
)  # fmt: skip
def test_mention_and_term_are_whole_and_the_rest_is_given_up_in_its_order(
    family: str, mention: str, term: str, preferred: str, tag: str, parents: list[str],
    before: str, after: str, max_length: int,
) -> None:  # fmt: skip
    form, separator = PairForm(tuple(Part), 3, 40), tokenizer(family).sep_token
    gloss, context = Gloss(preferred, tag, tuple(parents)), Context(before, after)
    writes = writer(family, form, max_length)
    [uncut] = writer(family, form).write([(mention, term)], [gloss], [context])
    [written] = writes.write([(mention, term)], [gloss], [context])
    left, own, right = written[0].split(separator)
    told = written[1].split(separator)
    assert (own, told[0]) == (mention, term)
    fields = (told[1:] + [""] * 5)[:5]
    whole = (uncut[1].split(separator)[1:] + [""] * 5)[:5]

    [length] = writes.lengths([written])
    assert length == len(tokenizer(family)(*written)["input_ids"]), "it counts what the model would read"
    assert length <= max_length or (not left and not right and not any(fields))
    if writes.lengths([uncut])[0] <= max_length:
        assert written == uncut
    # Context is a run of words next to the mention; of the fields the last are lost first.
    full_left, _, full_right = uncut[0].split(separator)
    assert full_left.endswith(left)
    assert full_right.startswith(right)
    kept = sum(map(bool, fields))
    assert [field for field in fields if field] == [field for field in whole if field][:kept]
    if kept < sum(map(bool, whole)):
        assert not left
        assert not right


def model(folder: Path, made: Path, form: PairForm) -> Path:
    shutil.copytree(made, folder)
    (folder / SETTINGS_FILE).write_text(json.dumps({"max_length": 100, **form.settings()}), "utf-8")
    return folder


def test_a_cross_encoder_reads_what_its_form_shows(tiny_cross_encoder: Path, tmp_path: Path) -> None:
    pairs = [("asma", "asma bronquial")] * 3
    glosses = [Gloss("asma"), Gloss("asma", "trastorno"), Gloss("asma", "trastorno", ("neumopatía",))]
    contexts = [Context("sin", ""), Context("con", ""), Context("con", "")]

    def distinct(form: PairForm, name: str) -> int:
        reranker = Reranker.open(model(tmp_path / name, tiny_cross_encoder, form))
        assert reranker.form == form
        return len(set(np.round(reranker.logits(pairs, glosses, contexts), 4).tolist()))

    assert distinct(PairForm(), "plain") == 1
    assert distinct(PairForm((Part.TERM, Part.TAG)), "tag") == 2
    assert distinct(PairForm((Part.TERM, Part.PARENTS)), "parents") == 2
    assert distinct(PairForm((Part.TERM, Part.TAG, Part.PARENTS)), "both") == 3
    assert distinct(PairForm(context=9), "context") == 2


PARENTED: list[Record] = [
    *(Concept(id, semantic_tag=tag) for id, tag in (("X:1", "raíz"), ("X:2", ""), ("X:3", "a"), ("X:4", "b"))),
    Concept("X:5", active=False),
    Concept("X:6"),
    Term("X:1", "enfermedad", "es"),
    Term("X:2", "neumopatía", "es", TermKind.PREFERRED),
    Term("X:3", "asthma", "en", TermKind.PREFERRED),
    Term("X:3", "asma", "es", TermKind.PREFERRED),
    Term("X:4", "asma grave", "es"),
    *(
        Relation(child, IS_A, parent)
        for child, parent in (
            ("X:2", "X:1"), ("X:3", "X:1"), ("X:3", "X:2"), ("X:3", "X:5"), ("X:4", "X:3"), ("X:4", "X:6"),
        )
    ),
]  # fmt: skip


def test_parents_come_the_most_telling_first() -> None:
    store = RecordsInMemory(PARENTED)
    active = {c.id for c in store.scan_concepts() if c.active}
    assert parents_in_order(active, store.scan_is_a()) == {
        "X:2": ("X:1",),
        "X:3": ("X:2", "X:1"),
        "X:4": ("X:3", "X:6"),
    }


@pytest.fixture(scope="module")
def parented(tmp_path_factory: pytest.TempPathFactory, encoder: BiEncoder, tiny_bi_encoder: Path) -> Path:
    folder = tmp_path_factory.mktemp("parented") / "index"
    store = RecordsInMemory(PARENTED)
    build_index(folder, "small", store, encoder, bi_encoder=str(tiny_bi_encoder), cross_encoder="")  # type: ignore[arg-type]
    return folder


def test_an_index_knows_the_gloss_of_its_concepts(parented: Path) -> None:
    index = TermIndex.open(parented)
    glosses = {index.concept_id(o): index.gloss(o, 1) for o in range(index.concept_count)}
    assert glosses == {
        "X:1": Gloss("enfermedad", "raíz"),
        "X:2": Gloss("neumopatía", "", ("enfermedad",)),
        "X:3": Gloss("asma", "a", ("neumopatía",)),
        "X:4": Gloss("asma grave", "b", ("asma",)),
    }
    of_asthma = index.concept_ids().index("X:3")
    assert index.gloss(of_asthma, 9).parents == ("neumopatía", "enfermedad")
    assert index.gloss(of_asthma, 0).parents == ()
    index.close()


def test_an_index_without_parents_is_refused_to_a_model_that_reads_them(
    parented: Path, encoder: BiEncoder, tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    former = shutil.copytree(parented, tmp_path / "index")
    shutil.rmtree(former / "parents")
    manifest = json.loads((former / "manifest.json").read_text("utf-8"))
    manifest["files"] = {name: size for name, size in manifest["files"].items() if "parents" not in name}
    (former / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    index = TermIndex.open(former)
    plain = Reranker.open(tiny_cross_encoder)
    tags = Reranker.open(model(tmp_path / "tags", tiny_cross_encoder, PairForm((Part.TERM, Part.TAG))))
    for able in (plain, tags):
        assert Linker(retriever(index, encoder), able).link(["asma leve"])[0].candidates
    parents = Reranker.open(
        model(tmp_path / "parents", tiny_cross_encoder, PairForm((Part.TERM, Part.PARENTS)))
    )
    with pytest.raises(IndexMismatch, match=r"without the parents of concepts.*run `enlace index` again"):
        Linker(retriever(index, encoder), parents)
    index.close()


def test_linking_shows_a_model_the_glosses_and_the_context(
    parented: Path, encoder: BiEncoder, tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    index = TermIndex.open(parented)
    form = PairForm((Part.TERM, Part.TAG, Part.PARENTS), 1, 12)
    reranker = Reranker.open(model(tmp_path / "model", tiny_cross_encoder, form))
    linker = Linker(retriever(index, encoder), reranker)
    near, far = Context("padre con", "leve"), Context("x" * 30 + " padre con", "leve " + "x" * 30)
    answers = linker.link(["asma leve"] * 4, contexts=[Context(), near, far, Context("madre con", "leve")])
    none, one, same, other = (
        [c.scores.rerank for c in sorted(a.candidates, key=lambda c: c.id)] for a in answers
    )
    assert one == same
    assert none != one != other
    ordinals = {id: ordinal for ordinal, id in enumerate(index.concept_ids())}
    for candidate in answers[1].candidates:
        gloss = index.gloss(ordinals[candidate.id], 1)
        [logit] = reranker.logits([("asma leve", candidate.matched_term)], [gloss], [near])
        assert candidate.scores.rerank == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
    assert linker.link(["asma leve"])[0] == answers[0]
    with pytest.raises(LinkerError, match="2 mentions and 1 contexts"):
        linker.link(["asma", "tos"], contexts=[near])
    index.close()
