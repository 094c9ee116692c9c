"""Training that is watched, stopped early, killed, and gone on with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from clinic import RecordsInMemory
from safetensors.torch import load_file
from tiny_models import make_bi_encoder

from graph.model import IS_A, Concept, Record, Relation, Term
from linker.errors import TrainingError
from linker.mentions import GoldMention, split_documents
from linker.training.bi_encoder import BiEncoderRecipe
from linker.training.choices import Negatives, Pairs
from linker.training.cross_encoder import CrossEncoderRecipe
from linker.training.optimization import Course, Progress, Watch, optimise
from linker.training.optimization import Schedule as Rates
from linker.training.runs import Oversight, TrainingData, run_bi_encoder, run_cross_encoder
from linker.training.scratch import ScratchSize

FINDINGS = {"fractura": "rotura", "dolor": "algia", "herida": "corte", "tumor": "neoplasia"}
PLACES = ("mano", "rodilla", "cadera", "codo")
RECORDS: list[Record] = [
    Concept("X:0"),
    Term("X:0", "hallazgo", "es"),
    *(
        record
        for f, (word, other) in enumerate(FINDINGS.items(), 1)
        for p, place in enumerate(("", *PLACES))
        for record in (
            Concept(f"X:{f}{p}"),
            Term(f"X:{f}{p}", f"{word} de {place}".removesuffix(" de "), "es"),
            Term(f"X:{f}{p}", f"{other} de {place}".removesuffix(" de "), "es"),
            Relation(f"X:{f}{p}", IS_A, f"X:{f}0" if p else "X:0"),
        )
    ),
]
MENTIONS = [
    GoldMention(f"{word} en la {place}", (f"X:{f}{p}",), f"caso{f}{p}")
    for f, word in enumerate(FINDINGS, 1)
    for p, place in enumerate(PLACES, 1)
]
DATA = TrainingData([RecordsInMemory(RECORDS)], MENTIONS, ["Four findings in four places"], 0.4)  # type: ignore[list-item]
BI_ENCODER = BiEncoderRecipe(
    steps=12, batch_size=12, learning_rate=3e-3, easy_steps=3, refresh_steps=4, seeds=10, max_length=16,
    bfloat16=False, pairs=Pairs.PARENTS,
)  # fmt: skip
CROSS_ENCODER = CrossEncoderRecipe(
    steps=8, lists=4, negatives=3, depth=10, max_length=32, bfloat16=False, kind=Negatives.BKG
)
OVERSIGHT = Oversight(measure_steps=3, patience=3, save_steps=5)
SIZE = ScratchSize(layers=1, dimensions=32, heads=2, vocabulary=300, positions=64)

Run = Callable[..., Course]


class Killed(Exception):
    """What stands for the end of the process."""


def killed_at(last: int) -> Progress:
    def progress(step: int, steps: int, loss: float) -> None:
        if step == last:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bi_encoder(tmp_path_factory.mktemp("base") / "model")


def bi_encoder(
    base: Path, output: Path, progress: Progress = lambda *told: None, **changes: object
) -> Course:
    recipe = replace(BI_ENCODER, **changes)  # type: ignore[arg-type]
    return run_bi_encoder(
        DATA, output, recipe, ["enlace"], start_from=None, size=SIZE, oversight=OVERSIGHT, progress=progress
    )


def cross_encoder(
    base: Path, output: Path, progress: Progress = lambda *told: None, **changes: object
) -> Course:
    recipe = replace(CROSS_ENCODER, **changes)  # type: ignore[arg-type]
    return run_cross_encoder(
        DATA, str(base), output, recipe, ["enlace"], start_from=None, oversight=OVERSIGHT, progress=progress
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("run", [bi_encoder, cross_encoder])
def test_a_killed_training_ends_as_an_undisturbed_one(run: Run, base: Path, tmp_path: Path) -> None:
    undisturbed = run(base, tmp_path / "one")
    for last in (2, 7):
        # Before the first state was kept, and two steps after it.
        torch.rand(last)
        with pytest.raises(Killed):
            run(base, tmp_path / "other", killed_at(last))
        assert not (tmp_path / "other").exists()
        assert (tmp_path / ".other.training").exists() == (last == 7)
    seen: list[int] = []
    torch.rand(5)
    assert run(base, tmp_path / "other", lambda step, steps, loss: seen.append(step)) == undisturbed
    assert seen[0] == 6, "it goes on after the step whose state was kept"
    ours, theirs = weights(tmp_path / "one"), weights(tmp_path / "other")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert not (tmp_path / ".other.training").exists()


def test_several_runs_from_one_start_are_averaged(base: Path, tmp_path: Path) -> None:
    def from_base(name: str, **changes: object) -> Course:
        return run_bi_encoder(
            DATA, tmp_path / name, replace(BI_ENCODER, **changes), ["enlace"], start_from=str(base), size=SIZE,  # type: ignore[arg-type]
            oversight=OVERSIGHT, progress=lambda *told: None,
        )  # fmt: skip

    alone = [from_base(f"seed {seed}", seed=seed) for seed in (4, 5, 6)]
    together = from_base("together", seed=4, runs=3)
    assert together.runs == tuple(alone)
    of_each = [weights(tmp_path / f"seed {seed}") for seed in (4, 5, 6)]
    words = next(key for key in of_each[0] if "word_embeddings" in key)
    assert not torch.equal(of_each[0][words], of_each[1][words])
    for key, value in weights(tmp_path / "together").items():
        each = torch.stack([one[key].float() for one in of_each])
        torch.testing.assert_close(value.float(), each.mean(0), atol=1e-3, rtol=1e-3)
    card = (tmp_path / "together" / "README.md").read_text("utf-8")
    kept = ", ".join(str(course.kept) for course in alone)
    assert f"The weights are the mean of those of 3 runs at step {kept}." in card
    for number, course in enumerate(alone, 1):
        for reading in course.readings:
            assert f"| {number} | {reading.step} | {reading.loss:.4f} | {reading.score:.4f} |" in card
    (mean,) = together.readings
    assert f"| mean | {sum(course.kept for course in alone)} | {mean.loss:.4f} | {mean.score:.4f} |" in card


def test_several_runs_go_on_where_they_were_killed(base: Path, tmp_path: Path) -> None:
    undisturbed = bi_encoder(base, tmp_path / "one", runs=2)
    first = undisturbed.runs[0].readings[-1].step
    # In the first run, in the second one before its first state was kept, and after it.
    for last in (7, 14, 18):
        with pytest.raises(Killed):
            bi_encoder(base, tmp_path / "other", killed_at(last), runs=2)
    seen: list[tuple[int, int]] = []
    assert (
        bi_encoder(base, tmp_path / "other", lambda step, steps, loss: seen.append((step, steps)), runs=2)
        == undisturbed
    )
    assert first == 12
    assert seen[0] == (18, 24), (
        "the first run is whole, the second goes on after the step whose state was kept"
    )
    ours, theirs = weights(tmp_path / "one"), weights(tmp_path / "other")
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    with pytest.raises(Killed):
        bi_encoder(base, tmp_path / "other", killed_at(7), runs=2)
    with pytest.raises(TrainingError, match="another output, or delete the folder"):
        bi_encoder(base, tmp_path / "other")


@pytest.mark.parametrize("run", [bi_encoder, cross_encoder])
def test_the_state_of_another_training_is_left_alone(run: Run, base: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(base, tmp_path / "model", killed_at(6))
    with pytest.raises(TrainingError, match="another output, or delete the folder"):
        run(base, tmp_path / "model", seed=1)
    assert run(base, tmp_path / "model").readings
    (tmp_path / ".model.training").mkdir()
    (tmp_path / ".model.training" / "state.pt").write_bytes(b"no state")
    with pytest.raises(TrainingError, match=r"state\.pt cannot be read"):
        run(base, tmp_path / "model")


def test_what_comes_before_the_steps_is_told(base: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run_cross_encoder(
        DATA, str(base), tmp_path / "model", replace(CROSS_ENCODER, steps=1), ["enlace"], start_from=None,
        progress=lambda *told: None, stage=lambda *stage: told.append(stage),
    )  # fmt: skip
    strings = len(DATA.corpus("compose-1").strings)
    last = {stage: (done, total) for stage, done, total in told}
    assert last == {"encoding strings": (strings, strings), "finding wrong answers": (strings, strings)}


def test_the_card_tells_the_course_of_training(base: Path, tmp_path: Path) -> None:
    course = bi_encoder(base, tmp_path / "model")
    assert [reading.step for reading in course.readings] == [3, 6, 9, 12][: len(course.readings)]
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert f"The weights are those of step {course.kept}." in card
    for reading in course.readings:
        assert reading.score is not None
        assert f"| {reading.step} | {reading.loss:.4f} | {reading.score:.4f} |" in card
    # By hand: what is held out, whose string is not among the training's.
    dev = {m.span for m in split_documents(MENTIONS, DATA.dev_share)[1]}
    assert dev
    assert re.search(rf"rank of {len(dev)} mentions of held-out documents", card)


class Counter:
    """A sampler that draws nothing."""

    def state(self) -> dict[str, object]:
        return {}

    def restore(self, state: dict[str, object]) -> None:
        raise AssertionError


def course_of(scores: list[float], patience: int, averaged: float = 0.0) -> tuple[Course, float]:
    """A training that is read at every step and scores so; and the weight it ends with, 1 more a step."""
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.zero_()
    left = iter(scores)

    def loss_of(step: int) -> torch.Tensor:
        with torch.no_grad():
            model.weight += 1
        return (model.weight * 0).sum()

    watch = Watch(1, patience, lambda: next(left))
    rates = Rates(len(scores), 0.0, 0.1, averaged=averaged)
    course = optimise(model, rates, loss_of, lambda *told: None, Counter(), watch)
    return course, model.weight.item()


@pytest.mark.parametrize(
    ("scores", "patience", "kept", "read"),
    [
        ([1, 2, 3, 4], 0, 4, 4),
        ([3, 2, 1, 1], 0, 4, 4),
        ([1, 3, 2, 2, 9], 2, 2, 4),
        ([1, 3, 2, 4, 3, 3], 2, 4, 6),
        ([2, 2, 2, 2], 1, 1, 2),
        ([1, 2, 3], 3, 3, 3),
    ],
)
def test_training_stops_when_patience_ends_and_keeps_the_best(
    scores: list[float], patience: int, kept: int, read: int
) -> None:
    course, weight = course_of(scores, patience)
    assert course.kept == kept
    assert weight == kept
    assert [reading.score for reading in course.readings] == scores[:read]


@pytest.mark.parametrize(
    ("averaged", "patience", "ended_with"),
    [(0.0, 0, 4.0), (0.5, 0, 3.5), (0.75, 0, 3.0), (1.0, 0, 2.5), (0.75, 1, 2.5)],
)
def test_the_weights_of_the_last_steps_are_averaged(
    averaged: float, patience: int, ended_with: float
) -> None:
    # With patience the best reading is the third: the mean of steps 2 and 3.
    _, weight = course_of([1, 2, 3, 0], patience, averaged)
    assert weight == ended_with


def test_stopping_early_needs_something_to_measure_on(base: Path, tmp_path: Path) -> None:
    blind = replace(DATA, dev_share=0.0)
    with pytest.raises(TrainingError, match="Stopping early needs mentions"):
        run_bi_encoder(
            blind, tmp_path / "model", BI_ENCODER, ["enlace"], start_from=None, size=SIZE,
            oversight=OVERSIGHT, progress=lambda *told: None,
        )  # fmt: skip
    course = run_bi_encoder(
        blind, tmp_path / "model", BI_ENCODER, ["enlace"], start_from=None, size=SIZE,
        progress=lambda *told: None,
    )  # fmt: skip
    assert [(reading.step, reading.score) for reading in course.readings] == [(12, None)]
    assert "| step | loss |\n" in (tmp_path / "model" / "README.md").read_text("utf-8")


def test_reciprocal_ranks_are_those_of_a_loop() -> None:
    corpus = DATA.corpus("fold-1")
    dev = DATA.dev_set(corpus, "fold-1")
    assert len(dev) > 3
    assert not set(dev.mentions) & corpus.groups_of.keys()
    generator = np.random.default_rng(0)
    vectors = {s: generator.normal(size=4).astype(np.float32) for s in (*dev.mentions, *dev.strings)}

    def embed(strings: object) -> np.ndarray:
        return np.array([vectors[s] for s in strings])  # type: ignore[attr-defined]

    total, candidates = 0.0, {}
    for mention, codes in zip(dev.mentions, dev.codes, strict=True):
        order = sorted(dev.strings, key=lambda s: -float(vectors[s] @ vectors[mention]))
        right = [any(s in corpus.names[code] for code in codes) for s in order]
        total += 1 / (1 + right.index(True))
        if any(right[:10]):
            candidates[mention] = list(zip(order[:10], right[:10], strict=True))
    assert dev.reciprocal_rank(embed) == pytest.approx(total / len(dev))

    listed = dev.pairs(embed)
    assert len(listed) == len(candidates) > 0
    assert {text for text, _ in listed.pairs} == candidates.keys()
    logits = generator.normal(size=len(listed.pairs))
    total = 0.0
    for start in range(0, len(logits), 10):
        rows = range(start, start + 10)
        right_ones = {s for s, is_right in candidates[listed.pairs[start][0]] if is_right}
        order = sorted(rows, key=lambda row: -logits[row])
        total += 1 / (1 + [listed.pairs[row][1] in right_ones for row in order].index(True))
    assert listed.reciprocal_rank(logits) == pytest.approx(total / len(listed))
