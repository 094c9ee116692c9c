"""Mentions found in whole documents of the open data, and linked: by dictionary, by the shipped recogniser, by both.

    python -m benchmarks.recognition --data ../shared/data [--set NAME] [--recognizer FOLDER] [--json DIR]

Disorders, symptoms and procedures are those of the documents that CodiEsp calls dev, morphology that of CANTEMIST's
second dev part; the shipped recogniser was trained on none of them. Spans count where both ends agree; end to end the
chosen concept has to be right too: of disorders that of HPO, by its terms alone, of morphology that of eCIE-O with the
training mentions indexed. HPO has few procedures and symptoms by other names than disorders, so the dictionary is there
for comparison only.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from api.annotating import BOTH, DICTIONARY, systems_of
from api.document_evaluation_tables import document_evaluation_tables
from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.corpora import codiesp_dev_documents
from benchmarks.linking import indexed
from benchmarks.linking_sets import SETS, LinkingSet
from graph.release import ReleaseHome
from linker.annotation.annotator import Annotator
from linker.annotation.model import Document
from linker.document_texts import read_texts
from linker.evaluation.document_gold import GoldSpan, read_gold
from linker.evaluation.document_runs import DocumentEvaluation, evaluate_documents
from linker.marked_spans import document_name
from linker.pipeline import Linker
from linker.shipped import SHIPPED

_CASES = "distemist/texts.jsonl.gz"
_HPO, _ECIEO = "distemist-hpo-terms", "cantemist"


@dataclass(frozen=True, slots=True)
class RecognitionSet:
    """One table: `terminology` is the linking set whose release annotates, `aim` the F1 on strict spans."""

    name: str
    terminology: str
    gold: Callable[[Path], Iterator[GoldSpan]]
    texts: str
    aim: float | None


def _cases(file: str) -> Callable[[Path], Iterator[GoldSpan]]:
    """The spans of a file in the documents that CodiEsp calls dev."""

    def read(data: Path) -> Iterator[GoldSpan]:
        held_apart = codiesp_dev_documents(data)
        return (one for one in read_gold(data / file) if one.document in held_apart)

    return read


def _disorders_with_codes(data: Path) -> Iterator[GoldSpan]:
    """All disorders of the documents of which HPO codes are known, with these codes where they are."""
    codes = {
        (one.document, one.start, one.end): one.codes
        for one in read_gold(data / "distemist-hpo" / "distemist.hpo.tsv")
    }
    known = {document for document, *_ in codes}
    for one in _cases("distemist/distemist_subtrack1_training_mentions.tsv")(data):
        if one.document in known:
            yield replace(one, codes=codes.get((one.document, one.start, one.end), ()))


RECOGNITION_SETS = (
    RecognitionSet(
        "disorders", _HPO, _cases("distemist/distemist_subtrack1_training_mentions.tsv"), _CASES, 0.66
    ),
    RecognitionSet("symptoms", _HPO, _cases("symptemist/symptemist_tsv_train_subtask1.tsv"), _CASES, 0.58),
    RecognitionSet("procedures", _HPO, _cases("medprocner/medprocner_tsv_train_subtask1.tsv"), _CASES, 0.66),
    RecognitionSet("disorders-to-hpo", _HPO, _disorders_with_codes, _CASES, None),
    RecognitionSet(
        "morphology-to-ecieo",
        _ECIEO,
        lambda data: read_gold(data / "cantemist" / "dev-set2.tsv"),
        "cantemist/dev-set2.texts.jsonl.gz",
        0.80,
    ),
)
"""Sets over one terminology follow each other."""


def measured(
    data: Path, one: RecognitionSet, index: Path, systems: Sequence[str], tell: Tell
) -> DocumentEvaluation:
    """Each system on a set's documents, those without a mention too."""
    gold: dict[str, list[GoldSpan]] = {}
    for span in one.gold(data):
        gold.setdefault(span.document, []).append(span)
    documents = [
        Document(name, text)
        for name, text in read_texts([data / one.texts]).items()
        if document_name(name) in gold
    ]
    linker = Linker.open(index)
    try:
        return evaluate_documents(
            documents,
            gold,
            systems_of(systems, index),
            Annotator([], None, linker),
            release=linker.index.manifest.release,
            told=lambda done: tell(f"annotating {one.name}", done, len(documents)),
        )
    finally:
        linker.close()


def as_json(one: RecognitionSet, found: DocumentEvaluation) -> dict[str, Any]:
    """Plain values."""
    return {"set": one.name, "aim": one.aim, **found.as_json()}


def main() -> None:
    """Print the tables of each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--set", action="append", choices=[one.name for one in RECOGNITION_SETS])
    parser.add_argument(
        "--recognizer", default=SHIPPED, help="a recogniser's folder; by default the shipped one"
    )
    parser.add_argument("--json", type=Path, help="a folder to write recognition.json into")
    options = parser.parse_args()
    quieten_model_libraries()
    together = BOTH if options.recognizer == SHIPPED else f"{options.recognizer}+{DICTIONARY}"
    systems = (DICTIONARY, options.recognizer, together)
    by_name: dict[str, LinkingSet] = {one.name: one for one in SETS}
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        home, there, index = ReleaseHome(Path(folder)), "", Path()
        for one in (one for one in RECOGNITION_SETS if not options.set or one.name in options.set):
            if there != one.terminology:
                terminology = by_name[one.terminology]
                training = terminology.training(options.data)
                index = indexed(home, options.data, terminology, training, (SHIPPED, SHIPPED), tell)
                there = one.terminology
            found = measured(options.data, one, index, systems, tell)
            for table in document_evaluation_tables(found):
                Console(width=160, highlight=False, markup=False).print(table)
            told.append(as_json(one, found))
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"sets": told}, indent=2, ensure_ascii=False)
        (options.json / "recognition.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
