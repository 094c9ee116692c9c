"""The release, index and models that the linker's tests share; all read-only, so made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clinic import RECORDS, imported, indexed, retriever

from graph.release import ReleaseHome
from linker.encoder import BiEncoder
from linker.index import TermIndex, open_checked
from linker.pipeline import Linker
from linker.reranker import Reranker


@pytest.fixture(scope="session")
def encoder(tiny_bi_encoder: Path) -> BiEncoder:
    return BiEncoder.open(tiny_bi_encoder, device="cpu")


@pytest.fixture(scope="session")
def reranker(tiny_cross_encoder: Path) -> Reranker:
    return Reranker.open(tiny_cross_encoder, device="cpu")


@pytest.fixture(scope="session")
def clinic_home(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_bi_encoder: Path,
    tiny_cross_encoder: Path,
    encoder: BiEncoder,
) -> ReleaseHome:
    """An ENLACE_HOME with the release `clinic`, imported and indexed with the tiny models."""
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    imported(home, "clinic", RECORDS)
    indexed(home, "clinic", encoder, bi_encoder=tiny_bi_encoder, cross_encoder=tiny_cross_encoder)
    return home


@pytest.fixture(scope="session")
def index_folder(clinic_home: ReleaseHome) -> Path:
    return clinic_home.folder("clinic") / "index"


@pytest.fixture(scope="session")
def index(index_folder: Path, encoder: BiEncoder) -> Iterator[TermIndex]:
    index = open_checked(index_folder, encoder)
    yield index
    index.close()


@pytest.fixture(scope="session")
def linker(index: TermIndex, encoder: BiEncoder, reranker: Reranker) -> Linker:
    return Linker(retriever(index, encoder), reranker)
