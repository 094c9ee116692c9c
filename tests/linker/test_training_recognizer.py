"""Recognisers in training: what is read, what is learned of it, and a killed training that goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from annotated_cases import DISORDERS, SYMPTOMS, cases, marks, write_brat, write_cases
from recognizer_folders import CHECKPOINTS, make_recognizer
from safetensors.torch import load_file
from transformers import AutoTokenizer

from linker.annotation.recognizer import TokenRecognizer
from linker.annotation.recognizer_labels import LabelScheme
from linker.annotation.recognizer_reading import TextReader
from linker.errors import MentionFileError, TrainingError
from linker.training.masked_language import LanguageRecipe, learned_language
from linker.training.optimization import Progress
from linker.training.recognizer import RecognizerRecipe
from linker.training.recognizer_corpus import (
    Mark,
    MarkedFiles,
    MarkedText,
    RecognizerCorpus,
    documents_of,
    gather,
)
from linker.training.recognizer_runs import RawText, run_recognizer
from linker.training.recognizer_scores import SpanCounts
from linker.training.recognizer_start import BiLstmSize
from linker.training.recognizer_targets import allowed_labels, loss_of_words
from linker.training.recognizer_teaching import Teaching, marked_by_teachers
from linker.training.runs import Oversight
from linker.training.scratch import ScratchSize

RECIPE = RecognizerRecipe(
    epochs=20, learning_rate=1e-2, batch_tokens=160, window=48, bfloat16=False, dropout=0.0
)
SIZE = ScratchSize(layers=1, dimensions=32, heads=2, vocabulary=400, positions=64)


class Killed(Exception):
    """What stands for the end of the process."""


def until(last: int) -> Progress:
    def progress(step: int, steps: int, loss: float) -> None:
        if step == last:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    write_cases(folder)
    return folder


@pytest.fixture(scope="module")
def corpus(folder: Path) -> RecognizerCorpus:
    return gather(files(folder), 0.2)


def files(folder: Path) -> MarkedFiles:
    tables = [("disorder", folder / "disorders.tsv"), ("symptom", folder / "symptoms.tsv")]
    return MarkedFiles(tables, [folder / "texts.jsonl"])


def run(
    corpus: RecognizerCorpus,
    output: Path,
    progress: Progress = lambda *told: None,
    teaching: Teaching | None = None,
    raw: RawText | None = None,
    **changes: object,
) -> dict[str, SpanCounts]:
    return run_recognizer(
        corpus,
        output,
        replace(RECIPE, **changes),  # type: ignore[arg-type]
        ["enlace"],
        start_from=None,
        size=SIZE,
        bilstm=BiLstmSize(1, 24),
        oversight=Oversight(5, 0, 5),
        teaching=teaching,
        raw=raw,
        progress=progress,
    )


def test_documents_have_one_name_in_all_files(folder: Path) -> None:
    whole = gather(files(folder), 0.3)
    names = {one.document for one in (*whole.training, *whole.dev)}
    assert names == {f"S{at:03}-1" for at in range(24)}
    assert whole.training
    assert whole.dev
    texts = {name.removeprefix("es-"): text for name, text in cases().items()}
    for one in (*whole.training, *whole.dev):
        expected = {
            (*place, type)
            for type, words in (("disorder", DISORDERS), ("symptom", SYMPTOMS))
            for place in marks(texts[one.document], words)
        }
        assert {(m.start, m.end, m.type) for m in one.marks} == expected
        assert (one.types, one.doubtful) == ({"disorder", "symptom"}, ())


def test_documents_left_out_are_in_no_side(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "some.tsv").write_text("S001-1\tq62\nS001-1\tq63\nes-S002-1\tq64\n", "utf-8")
    (tmp_path / "more.jsonl").write_text('{"doc": "S003-1", "text": "x"}\n', "utf-8")
    left = documents_of([tmp_path / "some.tsv", tmp_path / "more.jsonl"])
    assert left == {"S001-1", "S002-1", "S003-1"}
    whole = gather(files(folder), 0.3, left)
    assert not left & {one.document for one in (*whole.training, *whole.dev)}
    assert len(whole.training) + len(whole.dev) == 21
    assert "3 left out of both" in whole.told[-1]


def test_brat_gives_the_same_as_tables(folder: Path, tmp_path: Path) -> None:
    write_brat(tmp_path / "brat", cases())
    (tmp_path / "brat" / "S900-1.ann").write_text("", "utf-8")
    (tmp_path / "brat" / "S900-1.txt").write_text("Nada.", "utf-8")
    read = gather(MarkedFiles([(None, tmp_path / "brat")]), 0.0).training
    assert read[:-1] == gather(files(folder), 0.0).training
    assert read[-1] == MarkedText("S900-1", "Nada.", frozenset(["disorder", "symptom"]), ())


def test_only_what_was_searched_for_is_known(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text(
        '{"doc": "N1", "text": "Nada."}\n{"doc": "N2", "text": "Tos."}\n', "utf-8"
    )
    table = "filename\tmark\tlabel\toff0\toff1\tspan\nN2\tT1\tX\t0\t3\tTos\nes-S000-1\tT1\tX\t0\t3\tfoo\n"
    (tmp_path / "other.tsv").write_text(table, "utf-8")
    given = files(folder)
    whole = gather(
        MarkedFiles(
            [*given.marks, ("sign", tmp_path / "other.tsv")],
            [*given.texts, tmp_path / "more.jsonl"],
            [("sign", tmp_path / "more.jsonl")],
        ),
        0.0,
    )
    by_name = {one.document: one for one in whole.training}
    assert by_name["N1"] == MarkedText("N1", "Nada.", frozenset(["sign"]), ())
    assert by_name["N2"].marks == (Mark(0, 3, "sign"),)
    assert by_name["S000-1"].types == {"disorder", "symptom", "sign"}
    assert by_name["S000-1"].doubtful == (Mark(0, 3, "sign"),)
    assert by_name["S001-1"].types == {"disorder", "symptom"}
    assert whole.doubtful == 1


def test_files_that_teach_nothing_are_refused(folder: Path, tmp_path: Path) -> None:
    empty, bare = tmp_path / "empty", tmp_path / "bare.tsv"
    empty.mkdir()
    bare.write_text("doc\tstart\tend\tspan\nS000-1\t0\t5\tMujer\n", "utf-8")
    texts = [folder / "texts.jsonl"]
    for given, error, sentence in (
        (MarkedFiles([("a", empty)]), TrainingError, "is no folder of brat's .ann files"),
        (MarkedFiles([(None, bare)], texts), MentionFileError, "has no labels; name the type"),
        (
            MarkedFiles([("a", bare)]),
            TrainingError,
            "1 annotated documents have no text, among them 'S000-1'",
        ),
        (MarkedFiles([("a", folder / "texts.jsonl")]), MentionFileError, "has no column 'span'"),
    ):
        with pytest.raises(error, match=sentence):
            gather(given, 0.1)
    with pytest.raises(
        TrainingError, match=r"'S000-1' has not 'Mujer' from 0 to 5; give the texts that were"
    ):
        gather(MarkedFiles([("a", bare)], texts), 0.1)
    with pytest.raises(TrainingError, match="No training document has a span"):
        gather(files(folder), 0.1, documents_of(texts))


@pytest.mark.parametrize("layered", [True, False])
def test_targets_are_what_is_known(layered: bool, tmp_path: Path) -> None:
    reader = TextReader(AutoTokenizer.from_pretrained(make_recognizer(tmp_path / "m", "roberta")), "m")
    scheme = LabelScheme.of_types(["a", "b"], layered)
    text = "uno dos tres cuatro cinco"
    (read,) = reader.read([text])
    marked = MarkedText(
        "d", text, frozenset(["a"]), (Mark(4, 12, "a"), Mark(0, 7, "a")), (Mark(20, 25, "a"),)
    )
    allowed = allowed_labels(marked, read, scheme)
    labels = [{scheme.labels[at] for at in row.nonzero()[0]} for row in allowed]
    unknown = {"O-b", "B-b", "I-b"} if layered else {"B-b", "I-b"}
    outside = {"O-a"} | unknown if layered else {"O"} | unknown
    inside = unknown if layered else set()
    # The longer of two that overlap counts; of the doubtful one nothing is known.
    assert labels == [outside, {"B-a"} | inside, {"I-a"} | inside, outside, set(scheme.labels)]
    logits = torch.zeros(5, len(scheme.labels), requires_grad=True)
    loss = loss_of_words(logits, torch.from_numpy(allowed), scheme)
    loss.backward()
    gradient = logits.grad
    assert gradient is not None
    assert not gradient[4].any(), "nothing is known of the last word"
    if layered:
        assert not gradient[:, 3:].any(), "nobody searched for the second type"
        assert loss.item() == pytest.approx(torch.log(torch.tensor(3.0)).item())


@pytest.mark.parametrize("layered", [True, False])
def test_a_model_from_scratch_learns_invented_cases(
    corpus: RecognizerCorpus, tmp_path: Path, layered: bool
) -> None:
    counts = run(corpus, tmp_path / "model", layered=layered, mean_pieces=not layered)
    assert set(counts) == {"disorder", "symptom"}
    assert all(one.f1 > 0.9 for one in counts.values())
    recognizer = TokenRecognizer.open(tmp_path / "model")
    for one in corpus.dev:
        (found,) = recognizer.spans([one.text])
        assert {(s.start, s.end, s.type) for s in found} >= {(m.start, m.end, m.type) for m in one.marks[:1]}
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "spans of disorders.tsv in 24 documents (disorder)" in card
    assert f"| layered | {layered} |" in card
    assert json.loads((tmp_path / "model" / "enlace.json").read_text("utf-8"))["window"] == 48


def test_a_student_learns_from_what_teachers_are_sure_of(
    folder: Path, corpus: RecognizerCorpus, tmp_path: Path
) -> None:
    run(corpus, tmp_path / "layered")
    run(corpus, tmp_path / "plain", layered=False, seed=1)
    teachers = [TokenRecognizer.open(tmp_path / name) for name in ("layered", "plain")]
    raw = {f"R{name}": text for name, text in cases().items()}
    teaching = Teaching({**raw, "es-S001-1": "Mujer con asma."}, teachers, sure=0.5, every=2)
    assert teaching.without(corpus.documents).texts == raw
    taught = marked_by_teachers(Teaching(raw, teachers, sure=0.5))
    right = [m for one in taught for m in one.marks if one.text[m.start : m.end] in (*DISORDERS, *SYMPTOMS)]
    assert len(right) > 0.9 * sum(len(one.marks) for one in taught) > 0
    assert {one.types for one in taught} == {frozenset(["disorder", "symptom"])}
    # Nothing is as sure as that.
    unsure = marked_by_teachers(Teaching(raw, teachers, sure=1.1))
    assert not any(one.marks for one in unsure)
    assert all(one.doubtful for one in unsure)
    one = gather(files(folder), 0.0, corpus.documents - {corpus.training[0].document})
    few = replace(one, dev=corpus.dev, left_out=frozenset())
    seen: list[int] = []
    run(few, tmp_path / "alone", lambda step, steps, loss: seen.append(steps), epochs=2)
    run(few, tmp_path / "student", lambda step, steps, loss: seen.append(steps), teaching=teaching, epochs=2)
    assert seen[-1] > 5 * seen[0], "half of the marked texts are read each epoch"
    card = (tmp_path / "student" / "README.md").read_text("utf-8")
    assert "texts that nobody annotated, " in card
    assert "| sure | 0.5 |" in card
    with pytest.raises(TrainingError, match="is of an annotated or a left out document"):
        teaching.without([*corpus.documents, *(name.removeprefix("es-") for name in raw)])


def test_a_killed_training_ends_as_an_undisturbed_one(corpus: RecognizerCorpus, tmp_path: Path) -> None:
    changes = {"epochs": 4, "dropout": 0.2, "token_dropout": 0.1, "averaged": 0.8}
    undisturbed = run(corpus, tmp_path / "one", **changes)
    with pytest.raises(Killed):
        run(corpus, tmp_path / "other", until(7), **changes)
    assert not (tmp_path / "other").exists()
    with pytest.raises(TrainingError, match="holds a training with other data"):
        run(corpus, tmp_path / "other", **{**changes, "seed": 1})
    seen: list[int] = []
    torch.rand(3)
    again = run(corpus, tmp_path / "other", lambda step, steps, loss: seen.append(step), **changes)
    assert (seen[0], again) == (6, undisturbed)
    ours, theirs = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert not (tmp_path / ".other.training").exists()


def test_a_start_learns_from_raw_text_and_goes_on_where_it_was_killed(
    corpus: RecognizerCorpus, tmp_path: Path
) -> None:
    recipe = LanguageRecipe(steps=30, learning_rate=3e-3, batch_tokens=256, window=32, bfloat16=False)
    texts = list(cases().values())
    for family in CHECKPOINTS:
        start = CHECKPOINTS[family](tmp_path / family)
        losses: list[float] = []
        told = learned_language(
            start, texts, tmp_path / f"{family}-learned", recipe,
            progress=lambda step, steps, loss, losses=losses: losses.append(loss),
        )  # fmt: skip
        assert sum(losses[-5:]) < 0.9 * sum(losses[:5])

        def unexpected(step: int, steps: int, loss: float) -> None:
            raise AssertionError("it is trained already")

        learned_language(start, texts, told, recipe, progress=unexpected)
        other = tmp_path / f"{family}-other"
        seen: list[int] = []
        with pytest.raises(Killed):
            learned_language(start, texts, other, recipe, save_steps=5, progress=until(12))
        learned_language(
            start, texts, other, recipe, save_steps=5,
            progress=lambda step, steps, loss, seen=seen: seen.append(step),
        )  # fmt: skip
        assert seen[0] == 11
        ours, theirs = (load_file(folder / "model.safetensors") for folder in (told, other))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    with pytest.raises(TrainingError, match="There is no raw text"):
        learned_language(start, ["", " "], tmp_path / "x", recipe)


def test_raw_text_is_none_of_held_out_documents(corpus: RecognizerCorpus, tmp_path: Path) -> None:
    recipe = LanguageRecipe(steps=2, batch_tokens=256, window=32, bfloat16=False)
    raw = RawText({**cases(), "more": "Otro texto."}, recipe)
    kept = raw.without(corpus)
    assert len(kept) == 25 - len(corpus.dev)
    assert not {one.text for one in corpus.dev} & set(kept)
    run(corpus, tmp_path / "model", raw=raw, epochs=1)
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert f"- {len(kept)} raw texts, before the annotated ones" in card
    assert "| raw text: steps | 2 |" in card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_stopping_early_needs_documents_to_choose_on(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Stopping early needs held-out documents"):
        run_recognizer(
            gather(files(folder), 0.0), tmp_path / "m", RECIPE, ["enlace"], start_from=None, size=SIZE,
            oversight=Oversight(5, 2, 5), progress=lambda *told: None,
        )  # fmt: skip
