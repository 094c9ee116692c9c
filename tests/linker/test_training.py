"""Training, on a release small enough to learn in seconds: what comes out opens, links, and can be made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from clinic import indexed

from graph.importing import import_release
from graph.model import Record
from graph.release import OpenRelease, ReleaseHome
from linker.encoder import SETTINGS_FILE, BiEncoder
from linker.errors import TrainingError
from linker.fusion import RerankWeights, RetrievalWeights
from linker.mentions import GoldMention
from linker.pipeline import Linker
from linker.reranker import Reranker
from linker.training.bi_encoder import BiEncoderRecipe
from linker.training.cross_encoder import CrossEncoderRecipe
from linker.training.fitting import run_fusion
from linker.training.runs import TrainingData, run_bi_encoder, run_cross_encoder
from linker.training.scratch import ScratchSize
from loaders.files import SourceFile
from loaders.gazetteer import read
from loaders.rejections import Rejections

PLACES = ("mano", "rodilla", "cadera", "codo", "tobillo", "hombro", "costilla", "tibia", "femur", "cráneo")
FINDINGS = (
    ("fractura", "rotura ósea", "fracture"),
    ("dolor", "algia", "pain"),
    ("herida", "corte", "wound"),
    ("tumor", "neoplasia", "neoplasm"),
)
SIZE = ScratchSize(layers=1, dimensions=32, heads=2, vocabulary=300, positions=64)
BI_ENCODER = BiEncoderRecipe(
    steps=60,
    batch_size=32,
    learning_rate=3e-3,
    easy_steps=40,
    refresh_steps=10,
    seeds=20,
    max_length=16,
    bfloat16=False,
)
CROSS_ENCODER = CrossEncoderRecipe(steps=6, lists=8, negatives=3, depth=10, max_length=32, bfloat16=False)
COMMAND = ["enlace", "train"]


def gazetteer(path: Path) -> Path:
    rows = [
        f"{f}{p}\t{language}\t{word} {joint} {place}\ttrastorno\t{main}"
        for f, words in enumerate(FINDINGS)
        for p, place in enumerate(PLACES)
        for word, language, joint, main in zip(
            words, ("es", "es", "en"), ("de", "de la", "of"), "101", strict=True
        )
    ]
    path.write_text("\n".join(["code\tlanguage\tterm\tsemantic_tag\tmainterm", *rows]) + "\n", "utf-8")
    return path


def records(path: Path) -> Iterator[Record]:
    return read(SourceFile(path), Rejections(), prefix="T", languages=("es", "en"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    folder = tmp_path_factory.mktemp("training")
    home = ReleaseHome(folder / "home")
    import_release(home, "small", records(gazetteer(folder / "gazetteer.tsv")), sources=())
    return home


@pytest.fixture(scope="module")
def release(home: ReleaseHome) -> Iterator[OpenRelease]:
    with home.open("small") as opened:
        yield opened


@pytest.fixture(scope="module")
def data(release: OpenRelease) -> TrainingData:
    mentions = [
        GoldMention(f"{words[0]} en {place}", (f"T:{f}{p}",), f"case{f}{p}")
        for f, words in enumerate(FINDINGS)
        for p, place in enumerate(PLACES)
    ]
    return TrainingData([release.store], mentions, ["A release of four findings in ten places"], 0.3)


@pytest.fixture(scope="module")
def losses() -> list[float]:
    """Of each step of the bi-encoder's training, filled by the fixture `bi_encoder`."""
    return []


@pytest.fixture(scope="module")
def bi_encoder(data: TrainingData, tmp_path_factory: pytest.TempPathFactory, losses: list[float]) -> Path:
    output = tmp_path_factory.mktemp("trained") / "bi-encoder"
    run_bi_encoder(
        data,
        output,
        BI_ENCODER,
        COMMAND,
        start_from=None,
        size=SIZE,
        progress=lambda step, steps, loss: losses.append(loss),
    )
    return output


@pytest.fixture(scope="module")
def cross_encoder(data: TrainingData, bi_encoder: Path) -> Path:
    output = bi_encoder.with_name("cross-encoder")
    run_cross_encoder(
        data, str(bi_encoder), output, CROSS_ENCODER, COMMAND, start_from=None, progress=lambda *told: None
    )
    return output


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def equal_weights(folder: Path, other: Path) -> bool:
    ours, theirs = weights_of(folder), weights_of(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_a_few_dozen_steps_lower_the_loss(bi_encoder: Path, losses: list[float]) -> None:
    assert len(losses) == BI_ENCODER.steps
    easy = losses[: BI_ENCODER.easy_steps]
    assert np.mean(easy[-5:]) < 0.7 * np.mean(easy[:5])


def test_strings_of_one_concept_come_to_lie_close(bi_encoder: Path, data: TrainingData) -> None:
    corpus = data.corpus("fold-1")
    vectors = BiEncoder.open(bi_encoder).encode(corpus.strings)
    cosines = vectors @ vectors.T
    groups = [corpus.groups_of[string] for string in corpus.strings]
    related = np.array([[bool(a & b) for b in groups] for a in groups])
    own = np.eye(len(groups), dtype=bool)
    assert cosines[related & ~own].mean() > cosines[~related].mean() + 0.2


def test_a_trained_bi_encoder_opens_with_what_it_was_trained_with(bi_encoder: Path) -> None:
    identity = BiEncoder.open(bi_encoder).identity
    assert (identity.normalisation, identity.pooling) == ("fold-1", "mean")
    assert (identity.max_length, identity.dimensions) == (BI_ENCODER.max_length, SIZE.dimensions)


def test_a_trained_cross_encoder_opens_and_scores(cross_encoder: Path) -> None:
    logits = Reranker.open(cross_encoder).logits([("dolor de mano", "algia de la mano"), ("dolor", "tumor")])
    assert np.isfinite(logits).all()


def test_weights_are_kept_in_half_precision(bi_encoder: Path, cross_encoder: Path) -> None:
    for folder in (bi_encoder, cross_encoder):
        assert {str(values.dtype) for values in weights_of(folder).values()} == {"torch.float16"}


def test_a_model_folder_says_how_it_was_made(bi_encoder: Path, cross_encoder: Path) -> None:
    for folder, recipe in ((bi_encoder, BI_ENCODER), (cross_encoder, CROSS_ENCODER)):
        card = (folder / "README.md").read_text("utf-8")
        assert card.startswith("---\nlanguage: [es, en]\nlicense: apache-2.0\n")
        assert "enlace train" in card
        assert "A release of four findings in ten places" in card
        assert f"| steps | {recipe.steps} |" in card
        settings = json.loads((folder / SETTINGS_FILE).read_text("utf-8"))
        assert settings["normalisation"] == "fold-1"
        assert settings["max_length"] == recipe.max_length


def test_the_same_seed_gives_the_same_weights_and_another_others(
    data: TrainingData, bi_encoder: Path, tmp_path: Path
) -> None:
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        run_bi_encoder(
            data,
            tmp_path / name,
            replace(BI_ENCODER, steps=4, easy_steps=2, seed=seed),
            COMMAND,
            start_from=None,
            size=SIZE,
            progress=lambda *told: None,
        )
    assert equal_weights(tmp_path / "one", tmp_path / "same")
    assert not equal_weights(tmp_path / "one", tmp_path / "other")


def test_a_cross_encoder_is_made_again_by_its_seed(
    data: TrainingData, bi_encoder: Path, cross_encoder: Path, tmp_path: Path
) -> None:
    torch.rand(3)  # whatever drew numbers before
    again = tmp_path / "again"
    run_cross_encoder(
        data, str(bi_encoder), again, CROSS_ENCODER, COMMAND, start_from=None, progress=lambda *told: None
    )
    assert equal_weights(again, cross_encoder)


def test_training_goes_on_from_a_model(data: TrainingData, bi_encoder: Path, tmp_path: Path) -> None:
    recipe = BiEncoderRecipe(steps=1, batch_size=8, max_length=16, bfloat16=False)
    run_bi_encoder(
        data,
        tmp_path / "more",
        recipe,
        COMMAND,
        start_from=str(bi_encoder),
        size=SIZE,
        progress=lambda *told: None,
    )
    before, after = BiEncoder.open(bi_encoder), BiEncoder.open(tmp_path / "more")
    assert [d.split()[0] for d in after.identity.differences(before.identity)] == ["weights_sha256"]


def test_fitted_weights_go_into_both_models_and_are_used(
    home: ReleaseHome, data: TrainingData, bi_encoder: Path, cross_encoder: Path
) -> None:
    encoder = BiEncoder.open(bi_encoder)
    indexed(home, "small", encoder, bi_encoder=bi_encoder, cross_encoder=cross_encoder)
    folder = home.folder("small") / "index"
    fitted = run_fusion(data, [folder, folder], bi_encoder, cross_encoder)
    assert fitted["mentions"] == 2 * len(data.dev())
    settings = [json.loads((f / SETTINGS_FILE).read_text("utf-8")) for f in (bi_encoder, cross_encoder)]
    assert RetrievalWeights.of(settings[0]) == RetrievalWeights(**fitted["retrieval"])
    assert RerankWeights.of(settings[1]) == RerankWeights(**fitted["reranking"])
    # What was pinned before stays, and the weights do not make it another encoder.
    assert settings[0]["normalisation"] == "fold-1"
    linker = Linker.open(folder)
    answer = linker.link(["dolor de la mano"])[0]
    assert len(answer.candidates) == 5
    linker.close()


def test_mentions_of_unknown_codes_fit_nothing(
    home: ReleaseHome, release: OpenRelease, bi_encoder: Path, cross_encoder: Path
) -> None:
    indexed(home, "small", BiEncoder.open(bi_encoder), bi_encoder=bi_encoder)
    strangers = [GoldMention(f"cosa {i}", ("Z:1",), f"case{i}") for i in range(20)]
    data = TrainingData([release.store], strangers, [], 0.5)
    with pytest.raises(TrainingError, match="no mention of a held-out document with a code of the releases"):
        run_fusion(data, [home.folder("small") / "index"], bi_encoder, cross_encoder)


def test_nothing_to_train_on_is_told(tmp_path: Path) -> None:
    nothing = TrainingData([], [], [], 0.0)
    with pytest.raises(TrainingError, match="fewer than two groups"):
        run_bi_encoder(
            nothing,
            tmp_path / "model",
            BI_ENCODER,
            COMMAND,
            start_from=None,
            size=SIZE,
            progress=lambda *told: None,
        )
    assert not (tmp_path / "model").exists()
