"""Label schemes, and the best sequences that they allow."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.annotation.recognizer_labels import LabelScheme, Layer
from linker.errors import ModelNotFound

SCHEMES = {
    "BIO": ["O", "B-a", "I-a", "B-b", "I-b"],
    "IO": ["O", "I-a", "I-b"],
    "BIOES": ["I-a", "O", "S-a", "E-a", "B-a"],
    "BILOU": ["O", "B-a", "I-a", "L-a", "U-a"],
    "no types": ["O", "B", "I"],
    "layered": ["O-a", "B-a", "I-a", "O-b", "B-b", "I-b"],
}


def likelihood(layer: Layer, logits: np.ndarray, path: tuple[int, ...]) -> float:
    own = logits[:, layer.columns].astype(np.float64)
    known = own - np.log(np.exp(own).sum(1, keepdims=True))
    steps = sum(layer.steps[a, b] for a, b in pairwise(path))
    return float(
        layer.first[path[0]] + layer.last[path[-1]] + steps + sum(known[i, y] for i, y in enumerate(path))
    )


def spans_by_hand(layer: Layer, path: tuple[int, ...]) -> set[tuple[int, int, str]]:
    found, first = set(), -1
    marks = [(layer.marks[y], layer.types[y]) for y in path] + [("O", "")]
    for at, (mark, type) in enumerate(marks):
        before = marks[at - 1] if at else ("O", "")
        begins = mark in "BS" or (mark in "IE" and (before[0] in "OES" or before[1] != type))
        if first >= 0 and (mark == "O" or begins):
            found.add((first, at - 1, before[1]))
            first = -1
        if mark != "O" and begins:
            first = at
    return found


@pytest.mark.parametrize("name", SCHEMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_allowed_sequence_is_better_than_the_one_taken(name: str, data: st.DataObject) -> None:
    scheme = LabelScheme(SCHEMES[name])
    chance = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    logits = [chance.normal(0, 3, (n, len(scheme.labels))).astype(np.float32) for n in lengths]
    for text, found in zip(logits, scheme.decode(logits), strict=True):
        expected: set[tuple[int, int, str]] = set()
        for layer in scheme.layers if len(text) else ():
            paths = product(range(len(layer.marks)), repeat=len(text))
            expected |= spans_by_hand(layer, max(paths, key=lambda p: likelihood(layer, text, p)))
        assert {(s.first, s.last, s.type) for s in found} == expected
        assert all(0 < s.score <= 1 for s in found)


def test_spans_of_different_types_may_overlap_in_layers_alone() -> None:
    wanted = {"O": -5.0, "B": 5.0, "I": 0.0}
    layered, plain = (LabelScheme.of_types(["a", "b"], layered) for layered in (True, False))
    for scheme, types in ((layered, ["a", "b"]), (plain, ["a"])):
        # Nothing tells `a` and `b` apart in the plain scheme: one of them is taken.
        logits = np.array([[wanted[label[0]] for label in scheme.labels]], np.float32)
        (found,) = scheme.decode([logits])
        assert [s.type for s in found] == types
    assert layered.types == plain.types == ("a", "b")


def test_a_span_does_not_begin_inside() -> None:
    scheme = LabelScheme(["O", "B-a", "I-a"])
    # The likeliest label of each word alone is O, I, I; a B that is nearly as likely takes the place of the first I.
    (found,) = scheme.decode([np.array([[5, 0, 0], [0, 4, 5], [0, 0, 5]], np.float32)])
    assert [(s.first, s.last) for s in found] == [(1, 2)]
    assert 0.5 < found[0].score < 0.9


def test_what_was_learned_of_labels_counts() -> None:
    labels = ["O", "B-a", "I-a"]
    logits = [np.array([[0, 1, 0], [0, 1, 0.5]], np.float32)]
    assert [(s.first, s.last) for s in LabelScheme(labels).decode(logits)[0]] == [(0, 0), (1, 1)]
    joined = LabelScheme(labels, learned={"B-a": {"I-a": 2.0}})
    assert [(s.first, s.last) for s in joined.decode(logits)[0]] == [(0, 1)]
    assert LabelScheme(labels, outside={"": 5.0}).decode(logits) == [[]]
    layers = LabelScheme(["O-a", "B-a", "I-a", "O-b", "B-b", "I-b"], outside={"b": 5.0})
    assert [s.type for s in layers.decode([np.array([[0, 1, 0, 0, 1, 0]], np.float32)])[0]] == ["a"]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["LABEL_0", "LABEL_1"], "The label 'LABEL_0' is none of BIO"),
        (["B-a", "I-a"], "have no 'O'"),
        (["O-a", "B-a", "I-a", "B-b", "I-b"], "have no 'O-b'"),
    ],
)
def test_labels_that_are_no_scheme_are_refused(labels: list[str], sentence: str) -> None:
    with pytest.raises(ModelNotFound, match=sentence):
        LabelScheme(labels)
