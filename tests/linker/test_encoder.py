"""The bi-encoder: a string's vector is its own, whatever is encoded beside it, and identities say what decides it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from checkpoints import make_masked_language_model, make_roberta, make_xlm_roberta
from tiny_models import make_bi_encoder

from linker.encoder import DEFAULT_MAX_LENGTH, SETTINGS_FILE, BiEncoder
from linker.errors import ModelNotFound
from linker.training.model_folder import ModelCard, save_model

TEXTS = [
    "asma",
    "dolor torácico opresivo irradiado al brazo izquierdo",
    "EPOC",
    "insuficiencia renal crónica, estadio 5",
    "ano",
    "asma",
    "año",
    "",
    "+",
    "asma  ",
]


def alone(encoder: BiEncoder, texts: list[str]) -> np.ndarray:
    return np.concatenate([encoder.encode([text]) for text in texts])


def test_a_strings_vector_is_the_same_alone_and_in_any_batch(encoder: BiEncoder) -> None:
    together = encoder.encode(TEXTS)
    np.testing.assert_allclose(together, alone(encoder, TEXTS), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS[::-1])[::-1], together, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS * 40)[-len(TEXTS) :], together, atol=1e-5)


def test_for_an_index_a_vector_is_the_same_to_the_last_bit(encoder: BiEncoder) -> None:
    many = [*TEXTS, *(f"término {number} de {'relleno ' * (number % 40)}" for number in range(300))]
    together = encoder.encode_terms(many)
    np.testing.assert_allclose(together, encoder.encode(many), atol=1e-5)
    assert np.array_equal(encoder.encode_terms(many[::-1])[::-1], together)
    assert np.array_equal(encoder.encode_terms(many[::7]), together[::7])
    for row in (0, 1, len(many) - 1):
        assert np.array_equal(encoder.encode_terms([many[row]])[0], together[row])
    assert encoder.encode_terms([]).shape == (0, encoder.identity.dimensions)


def test_equal_strings_are_encoded_once(encoder: BiEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    # Spaces are normalised away.
    assert np.array_equal(vectors[0], vectors[5])
    assert np.array_equal(vectors[0], vectors[9])
    assert not np.allclose(vectors[4], vectors[6], atol=1e-3), "ano is not año"


def test_vectors_are_of_unit_length(encoder: BiEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.identity.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_strings_have_no_vectors(encoder: BiEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.identity.dimensions)


def test_progress_adds_up_to_the_number_of_texts(encoder: BiEncoder) -> None:
    told: list[int] = []
    for encode in (encoder.encode, encoder.encode_terms):
        encode([str(i % 2500) for i in range(5000)], told.append)
        assert sum(told) == 5000
        assert len(told) > 1
        told.clear()


def test_the_identity_is_of_what_decides_a_vector(encoder: BiEncoder, tiny_bi_encoder: Path) -> None:
    identity = encoder.identity
    assert identity.name == tiny_bi_encoder.name
    assert (identity.pooling, identity.normalisation) == ("mean", "compose-1")
    assert identity.max_length == DEFAULT_MAX_LENGTH
    assert identity.same_as(BiEncoder.open(tiny_bi_encoder).identity)


def test_another_name_is_no_other_encoder(encoder: BiEncoder, tiny_bi_encoder: Path, tmp_path: Path) -> None:
    copy = BiEncoder.open(shutil.copytree(tiny_bi_encoder, tmp_path / "copy"))
    assert copy.identity.name != encoder.identity.name
    assert copy.identity.same_as(encoder.identity)
    assert copy.identity.differences(encoder.identity) == []


def test_other_weights_length_normalisation_or_pooling_are_another_encoder(
    encoder: BiEncoder, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    other = BiEncoder.open(make_bi_encoder(tmp_path / "other", seed=1))
    assert [d.split()[0] for d in other.identity.differences(encoder.identity)] == ["weights_sha256"]

    shorter = BiEncoder.open(tiny_bi_encoder, max_length=16)
    assert shorter.identity.differences(encoder.identity) == ["max_length 16 / 48"]

    folding = shutil.copytree(tiny_bi_encoder, tmp_path / "folding")
    (folding / SETTINGS_FILE).write_text(json.dumps({"normalisation": "fold-1", "max_length": 20}))
    assert BiEncoder.open(folding).identity.differences(encoder.identity) == [
        "max_length 20 / 48",
        "normalisation fold-1 / compose-1",
    ]

    plain = make_roberta(tmp_path / "plain")
    pooled = {mode: BiEncoder.open(plain, pooling=mode).identity for mode in ("cls", "mean")}
    assert pooled["cls"].differences(pooled["mean"]) == ["pooling cls / mean"]


@pytest.mark.parametrize("make", [make_roberta, make_xlm_roberta])
def test_a_plain_checkpoint_pools_its_first_token(make: Callable[[Path], Path], tmp_path: Path) -> None:
    encoder = BiEncoder.open(make(tmp_path / "plain"))
    assert encoder.identity.pooling == "cls"
    assert encoder.identity.dimensions == 32
    vectors = encoder.encode(TEXTS)
    np.testing.assert_allclose(vectors, alone(encoder, TEXTS), atol=1e-5)
    assert not np.allclose(vectors[4], vectors[6], atol=1e-3), "ano is not año"
    assert BiEncoder.open(tmp_path / "plain").identity == encoder.identity


def test_a_masked_language_model_is_the_same_encoder_at_every_loading(
    tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    # Its checkpoint has no pooler, which then gets new random weights each time.
    folder = make_masked_language_model(tmp_path / "masked", tiny_bi_encoder)
    first, second = BiEncoder.open(folder), BiEncoder.open(folder)
    assert first.identity == second.identity
    np.testing.assert_allclose(first.encode(TEXTS), second.encode(TEXTS), atol=1e-6)


def test_weights_kept_in_half_precision_are_computed_with_in_full(
    tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    card = ModelCard("title", "purpose", ["enlace"], [], {})
    save_model(BiEncoder.open(tiny_bi_encoder).model, tmp_path / "half", {}, card)
    encoder = BiEncoder.open(tmp_path / "half")
    assert {str(weights.dtype) for weights in encoder.model.parameters()} == {"torch.float32"}
    np.testing.assert_allclose(encoder.encode(TEXTS), alone(encoder, TEXTS), atol=1e-5)


@pytest.mark.parametrize("name", ["no-such/model", "no-such-folder", "./no/such/folder"])
def test_an_unknown_model_is_told_in_one_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFound) as caught:
        BiEncoder.open(name)
    told = str(caught.value)
    assert f"bi-encoder {name!r} cannot be loaded" in told
    assert "\n" not in told
    assert told.endswith(".")
    assert ("(there is no such folder)" in told) is name.startswith(".")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="cannot be loaded"):
        BiEncoder.open(tmp_path)


def test_settings_that_are_no_json_are_told(tiny_bi_encoder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bi_encoder, tmp_path / "model")
    (folder / SETTINGS_FILE).write_text("{")
    with pytest.raises(ModelNotFound, match=rf"{SETTINGS_FILE} is not JSON"):
        BiEncoder.open(folder)
