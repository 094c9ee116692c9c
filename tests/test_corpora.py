"""The corpora's training and dev files share no document, whatever each corpus calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpora import CORPORA, codiesp_dev_documents, write_corpora
from linker.mentions import read_mentions


@pytest.fixture(scope="module")
def corpora(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_corpora(data_folder, folder)
    return folder


def test_codiesp_dev_documents_are_in_no_training_file(data_folder: Path, corpora: Path) -> None:
    held_apart = codiesp_dev_documents(data_folder)
    assert len(held_apart) == 250
    for name in ("training.tsv", "hpo-training.tsv"):
        documents = {mention.document for mention in read_mentions(corpora / name)}
        assert documents
        assert not held_apart & {document.removeprefix("es-") for document in documents}


def test_the_dev_mentions_are_those_of_codiesp_dev_documents(data_folder: Path, corpora: Path) -> None:
    mentions = list(read_mentions(corpora / "hpo-dev.tsv"))
    assert len(mentions) == 551
    assert {mention.document for mention in mentions} <= codiesp_dev_documents(data_folder)


def test_every_corpus_gives_curies(data_folder: Path) -> None:
    for corpus in CORPORA:
        codes = {code for mention in corpus(data_folder) for code in mention.codes}
        assert codes
        assert all(":" in code for code in codes)
