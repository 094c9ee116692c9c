"""A server annotates with the recogniser that its settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from recognizer_folders import make_recognizer
from served_process import serving

from api.annotating import recognizers_of
from graph.release import ReleaseHome
from linker.annotation.annotator import Annotator
from linker.annotation.context import ContextRules
from linker.annotation.model import Document
from linker.annotation.recognizer import TokenRecognizer
from linker.encoder import BFLOAT16, FULL, INT8
from linker.index_manifest import IndexManifest
from linker.pipeline import Linker

NOTE = "Varón con dolor torácico, asma y fiebre."
QUERY = """query($text: String!) {
  annotate(text: $text, first: 100) { nodes { start end type source decision { id } } } }"""


def test_a_server_annotates_with_the_recogniser_of_its_environment(home: ReleaseHome, tmp_path: Path) -> None:
    model = make_recognizer(tmp_path / "model", "roberta", ("O-symptom", "B-symptom", "I-symptom"))
    index = home.folder("demo") / "index"
    linker = Linker.open(index)
    expected, dictionary = (
        Annotator(recognizers_of([name], index), ContextRules.open(), linker)
        .annotate_batch([Document("", NOTE)])[0]
        .annotations
        for name in (str(model), "dictionary")
    )
    linker.close()
    # The first request opens the models.
    with serving(home, tmp_path, ENLACE_RECOGNIZER="./model", ENLACE_REQUEST_SECONDS="300") as server:
        answer = server.ask(QUERY, text=NOTE)
    assert "errors" not in answer, answer
    nodes = answer["data"]["annotate"]["nodes"]
    assert nodes == [
        {
            "start": one.span.start,
            "end": one.span.end,
            "type": "symptom",
            "source": one.span.source.name,
            "decision": {"id": one.decision.id},
        }
        for one in expected
    ]
    assert [(node["start"], node["end"], node["type"]) for node in nodes] != [
        (one.span.start, one.span.end, one.span.type) for one in dictionary
    ]


def test_a_recogniser_is_computed_in_bfloat16_where_the_index_is(home: ReleaseHome, tmp_path: Path) -> None:
    model = make_recognizer(tmp_path / "model", "roberta", ("O", "B-symptom", "I-symptom"))
    manifest = IndexManifest.read(home.folder("demo") / "index")

    def logits(one: TokenRecognizer) -> np.ndarray:
        return one.word_logits(one.read([NOTE]))[0]

    alone = {
        precision: logits(TokenRecognizer.open(model, precision=precision)) for precision in (FULL, BFLOAT16)
    }
    assert not np.array_equal(alone[FULL], alone[BFLOAT16])
    for precision, expected in ((FULL, FULL), (BFLOAT16, BFLOAT16), (INT8, FULL)):
        folder = tmp_path / precision
        folder.mkdir()
        replace(manifest, encoder=replace(manifest.encoder, precision=precision)).write(folder)
        (opened,) = recognizers_of([str(model)], folder)
        assert isinstance(opened, TokenRecognizer)
        assert np.array_equal(logits(opened), alone[expected])
