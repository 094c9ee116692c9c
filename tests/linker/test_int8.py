"""Linear layers in 8-bit integers: exact sums, rows that know nothing of each other, vectors near the right ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from clinic import RECORDS, imported, indexed
from hypothesis import given
from hypothesis import strategies as st

from graph.release import ReleaseHome
from linker.encoder import INT8, BiEncoder
from linker.errors import IndexMismatch, LinkerError
from linker.index import open_checked
from linker.int8 import Int8Linear, to_int8
from linker.pipeline import Linker
from linker.reranker import Reranker

TEXTS = [
    "asma",
    "angina inestable de reciente comienzo",
    "cólico nefrítico",
    "",
    "insuficiencia renal crónica",
]


@pytest.fixture(scope="module")
def in_int8(tiny_bi_encoder: Path) -> BiEncoder:
    return BiEncoder.open(tiny_bi_encoder, precision=INT8)


@given(
    rows=st.integers(1, 20), inputs=st.integers(1, 40), outputs=st.integers(1, 40), seed=st.integers(0, 999)
)
def test_a_layer_computes_what_its_rounded_numbers_give(
    rows: int, inputs: int, outputs: int, seed: int
) -> None:
    torch.manual_seed(seed)
    linear = torch.nn.Linear(inputs, outputs, bias=seed % 2 == 0)
    given_rows = torch.randn(rows, inputs) * 10 ** torch.randint(-3, 3, (rows, 1)).float()
    with torch.inference_mode():
        found = Int8Linear(linear)(given_rows).numpy()

    def rounded(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = np.abs(values).max(1, keepdims=True) / np.float32(127)
        return np.round(values / scale).astype(np.int64), scale

    weights, weight_scale = rounded(linear.weight.detach().numpy())
    taken, scale = rounded(given_rows.numpy())
    bias = 0 if linear.bias is None else linear.bias.detach().numpy()
    np.testing.assert_allclose(
        found, (taken @ weights.T) * scale * weight_scale.T + bias, rtol=1e-4, atol=1e-4
    )


def test_a_row_does_not_depend_on_the_others() -> None:
    torch.manual_seed(0)
    layer = Int8Linear(torch.nn.Linear(64, 48))
    rows = torch.randn(3, 7, 64)
    rows[0] *= 1000
    with torch.inference_mode():
        together = layer(rows)
        assert together.shape == (3, 7, 48)
        assert torch.equal(layer(rows[2:]), together[2:])
        assert torch.equal(layer(rows[1, 3]), together[1, 3])
        # A row of zeros has no scale to divide by.
        assert torch.equal(layer(torch.zeros(2, 64)), layer.bias.expand(2, 48))


def test_every_linear_layer_is_replaced() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 4), torch.nn.Sequential(torch.nn.GELU(), torch.nn.Linear(4, 2))
    )
    to_int8(model)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(Int8Linear) == 2
    assert torch.nn.Linear not in kinds


def test_vectors_are_near_the_right_ones(encoder: BiEncoder, in_int8: BiEncoder) -> None:
    found = in_int8.encode(TEXTS)
    assert ((found * encoder.encode(TEXTS)).sum(1) > 0.99).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    alone = np.concatenate([in_int8.encode([text]) for text in TEXTS])
    assert ((found * alone).sum(1) > 0.9999).all()


def test_for_an_index_a_vector_is_the_same_to_the_last_bit(in_int8: BiEncoder) -> None:
    together = in_int8.encode_terms(TEXTS)
    assert np.array_equal(in_int8.encode_terms(TEXTS[::-1])[::-1], together)


def test_it_is_another_encoder(encoder: BiEncoder, in_int8: BiEncoder) -> None:
    assert encoder.identity.differences(in_int8.identity) == ["precision float32 / int8"]


def test_a_cross_encoder_scores_nearly_the_same(tiny_cross_encoder: Path, reranker: Reranker) -> None:
    pairs = [(mention, term) for mention in TEXTS for term in TEXTS]
    in_int8 = Reranker.open(tiny_cross_encoder, precision=INT8).logits(pairs)
    right = reranker.logits(pairs)
    assert not np.array_equal(in_int8, right)
    np.testing.assert_allclose(in_int8, right, atol=0.1 * float(np.ptp(right)))


def test_an_unknown_precision_is_told(tiny_bi_encoder: Path) -> None:
    with pytest.raises(LinkerError, match="no precision 'int4'; choose float32, bfloat16 or int8"):
        BiEncoder.open(tiny_bi_encoder, precision="int4")


def test_an_index_is_opened_with_the_precision_it_was_made_with(
    tiny_bi_encoder: Path, encoder: BiEncoder, in_int8: BiEncoder, tmp_path: Path
) -> None:
    home = ReleaseHome(tmp_path)
    folder = imported(home, "clinic", RECORDS)
    manifest = indexed(home, "clinic", in_int8, bi_encoder=tiny_bi_encoder)
    assert manifest.encoder.precision == INT8
    linker = Linker.open(folder)
    assert linker.encoder.identity.precision == INT8
    assert linker.link(["asma"])[0].candidates[0].matched_term == "asma"
    linker.close()
    with pytest.raises(IndexMismatch, match="precision"):
        open_checked(folder, encoder)
