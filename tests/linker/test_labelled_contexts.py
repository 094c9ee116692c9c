"""The rules of context on mentions of the open corpora that were labelled by hand, by reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.context import AFFIRMED, PARTS, contexts, figures, labelled, texts_of
from linker.annotation.context import ContextRules
from linker.annotation.model import Assertion

#: What was measured: the least precision and recall of each assertion.
MEASURED = {
    "development": {
        "negated": (1.0, 1.0),
        "uncertain": (0.90, 1.0),
        "historical": (0.76, 0.90),
        "family": (1.0, 1.0),
        "hypothetical": (0.71, 0.90),
        AFFIRMED: (0.96, 0.87),
    },
    "test": {
        "negated": (0.77, 0.87),
        "uncertain": (0.92, 0.92),
        "historical": (0.68, 0.86),
        "family": (0.82, 0.94),
        "hypothetical": (0.86, 0.83),
        AFFIRMED: (0.93, 0.90),
    },
}


@pytest.mark.parametrize("part", PARTS)
def test_there_are_enough_labels_of_every_assertion(part: str) -> None:
    mentions = labelled(part)
    assert len(mentions) >= (400 if part == "test" else 140)
    for assertion in Assertion:
        assert sum(assertion in one.said for one in mentions) >= (30 if part == "test" else 11)
    assert len({(one.document, one.span.start, one.span.end) for one in mentions}) == len(mentions)


def test_no_document_is_in_both_parts() -> None:
    documents = [{one.document for one in labelled(part)} for part in PARTS]
    assert not documents[0] & documents[1]


@pytest.mark.parametrize("part", PARTS)
def test_precision_and_recall_are_what_was_measured(data_folder: Path, part: str) -> None:
    mentions = labelled(part)
    measured = figures(mentions, contexts(ContextRules.open(), mentions, texts_of(data_folder)))
    for name, (precision, recall) in MEASURED[part].items():
        assert measured[name].precision >= precision, name
        assert measured[name].recall >= recall, name
