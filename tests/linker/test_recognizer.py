"""A recogniser from a folder: true offsets, whole words, windows, and errors that say what to do."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checkpoints import make_spanish_roberta
from hypothesis import given, settings
from hypothesis import strategies as st
from recognizer_folders import CHECKPOINTS, LABELS, make_recognizer
from transformers import AutoModelForTokenClassification, AutoTokenizer

from linker.annotation.model import Source
from linker.annotation.recognizer import RecognizerSettings, TokenRecognizer
from linker.annotation.recognizer_labels import LabelScheme
from linker.annotation.recognizer_outputs import PaddedOutputs
from linker.annotation.recognizer_reading import TextReader, windows_over, word_places
from linker.errors import LinkerError, ModelNotFound

ODD = [
    "insuficiencia renal crónica",
    "nin\u0303o con fiebre\r\n\tasma; dolor tora\u0301cico",
    "👩🏽‍⚕️ refiere 3½ días de tos… (IRA)",
    "</s> <mask> no es\u00a0un token\ufeff",
    "ﬁbrosis ﾃ №4 ™ ١٢ \u200b \x00 x",
    "",
    " \n\t\r\n ",
]
TEXTS = st.text(
    st.one_of(
        st.sampled_from("aábcdeéiímnñoórstuú ,.()-/\n\t\r0123456789"),
        st.sampled_from("\u0301\u0303\u200d\ufe0f👍🏽🫀€½ﬁΩ№\u00a0\u200b\ufeff_"),
        st.characters(),
    ),
    max_size=60,
)


@pytest.fixture(scope="module", params=CHECKPOINTS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_recognizer(tmp_path_factory.mktemp(request.param) / "model", request.param)


@pytest.fixture(scope="module")
def recognizer(folder: Path) -> TokenRecognizer:
    return TokenRecognizer.open(folder)


def is_word_character(character: str) -> bool:
    return character.isalnum()


def check_spans(recognizer: TokenRecognizer, texts: list[str]) -> None:
    for text, spans in zip(texts, recognizer.spans(texts), strict=True):
        assert spans == sorted(spans, key=lambda s: (s.start, -s.end, s.type))
        for span in spans:
            assert 0 <= span.start < span.end <= len(text)
            assert not text[span.start].isspace()
            assert not text[span.end - 1].isspace()
            for at in (span.start, span.end):
                inside = (
                    0 < at < len(text) and is_word_character(text[at - 1]) and is_word_character(text[at])
                )
                assert not inside, "a span cuts a word"
            assert span.end == len(text) or text[span.end] not in "\u0301\u0303\u200d\ufe0f"
            assert (span.source, 0 < span.score <= 1) == (Source.RECOGNIZER, True)
            assert span.type in recognizer.types


def test_spans_are_whole_words_of_the_text_as_it_was_given(recognizer: TokenRecognizer) -> None:
    check_spans(recognizer, ODD)
    assert any(recognizer.spans(ODD))


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_no_text_moves_an_offset(recognizer: TokenRecognizer, texts: list[str]) -> None:
    check_spans(recognizer, texts)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_word_has_the_tokens_of_its_characters(folder: Path, text: str) -> None:
    """A word alone gives the tokens that it has in its text, so none is counted to a neighbour."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    reader = TextReader(tokenizer, "model")
    (read,) = reader.read([text])
    assert (np.diff(read.first) > 0).all()
    assert (read.first[1:] >= read.stop[:-1]).all()
    letters = "abcdefghijklmnñopqrstuvwxyzáéíóú"
    for start, end, first, stop in zip(read.starts, read.ends, read.first, read.stop, strict=True):
        word = text[start:end]
        if set(word) <= set(letters):
            pieces = tokenizer.convert_ids_to_tokens(read.ids[first:stop])
            told = tokenizer.convert_tokens_to_string(pieces)
            assert unicodedata.normalize("NFKC", told).replace("▁", "").strip() == word


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_words_hold_all_but_white_space(text: str) -> None:
    starts, ends = word_places(text)
    assert (starts < ends).all()
    assert (starts[1:] >= ends[:-1]).all()
    inside = np.zeros(len(text), bool)
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    assert all(character.isspace() for character, held in zip(text, inside, strict=True) if not held)


@settings(max_examples=80, deadline=None)
@given(text=TEXTS, size=st.integers(2, 30), share=st.floats(0, 0.5))
def test_every_word_is_answered_for_once_where_most_is_around_it(
    roberta_reader: TextReader, text: str, size: int, share: float
) -> None:
    (read,) = roberta_reader.read([text])
    windows = windows_over([read], size, int(size * share))
    answered = [word for w in windows for word in range(w.first_word, w.stop_word)]
    assert answered == list(range(len(read.first)))
    for window in windows:
        assert 0 <= window.start < window.stop <= min(len(read.ids), window.start + size)
        for first in read.first[window.first_word : window.stop_word]:
            assert window.start <= first < window.stop


@pytest.fixture(scope="module")
def roberta_reader(tmp_path_factory: pytest.TempPathFactory) -> TextReader:
    folder = make_spanish_roberta(tmp_path_factory.mktemp("reader") / "model")
    return TextReader(AutoTokenizer.from_pretrained(folder), "model")


def test_a_long_document_is_read_whole(recognizer: TokenRecognizer) -> None:
    line = "Varón de 63 años con dolor torácico opresivo, insuficiencia renal crónica (IRC) y asma.\r\n"
    text = line * 40
    spans, again = recognizer.spans([text, text])
    assert spans == again
    assert max(span.end for span in spans) > len(text) - len(line)
    check_spans(recognizer, [text])


def test_a_text_has_the_same_spans_alone_and_among_others(recognizer: TokenRecognizer) -> None:
    together = recognizer.spans(ODD)
    assert [recognizer.spans([text])[0] for text in ODD] == together


def test_packed_and_padded_give_the_same_logits(folder: Path, recognizer: TokenRecognizer) -> None:
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    reader = TextReader(tokenizer, "model")
    padded = TokenRecognizer(
        reader,
        PaddedOutputs(model, tokenizer.pad_token_id, batch_tokens=64),
        LabelScheme(LABELS),
        RecognizerSettings(),
        128,
    )
    reads = reader.read(ODD)
    for mine, theirs in zip(recognizer.word_logits(reads), padded.word_logits(reads), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


def test_a_folder_may_say_how_it_reads_and_what_its_types_are_called(tmp_path: Path) -> None:
    folder = make_recognizer(tmp_path / "model", "roberta")
    plain = TokenRecognizer.open(folder).spans(ODD)
    settings = {"window": 16, "overlap": 4, "mean_pieces": True, "types": {"disorder": "enfermedad"}}
    (folder / "enlace.json").write_text(json.dumps(settings), "utf-8")
    told = TokenRecognizer.open(folder)
    assert told.types == ("enfermedad", "symptom")
    check_spans(told, ODD)
    (folder / "enlace.json").write_text('{"types": {"disorder": "enfermedad"}}', "utf-8")
    renamed = TokenRecognizer.open(folder).spans(ODD)
    back = {"enfermedad": "disorder"}
    assert [[replace(s, type=back.get(s.type, s.type)) for s in spans] for spans in renamed] == plain
    (folder / "enlace.json").write_text('{"window": "long"}', "utf-8")
    with pytest.raises(ModelNotFound, match="has 'long' as 'window'"):
        TokenRecognizer.open(folder)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_lower_precision_finds_spans_too(folder: Path, precision: str) -> None:
    check_spans(TokenRecognizer.open(folder, precision=precision), ODD)


def test_what_is_no_recogniser_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LinkerError, match="no precision 'int4'"):
        TokenRecognizer.open(tmp_path, precision="int4")
    with pytest.raises(ModelNotFound, match="cannot be loaded"):
        TokenRecognizer.open(tmp_path / "nothing")
    headless = make_spanish_roberta(tmp_path / "headless")
    with pytest.raises(ModelNotFound, match="has no token-classification head; fine-tune it with"):
        TokenRecognizer.open(headless)
    other = make_recognizer(tmp_path / "other", "roberta", ("POS", "NEG"))
    with pytest.raises(ModelNotFound, match="The label 'POS' is none of BIO"):
        TokenRecognizer.open(other)


def test_a_slow_tokeniser_is_refused() -> None:
    class Slow:
        """A tokeniser that tells no offsets."""

    with pytest.raises(ModelNotFound, match="save it as a fast one"):
        TextReader(Slow(), "model")
